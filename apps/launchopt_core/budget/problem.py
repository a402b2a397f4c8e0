"""A budget problem: places for money, what must and may be spent there, and its layout in cents."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from launchopt_core.budget.curves import MOST_CENTS, Curve, Hill
from launchopt_core.errors import ImpossibleInput, InvalidAmount
from launchopt_core.money import decimals_of, to_minor

Ints = NDArray[np.int64]

DIMENSIONS = ("channel", "audience", "hour")
UNLIMITED = MOST_CENTS


class Infeasible(ImpossibleInput):
    """No plan keeps all constraints; without any one of `conflict` the rest could be kept."""

    def __init__(self, conflict: Sequence[str]) -> None:
        super().__init__(f"These cannot all be kept: {', '.join(conflict)}.")
        self.conflict = list(conflict)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where money may go, its curve, and what binds the money there."""

    id: str
    curve: Curve | Hill
    where: Mapping[str, Hashable] = field(default_factory=dict)  # channel, audience, hour
    floor: Decimal | None = None
    ceiling: Decimal | None = None
    pin: Decimal | None = None
    minimum_if_used: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Group:
    """Places that share a channel, an audience or an hour, and bounds on their sum."""

    name: str
    where: Mapping[str, Hashable]
    floor: Decimal | None = None
    ceiling: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Problem:
    """At most `total` over the places; the sums of groups bounded."""

    total: Decimal
    currency: str
    places: Sequence[Place]
    groups: Sequence[Group] = ()

    def __post_init__(self) -> None:
        _refuse_repeats("cell", [place.id for place in self.places])
        _refuse_repeats("group", [group.name for group in self.groups])


class Bound(NamedTuple):
    """One named constraint. `subject` is a place's or a group's index, -1 for the total."""

    name: str
    rule: str  # total, floor, ceiling, pin, minimum_if_used, group floor, group ceiling
    subject: int
    cents: int


@dataclass(frozen=True)
class Layout:
    """A problem in whole cents: all that binds, by index of the place."""

    count: int
    total: int
    bounds: tuple[Bound, ...]
    members: tuple[Ints, ...]  # for each group the indices of its places

    @classmethod
    def of(cls, problem: Problem) -> "Layout":
        """Read the amounts. Raises InvalidAmount that names the cell or group at fault."""
        currency = problem.currency
        total = _cents(problem.total, currency, name="total")
        bounds = [Bound("total", "total", -1, total)]
        for index, place in enumerate(problem.places):
            bounds += _bounds(place, place.id, index, currency=currency)
        for index, group in enumerate(problem.groups):
            bounds += _bounds(group, group.name, index, currency=currency)
        members = _members(problem.places, problem.groups)
        return cls(len(problem.places), total, tuple(bounds), members)


class Box(NamedTuple):
    """What each place and each group may hold, in cents, with the constraints that are in force."""

    low: Ints  # (places,)
    high: Ints  # (places,)
    minimum: Ints  # (places,) the least where used at all, 0 where there is none
    group_low: Ints  # (groups,)
    group_high: Ints  # (groups,)
    total: int


def box_of(layout: Layout, bounds: Iterable[Bound]) -> Box | None:
    """The bounds in force taken together; None where those of one place contradict each other."""
    places, groups = layout.count, len(layout.members)
    ends = {
        "least": np.zeros(places, np.int64),
        "most": np.full(places, UNLIMITED),
        "minimum_if_used": np.zeros(places, np.int64),
        "group floor": np.zeros(groups, np.int64),
        "group ceiling": np.full(groups, UNLIMITED),
        "total": np.full(1, UNLIMITED),
    }
    for _, rule, subject, cents in bounds:
        if rule in ("floor", "pin"):
            ends["least"][subject] = max(int(ends["least"][subject]), cents)
        if rule in ("ceiling", "pin"):
            ends["most"][subject] = min(int(ends["most"][subject]), cents)
        if rule in ends:
            ends[rule][subject] = cents
    return _box(*ends.values())


def _box(
    low: Ints, high: Ints, minimum: Ints, group_low: Ints, group_high: Ints, total: Ints
) -> Box | None:
    high = np.minimum(high, total)
    low = np.where(low > 0, np.maximum(low, minimum), 0)  # what must be used has its minimum
    high = np.where((low == 0) & (high < minimum), 0, high)  # what cannot reach it is not used
    if (low > high).any() or (group_low > group_high).any():
        return None
    minimum = np.where((low == 0) & (high > 0), minimum, 0)
    return Box(low, high, minimum, group_low, np.minimum(group_high, total), int(total[0]))


def _members(places: Sequence[Place], groups: Sequence[Group]) -> tuple[Ints, ...]:
    """Each group's places; values of `where` are compared as text, so that hour 9 is hour "9"."""
    codes: dict[Hashable, int] = {}
    asked = sorted({key for group in groups for key in group.where})
    columns = {
        key: np.array([codes.setdefault(str(p.where.get(key)), len(codes)) for p in places])
        for key in asked
    }
    found = []
    for group in groups:
        inside = np.ones(len(places), dtype=bool)
        for key, value in group.where.items():
            inside &= columns[key] == codes.get(str(value), -1)
        found.append(np.flatnonzero(inside))
    return tuple(found)


def _bounds(holder: Place | Group, name: str, index: int, *, currency: str) -> list[Bound]:
    given = [("floor", holder.floor), ("ceiling", holder.ceiling)]
    if isinstance(holder, Place):
        given += [("pin", holder.pin), ("minimum_if_used", holder.minimum_if_used)]
    prefix = "" if isinstance(holder, Place) else "group "
    return [
        Bound(f"{name}.{rule}", prefix + rule, index,
              _cents(amount, currency, name=f"{name}.{rule}"))
        for rule, amount in given
        if amount is not None
    ]  # fmt: skip


def _cents(amount: Decimal, currency: str, *, name: str) -> int:
    if not amount.is_finite() or amount < 0:
        raise InvalidAmount(f"{name}: {amount} is no amount of 0 or more.")
    try:
        cents = to_minor(amount, currency)
    except InvalidAmount:
        places = decimals_of(currency)
        raise InvalidAmount(
            f"{name}: {amount} has more decimals than {currency.upper()}, which has {places}."
        ) from None
    if cents > MOST_CENTS:
        raise InvalidAmount(f"{name}: {amount} is more than can be counted in cents.")
    return cents


def _refuse_repeats(kind: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise ImpossibleInput(f"Two {kind}s are called {name!r}; give each a name of its own.")
        seen.add(name)
