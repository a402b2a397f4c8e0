"""What the copy server may use in a day and in a month, all runs of this shop together.

What a call may need at most is lent before it and settled after it. A worker that is killed in
between leaves its loan counted as used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import transaction
from django.db.models import F, Sum

from launchopt.campaigns.models import CopyUse
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict


class Use(NamedTuple):
    """Tokens and the money that they cost."""

    read: int
    written: int
    money: Decimal


@dataclass(frozen=True)
class Loan:
    """What a call may use, on which day's account, and which account it comes from at its end."""

    day: date
    use: Use
    of: str  # the day or the month: whichever has less left


@transaction.atomic
def lend(use: Use, *, now: datetime) -> Loan:
    """Set aside what a call may need, or as much of it as is left.

    Raises Conflict where nothing is left of the day's or the month's budget.
    """
    day = now.date()
    CopyUse.objects.select_for_update().get_or_create(pk=day)
    shop = launchopt_settings()
    shares = {
        "day": _share_left(use, day, day, shop.copy_tokens_a_day, shop.copy_money_a_day),
        "month": _share_left(
            use, day.replace(day=1), day, shop.copy_tokens_a_month, shop.copy_money_a_month
        ),
    }
    of = min(shares, key=lambda name: shares[name])
    if shares[of] <= 0:
        raise Conflict(f"the copy server's budget for this {of} is used up")
    share = min(shares[of], Decimal(1))
    lent = Use(int(use.read * share), int(use.written * share), use.money * share)
    _add(day, lent)
    return Loan(day, lent, of)


@transaction.atomic
def settle(loan: Loan, used: Use) -> None:
    """Put what was used in the place of what was lent."""
    lent = loan.use
    more = Use(used.read - lent.read, used.written - lent.written, used.money - lent.money)
    _add(loan.day, more)


def _share_left(use: Use, since: date, until: date, tokens: int, money: float) -> Decimal:
    """How much of what is wanted the account of these days still has; 1 is all of it."""
    rows = CopyUse.objects.filter(day__gte=since, day__lte=until)
    spent = rows.aggregate(tokens=Sum(F("tokens_read") + F("tokens_written")), money=Sum("money"))
    left = Decimal(tokens - (spent["tokens"] or 0)) / max(use.read + use.written, 1)
    if not use.money:
        return left
    return min(left, (Decimal(str(money)) - (spent["money"] or 0)) / use.money)


def _add(day: date, use: Use) -> None:
    CopyUse.objects.filter(pk=day).update(
        tokens_read=F("tokens_read") + use.read,
        tokens_written=F("tokens_written") + use.written,
        money=F("money") + use.money,
    )
