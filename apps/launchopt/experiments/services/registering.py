"""An experiment is written down before it starts, and runs from its start to its stop."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from math import inf

from django.db import transaction

from launchopt.experiments.metrics import CONVERSION, ensure_metrics
from launchopt.experiments.models import Experiment, Metric, Variant
from launchopt.experiments.services.phases import checked_weights, open_phase
from launchopt.experiments.services.slices import free_slice
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt_core.assignment import HOLDOUT


@transaction.atomic
def register_experiment(
    *,
    name: str,
    weights: Mapping[str, float],
    now: datetime,
    control: str = HOLDOUT,
    metric: str = CONVERSION,
    product_id: int | None = None,
    subject_id: uuid.UUID | None = None,
    descriptions: Mapping[str, str] | None = None,
    guardrails: Mapping[str, float] | None = None,
    minimum_detectable_effect: float | None = None,
    planned_sample_size: int | None = None,
    stopping_rule: str = Experiment.StoppingRule.FIXED,
    counts_from: str = Experiment.CountsFrom.ASSIGNMENT,
    is_aa: bool = False,
    exclusion_group: str = "",
    group_share: float = 1.0,
    alpha: float = 0.05,
    power: float = 0.8,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    salt: str | None = None,
) -> Experiment:
    """Write down a comparison before it starts: variants with their weights, metric, effect sought.

    Experiments of one exclusion group share no customer: this one gets a slice of `group_share`.

    Raises InvalidInput where it compares nothing (one variant, a control without customers), and
    Conflict where its group has no such slice left.
    """
    shares = checked_weights(weights, control=control)
    check_end(ends_at, starts_at=starts_at or now)
    _check_risks(alpha, power)
    check_effect(minimum_detectable_effect)
    slice_from, slice_until = free_slice(exclusion_group, share=group_share)
    experiment = Experiment.objects.create(
        name=name[:200],
        subject_id=subject_id,
        product_id=product_id,
        salt=salt or uuid.uuid4().hex,
        primary_metric=_metric(metric),
        guardrails=_limits(guardrails or {}),
        minimum_detectable_effect=minimum_detectable_effect,
        planned_sample_size=planned_sample_size,
        stopping_rule=stopping_rule,
        counts_from=counts_from,
        is_aa=is_aa,
        exclusion_group=exclusion_group,
        slice_from=slice_from,
        slice_until=slice_until,
        alpha=alpha,
        power=power,
        starts_at=starts_at,
        ends_at=ends_at,
        created_at=now,
    )
    _write_variants(experiment, shares, control=control, descriptions=descriptions or {})
    open_phase(experiment, weights=shares, reason="As registered.", now=now)
    return experiment


@transaction.atomic
def start_experiment(*, experiment: Experiment, now: datetime) -> Experiment:
    """Let it assign customers. Outcomes count from now on."""
    _move(experiment, to=Experiment.Status.RUNNING, allowed=[Experiment.Status.DRAFT])
    if experiment.ends_at and experiment.ends_at <= now:
        raise Conflict("The experiment would start after its end; give it a later end first.")
    experiment.starts_at = now
    experiment.save(update_fields=["status", "starts_at"])
    return experiment


@transaction.atomic
def stop_experiment(*, experiment: Experiment, now: datetime) -> Experiment:
    """End it: nobody is assigned any more, and outcomes from now on do not count."""
    _move(
        experiment,
        to=Experiment.Status.STOPPED,
        allowed=[Experiment.Status.DRAFT, Experiment.Status.RUNNING],
    )
    if experiment.starts_at and experiment.starts_at < now:
        experiment.ends_at = min(now, experiment.ends_at or now)
    experiment.save(update_fields=["status", "ends_at"])
    return experiment


def start_own(experiment: Experiment, *, now: datetime) -> Experiment:
    """Start an experiment that no launch runs; Conflict for one that a launch does."""
    return start_experiment(experiment=own_experiment(experiment), now=now)


def stop_own(experiment: Experiment, *, now: datetime) -> Experiment:
    """Stop an experiment that no launch runs; Conflict for one that a launch does."""
    return stop_experiment(experiment=own_experiment(experiment), now=now)


def own_experiment(experiment: Experiment) -> Experiment:
    """The same experiment; Conflict where a launch runs it."""
    if experiment.subject_id:
        raise Conflict("A launch runs this experiment; start, pause and finish the launch.")
    return experiment


def _write_variants(
    experiment: Experiment,
    shares: Mapping[str, float],
    *,
    control: str,
    descriptions: Mapping[str, str],
) -> None:
    Variant.objects.bulk_create(
        Variant(
            experiment=experiment,
            name=variant,
            description=descriptions.get(variant, "")[:300],
            is_control=variant == control,
            weight=share,
        )
        for variant, share in shares.items()
    )


def _check_risks(alpha: float, power: float) -> None:
    if not 0 < alpha < 1:
        raise InvalidInput.at("/alpha", f"alpha lies between 0 and 1, not at {alpha:g}.")
    if not 0.5 <= power < 1:
        raise InvalidInput.at("/power", f"The power lies between one half and 1, not at {power:g}.")


def check_end(ends_at: datetime | None, *, starts_at: datetime) -> None:
    """Raise InvalidInput for an end that is not after the start."""
    if ends_at is not None and ends_at <= starts_at:
        raise InvalidInput.at("/ends_at", "The experiment ends before it starts.")


def check_effect(smallest: float | None) -> None:
    """Raise InvalidInput for a minimum detectable effect that is no number of 0 or more."""
    if smallest is not None and not 0 <= smallest < inf:
        raise InvalidInput.at(
            "/minimum_detectable_effect", f"An effect to find is a number, not {smallest:g}."
        )


def _limits(guardrails: Mapping[str, float]) -> dict[str, float]:
    """Checked: each a metric, with the share by which it may change."""
    for name, limit in guardrails.items():
        _metric(name, pointer="/guardrails")
        if not -1 < limit < 10 or limit == 0:
            raise InvalidInput.at(
                "/guardrails", f"The limit of {name} is a share such as -0.05, not {limit:g}."
            )
    return dict(guardrails)


def _metric(name: str, *, pointer: str = "/metric") -> Metric:
    ensure_metrics()
    metric = Metric.objects.filter(name=name).first()
    if metric is None:
        raise InvalidInput.at(pointer, f"There is no metric {name!r}.")
    return metric


def _move(experiment: Experiment, *, to: str, allowed: list[str]) -> None:
    status = Experiment.objects.select_for_update().values_list("status", flat=True)
    now_at = status.get(pk=experiment.pk)
    if now_at not in allowed:
        raise Conflict(f"The experiment is {now_at}; it cannot become {to}.")
    experiment.status = to
