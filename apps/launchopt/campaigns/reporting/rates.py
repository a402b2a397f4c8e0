"""What each exposure, click, purchase and unit of money came to."""

from __future__ import annotations

from decimal import Decimal
from typing import TypedDict

from launchopt.campaigns.reporting.figures import Counts
from launchopt_core.money import quantise


class Rates(TypedDict):
    """None where there is nothing to divide by; money as text in the currency's own decimals."""

    click_rate: float | None
    conversion_rate: float | None
    cost_per_click: str | None
    cost_per_acquisition: str | None
    return_on_spend: float | None
    average_order_value: str | None
    return_rate: float | None


def rates_of(counts: Counts, *, currency: str) -> Rates:
    """The rates of some counts.

    >>> rates = rates_of(Counts(exposures=50, clicks=5, spend=Decimal(2)), currency="GBP")
    >>> rates["click_rate"], rates["cost_per_click"], rates["average_order_value"]
    (0.1, '0.40', None)
    """
    return Rates(
        click_rate=_share(counts.clicks, counts.exposures),
        conversion_rate=_share(counts.conversions, counts.clicks),
        cost_per_click=_each(counts.spend, counts.clicks, currency),
        cost_per_acquisition=_each(counts.spend, counts.conversions, currency),
        return_on_spend=_share(counts.revenue, counts.spend),
        average_order_value=_each(counts.revenue, counts.conversions, currency),
        return_rate=_share(counts.returns, counts.conversions),
    )


def _share(part: Decimal | int, whole: Decimal | int) -> float | None:
    return float(part / whole) if whole else None


def _each(amount: Decimal, count: int, currency: str) -> str | None:
    return str(quantise(amount / count, currency)) if count else None
