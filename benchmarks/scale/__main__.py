"""A million customers x ten new products: time and memory on generated histories.

    python -m benchmarks.scale --customers 1000000 --products 10

It trains once on some of the customers, then scores all of them in blocks, and keeps of each block
only what a shop keeps first: the likeliest thousand of each product. Nothing is said about quality,
for the histories are made up. Peak memory is of the whole process, the making of them included.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.scale.histories import Size, end, generated, some_customers
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.interest.protocol import Launch, Session, block_rows

MINUTES, GIB = 15.0, 4.0  # the bar for a million customers x ten products
KEPT = 1_000
FEATURES = 64  # a bound, for the size of a block


def main() -> int:
    """Print times and memory; exit 1 where a bar is missed."""
    options = _options()
    report = _measured(options)
    print(json.dumps(report) if options.json else _told(report))
    return 0 if report["minutes"] <= MINUTES and report["peak_gib"] <= GIB else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=10)
    parser.add_argument("--known-products", type=int, default=2_000)
    parser.add_argument("--events-per-customer", type=float, default=8.0)
    parser.add_argument("--training-customers", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _measured(options: argparse.Namespace) -> dict[str, Any]:
    rng = np.random.default_rng(options.seed)
    size = Size(
        options.customers, options.known_products, options.products, options.events_per_customer
    )
    clock = Clock()
    shop, new = generated(size, rng=rng)
    clock.lap("generate")
    sample = some_customers(shop, count=options.training_customers, rng=rng)
    model = LaunchInterest().fit(sample, as_of=end(), seed=options.seed)
    clock.lap("train")
    del sample
    session = model.prepare(shop, Launch(new, end(), 30.0))
    clock.lap("prepare")
    buyers, _ = _scored(session, products=len(new))
    clock.lap("score")
    pairs = len(session.customers) * len(new)
    return {
        "customers": len(session.customers),
        "products": len(new),
        "events": len(shop.events),
        "source": model.card["source"],
        "predicted_buyers": buyers,
        "laps": clock.laps,
        "minutes": clock.total("seconds") / 60,
        "cpu_minutes": clock.total("cpu") / 60,
        "pairs_per_second": pairs / (clock.total("seconds") - clock.laps["train"]["seconds"]),
        "peak_gib": _peak_gib(),
    }


class Clock:
    """Seconds since the last lap, of them the processor's, and the highest memory until then."""

    def __init__(self) -> None:
        self.laps: dict[str, dict[str, float]] = {}
        self._last = (time.perf_counter(), time.process_time())

    def lap(self, name: str) -> None:
        """One part is over."""
        now = (time.perf_counter(), time.process_time())
        wall, cpu = (new - old for new, old in zip(now, self._last, strict=True))
        self.laps[name], self._last = {"seconds": wall, "cpu": cpu, "gib": _peak_gib()}, now
        print(f"{name}: {wall:.1f} s, {cpu:.1f} of the CPU, {_peak_gib():.2f} GiB", file=sys.stderr)

    def total(self, of: str) -> float:
        """Over what a shop does itself: the making of histories is not counted."""
        return sum(self.laps[name][of] for name in ("train", "prepare", "score"))


def _scored(session: Session, *, products: int) -> tuple[float, NDArray[np.float32]]:
    """All buyers predicted, and the KEPT highest chances of each product: (KEPT, products)."""
    buyers, top = 0.0, np.zeros((0, products), dtype=np.float32)
    for rows in block_rows(len(session.customers), products=products, features=FEATURES):
        chances = session.score(rows)
        buyers += float(chances.sum(dtype=np.float64))
        both = np.concatenate([top, chances])
        top = both if len(both) <= KEPT else np.partition(both, len(both) - KEPT, axis=0)[-KEPT:]
    return buyers, top


def _peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _told(report: dict[str, Any]) -> str:
    laps = [
        f"{name:10}{lap['seconds']:8.1f} s{lap['cpu']:8.1f} of the CPU{lap['gib']:8.2f} GiB so far"
        for name, lap in report["laps"].items()
    ]
    return "\n".join(
        [
            f"{report['customers']:,} customers x {report['products']} products,"
            f" {report['events']:,} events (generated)",
            *laps,
            f"train, prepare and score: {report['minutes']:.1f} minutes (at most {MINUTES:g}),"
            f" {report['cpu_minutes']:.1f} of the CPU, {report['peak_gib']:.2f} GiB (at most"
            f" {GIB:g}), {report['pairs_per_second']:,.0f} pairs/s",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
