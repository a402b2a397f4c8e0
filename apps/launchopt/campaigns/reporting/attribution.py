"""What is ascribed to a launch, and which share of it the launch caused.

A purchase is ascribed to the last click within its window, else to the last exposure within its
own (see the rollups). Some of these purchases would have come anyway: the customers left alone by
chance tell how many. Pieces that came back are subtracted from both.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from launchopt.campaigns.reporting.figures import Counts
from launchopt.campaigns.reporting.sections import Section, Table
from launchopt.campaigns.reporting.words import money, terms
from launchopt.conf import launchopt_settings
from launchopt_core.money import quantise


def attribution_of(counts: Counts, effect: Mapping[str, Any], *, currency: str) -> dict[str, Any]:
    """Ascribed and caused purchases of those who could be contacted, returns subtracted.

    The share of returns among what was ascribed is taken for that among what was caused, and for
    that of its revenue. None where nothing is measured or ascribed.

    >>> counted = Counts(conversions=40, returns=4, revenue=Decimal(300))
    >>> effect = {"estimate": 0.02, "interval": [0.01, 0.03], "n": 1000}
    >>> found = attribution_of(counted, effect, currency="GBP")
    >>> found["net"], found["net_revenue"], found["incremental"]["estimate"]
    (36, '270.00', 18.0)
    >>> found["incremental_share"]["interval"]
    [0.25, 0.75]
    """
    shop = launchopt_settings()
    kept = max(1 - counts.returns / counts.conversions, 0.0) if counts.conversions else 1.0
    scale = effect["n"] * kept if effect["estimate"] is not None else 0.0
    net = max(counts.conversions - counts.returns, 0)
    caused = _scaled(effect, scale)
    return {
        "rule": "last touch",
        "click_window_days": shop.click_attribution_days,
        "view_window_days": shop.view_attribution_days,
        "attributed": counts.conversions,
        "returned": counts.returns,
        "net": net,
        "net_revenue": str(quantise(counts.revenue * Decimal(str(kept)), currency)),
        "incremental": caused,
        "incremental_share": _scaled(caused, 1 / net if net else None),
    }


def attribution_section(counts: Counts, effect: Mapping[str, Any], *, currency: str) -> Section:
    """Purchases ascribed, and of them those that the launch caused."""
    title = "What it is given credit for"
    if not counts.conversions:
        return Section(key="attribution", title=title, empty="No purchase has been ascribed yet.")
    told = attribution_of(counts, effect, currency=currency)
    rows = [
        ("Purchases ascribed", f"{told['attributed']:,}", ""),
        ("Returned", f"{told['returned']:,}", ""),
        ("Ascribed, returns subtracted", f"{told['net']:,}", ""),
        ("Their revenue, less the share that came back", money(told["net_revenue"], currency), ""),
        ("Caused, returns subtracted", *_told(told["incremental"], "{:,.1f}")),
        ("Share that was caused", *_told(told["incremental_share"], "{:.0%}")),
    ]
    return Section(
        key="attribution",
        title=title,
        lead=f"A purchase is ascribed to the last click of the {told['click_window_days']:g} days "
        f"before it, else to the last exposure of {told['view_window_days']:g}. How many of "
        "them would have come anyway, the customers left alone tell.",
        tables=(Table(("Figure", "Value", "Interval"), rows),),
        terms=terms("conversions", "effect", "holdout"),
    )


def _scaled(figure: Mapping[str, Any], scale: float | None) -> dict[str, Any]:
    if figure["estimate"] is None or scale is None:
        return {"estimate": None, "interval": None}
    interval = figure["interval"]
    return {
        "estimate": round(figure["estimate"] * scale, 9),
        "interval": interval and [round(bound * scale, 9) for bound in interval],
    }


def _told(figure: Mapping[str, Any], form: str) -> tuple[str, str]:
    if figure["estimate"] is None:
        return "–", "–"
    interval = figure["interval"]
    told = " to ".join(form.format(bound) for bound in interval) if interval else "–"
    return form.format(figure["estimate"]), told
