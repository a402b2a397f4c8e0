"""How good the lists are on a real shop: everything after a cutoff hidden, each source beside them.

    LAUNCHOPT_DATA=/folder/with/online_retail.csv.gz python -m benchmarks.recommendations.quality

Weights were chosen on May to August 2011 (`--choose` prints that grid); September to November,
which the choice never saw, are the report.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np

from launchopt_ml.recommendation.ranking import Weights
from launchopt_ml.recommendation.trial import ALONE, Quality, trial
from launchopt_ml.shop import Shop, instant

ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("LAUNCHOPT_DATA", ROOT.parent / "shared" / "data"))
CHOICE = ("2011-05-01", "2011-06-01", "2011-07-01", "2011-08-01")
REPORT = ("2011-09-01", "2011-10-01", "2011-11-01")
HORIZON_DAYS = 30
BOOTSTRAPS = 2000


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--choose", action="store_true", help="The grid that weights came from.")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if not (DATA / "online_retail.csv.gz").exists():
        print(f"There is no online_retail.csv.gz in {DATA}; set LAUNCHOPT_DATA.", file=sys.stderr)
        return 2
    shop = _shop()
    if options.choose:
        report = {"known": _measured(shop, CHOICE, ways=ALONE | _grid(), only_new=False)}
    else:
        report = {
            kind: _measured(shop, REPORT, ways=_ways(only_new=new), only_new=new)
            for kind, new in (("all products", False), ("new products", True))
        }
    print(json.dumps(report)) if options.json else _show(report)
    return 0


def _shop() -> Shop:
    from launchopt_ml.encoder import load_encoder
    from tests.ml.online_retail import online_retail

    return online_retail(DATA / "online_retail.csv.gz", encode=load_encoder().encode)


def _ways(*, only_new: bool) -> dict[str, Weights]:
    ways = ALONE | {"merged": Weights()}
    return ways if only_new else ways | {"merged, not diverse": replace(Weights(), sameness=0)}


def _grid() -> dict[str, Weights]:
    return {
        f"content {c:g}, popularity {p:g}, sameness {d:g}": replace(
            Weights(), content=c, popularity=p, sameness=d
        )
        for c, p, d in product((0.3, 0.6, 1.0, 1.5), (0.4, 0.7, 1.0, 1.5), (0.0, 0.2))
    }


def _measured(
    shop: Shop, cutoffs: Sequence[str], *, ways: dict[str, Weights], only_new: bool
) -> dict[str, dict[str, object]]:
    found: dict[str, list[Quality]] = {name: [] for name in ways}
    for cutoff in cutoffs:
        measured = trial(
            shop,
            as_of=instant(cutoff),
            horizon_days=HORIZON_DAYS,
            ways=ways,
            only_new=only_new,
        )
        for name, quality in measured.items():
            found[name].append(quality)
    merged = _each(found["merged"]) if "merged" in found else None
    return {name: _row(some, merged=merged) for name, some in found.items()}


def _each(qualities: Sequence[Quality]) -> np.ndarray:
    return np.concatenate([quality.ndcg_each for quality in qualities])


def _row(qualities: Sequence[Quality], *, merged: np.ndarray | None) -> dict[str, object]:
    count = np.array([quality.customers for quality in qualities])
    row: dict[str, object] = {
        name: float(np.average([getattr(q, name) for q in qualities], weights=count))
        for name in ("hit_rate", "ndcg", "precision")
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
    for kind, rows in report.items():
        print(f"\n{kind}: {next(iter(rows.values()))['customers']} customers with a purchase")
        print(f"{'':44}{'hit rate':>9}{'NDCG@10':>9}{'precision':>10}  merged gains in NDCG")
        for name, row in rows.items():
            gains = row.get("merged_gains")
            told = "{:+.4f} [{:+.4f}, {:+.4f}]".format(*gains) if gains else ""
            print(
                f"{name:44}{row['hit_rate']:9.3f}{row['ndcg']:9.4f}{row['precision']:10.4f}  {told}"
            )


if __name__ == "__main__":
    sys.exit(main())
