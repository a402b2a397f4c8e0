"""What a customer's own history and own words say of them; nothing here guesses age or gender."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike, NDArray

from launchopt_core.errors import InvalidRate
from launchopt_core.sensitive import is_special

Ints = NDArray[np.int64]

CLASSES = 5
NEVER = 0  # the class of a customer who never bought

AGE_BANDS = ((18, "under 18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"))
OLDER_BANDS = ((65, "55-64"), (121, "65+"))
GENDERS = {
    "female": ("f", "female", "woman", "w", "女"),
    "male": ("m", "male", "man", "男"),
    "other": ("other", "non-binary", "nonbinary", "diverse", "x", "其他"),
}
DECLARED = {word: gender for gender, words in GENDERS.items() for word in words}

SEPARATOR = re.compile(r"[,;|、，；]")
WORD = re.compile(r"[a-z][a-z'-]{2,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]{2,}")
COMMON = (
    "the and for with from this that your you our are was were has have not all any can its "
    "into out off per set new each one two"
)
STOP_WORDS = frozenset(COMMON.split())


@dataclass(frozen=True)
class PriceBands:
    """The catalogue's price thirds: low up to `low`, high from above `high`."""

    low: float
    high: float

    def band_of(self, price: float) -> str:
        """The band of one price.

        >>> PriceBands(5, 20).band_of(7.5)
        'middle'
        """
        if price <= self.low:
            return "low"
        return "middle" if price <= self.high else "high"


def quintiles(values: ArrayLike, *, high_is_good: bool = True) -> Ints:
    """Classes 1 to 5 by rank, 5 the best; equals share a class; NaN (never) is 0.

    By the middle of each value's ranks, so that a value held by most of the customers is not torn
    over several classes.

    >>> quintiles([1, 2, 3, 4, 5]).tolist(), quintiles([7, 7, 7, float("nan")]).tolist()
    ([1, 2, 3, 4, 5], [3, 3, 3, 0])
    """
    array = np.asarray(values, dtype=float)
    classes = np.full(array.shape, NEVER, dtype=np.int64)
    known = ~np.isnan(array)
    if known.any():
        signed = array[known] if high_is_good else -array[known]
        ordered = np.sort(signed)
        below = np.searchsorted(ordered, signed, side="left")
        upto = np.searchsorted(ordered, signed, side="right")
        middle = (below + upto) / 2 / len(signed)  # in (0, 1)
        classes[known] = np.minimum((middle * CLASSES).astype(np.int64) + 1, CLASSES)
    return classes


def rfm_classes(days_since: ArrayLike, orders: ArrayLike, spent: ArrayLike) -> Ints:
    """Recency, frequency and monetary class of each customer, (customers, 3).

    NaN days, and no orders, mean that the customer never bought: (0, 0, 0).

    >>> rfm_classes([3, 300], [9, 1], [500.0, 20.0]).tolist()
    [[4, 4, 4], [2, 2, 2]]
    """
    often = np.asarray(orders, dtype=float)
    bought = (often > 0) & ~np.isnan(np.asarray(days_since, dtype=float))
    columns = (
        quintiles(np.where(bought, days_since, np.nan), high_is_good=False),
        quintiles(np.where(bought, often, np.nan)),
        quintiles(np.where(bought, spent, np.nan)),
    )
    return np.stack(columns, axis=-1)


def rfm_name(recency: int, frequency: int, monetary: int) -> str:
    """A class in words that a marketer uses.

    >>> rfm_name(5, 5, 5), rfm_name(1, 5, 4), rfm_name(0, 0, 0)
    ('champion', 'at risk', 'never bought')
    """
    if NEVER in (recency, frequency, monetary):
        return "never bought"
    worth = max(frequency, monetary)
    if recency >= 4:
        return "champion" if min(frequency, monetary) >= 4 else _recent(worth)
    if recency <= 2:
        return "at risk" if worth >= 4 else "lapsed"
    return "loyal" if worth >= 4 else "regular"


def price_bands(prices: ArrayLike) -> PriceBands | None:
    """The thirds of a catalogue's prices; None where it has none."""
    array = np.asarray(prices, dtype=float)
    array = array[np.isfinite(array)]
    if array.size == 0:
        return None
    low, high = np.quantile(array, [1 / 3, 2 / 3])
    return PriceBands(float(low), float(high))


