"""How good the lists are on a real shop: everything after a cutoff hidden, each source beside them.

    LAUNCHOPT_DATA=/folder/with/online_retail.csv.gz python -m benchmarks.recommendations.quality

For all products, for warm and for cold ones (launched at most 30 days before the cutoff, or within
the horizon: those count as launched at it, with nothing known but their text and price). At each
cutoff the interest model is trained, and the ranker learned, on what came before it.

Weights were chosen on May to August 2011 (`--choose` prints that grid); September to November,
which the choice never saw, are the report.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import product

import numpy as np

from benchmarks.shops import NoData, shop
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.recommendation.learning import lesson
from launchopt_ml.recommendation.ranking import Weights
from launchopt_ml.recommendation.trial import ALONE, GROUPS, Quality, trial
from launchopt_ml.shop import Shop, instant

CHOICE = ("2011-05-01", "2011-06-01", "2011-07-01", "2011-08-01")
REPORT = ("2011-09-01", "2011-10-01", "2011-11-01")
HORIZON_DAYS = 30
BOOTSTRAPS = 2000
Found = dict[str, dict[str, list[Quality]]]  # by group and way, a quality for each cutoff
WAYS = ALONE | {
    "merged": Weights(exploration=0),
    "merged, one in five drawn": Weights(),
    "merged, not diverse": Weights(exploration=0, sameness=0),
    "merged, without interest": Weights(exploration=0, interest=0),
}


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--choose", action="store_true", help="The grid that weights came from.")
    parser.add_argument("--cutoff", action="append", help="Instead of those reported.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    try:
        online_retail = shop("online_retail")
    except NoData as absent:
        print(absent, file=sys.stderr)
        return 2
    cutoffs = options.cutoff or (CHOICE if options.choose else REPORT)
    found = _measured(online_retail, cutoffs, ways=_grid() if options.choose else WAYS)
    report = {group: _rows(by_way) for group, by_way in found.items()}
    print(json.dumps(report)) if options.json else _show(report)
    return 0


def _grid() -> dict[str, Weights]:
    return {
        f"content {c:g}, popularity {p:g}, sameness {d:g}": Weights(
            content=c, popularity=p, sameness=d, exploration=0
        )
        for c, p, d in product((0.3, 0.6, 1.0, 1.5), (0.4, 0.7, 1.0, 1.5), (0.0, 0.2))
    }


def _measured(shop: Shop, cutoffs: Sequence[str], *, ways: dict[str, Weights]) -> Found:
    found: Found = {group: {name: [] for name in ways} for group in GROUPS}
    for cutoff in cutoffs:
        as_of = instant(cutoff)
        print(f"at {cutoff}: learn", file=sys.stderr)
        learned = lesson(shop, as_of=as_of)
        tried = trial(
            shop,
            as_of=as_of,
            horizon_days=HORIZON_DAYS,
            ways=ways,
            interest=LaunchInterest().fit(shop, as_of=as_of, seed=0),
            ranker=learned.ranker if learned and learned.is_better else None,
        )
        for group, by_way in tried.items():
            for name, quality in by_way.items():
                found[group][name].append(quality)
    return found


def _rows(by_way: dict[str, list[Quality]]) -> dict[str, dict[str, object]]:
    merged = _each(by_way["merged"]) if "merged" in by_way else None
    return {name: _row(some, merged=merged) for name, some in by_way.items()}


def _each(qualities: Sequence[Quality]) -> np.ndarray:
    return np.concatenate([quality.ndcg_each for quality in qualities])


def _row(qualities: Sequence[Quality], *, merged: np.ndarray | None) -> dict[str, object]:
    count = np.array([quality.customers for quality in qualities])
    row: dict[str, object] = {
        name: float(np.average([getattr(q, name) for q in qualities], weights=count))
        for name in ("hit_rate", "ndcg", "recall", "precision")
    }
    row["customers"] = int(count.sum())
    row["ndcg_by_cutoff"] = [round(quality.ndcg, 4) for quality in qualities]
    if merged is not None:
        row["merged_gains"] = _interval(merged - _each(qualities))
    return row


def _interval(difference: np.ndarray) -> list[float]:
    """Mean and 95 % interval by bootstrap over customers."""
    rng = np.random.default_rng(0)
    picks = rng.integers(0, len(difference), (BOOTSTRAPS, len(difference)))
    means = difference[picks].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return [round(float(value), 4) for value in (difference.mean(), low, high)]


def _show(report: dict[str, dict[str, dict[str, object]]]) -> None:
    for group, rows in report.items():
        count = next(iter(rows.values()))["customers"]
        print(f"\n{group} products: {count} customers with a purchase")
        print(f"{'':44}{'hit rate':>9}{'NDCG@10':>9}{'recall':>9}  merged gains in NDCG")
        for name, row in rows.items():
            gains = row.get("merged_gains")
            told = "{:+.4f} [{:+.4f}, {:+.4f}]".format(*gains) if gains else ""
            print(f"{name:44}{row['hit_rate']:9.3f}{row['ndcg']:9.4f}{row['recall']:9.4f}  {told}")


if __name__ == "__main__":
    sys.exit(main())
