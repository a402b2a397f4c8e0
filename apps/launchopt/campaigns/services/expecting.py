"""How many purchases, clicks and pieces a launch will see, from the past launches most like it.

What is counted is everything that customers do with the product in the launch's days, whoever was
contacted: a launch that the shop makes as it made the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from launchopt.campaigns.models import Launch
from launchopt.campaigns.selectors.analogs import (
    Analog,
    PastLaunches,
    counts_by_day,
    known_customers,
)
from launchopt_core.course import curve_of, drift_of, step_of, unevenness_of
from launchopt_core.estimates import Estimate, Source
from launchopt_core.forecast import LEVEL, Rates, expected, rates_of

KINDS = {"purchases": "purchase", "clicks": "click"}
ASSUMED = {  # a rate per known customer that may as well be nothing or three times as much
    "purchases": Rates(1.0, 100.0),
    "clicks": Rates(1.0, 50.0),
}


def forecast_of(
    launch: Launch, past: PastLaunches, *, pieces: Estimate, as_of: datetime
) -> dict[str, Any]:
    """Purchases, clicks and pieces with an interval of 80 %, and what updates them as it runs.

    `rates`, `exposure` and `curve` are the belief, the customers known, and the share of a launch
    that is over at the end of each day.
    """
    (customers,) = known_customers([as_of])
    found = {name: _of(name, launch, past, customers=customers) for name in KINDS}
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


def _of(name: str, launch: Launch, past: PastLaunches, *, customers: int) -> dict[str, Any]:
    analogs, length = past.analogs, launch.ends_at - launch.starts_at
    days_long = length / timedelta(days=1)
    is_told = any(a.of(KINDS[name]).events for a in analogs) and any(
        a.known_customers for a in analogs
    )
    rates, curve = ASSUMED[name], curve_of([], [], length_days=days_long)
    if is_told:
        rates, curve = _learned(KINDS[name], past, length=length)
    told = expected(rates, exposure=customers)
    return {
        "value": told.mean,
        "low": told.low,
        "high": told.high,
        "source": (Source.ANALOG if is_told else Source.PRIOR).value,
        "detail": _detail(analogs) if is_told else f"an assumed rate; no past launch has {name}",
        "rates": asdict(rates),
        "exposure": customers,
        "curve": curve,
    }


def _learned(kind: str, past: PastLaunches, *, length: timedelta) -> tuple[Rates, list[float]]:
    """The belief of a launch's rate, season and course, and the common course."""
    analogs, weights = past.analogs, [analog.weight for analog in past.analogs]
    known = [analog.known_customers for analog in analogs]
    days = counts_by_day(analogs, length=length, kind=kind)
    curve = curve_of(days, weights, length_days=length / timedelta(days=1))
    drift = drift_of(
        step_of(past.periods.get(kind, [])),
        season_days=[analog.season_days for analog in analogs],
        weights=[weight * each for weight, each in zip(weights, known, strict=True)],
    )
    counts = [analog.of(kind).events for analog in analogs]
    unevenness = unevenness_of(days, weights, curve)
    return rates_of(counts, known, weights, drift=drift, unevenness=unevenness), curve


def _detail(analogs: Sequence[Analog]) -> str:
    best = max(analogs, key=lambda analog: analog.weight)
    return (
        f"{len(analogs)} past launches most alike in content, price and season, {best.sku} the "
        f"most; in {100 * LEVEL:.0f} of 100 launches the count lies within the interval, as far as "
        "past seasons tell"
    )
