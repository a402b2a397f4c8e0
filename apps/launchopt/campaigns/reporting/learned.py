"""The sections of what else it did: its price to similar products, and how customers like it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting.satisfaction import satisfaction_with
from launchopt.campaigns.reporting.sections import Picture, Section, Table
from launchopt.campaigns.reporting.siblings import cannibalisation_of
from launchopt.campaigns.reporting.words import signed, terms
from launchopt.operations import charts
from launchopt.operations.charts import Interval


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


def satisfaction_section(launch: Launch) -> Section:
    """What customers said of the product since its launch started."""
    found = satisfaction_with(launch)
    title, said = "What customers say of it", [name for name in found if found[name]]
    if not said:
        return Section(key="satisfaction", title=title, empty="Nobody has rated or liked it yet.")
    rows = [
        ("Ratings", f"{found['ratings']:,}"),
        ("Mean rating", _mean(found["mean_rating"])),
        ("Reviews", f"{found['reviews']:,}"),
        ("Mean sentiment of reviews", _mean(found["review_sentiment"])),
        ("Likes", f"{found['likes']:,}"),
        ("Dislikes", f"{found['dislikes']:,}"),
    ]
    return Section(
        key="satisfaction",
        title=title,
        tables=(Table(("What", "How many"), rows),),
        terms=terms("satisfaction"),
    )


def _mean(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
