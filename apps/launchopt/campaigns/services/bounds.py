"""What a person demands of a launch's money, by channel or audience, and why it cannot be kept.

`{"channel": "email", "floor": "100.00", "ceiling": "500.00"}`: at least and at most so much there.
`{"channel": "email", "minimum_if_used": "5.00"}`: an hour of a campaign there gets nothing or at
least so much; a paid channel's campaign, which is one place, over the whole launch.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from launchopt.campaigns.models import Campaign, Launch
from launchopt.operations.errors import FieldError, InvalidInput
from launchopt_core.budget import Group, Hill, Infeasible
from launchopt_core.errors import ImpossibleInput
from launchopt_core.money import to_minor

PLACES, SUMS, MINIMUM = {"channel", "audience"}, ("floor", "ceiling"), "minimum_if_used"
RULES = (*SUMS, MINIMUM)
KEYS = PLACES | set(RULES)
POINTER, CURVES = "/bounds", "/curves"
LEARNED = {"kind": "learned"}
HILL = ("kind", "scale", "half", "shape", "spend_range", "interval")


def place_of(campaign: uuid.UUID, start: datetime | None = None) -> str:
    """The name of a campaign's hour in the problem, or of the campaign as a whole."""
    return f"{campaign} {start.astimezone(UTC).isoformat()}" if start else str(campaign)


def campaign_and_hour(place: str) -> tuple[uuid.UUID, datetime | None]:
    """The campaign and hour of a name; no hour for a campaign as a whole."""
    key, _, start = place.partition(" ")
    return uuid.UUID(key), datetime.fromisoformat(start) if start else None


def bound_faults(bounds: Any, *, currency: str, channels: Sequence[str]) -> list[FieldError]:
    """Every rule that a list of bounds breaks."""
    if not isinstance(bounds, (list, tuple)):
        return [FieldError(POINTER, 'Bounds are a list, such as [{"channel": "email"}].')]
    faults: list[FieldError] = []
    for number, bound in enumerate(bounds):
        pointer = f"{POINTER}/{number}"
        told = _fault_of(bound, currency=currency, channels=channels)
        faults += [FieldError(pointer, told)] if told else []
    return faults


def _fault_of(bound: Any, *, currency: str, channels: Sequence[str]) -> str:
    if not isinstance(bound, Mapping) or not bound.keys() <= KEYS:
        return f"A bound has {', '.join(sorted(KEYS))} and nothing else."
    if not bound.keys() & PLACES or not bound.keys() & set(RULES):
        return f"A bound names a channel or an audience, and {', '.join(SUMS)} or {MINIMUM}."
    if "channel" in bound and bound["channel"] not in channels:
        return f"The launch has no channel {bound['channel']!r}; it has {', '.join(channels)}."
    for rule in RULES:
        if rule in bound and not _is_amount(bound[rule], currency):
            return f"The {rule} {bound[rule]!r} is no amount of {currency} of 0 or more."
    return ""


def _is_amount(text: Any, currency: str) -> bool:
    try:
        amount = Decimal(str(text))
        return bool(amount.is_finite() and amount >= 0 and to_minor(amount, currency) >= 0)
    except (InvalidOperation, ImpossibleInput):
        return False


def groups_of_bounds(bounds: Sequence[Mapping[str, Any]]) -> list[Group]:
    """The bounds as groups of places, named by what a person reads."""
    return [
        Group(
            name=name_of(bound, number),
            where=_where(bound),
            **{rule: Decimal(str(bound[rule])) for rule in SUMS if rule in bound},
        )
        for number, bound in enumerate(bounds, start=1)
        if bound.keys() & set(SUMS)
    ]


def minimum_of(bounds: Sequence[Mapping[str, Any]], where: Mapping[str, str]) -> Decimal | None:
    """The least that a place gets where it gets anything; None where nothing is demanded."""
    demands = [
        Decimal(str(bound[MINIMUM]))
        for bound in bounds
        if MINIMUM in bound and _where(bound).items() <= where.items()
    ]
    return max(demands, default=None)


