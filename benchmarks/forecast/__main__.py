"""How well a launch's purchases are foreseen, on a real shop, and whether intervals hold.

    python -m benchmarks.forecast [--days 14] [--test]

Every product of `online_retail` that was new from April 2011 on is a launch: it is foretold from
products launched before it that are alike in content, price and season, before its start and after
a quarter, a half and three quarters of its days, and compared with what was bought. By default
launches that were over by September 2011, on which the method was made; with `--test` the later.

Beside it stands the same without doubt about season and course (`sure`: the twenty most alike, one
level, one course) and without likeness (`latest`: the latest launches, whatever they were).
Reported: the share of launches within their 80 % interval, the median factor between expected and
counted, the interval's width in shares of what was expected, and its mean score on the logarithm
of the count (Gneiting and Raftery, 2007: width, and ten times what the count lies outside; lower
is better).
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
from launchopt_core.course import (
    PERIOD,
    Period,
    curve_of,
    drift_of,
    share_over,
    step_of,
    unevenness_of,
)
from launchopt_core.forecast import Expected, expected, likeness, rates_of
from launchopt_ml.shop import PURCHASE, Shop, days, in_days, instant

FIRST, SPLIT = instant("2011-04-01"), instant("2011-09-01")
RECORDS_BEGIN, FEWEST = 14.0, 3
WAYS = {"alike": 60, "sure": 20, "latest": 20}  # past launches
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
        for way in WAYS
        for row in _judged(launches, days_long=options.days, test=options.test, way=way)
    ]
    if options.json:
        print(json.dumps(rows))
    else:
        for row in rows:
            print(
                f"{row['way']:<8} after {row['over']:>4.0%}  launches {row['launches']:>4}  within "
                f"80 %: {row['within']:.3f}  factor {row['factor']:.2f}  width {row['width']:.2f}"
                f"  score {row['score']:.2f}"
            )
    return 0 if all(LEAST <= r["within"] <= HIGHEST for r in rows if r["way"] == "alike") else 1


def _judged(
    launches: Launches, *, days_long: float, test: bool, way: str
) -> list[dict[str, float | str]]:
    ends = launches.new_at + days(days_long)
    asked = (launches.new_at >= SPLIT) if test else (launches.new_at >= FIRST) & (ends <= SPLIT)
    found = [
        _foretold(launches, place, days_long=days_long, way=way)
        for place in np.flatnonzero(asked)
        if (ends <= launches.new_at[place]).sum() >= FEWEST
    ]
    told = np.array(found)  # (launches, shares, 4)
    return [
        {
            "way": way,
            "over": share,
            "launches": len(found),
            "within": float(told[:, number, 0].mean()),
            "factor": float(np.exp(np.median(told[:, number, 1]))),
            "width": float(np.median(told[:, number, 2])),
            "score": float(told[:, number, 3].mean()),
        }
        for number, share in enumerate(SHARES)
    ]


def _foretold(
    launches: Launches, place: int, *, days_long: float, way: str
) -> list[tuple[float, ...]]:
    """Whether the interval held, the absolute logarithm of the factor, the relative width, and the
    interval's score."""
    over = np.flatnonzero(launches.new_at + days(days_long) <= launches.new_at[place])
    past, weight = _past(launches, place, over=over, way=way)
    edges = np.arange(days_long + 1)
    by_day = np.array([np.histogram(launches.ages[one], edges)[0] for one in past], dtype=float)
    curve = curve_of(by_day, weight, length_days=days_long)
    doubt = {}
    if way == "alike":
        doubt = {
            "drift": drift_of(
                step_of(_periods(launches, place, over=over)),
                season_days=_season_days(launches, past, place),
                weights=weight * launches.known[past],
            ),
            "unevenness": unevenness_of(by_day, weight, curve),
        }
    rates = rates_of(by_day.sum(1), launches.known[past], weight, **doubt)
    actual = launches.ages[place]
    told = []
    for share in SHARES:
        found = expected(
            rates,
            exposure=launches.known[place],
            share=share_over(curve, days=share * days_long),
            seen=float((actual < share * days_long).sum()),
        )
        told.append(_scores(found, len(actual)))
    return told


def _scores(found: Expected, count: int) -> tuple[float, ...]:
    low, high, counted = np.log1p([found.low, found.high, count])
    outside = max(low - counted, counted - high, 0.0)
    return (
        float(found.low <= count <= found.high),
        abs(np.log((found.mean + 1) / (count + 1))),
        (found.high - found.low) / max(found.mean, 1.0),
        high - low + 10 * outside,
    )


def _past(
    launches: Launches, place: int, *, over: NDArray[np.integer], way: str
) -> tuple[NDArray[np.integer], NDArray[np.float64]]:
    most = WAYS[way]
    if way == "latest":
        return over[-most:], np.ones(len(over[-most:]))
    products, own = launches.shop.products, launches.product[place]
    theirs = launches.product[over]
    weight = likeness(
        similarity=products.embedding[theirs] @ products.embedding[own],
        price_ratio=products.price[theirs] / products.price[own],
        season_days=_season_days(launches, over, place),
    )
    best = np.argsort(-weight, kind="stable")[:most]
    return over[best], weight[best] / weight[best].max()


def _season_days(launches: Launches, past: NDArray[np.integer], place: int) -> NDArray[np.float64]:
    day = (launches.new_at - launches.new_at.astype("datetime64[Y]")).astype("timedelta64[D]")
    return np.abs(day[past] - day[place]).astype(float)


def _periods(launches: Launches, place: int, *, over: NDArray[np.integer]) -> list[Period]:
    """The launches that were over, by the period they began in."""
    back = (in_days(launches.new_at[place] - launches.new_at[over]) // PERIOD).astype(int)
    counts = np.array([len(launches.ages[one]) for one in over], dtype=float)
    return [
        Period(
            number=int(number),
            launches=int((back == number).sum()),
            count=float(counts[back == number].sum()),
            squares=float((counts[back == number] ** 2).sum()),
            exposure=float(launches.known[over][back == number].sum()),
        )
        for number in np.unique(back)
    ]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=14, help="That a launch lasts.")
    parser.add_argument("--test", action="store_true", help="Launches from September 2011 on.")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
