"""Decisions a second, single and in batches of 500, beside a DRF view that reads ten rows.

    LAUNCHOPT_HOME=/some/empty/folder python -m benchmarks.decisions

All stand in one server (granian, two workers with two threads each) and take turns. A decision is
checked against consent, caps, suppression, budget and experiment, and stored with its reservation
before it is answered; the peer reads ten rows by the ORM, has no authentication and writes nothing.
Twenty launches run, and each customer stands in the audiences of two of them. `--customers 1000000`
is the shop of the bar.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import Any

import numpy as np

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.recommendations.settings"
BATCH = 500
LISTED = 10_000


def main() -> int:
    """Print the table."""
    options = _options()
    from benchmarks.recommendations.__main__ import _prepare, _serve

    listed = argparse.Namespace(**vars(options) | {"customers": min(options.customers, LISTED)})
    key = _prepare(listed)  # the peer reads the lists of as many customers
    _start_launches(options)
    port, server = _serve()
    try:
        report = _measure(port, key, options)
    finally:
        server.terminate()
        server.wait(timeout=20)
    _show(report, as_json=options.json)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--launches", type=int, default=20)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _start_launches(options: argparse.Namespace) -> None:
    from django.db import connection
    from django.utils import timezone

    from benchmarks.decisions import launch

    launch.start(customers=options.customers, launches=options.launches, now=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()


def _measure(port: int, key: str, options: argparse.Namespace) -> dict[str, Any]:
    from benchmarks.decisions.load import decisions_per_second
    from benchmarks.recommendations.load import requests_per_second

    order = np.random.default_rng(options.seed).permutation(options.customers)
    names = [f"customer-{n}" for n in order]
    listed = [f"/peer/customer-{n}/" for n in order if n < LISTED]
    given = {"clients": options.clients, "seconds": options.seconds}
    found: dict[str, list[tuple[float, ...]]] = {"peer": [], "single": [], "batch": []}
    for number in range(options.rounds + 1):
        given["seconds"] = options.seconds if number else 1  # the first round warms all up
        peer = requests_per_second(port, listed, headers={}, **given)
        single = decisions_per_second(port, names, key=key, batch=1, **given)
        batch = decisions_per_second(port, names, key=key, batch=BATCH, **given)
        if number:
            found["peer"].append(peer)
            found["single"].append(single)
            found["batch"].append(batch)
    best = {name: max(rows) for name, rows in found.items()}
    return {
        "customers": options.customers,
        "launches": options.launches,
        "drf_ten_rows_per_second": best["peer"][0],
        "drf_ten_rows_p99_ms": best["peer"][1],
        "single_per_second": best["single"][0],
        "single_p99_ms": best["single"][1],
        "single_ratio": best["single"][0] / best["peer"][0],
        "batch_size": BATCH,
        "batch_per_second": best["batch"][0],
        "batch_p99_ms": best["batch"][1],
        "batch_ratio": best["batch"][0] / best["peer"][0],
        "shown_share": best["batch"][2],
    }


def _show(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report))
        return
    print(f"{'':30}{'a second':>12}{'p99 ms':>10}{'ratio':>8}")
    rows = (("drf_ten_rows", "DRF, ten rows by the ORM"), ("single", "decisions, one a request"))
    for name, label in (*rows, ("batch", f"decisions, {BATCH} a request")):
        rate, tail = report[f"{name}_per_second"], report[f"{name}_p99_ms"]
        ratio = report.get(f"{name}_ratio", 1.0)
        print(f"{label:30}{rate:12.0f}{tail:10.1f}{ratio:8.2f}")
    print(f"{report['shown_share']:.0%} of the decisions showed something.")


if __name__ == "__main__":
    sys.exit(main())