def price_band(paid: ArrayLike, bands: PriceBands | None) -> str | None:
    """The band in which the customer usually buys: that of the median of the prices paid.

    >>> price_band([4, 6, 90], PriceBands(5, 20)), price_band([], PriceBands(5, 20))
    ('middle', None)
    """
    array = np.asarray(paid, dtype=float)
    if array.size == 0 or bands is None:
        return None
    return bands.band_of(float(np.median(array)))


def distinctive(
    counts: Mapping[str, float], holders: Mapping[str, int], customers: int, *, most: int = 5
) -> dict[str, float]:
    """What sets a customer apart: terms or categories by tf-idf, the strongest first; sum 1.

    `counts` is how often each occurs in this customer's history, `holders` how many of the
    `customers` have it at all (Sparck Jones, 1972; smoothed, so that what all have still counts).

    >>> distinctive({"lamp": 3, "gift": 3}, {"lamp": 5, "gift": 900}, 1000, most=1)
    {'lamp': 1.0}
    """
    if customers < 0 or most < 1:
        raise InvalidRate("Weights need customers to compare with, and room for one term.")
    weighed = {
        term: count * (log((1 + customers) / (1 + holders.get(term, 0))) + 1)
        for term, count in counts.items()
        if count > 0
    }
    best = sorted(weighed.items(), key=lambda item: (-item[1], item[0]))[:most]
    total = sum(weight for _, weight in best)
    return {term: weight / total for term, weight in best}


def key_terms(
    own: Mapping[str, float], everyone: Mapping[str, float], *, most: int = 5
) -> dict[str, float]:
    """What sets a group apart from everyone, the strongest first; sum 1.

    A term counts by its part of the divergence of the group from everyone (Kullback and Leibler,
    1951): often named here, and oftener than elsewhere. What is no oftener is left out.

    >>> terms = key_terms({"lamp": 8, "gift": 8}, {"lamp": 10, "gift": 190}, most=2)
    >>> {term: round(weight, 2) for term, weight in terms.items()}
    {'lamp': 1.0}
    """
    inside, outside = sum(own.values()), sum(everyone.values())
    surprise = {
        term: weight / inside * log(weight / inside / (everyone[term] / outside))
        for term, weight in own.items()
        if weight > 0 and everyone.get(term, 0) > 0
    }
    best = sorted(surprise.items(), key=lambda item: (-item[1], item[0]))[:most]
    kept = [(term, value) for term, value in best if value > 0]
    total = sum(value for _, value in kept)
    return {term: value / total for term, value in kept}


def terms_of(text: str) -> Counter[str]:
    """The words of a text that say what it is about; pairs of characters in Chinese.

    >>> sorted(terms_of("The WHITE lantern, and a lantern-set").items())
    [('lantern', 1), ('lantern-set', 1), ('white', 1)]
    >>> sorted(terms_of("陶瓷花瓶"))
    ['瓷花', '花瓶', '陶瓷']
    """
    words = (word for word in WORD.findall(text.lower()) if word not in STOP_WORDS)
    pairs = (run[i : i + 2] for run in CHINESE.findall(text) for i in range(len(run) - 1))
    return Counter([*words, *pairs])


def age_band(birth_year: int | None, *, year: int) -> str | None:
    """The band of a declared birth year; None where none was declared, or an impossible one.

    The age is the one reached in `year`.

    >>> age_band(1990, year=2026), age_band(None, year=2026), age_band(1, year=2026)
    ('35-44', None, None)
    """
    if birth_year is None or not 0 <= (age := year - birth_year) <= 120:
        return None
    return next(name for limit, name in (*AGE_BANDS, *OLDER_BANDS) if age < limit)


def declared_gender(value: str | None) -> str | None:
    """A declared gender in one spelling; None where none, or an unknown word, was declared.

    Never guessed from a name or a history.

    >>> declared_gender(" F "), declared_gender("男"), declared_gender("unknown")
    ('female', 'male', None)
    """
    return DECLARED.get(value.strip().lower()) if value else None


def declared_words(text: str) -> list[str]:
    """Declared interests in lower case, in their order, without repeats and without what may not
    be kept of a person.

    >>> declared_words("Garden, tea towels; garden")
    ['garden', 'tea towels']
    """
    parts = [" ".join(part.lower().split()) for part in SEPARATOR.split(text)]
    return [part for part in dict.fromkeys(parts) if part and not is_special(part)]


def holders_of(histories: Iterable[Iterable[str]]) -> Counter[str]:
    """How many histories each term occurs in."""
    return Counter(term for history in histories for term in set(history))


def _recent(worth: int) -> str:
    return "promising" if worth >= 3 else "new"