def _where(bound: Mapping[str, Any]) -> dict[str, str]:
    return {key: bound[key] for key in ("channel", "audience") if key in bound}


def name_of(bound: Mapping[str, Any], number: int) -> str:
    """A bound's own name: the place of it, and its number, as two may bind the same place."""
    place = " to ".join(str(bound[key]) for key in ("channel", "audience") if key in bound)
    return f"bound {number} ({place})"


def refusal_of(
    infeasible: Infeasible, *, launch: Launch, campaigns: Mapping[uuid.UUID, Campaign]
) -> InvalidInput:
    """The constraints in conflict, each in words and with a pointer of its own."""
    faults = [_conflict(name, launch=launch, campaigns=campaigns) for name in infeasible.conflict]
    faults.sort(key=lambda fault: fault.pointer == "/budget")  # what was asked for last comes first
    if {name.rpartition(".")[2] for name in infeasible.conflict} <= {"total", "pin"}:
        detail = f"What is set by hand comes to more than {launch.budget:f} {launch.currency}."
        return InvalidInput(detail, faults)
    told = "; ".join(fault.detail for fault in faults)
    return InvalidInput(f"These cannot all be kept: {told}. Loosen any one of them.", faults)


def _conflict(name: str, *, launch: Launch, campaigns: Mapping[uuid.UUID, Campaign]) -> FieldError:
    if name == "total":
        return FieldError("/budget", f"the budget of {launch.budget:f} {launch.currency}")
    place, _, rule = name.rpartition(".")
    if place.startswith("bound "):
        return FieldError(POINTER, f"the {rule} of {place}")
    key, start = campaign_and_hour(place)
    if rule == MINIMUM:
        where = {"channel": campaigns[key].channel, "audience": campaigns[key].audience.name}
        return FieldError(
            POINTER, f"at least {minimum_of(launch.bounds, where)} where {campaigns[key]} is used"
        )
    at = f" at {start:%d %b %H:%M}" if start else ""
    return FieldError("/amount", f"what is set by hand for {campaigns[key]}{at}")


def curve_in(content: Any) -> dict[str, Any]:
    """The one hill in what `fit_response` wrote, or a hill itself. Raises ValueError."""
    found = content.get("curves", [content]) if isinstance(content, Mapping) else []
    if len(found) != 1:
        raise ValueError(f"it holds {len(found)} curves; give the channel one")
    kept = {key: found[0][key] for key in HILL if key in found[0]}
    hill_of(kept)
    return kept


def curve_faults(curves: Any, *, channels: Sequence[str]) -> list[FieldError]:
    """Every rule that the curves of paid channels break."""
    if not isinstance(curves, Mapping):
        return [FieldError(CURVES, "Curves are an object: channel -> hill.")]
    faults = []
    for channel, curve in curves.items():
        if channel not in channels:
            faults.append(FieldError(f"{CURVES}/{channel}", f"There is no channel {channel!r}."))
            continue
        try:
            is_learned(curve) or hill_of(curve)
        except ValueError as error:
            faults.append(FieldError(f"{CURVES}/{channel}", f"{channel}: {error}"))
    return faults


def is_learned(curve: Any) -> bool:
    """Whether a channel's curve is to be learned from past launches instead of given."""
    return curve == LEARNED


def hill_of(curve: Any) -> Hill:
    """A curve as `fit_response` writes it. Raises ValueError, in one line."""
    if not isinstance(curve, Mapping) or curve.get("kind", "hill") != "hill":
        raise ValueError("a paid channel needs a hill with scale, half and shape")
    try:
        scale, half, shape = (float(curve[key]) for key in ("scale", "half", "shape"))
        fitted = [float(end) for end in curve.get("spend_range") or ()]
        return Hill(scale, half, shape, (fitted[0], fitted[1]) if len(fitted) == 2 else None)
    except KeyError as error:
        raise ValueError(f"a hill needs {error.args[0]}") from None
    except (TypeError, ValueError, ImpossibleInput) as error:
        raise ValueError(str(error)) from None
