"""The sections of what was learned: the effect day by day, its price to siblings, hours, liking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.figures import hours_of
from launchopt.campaigns.reporting.satisfaction import satisfaction_with
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.siblings import cannibalisation_of
from launchopt.campaigns.reporting.words import day, local, per_cent, signed, span, terms
from launchopt.experiments.models import Result
from launchopt.operations import charts
from launchopt.operations.charts import Interval, Tick

MOST_DAYS = 14  # of the picture; the table has them all


def over_time_section(launch: Launch) -> Section:
    """How the effect's interval narrowed from day to day: the last result of each day."""
    title = "The effect over time"
    found = _last_of_each_day(launch)
    if len({day(result.until) for result in found}) < 2:
        return Section(
            key="over-time", title=title, empty="Results are kept hour by hour; look again later."
        )
    drawn = [_drawn_interval(result) for result in _drawn(found)]
    rows = [
        (
            day(result.until),
            result.variant.name,
            f"{result.n:,}",
            signed(result.effect),
            span(_interval_of(result)),
            span(_always_valid(result)),
        )
        for result in found
    ]
    columns = ("Day", "Variant", "Customers", "Effect", "Interval of one look", "Of every look")
    return Section(
        key="over-time",
        title=title,
        lead="The intervals hold at every look, however often somebody looks: once one of them "
        "leaves zero out, the effect is shown.",
        pictures=(Picture(charts.intervals(drawn, title="Effect at the end of each day")),),
        tables=(Table(columns, rows, caption="Day by day", folded=True),),
        terms=terms("effect", "interval", "every look"),
    )


def _drawn_interval(result: Result) -> Interval:
    low, high = _always_valid(result) or _interval_of(result) or (None, None)
    label = f"{day(result.until)} {result.variant.name}"
    return Interval(label, low, result.effect, high, signed(result.effect))


def _drawn(found: list[Result]) -> list[Result]:
    """The last days, variant by variant, so that each can be followed down the picture."""
    lately = sorted({day(result.until) for result in found})[-MOST_DAYS:]
    rows = [result for result in found if day(result.until) in lately]
    return sorted(rows, key=lambda result: (result.variant.name, result.until))


def _last_of_each_day(launch: Launch) -> list[Result]:
    rows = Result.objects.filter(experiment=launch.experiment_id, effect__isnull=False)
    found: dict[tuple[str, str], Result] = {}
    for result in rows.select_related("variant").order_by("until", "variant__name"):
        found[day(result.until), result.variant.name] = result
    return list(found.values())


def _interval_of(result: Result) -> tuple[float, float] | None:
    return _both(result.interval_low, result.interval_high)


def _always_valid(result: Result) -> tuple[float, float] | None:
    """None for what an older release kept."""
    return _both(result.always_valid_low, result.always_valid_high)


def _both(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)


def siblings_section(
    launch: Launch, effect: dict[str, Any], *, until: datetime | None = None
) -> Section:
    """What similar products lost or gained, by the same comparison."""
    title = "What it did to similar products"
    found = cannibalisation_of(launch, effect, until=until)
    if found["estimate"] is None:
        return Section(key="siblings", title=title, empty=_why_untold(found["siblings"]))
    drawn = [
        Interval(name, *_bounds(each), signed(each["estimate"]))
        for name, each in (("this product", effect), ("similar products", found))
    ]
    return Section(
        key="siblings",
        title=title,
        lead=_loss_in_words(found),
        pictures=(
            Picture(
                charts.intervals(drawn, title="Effect on this product and on similar ones"),
                f"Purchases per customer of the {found['siblings']} most similar products, among "
                "those who could be contacted, minus those among the held-out.",
            ),
        ),
        terms=terms("cannibalisation"),
    )


def _why_untold(siblings: int) -> str:
    return "Too few customers to tell yet." if siblings else "There is no similar product."


def _bounds(effect: dict[str, Any]) -> tuple[float | None, float | None, float | None]:
    low, high = effect["interval"] or (None, None)
    return low, effect["estimate"], high


def _loss_in_words(found: dict[str, Any]) -> str:
    if found["share"] is not None:
        return (
            f"For each purchase that the launch caused, similar products lost {found['share']:.2f}."
        )
    if found["interval"] and found["interval"][0] > 0:
        return "Similar products gained too: the launch drew customers to their kind."
    return "No loss of similar products has been shown; the interval says what is still possible."


def hours_section(launch: Launch) -> Section:
    """At which hours of the day customers saw it, clicked and bought."""
    title = "By hour of the day"
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
    counted = hours_of(launch).values_list("starts_at", "exposures", "clicks", "conversions")
    for starts_at, *counts in counted:
        hour = local(starts_at).hour
        sums[hour] = [a + b for a, b in zip(sums[hour], counts, strict=True)]
    if not any(seen for seen, _, _ in sums.values()):
        return Section(key="hours", title=title, empty="Nothing has been seen yet.")
    ticks = [Tick(hour, f"{hour}") for hour in range(0, 24, 3)]
    drawn = charts.columns(
        [sums[hour][0] for hour in range(24)], ticks, title="Exposures by hour of the day"
    )
    rows = [
        (f"{hour:02}:00", f"{seen:,}", f"{clicks:,} ({per_cent(clicks, seen)})", f"{bought:,}")
        for hour, (seen, clicks, bought) in sorted(sums.items())
        if seen or clicks or bought
    ]
    return Section(
        key="hours",
        title=title,
        lead=f"{_best_hours(sums)} Hours are those of the shop's own clock.",
        pictures=(Picture(drawn),),
        tables=(Table(("Hour", "Exposures", "Clicks", "Conversions"), rows, folded=True),),
        terms=terms("exposures", "clicks", "conversions"),
    )


def _best_hours(sums: Mapping[int, Sequence[int]]) -> str:
    """When most was seen and bought, in words."""
    seen = max(sums, key=lambda hour: (sums[hour][0], -hour))
    bought = max(sums, key=lambda hour: (sums[hour][2], -hour))
    told = f"Most was seen from {seen:02}:00 to {seen:02}:59"
    if not sums[bought][2]:
        return f"{told}; nothing has been bought yet."
    return f"{told}, and most was bought from {bought:02}:00 to {bought:02}:59."


def satisfaction_section(launch: Launch) -> Section:
    """What customers said of the product since its launch started."""
    found = satisfaction_with(launch)
    title, said = "What customers say of it", [name for name in found if found[name]]
    if not said:
        return Section(key="satisfaction", title=title, empty="Nobody has rated or liked it yet.")
    rating = found["mean_rating"]
    rows = [
        ("Ratings", f"{found['ratings']:,}"),
        ("Mean rating", "–" if rating is None else f"{rating:.2f}"),
        ("Reviews", f"{found['reviews']:,}"),
        ("Likes", f"{found['likes']:,}"),
        ("Dislikes", f"{found['dislikes']:,}"),
    ]
    return Section(
        key="satisfaction",
        title=title,
        tables=(Table(("What", "How many"), rows),),
        terms=terms("satisfaction"),
    )
