"""How many purchases, clicks and pieces a launch will see, from the past launches most like it.

What is counted is everything that customers do with the product in the launch's days, whoever was
contacted: a launch that the shop makes as it made the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.selectors.analogs import Analog, counts_by_day, known_customers
from launchopt_core.estimates import Estimate, Source
from launchopt_core.forecast import LEVEL, Rates, curve_of, expected, rates_of

KINDS = {"purchases": "purchase", "clicks": "click"}
ASSUMED = {  # a rate per known customer that may as well be nothing or three times as much
    "purchases": Rates(1.0, 100.0),
    "clicks": Rates(1.0, 50.0),
}


def forecast_of(
    launch: Launch, analogs: Sequence[Analog], *, pieces: Estimate, as_of: datetime
) -> dict[str, Any]:
    """Purchases, clicks and pieces with an interval of 80 %, and what updates them as it runs.

    `rates`, `exposure` and `curve` are the belief, the customers known, and the share of a launch
    that is over at the end of each day.
    """
    (customers,) = known_customers([as_of])
    found = {name: _of(name, launch, analogs, customers=customers) for name in KINDS}
    bought = found["purchases"]
    return found | {
        "pieces": {
            "value": bought["value"] * pieces.value,
            "low": bought["low"] * pieces.value,
            "high": bought["high"] * pieces.value,
            "each": pieces.value,
            "source": bought["source"],
            "detail": f"purchases x pieces at once ({pieces.detail})",
        }
    }


def _of(name: str, launch: Launch, analogs: Sequence[Analog], *, customers: int) -> dict[str, Any]:
    counts = [analog.of(KINDS[name]).events for analog in analogs]
    known = [analog.known_customers for analog in analogs]
    is_told = any(counts) and any(known)
    rates = rates_of(counts, known, [a.weight for a in analogs]) if is_told else ASSUMED[name]
    length = launch.ends_at - launch.starts_at
    days = counts_by_day(analogs, length=length, kind=KINDS[name]) if is_told else []
    told = expected(rates, exposure=customers)
    return {
        "value": told.mean,
        "low": told.low,
        "high": told.high,
        "source": (Source.ANALOG if is_told else Source.PRIOR).value,
        "detail": _detail(analogs) if is_told else f"an assumed rate; no past launch has {name}",
        "rates": asdict(rates),
        "exposure": customers,
        "curve": curve_of(days, length_days=length.total_seconds() / 86_400),
    }


def _detail(analogs: Sequence[Analog]) -> str:
    best = max(analogs, key=lambda analog: analog.weight)
    return (
        f"{len(analogs)} past launches most alike in content, price and season, {best.sku} the "
        f"most; in {100 * LEVEL:.0f} of 100 launches the count lies within the interval"
    )
