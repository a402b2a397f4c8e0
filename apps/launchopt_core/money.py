"""Exact money: amounts in a currency's own decimals, and splits that sum to the last cent."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isfinite

from launchopt_core.errors import InvalidAmount, NoPositiveWeight, UnknownCurrency

# ISO 4217, list one (minor units): every currency not named here has two decimals.
CURRENCIES_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
DECIMALS_UNLIKE_TWO = {
    currency: decimals
    for decimals, currencies in CURRENCIES_BY_DECIMALS.items()
    for currency in currencies.split()
}
WEIGHT_STEPS = 1 << 53  # a float's precision: weights become whole numbers of this many steps
WIDE = Context(prec=60)  # amounts of any size keep their cents


def decimals_of(currency: str) -> int:
    """How many decimals a currency has.

    >>> decimals_of("GBP"), decimals_of("JPY"), decimals_of("KWD")
    (2, 0, 3)
    """
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise UnknownCurrency(f"{currency!r} is not a currency code of three letters (ISO 4217).")
    return DECIMALS_UNLIKE_TWO.get(currency.upper(), 2)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of a currency.

    >>> minor_unit("EUR")
    Decimal('0.01')
    """
    return Decimal(1).scaleb(-decimals_of(currency))


def quantise(amount: Decimal, currency: str, *, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    """The amount in the currency's own decimals, rounded half to even unless told otherwise.

    >>> quantise(Decimal("2.345"), "GBP"), quantise(Decimal("2.5"), "JPY")
    (Decimal('2.34'), Decimal('2'))
    """
    if not amount.is_finite():
        raise InvalidAmount(f"{amount} is not an amount of money.")
    return amount.quantize(minor_unit(currency), rounding=rounding, context=WIDE)


def to_minor(amount: Decimal, currency: str) -> int:
    """An amount as a whole number of cents; an amount with finer decimals is refused.

    >>> to_minor(Decimal("12.34"), "GBP")
    1234
    """
    rounded = quantise(amount, currency)
    if rounded != amount:
        raise InvalidAmount(f"{amount} has more decimals than {currency} ({rounded}).")
    return int(rounded.scaleb(decimals_of(currency), context=WIDE))


def from_minor(cents: int, currency: str) -> Decimal:
    """The amount that so many cents are.

    >>> from_minor(1234, "KWD")
    Decimal('1.234')
    """
    return Decimal(cents).scaleb(-decimals_of(currency), context=WIDE)


def split(total: Decimal, weights: Sequence[float], currency: str) -> list[Decimal]:
    """Parts in proportion to the weights that sum to the total exactly.

    Largest remainder (Hamilton's method): each part is rounded down, and the cents left over go to
    the largest remainders, the first of equals first. No part is a cent or more off its share.

    >>> split(Decimal("10.00"), [1, 1, 1], "GBP")
    [Decimal('3.34'), Decimal('3.33'), Decimal('3.33')]
    """
    if not total.is_finite() or total < 0:
        raise InvalidAmount(f"{total} cannot be split: it must be a finite amount of 0 or more.")
    cents = to_minor(total, currency)
    return [from_minor(part, currency) for part in split_whole(cents, weights)]


def split_whole(total: int, weights: Sequence[float]) -> list[int]:
    """Whole parts in proportion to the weights that sum to the total, by largest remainder.

    >>> split_whole(7, [2, 1, 1])
    [3, 2, 2]
    """
    if total == 0 and not any(weights):
        return [0] * len(weights)
    steps = _whole_weights(weights)
    whole = sum(steps)
    parts = [total * step // whole for step in steps]
    by_remainder = sorted(range(len(steps)), key=lambda i: -(total * steps[i] % whole))
    for index in by_remainder[: total - sum(parts)]:
        parts[index] += 1
    return parts


def _whole_weights(weights: Sequence[float]) -> list[int]:
    if any(not isfinite(weight) or weight < 0 for weight in weights):
        raise NoPositiveWeight("Weights must be finite and 0 or more.")
    largest = max(weights, default=0)
    if largest <= 0:
        raise NoPositiveWeight("A split needs at least one positive weight.")
    return [round(float(weight) / float(largest) * WEIGHT_STEPS) for weight in weights]
