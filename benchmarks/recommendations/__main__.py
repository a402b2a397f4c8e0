"""Ten recommendations over HTTP against a DRF view that reads ten rows by the ORM.

    LAUNCHOPT_HOME=/some/empty/folder python -m benchmarks.recommendations

Both stand in one server (granian, two workers with two threads each). LaunchOpt's view checks the
API key and its permission, leaves out what was sold out, retired, bought or disliked since, and
gives its reasons; the peer has no authentication and checks nothing. They take turns, so that both
meet the same machine.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time

import numpy as np

from benchmarks.recommendations.preparing import prepared

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.recommendations.settings"
BAR = 1.0


def main() -> int:
    """Print the table; exit 1 where the bar is missed."""
    options = _options()
    key = _prepare(options)
    port, server = _serve()
    try:
        report = _measure(port, key, options)
    finally:
        server.terminate()
        server.wait(timeout=20)
    _show(report, as_json=options.json)
    return 0 if report["ratio"] >= BAR else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=10_000)
    parser.add_argument("--products", type=int, default=2_000)
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _prepare(options: argparse.Namespace) -> str:
    def build() -> None:
        from benchmarks.recommendations import shop

        shop.build(
            customers=options.customers,
            products=options.products,
            events=options.events,
            seed=options.seed,
        )

    return prepared(build, group="integration")


def _serve() -> tuple[int, subprocess.Popen[bytes]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "granian", "--interface", "wsgi", "--no-ws"]
    words += ["--workers", "2", "--blocking-threads", "2", "--port", str(port)]
    words += ["--log-level", "warning", "launchopt_project.wsgi:application"]
    server = subprocess.Popen(words, env=os.environ | {"LAUNCHOPT_ROLE": "web"})
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.socket() as door:
            if door.connect_ex(("127.0.0.1", port)) == 0:
                return port, server
        time.sleep(0.1)
    server.kill()
    raise RuntimeError("The server did not start within 30 seconds.")


def _measure(port: int, key: str, options: argparse.Namespace) -> dict[str, float]:
    from benchmarks.recommendations.load import requests_per_second

    customers = np.random.default_rng(options.seed).permutation(options.customers)
    ours = [f"/api/v1/customers/customer-{n}/recommendations/?k=10" for n in customers]
    peer = [f"/peer/customer-{n}/" for n in customers]
    rates: dict[str, list[tuple[float, float]]] = {"peer": [], "launchopt": []}
    for number in range(options.rounds + 1):
        for name, paths in (("peer", peer), ("launchopt", ours)):
            measured = requests_per_second(
                port,
                paths,
                headers={"Authorization": f"Bearer {key}"} if name == "launchopt" else {},
                clients=options.clients,
                seconds=options.seconds if number else 1,
            )
            rates[name] += [measured] if number else []  # the first round warms both up
    best = {name: max(measured) for name, measured in rates.items()}
    return {
        "launchopt_requests_per_second": best["launchopt"][0],
        "launchopt_p99_ms": best["launchopt"][1],
        "drf_ten_rows_requests_per_second": best["peer"][0],
        "drf_ten_rows_p99_ms": best["peer"][1],
        "ratio": best["launchopt"][0] / best["peer"][0],
    }


def _show(report: dict[str, float], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(report))
        return
    print(f"{'':28}{'requests/s':>12}{'p99 ms':>10}")
    for name, label in (
        ("launchopt", "LaunchOpt, ten entries"),
        ("drf_ten_rows", "DRF, ten rows by the ORM"),
    ):
        rate, tail = report[f"{name}_requests_per_second"], report[f"{name}_p99_ms"]
        print(f"{label:28}{rate:12.0f}{tail:10.1f}")
    print(f"ratio {report['ratio']:.2f} (at least {BAR:g})")


if __name__ == "__main__":
    sys.exit(main())
