"""Curves of paid channels: given, or learned from what the shop's launches spent there by day."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from launchopt.campaigns.models import Launch
from launchopt.campaigns.selectors.paid import Days, paid_days
from launchopt.campaigns.services.bounds import CURVES, hill_of, is_learned
from launchopt.operations.errors import InvalidInput
from launchopt_core.budget import Fitted, Hill, Rows, fit_hills
from launchopt_core.errors import TooFewObservations
from launchopt_core.estimates import Source

OWN, PAST = "own", "past"


def paid_curves(launch: Launch, *, before: datetime) -> dict[str, dict[str, Any]]:
    """Each paid channel's curve over the whole launch as a figure of the plan, with its source.

    A learned one is fitted to days of spend: of this launch where it has some, leaning on those of
    past launches, else to theirs. Raises InvalidInput where there is too little to learn from.
    """
    learned = [channel for channel, curve in launch.curves.items() if is_learned(curve)]
    known = paid_days(learned, before=before) if learned else {}
    return {
        channel: _learned(launch, channel, known.get(channel, {}))
        if channel in learned
        else _given(launch, curve)
        for channel, curve in launch.curves.items()
    }


def hill_over(launch: Launch, channel: str) -> Hill:
    """A paid channel's curve over the whole launch, as its plan has it."""
    return hill_of(launch.plan["paid_curves"][channel])


def _given(launch: Launch, curve: Mapping[str, Any]) -> dict[str, Any]:
    if curve.get("spend_range"):
        return _figure(launch, hill_of(curve), Source.MEASURED, "fitted on imported spend")
    return _figure(launch, hill_of(curve), Source.PRIOR, "as given for this launch")


def _learned(launch: Launch, channel: str, days: Mapping[uuid.UUID, Days]) -> dict[str, Any]:
    others = [of for pk, of in days.items() if pk != launch.pk]
    groups = {OWN: _rows([days[launch.pk]] if launch.pk in days else []), PAST: _rows(others)}
    groups = {name: rows for name, rows in groups.items() if len(rows.spend)}
    try:
        fitted = fit_hills(groups)
    except TooFewObservations as error:
        raise InvalidInput.at(
            f"{CURVES}/{channel}",
            f"No curve can be learned for {channel} from what launches spent there: {error} Give "
            "it one, such as fit_response writes from imported spend.",
        ) from None
    source, what = (Source.MEASURED, "this launch's own") if OWN in fitted else _PAST_ONLY
    found = fitted.get(OWN) or fitted[PAST]
    detail = (
        f"learned from {found.rows} days of {what} spend, {len(others)} past launches in all; "
        f"{_at_most(found)}"
    )
    days_long = (launch.ends_at - launch.starts_at) / timedelta(days=1)
    return _figure(launch, _over(found.curve, days_long), source, detail)


_PAST_ONLY = (Source.ANALOG, "past launches'")


def _rows(launches: Sequence[Days]) -> Rows:
    pairs = np.array([pair for days in launches for pair in days.values()]).reshape(-1, 2)
    return Rows(pairs[:, 0], pairs[:, 1])


def _over(day: Hill, days: float) -> Hill:
    """The curve of a day's spend, over so many days that share the money evenly."""
    low, high = day.fitted_on or (0.0, 0.0)
    return Hill(day.scale * days, day.half * days, day.shape, (low * days, high * days))


def _at_most(found: Fitted) -> str:
    low, high = found.intervals["scale"]
    return f"between {low:,.1f} and {high:,.1f} purchases a day at most, in 95 of 100"


def _figure(launch: Launch, hill: Hill, source: Source, detail: str) -> dict[str, Any]:
    told = asdict(hill)
    fitted_on = told.pop("fitted_on")
    return {
        **told,
        **({"spend_range": list(fitted_on)} if fitted_on else {}),
        "value": f"up to {hill.scale:,.1f} purchases, half of them for {hill.half:,.2f} "
        f"{launch.currency}",
        "source": source.value,
        "detail": detail,
    }
