"""The sections of what happened: effect, funnel, money against plan, parts, words, silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from typing import Any

from launchopt.campaigns.models import Creative, Launch
from launchopt.campaigns.reporting import selectors
from launchopt.campaigns.reporting.figures import Counts, Figures
from launchopt.campaigns.reporting.planned import axis_unit, day_ticks
from launchopt.campaigns.reporting.rates import rates_of
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.selectors import Hours
from launchopt.campaigns.reporting.words import day, money, per_cent, signed, span, terms
from launchopt.experiments.outcomes import BEFORE
from launchopt.experiments.results import results
from launchopt.operations import charts
from launchopt.operations.charts import Bar, Interval, Line

COUNT_COLUMNS = ("Decisions", "Exposures", "Clicks", "Conversions", "Returns", "Revenue", "Spend")


def effect_section(launch: Launch, effect: dict[str, Any], *, until: datetime | None) -> Section:
    """Each variant against the customers who were left alone."""
    title = "What it caused"
    if launch.experiment is None or launch.started_at is None:
        return Section(key="effect", title=title, empty="The launch has not started yet.")
    report = results(launch.experiment, until=until)
    verdicts = {row["variant"]: row["verdict"] for row in report["verdicts"]}
    drawn = [_interval("launch as a whole", effect["estimate"], effect["interval"])]
    drawn += [_interval(r["variant"], r["effect"], r["interval"]) for r in report["results"]]
    rows = [_variant_row(row, verdicts) for row in report["results"]]
    picture = charts.intervals(drawn, title="Effect of each variant with its interval")
    ratio = report["sample_ratio"][0]
    return Section(
        key="effect",
        title=title,
        lead=f"{effect['n']:,} customers could be contacted and {effect['control_n']:,} were held "
        f"out to compare them with.{_noise_words(effect['noise_removed'])}",
        notice="" if ratio["ok"] else SUSPECT,
        pictures=(
            Picture(
                picture,
                f"{launch.experiment.primary_metric.definition} "
                "The line across is the interval, the point the estimate.",
            ),
        ),
        tables=(Table(VARIANT_COLUMNS, rows), *_guardrail_tables(effect["guardrails"])),
        terms=terms("effect", "interval", "holdout", "guardrail"),
    )


def _noise_words(removed: float | None) -> str:
    """How much of the chance is taken out by what customers bought beforehand."""
    if removed is None or removed < 0.005:
        return ""
    return (
        f" What they bought in the {BEFORE.days} days before the start is taken out of the noise: "
        f"{100 * removed:.0f} % less of it."
    )


def _guardrail_tables(guardrails: Sequence[Mapping[str, Any]]) -> tuple[Table, ...]:
    """What it must not have harmed; none where nothing was registered."""
    rows = [
        (
            each["definition"],
            f"{100 * each['limit']:+g} %".replace("-", "−"),
            _share_span(each["relative_interval"]),
            each["verdict"],
        )
        for each in guardrails
    ]
    columns = ("Must not suffer", "At most", "Interval", "Verdict")
    return (Table(columns, rows, caption="Guardrails"),) if rows else ()


def _share_span(interval: Sequence[float] | None) -> str:
    if interval is None:
        return "–"
    return " to ".join(f"{100 * limit:+.1f} %".replace("-", "−") for limit in interval)


SUSPECT = (
    "The groups do not have the sizes that they were planned with, more than chance explains. "
    "Something moved customers between them; do not trust the effect until it is found."
)
VARIANT_COLUMNS = (
    "Variant", "Customers", "Held out", "Per customer", "Held out, per customer", "Effect",
    "Interval", "Verdict",
)  # fmt: skip


def funnel_section(figures: Figures, *, currency: str) -> Section:
    """From what was asked to what was bought, by those who could be contacted."""
    title = "From decision to purchase"
    counts = figures.totals
    if not counts.decisions:
        return Section(key="funnel", title=title, empty="No decision has been made yet.")
    rows = [
        ("decisions", f"{counts.decisions:,}", "–"),
        _step("exposures", counts.exposures, counts.decisions, "decisions"),
        _step("clicks", counts.clicks, counts.exposures, "exposures"),
        _step("conversions", counts.conversions, counts.exposures, "exposures"),
    ]
    drawn = [
        Bar(name, (float(getattr(counts, name)),), count if share == "–" else f"{count} ({share})")
        for name, count, share in rows
    ]
    picture = charts.bars(drawn, title="Decisions, exposures, clicks and conversions")
    return Section(
        key="funnel",
        title=title,
        lead="Customers who were held out are not in it.",
        pictures=(Picture(picture),),
        tables=(
            Table(("Step", "Count", "Share"), rows),
            Table(("Rate", "Value"), _rate_rows(counts, currency), caption="Rates"),
        ),
        terms=terms("decisions", "exposures", "clicks", "conversions", *RATES),
    )


RATES = (
    "click rate", "conversion rate", "cost per click", "cost per acquisition", "return on spend",
    "average order value", "return rate",
)  # fmt: skip
SHARES = frozenset({"click rate", "conversion rate", "return rate"})


def _rate_rows(counts: Counts, currency: str) -> list[tuple[str, str]]:
    rates: Mapping[str, Any] = rates_of(counts, currency=currency)
    return [(name.capitalize(), _rate(name, rates, currency)) for name in RATES]


def _rate(name: str, rates: Mapping[str, Any], currency: str) -> str:
    value = rates[name.replace(" ", "_")]
    if value is None:
        return "–"
    if isinstance(value, str):
        return money(value, currency)
    return f"{100 * value:.2f} %" if name in SHARES else f"{value:.2f}"


def _step(name: str, count: int, whole: int, of: str) -> tuple[str, str, str]:
    return name, f"{count:,}", f"{per_cent(count, whole)} of {of}"


def spend_section(launch: Launch, hours: Hours) -> Section:
    """How the money went out, beside how it was planned to."""
    title = "Spend against plan"
    if not any(hours.planned) and not any(hours.spent):
        return Section(key="spend", title=title, empty="Nothing is planned or spent yet.")
    planned = tuple(float(v) for v in accumulate(hours.planned))
    spent = tuple(float(v) for v in accumulate(hours.spent))
    last = max(
        (i for i, (a, n) in enumerate(zip(hours.spent, hours.exposures, strict=True)) if a or n),
        default=-1,
    )
    picture = charts.lines(
        [Line("spent so far", spent[: last + 1]), Line("planned", planned)],
        day_ticks(hours.starts),
        title="Money spent and money planned, added up over the launch",
        unit=axis_unit(launch.currency),
    )
    whole = money(sum(hours.spent, Decimal(0)), launch.currency)
    return Section(
        key="spend",
        title=title,
        lead=f"{whole} have been spent of {money(launch.budget, launch.currency)}; "
        f"{money(sum(hours.planned, Decimal(0)), launch.currency)} were planned.",
        pictures=(Picture(picture, "Both lines add up from the first hour on."),),
        tables=(_spend_by_day(launch, hours),),
        terms=terms("spend", "budget plan"),
    )


def parts_section(launch: Launch, figures: Figures) -> Section:
    """The counts by variant, channel and audience."""
    parts = (
        ("Variant", figures.variants),
        ("Channel", figures.channels),
        ("Audience", figures.audiences),
    )
    tables = tuple(
        Table((name, *COUNT_COLUMNS), _count_rows(launch, counts))
        for name, counts in parts
        if counts
    )
    return Section(
        key="parts",
        title="By variant, channel and audience",
        tables=tables,
        terms=terms("conversions", "returns", "revenue", "spend"),
        empty="" if tables else "Nothing is planned yet.",
    )


def words_section(launch: Launch) -> Section:
    """What was said to whom, and what came of it."""
    found = selectors.creatives_of(launch)
    rows = [
        (
            f"{creative.headline} — {creative.body}" if creative.body else creative.headline,
            f"{creative.channel}, {creative.audience}, {creative.variant}",
            str(Creative.Status(creative.status).label),
            f"{seen['exposures']:,}",
            f"{seen['clicks']:,} ({per_cent(seen['clicks'], seen['exposures'])})",
        )
        for creative, seen in found
    ]
    columns = ("Words", "For", "Status", "Exposures", "Clicks")
    return Section(
        key="words",
        title="The words",
        lead="Only words that a person approved are shown.",
        tables=(Table(columns, rows, folded=len(rows) > 24),) if rows else (),
        empty="" if rows else "Nothing has been written yet.",
    )


def silence_section(launch: Launch) -> Section:
    """What each decision came to: silence has a reason too."""
    counted = selectors.silence_of(launch)
    if not counted:
        return Section(key="silence", title="Shown, or why not", empty="No decision yet.")
    whole = sum(count for _, count in counted)
    drawn = [Bar(reason, (float(count),), f"{count:,}") for reason, count in counted]
    rows = [(reason, f"{count:,}", per_cent(count, whole)) for reason, count in counted]
    picture = charts.bars(drawn, title="Decisions by their reason")
    return Section(
        key="silence",
        title="Shown, or why not",
        lead=f"{whole:,} decisions, each with its reason.",
        pictures=(Picture(picture),),
        tables=(Table(("Reason", "Decisions", "Share"), rows),),
        terms=terms("decisions"),
    )


def _interval(label: str, estimate: float | None, interval: Any) -> Interval:
    if estimate is None or interval is None:
        return Interval(label, None, None, None, "too few customers to tell")
    low, high = interval
    text = f"{signed(estimate)} ({span(interval)})"
    return Interval(label, low, estimate, high, text)


def _variant_row(row: Mapping[str, Any], verdicts: Mapping[str, str]) -> tuple[str, ...]:
    return (
        row["variant"],
        f"{row['n']:,}",
        f"{row['control_n']:,}",
        _mean(row["mean"]),
        _mean(row["control_mean"]),
        signed(row["effect"]),
        span(row["interval"]),
        verdicts.get(row["variant"], ""),
    )


def _mean(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _count_rows(launch: Launch, parts: Mapping[str, Counts]) -> list[tuple[str, ...]]:
    return [
        (
            str(name),
            *(f"{getattr(c, n.lower()):,}" for n in COUNT_COLUMNS[:5]),
            money(c.revenue, launch.currency),
            money(c.spend, launch.currency),
        )
        for name, c in parts.items()
    ]


def _spend_by_day(launch: Launch, hours: Hours) -> Table:
    sums: dict[str, list[Any]] = defaultdict(lambda: [Decimal(0), Decimal(0), 0])
    for at, planned, spent, seen in zip(
        hours.starts, hours.planned, hours.spent, hours.exposures, strict=True
    ):
        row = sums[day(at)]
        row[0] += planned
        row[1] += spent
        row[2] += seen
    rows = [
        (name, money(planned, launch.currency), money(spent, launch.currency), f"{seen:,}")
        for name, (planned, spent, seen) in sums.items()
    ]
    return Table(("Day", "Planned", "Spent", "Exposures"), rows, caption="By day", folded=True)
