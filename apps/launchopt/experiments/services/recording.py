"""What an experiment showed at an instant, kept."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from launchopt.experiments import results
from launchopt.experiments.models import Experiment, Result
from launchopt.experiments.outcomes import Group


@transaction.atomic
def record_results(
    *, experiment: Experiment, until: datetime, found: Collection[Group] | None = None
) -> list[Result]:
    """Keep what the experiment shows of the outcomes before `until`; again gives the same rows.

    `found`, from the rollups, spares reading them from the customers.
    """
    report = results.results(experiment, until=until, found=found)
    variants = {variant.name: variant for variant in experiment.variants.all()}
    verdicts = {(v["metric"], v["variant"]): v["verdict"] for v in report["verdicts"]}
    rows = [
        Result(
            experiment=experiment,
            metric_id=row["metric"],
            variant=variants[row["variant"]],
            until=until,
            n=row["n"],
            control_n=row["control_n"],
            mean=row["mean"],
            control_mean=row["control_mean"],
            effect=row["effect"],
            **_limits("interval", row["interval"]),
            **_limits("always_valid", row["always_valid_interval"]),
            p_value=row["p_value"],
            verdict=verdicts[row["metric"], row["variant"]],
        )
        for row in report["results"]
    ]
    key = ["experiment", "metric", "variant", "until"]
    fields = [f.name for f in Result._meta.concrete_fields if f.name not in [*key, "id"]]
    return Result.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=key, update_fields=fields
    )


def _limits(name: str, interval: list[float] | None) -> dict[str, float | None]:
    low, high = interval or (None, None)
    return {f"{name}_low": low, f"{name}_high": high}
