"""What an experiment's page shows: what it found, whom it moved, and what was registered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from launchopt.experiments import results
from launchopt.experiments.admin.tables import figure, interval, p_value, per_cents, table
from launchopt.experiments.guarding import guardrails_of
from launchopt.experiments.models import Experiment
from launchopt.experiments.parts import effects_by_persona

KEPT = 24  # results, and phases, shown of those that there are


class FindingsShown:
    """Effects with their intervals and verdicts: as a whole, by persona, over time; guardrails."""

    @admin.display(description="each variant against the control")
    def comparison(self, experiment: Experiment) -> str | SafeString:
        """Effect, interval and verdict of all outcomes so far."""
        report = results.results(experiment)
        verdicts = [row["verdict"] for row in report["verdicts"]]
        return _effects(report["results"], verdicts, of="variant", p="p_value")

    @admin.display(description="sizes of the groups")
    def groups_check(self, experiment: Experiment) -> str:
        """Whether they are as the weights promised."""
        (ratio,) = results.results(experiment)["sample_ratio"]
        words = "as the weights promised" if ratio["ok"] else "not as promised: results are broken"
        return f"{words} (p: {p_value(ratio['p_value'])})"

    @admin.display(description="guardrails")
    def guardrails_table(self, experiment: Experiment) -> str | SafeString:
        """What it must not harm: whether that holds, is broken, or is unproven."""
        return table(
            ["must not suffer", "at most", "measured", "interval", "verdict"],
            (
                [
                    each["definition"],
                    per_cents([each["limit"]]),
                    per_cents([each["relative_effect"]]),
                    per_cents(each["relative_interval"]),
                    each["verdict"],
                ]
                for each in guardrails_of(experiment)
            ),
            empty="None was registered.",
        )

    @admin.display(description="by persona")
    def by_persona(self, experiment: Experiment) -> str | SafeString:
        """Whom it moved more and whom less, p-values corrected for how many personas there are."""
        found = effects_by_persona(experiment)
        if found is None:
            return "Too few customers with a persona so far to compare one with another."
        rows = found["results"]
        verdicts = [row["verdict"] for row in rows]
        return _effects(rows, verdicts, of="persona", p="adjusted_p_value")

    @admin.display(description="kept hour by hour")
    def over_time(self, experiment: Experiment) -> str | SafeString:
        """The last results that were kept."""
        rows = experiment.results.select_related("variant").order_by("-until", "variant__name")
        return table(
            ["until", "variant", "effect", "interval", "at every look", "verdict"],
            (
                [
                    f"{row.until:%Y-%m-%d %H:%M} UTC",
                    row.variant.name,
                    figure(row.effect),
                    interval((row.interval_low, row.interval_high)),
                    interval((row.always_valid_low, row.always_valid_high)),
                    row.verdict,
                ]
                for row in rows[:KEPT]
            ),
            empty="Nothing yet: results are kept at each full hour after the start.",
        )


class TermsShown:
    """What was written down before the start, and how the shares changed since."""

    @admin.display(description="metric's definition")
    def definition(self, experiment: Experiment) -> str:
        """What is counted."""
        return experiment.primary_metric.definition

    @admin.display(description="variants")
    def variants_table(self, experiment: Experiment) -> str | SafeString:
        """Who is compared with whom."""
        return table(
            ["variant", "share now", "what it is"],
            (
                [
                    f"{variant.name} (control)" if variant.is_control else variant.name,
                    f"{variant.weight:.1%}",
                    variant.description or "—",
                ]
                for variant in experiment.variants.all()
            ),
        )

    @admin.display(description="phases, the last first")
    def phases_table(self, experiment: Experiment) -> str | SafeString:
        """How the shares of new customers changed, of whom, and why."""
        phases = experiment.phases.select_related("audience").order_by("-number")[:KEPT]
        return table(
            ["phase", "from", "of whom", "shares", "reason"],
            (
                [
                    str(phase.number),
                    f"{phase.opened_at:%Y-%m-%d %H:%M} UTC",
                    str(phase.audience or "everybody"),
                    ", ".join(f"{name} {share:.1%}" for name, share in phase.weights.items()),
                    phase.reason or "—",
                ]
                for phase in phases
            ),
        )


def _effects(
    rows: Sequence[Mapping[str, Any]], verdicts: Sequence[str], *, of: str, p: str
) -> str | SafeString:
    return table(
        [of, "customers", "mean", "control", "effect", "interval", "p", "verdict"],
        (
            [
                row[of],
                f"{row['n']:,} against {row['control_n']:,}",
                figure(row["mean"]),
                figure(row["control_mean"]),
                figure(row["effect"]),
                interval(row["interval"]),
                p_value(row[p]),
                verdict,
            ]
            for row, verdict in zip(rows, verdicts, strict=True)
        ),
    )
