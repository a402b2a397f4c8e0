"""A plan by hour that goes on with other money; the past keeps its plan where it can."""

from collections.abc import Collection, Hashable, Mapping
from decimal import Decimal
from typing import TypeVar

from launchopt_core.errors import InvalidAmount
from launchopt_core.money import from_minor, split_whole, to_minor

Hour = TypeVar("Hour", bound=Hashable)


def continued(
    past: Mapping[Hour, Decimal],
    ahead: Mapping[Hour, Decimal],
    *,
    total: Decimal,
    currency: str,
    pinned: Collection[Hour] = (),
) -> tuple[dict[Hour, Decimal], dict[Hour, Decimal]]:
    """Money by hour, of the past and ahead, that sums to the total to the cent; hours in order.

    What the past had not spent of its plan is caught up, so hours ahead share what goes beyond
    the past's plan, as they were wanted; pinned ones keep theirs. Where the past planned more than
    there is now, its latest hours give it back, then pinned hours, the last first.

    >>> past, ahead = {8: Decimal(3), 9: Decimal(3)}, {10: Decimal(1), 11: Decimal(3)}
    >>> continued(past, ahead, total=Decimal(8), currency="GBP")[1]
    {10: Decimal('0.50'), 11: Decimal('1.50')}
    >>> continued(past, ahead, total=Decimal(4), currency="GBP")[0]
    {8: Decimal('3'), 9: Decimal('1.00')}
    """
    if not total.is_finite() or total < 0:
        raise InvalidAmount(f"A plan's total is a finite amount of 0 or more, not {total}.")
    free = {hour: money for hour, money in ahead.items() if hour not in pinned}
    kept = {hour: money for hour, money in ahead.items() if hour in pinned}
    room = to_minor(total, currency) - _cents([*past.values(), *kept.values()], currency)
    shared = dict(zip(free, _shared(free, max(room, 0), currency=currency), strict=True))
    before, missing = _given_back(past, max(-room, 0), currency=currency)
    kept, _ = _given_back(kept, missing, currency=currency)
    return before, {hour: shared[hour] if hour in shared else kept[hour] for hour in ahead}


def _shared(free: Mapping[Hour, Decimal], cents: int, *, currency: str) -> list[Decimal]:
    """Cents over hours as these were wanted; where none was, to the first."""
    wanted = [float(money) for money in free.values()]
    if not any(wanted):
        wanted = [float(number == 0) for number in range(len(wanted))]
    return [from_minor(part, currency) for part in (split_whole(cents, wanted) if wanted else [])]


def _given_back(
    hours: Mapping[Hour, Decimal], cents: int, *, currency: str
) -> tuple[dict[Hour, Decimal], int]:
    """The hours less so many cents, the last first, and how many could not be given."""
    left = dict(hours)
    for hour in reversed(list(hours)):
        given = min(cents, to_minor(left[hour], currency))
        if given:
            left[hour] -= from_minor(given, currency)
            cents -= given
    return left, cents


def _cents(amounts: Collection[Decimal], currency: str) -> int:
    return sum(to_minor(amount, currency) for amount in amounts)
