"""A launch where contacts move some, bore others and drive some away: whom does the money reach?

    python -m benchmarks.market --seeds 100-109

Each seed is a market of its own with sure things, persuadables, lost causes and sleeping dogs, in
a home of its own: import, three past launches shown by chance, a plan, a fortnight of decisions
with `at`, `run_due` every night. Scored on the market's own chances. Seeds 0 to 9 are for
development; what is reported are others.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict
from typing import Any

COLUMNS = (
    "over_propensity", "over_own_chance", "of_all_knowing_here", "of_all_knowing", "spent",
)  # fmt: skip
BARS = {"over_propensity": 1.6, "of_all_knowing_here": 0.8, "of_all_knowing": 0.8, "spent": 0.9}


def main() -> int:
    """Print each seed and the mean; exit 1 where a bar is missed."""
    options = _options()
    if options.here is not None:
        print(json.dumps(_here(options)))
        return 0
    rows = []
    for seed in options.seeds:
        rows.append(_apart(seed, options))
        if not options.json:
            _show(rows[-1], head=len(rows) == 1)
    mean = {name: sum(row[name] for row in rows) / len(rows) for name in rows[0]}
    if options.json:
        print(json.dumps({"seeds": rows, "mean": mean, "bars": BARS}))
    else:
        _show(mean | {"seed": "mean"})
        print("bars: " + ", ".join(f"{name} at least {bar:g}" for name, bar in BARS.items()))
    return 0 if all(mean[name] >= bar for name, bar in BARS.items()) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=seeds_of, default=list(range(100, 110)))
    parser.add_argument("--customers", type=int, default=3_000)
    parser.add_argument("--budget", default="70.00", help="For contacts at --cost each.")
    parser.add_argument("--cost", default="0.10")
    parser.add_argument("--cap", default="", help="As of plan_launch; default: the shop's.")
    parser.add_argument("--step-hours", type=int, default=3, help="Visits of so long in one batch.")
    parser.add_argument(
        "--nightly",
        action="store_true",
        help="run_due with the night's learning: four times as long.",
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--here", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


def seeds_of(text: str) -> list[int]:
    """`3`, or `100-109`."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def _apart(seed: int, options: argparse.Namespace) -> dict[str, Any]:
    """One market in a process and a home of its own, both gone afterwards."""
    words = [sys.executable, "-m", "benchmarks.market", "--here", str(seed)]
    for name in ("customers", "budget", "cost", "cap", "step_hours"):
        words += [f"--{name.replace('_', '-')}={getattr(options, name)}"]
    words += ["--nightly"] if options.nightly else []
    with tempfile.TemporaryDirectory() as home:
        given = {"LAUNCHOPT_HOME": home, "LAUNCHOPT_ALLOW_CLIENT_CLOCK": "1"}
        env = {k: v for k, v in os.environ.items() if k != "DATABASE_URL"} | given
        try:
            done = subprocess.run(words, env=env, stdout=subprocess.PIPE, text=True, check=True)
        finally:
            stop = [sys.executable, "-m", "launchopt_project.embedded", "stop"]
            subprocess.run(stop, env=env, check=True, stdout=subprocess.DEVNULL)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _here(options: argparse.Namespace) -> dict[str, Any]:
    os.environ["DJANGO_SETTINGS_MODULE"] = "launchopt_project.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from benchmarks.market.one_market import run

    score = run(
        seed=options.here,
        customers=options.customers,
        budget=options.budget,
        cost=options.cost,
        step_hours=options.step_hours,
        cap=options.cap,
        nightly=options.nightly,
    )
    return {"seed": options.here} | score.ratios() | asdict(score) | {"spent": score.spent}


def _show(row: dict[str, Any], *, head: bool = False) -> None:
    names = COLUMNS
    if head:
        print(f"{'seed':>6}" + "".join(f"{name:>21}" for name in names))
    print(f"{row['seed']:>6}" + "".join(f"{row[name]:21.3f}" for name in names), flush=True)


if __name__ == "__main__":
    sys.exit(main())
