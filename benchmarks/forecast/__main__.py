"""How well a launch's purchases are foreseen, on a real shop, and whether intervals hold.

    python -m benchmarks.forecast [--days 14] [--test]

Every product of `online_retail` that was new from April 2011 on is a launch: it is foretold from
products launched before it that are alike in content, price and season, before its start and after
a quarter, a half and three quarters of its days, and compared with what was bought. By default
launches that were over by September 2011, on which the method was made; with `--test` the later.

Beside it stands the same without likeness: the latest launches, whatever they were. Reported: the
share of launches within their 80 % interval, the median factor between expected and counted, and
the interval's width in shares of what was expected.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.shops import online_retail
from launchopt_core.forecast import curve_of, expected, likeness, rates_of, share_over
from launchopt_ml.shop import PURCHASE, Shop, days, in_days, instant

FIRST, SPLIT = instant("2011-04-01"), instant("2011-09-01")
RECORDS_BEGIN, MOST, FEWEST = 14.0, 20, 3
SHARES = (0.0, 0.25, 0.5, 0.75)
LEAST, HIGHEST = 0.7, 0.9  # of intervals that are to hold in 80 %


@dataclass(frozen=True)
class Launches:
    """Products by the day they were new, each with the ages of its purchases in days."""

    shop: Shop
    product: NDArray[np.integer]
    new_at: NDArray[np.datetime64]
    ages: Sequence[NDArray[np.float64]]
    known: NDArray[np.float64]  # customers known when it was new

    @classmethod
    def of(cls, shop: Shop, *, length: float) -> Launches:
        events = shop.events.take(shop.events.kind == PURCHASE)
        new_at, start = shop.new_at, events.time[0]
        chosen = np.flatnonzero(new_at >= start + days(RECORDS_BEGIN))
        chosen = chosen[np.argsort(new_at[chosen], kind="stable")]
        chosen = chosen[new_at[chosen] <= events.time[-1] - days(length)]
        ages = [in_days(events.time[events.product == p] - new_at[p]) for p in chosen]
        first = np.full(len(shop.customers), events.time[-1])
        np.minimum.at(first, events.customer, events.time)
        known = np.searchsorted(np.sort(first), new_at[chosen]).astype(float)
        return cls(shop, chosen, new_at[chosen], [age[age < length] for age in ages], known)


def main() -> int:
    """Print the table; exit 1 where intervals do not hold."""
    options = _options()
    launches = Launches.of(online_retail(), length=options.days)
    rows = [
        row
        for is_alike in (True, False)
        for row in _judged(launches, days_long=options.days, test=options.test, alike=is_alike)
    ]
    if options.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(
                f"{row['way']:<8} after {row['over']:>4.0%}  launches {row['launches']:>4}  within "
                f"80 %: {row['within']:.3f}  factor {row['factor']:.2f}  width {row['width']:.2f}"
            )
    return 0 if all(LEAST <= r["within"] <= HIGHEST for r in rows if r["way"] == "alike") else 1


def _judged(
    launches: Launches, *, days_long: float, test: bool, alike: bool
) -> list[dict[str, float | str]]:
    ends = launches.new_at + days(days_long)
    asked = (launches.new_at >= SPLIT) if test else (launches.new_at >= FIRST) & (ends <= SPLIT)
    found = [
        _foretold(launches, place, days_long=days_long, alike=alike)
        for place in np.flatnonzero(asked)
        if (ends <= launches.new_at[place]).sum() >= FEWEST
    ]
    told = np.array(found)  # (launches, shares, 3)
    return [
        {
            "way": "alike" if alike else "latest",
            "over": share,
            "launches": len(found),
            "within": float(told[:, number, 0].mean()),
            "factor": float(np.exp(np.median(told[:, number, 1]))),
            "width": float(np.median(told[:, number, 2])),
        }
        for number, share in enumerate(SHARES)
    ]


def _foretold(
    launches: Launches, place: int, *, days_long: float, alike: bool
) -> list[tuple[float, float, float]]:
    """Whether the interval held, the absolute logarithm of the factor, the relative width."""
    past, weight = _past(launches, place, days_long=days_long, alike=alike)
    counts = [len(launches.ages[one]) for one in past]
    rates = rates_of(counts, launches.known[past].tolist(), weight.tolist())
    by_day = sum(
        (w * np.histogram(launches.ages[one], np.arange(days_long + 1))[0])
        for one, w in zip(past, weight, strict=True)
    )
    curve, actual = curve_of(by_day, length_days=days_long), launches.ages[place]
    told = []
    for over in SHARES:
        seen = float((actual < over * days_long).sum())
        share = share_over(curve, days=over * days_long)
        found = expected(rates, exposure=launches.known[place], share=share, seen=seen)
        held = found.low <= len(actual) <= found.high
        factor = abs(np.log((found.mean + 1) / (len(actual) + 1)))
        told.append((float(held), factor, (found.high - found.low) / max(found.mean, 1.0)))
    return told


def _past(
    launches: Launches, place: int, *, days_long: float, alike: bool
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    over = np.flatnonzero(launches.new_at + days(days_long) <= launches.new_at[place])
    if not alike:
        return over[-MOST:], np.ones(len(over[-MOST:]))
    products, own = launches.shop.products, launches.product[place]
    theirs = launches.product[over]
    day = (launches.new_at - launches.new_at.astype("datetime64[Y]")).astype("timedelta64[D]")
    weight = likeness(
        similarity=products.embedding[theirs] @ products.embedding[own],
        price_ratio=products.price[theirs] / products.price[own],
        season_days=np.abs(day[over] - day[place]).astype(float),
    )
    best = np.argsort(-weight, kind="stable")[:MOST]
    return over[best], weight[best] / weight[best].max()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=14, help="That a launch lasts.")
    parser.add_argument("--test", action="store_true", help="Launches from September 2011 on.")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
