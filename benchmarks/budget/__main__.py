"""Budget plans against brute force, and a large plan against its own proven bound.

python -m benchmarks.budget [--problems 1000] [--seed 1] [--large]

Half of the problems are in yen and so small that every split is tried; the others are in pounds,
and brute force is a grid with a climb to the cent from its best. Conflicts are checked by trying
every split: together they cannot be kept, and without any one of them the rest can.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from decimal import Decimal
from typing import Any

import numpy as np

from benchmarks.budget import oracle, problems
from launchopt_core.budget import Infeasible, Plan, solve
from launchopt_core.budget.reading import problem_of

TOLERANCE = 1e-3
MOST = {2: 40, 3: 40, 4: 30, 5: 16}  # units in a cell that are tried to judge a conflict


def check(problem: dict[str, Any]) -> str:
    """What became of a problem: 'optimal' or 'infeasible', or what is wrong with the answer."""
    unit = 1.0 if problem["currency"] == "JPY" else 0.01
    try:
        plan = solve(problem_of(problem))
    except Infeasible as error:
        return _check_conflict(problem, error.conflict, unit=unit)
    return _check_plan(problem, plan, unit=unit)


def _check_plan(problem: dict[str, Any], plan: Plan, *, unit: float) -> str:
    cents = np.array([[round(float(plan.cells[c["id"]]) / unit) for c in problem["cells"]]])
    if not oracle.kept(problem, cents, set(oracle.constraints_of(problem)), unit=unit)[0]:
        return "breaks a constraint"
    if plan.spent + plan.unspent != Decimal(problem["total"]):
        return "loses a cent"
    if plan.spent != sum(plan.cells.values()):
        return "adds up wrongly"
    told = float(oracle.worth(problem, cents, unit=unit)[0])
    if abs(told - plan.expected_response) > 1e-6 * max(1.0, told):
        return "tells another response"
    best = oracle.best_of_all(problem) if unit == 1.0 else oracle.best_of_grid(problem, unit=unit)
    if best is not None and told < best * (1 - TOLERANCE) - 1e-9:
        return "falls short"
    if best is not None and plan.upper_bound < best * (1 - 1e-9) - 1e-9:
        return "has a bound below the best"
    return "optimal"


def _check_conflict(problem: dict[str, Any], conflict: list[str], *, unit: float) -> str:
    if unit != 1.0:
        found = oracle.best_of_grid(problem, unit=unit) is not None
        return "is called infeasible, and is not" if found else "infeasible"
    most, names = MOST[len(problem["cells"])], set(conflict)
    if not names or oracle.is_feasible(problem, names, most=most):
        return "names what is no conflict"
    for name in conflict:
        if not oracle.is_feasible(problem, names - {name}, most=most):
            return "names more than the conflict"
    return "infeasible"


def run_small(count: int, seed: int) -> dict[str, Any]:
    """Solve and judge so many problems."""
    rng = np.random.default_rng(seed)
    became: Counter[str] = Counter()
    wrong: list[int] = []
    seconds = 0.0
    for number in range(count):
        problem = problems.tiny(rng) if number % 2 else problems.fine(rng)
        started = time.perf_counter()
        verdict = check(problem)
        seconds += time.perf_counter() - started
        became[verdict] += 1
        if verdict not in ("optimal", "infeasible"):
            wrong.append(number)
    return {"problems": count, "became": dict(became), "wrong": wrong, "seconds": round(seconds, 1)}


def run_large(seed: int) -> dict[str, Any]:
    """Solve 168,000 cells with 90 groups."""
    problem = problem_of(problems.large(np.random.default_rng(seed)))
    started, used = time.perf_counter(), time.process_time()
    plan = solve(problem)
    seconds, used = time.perf_counter() - started, time.process_time() - used
    return {
        "cells": len(problem.places),
        "groups": len(problem.groups),
        "seconds": round(seconds, 2),
        "seconds_of_the_processor": round(used, 2),  # on a shared machine the fairer figure
        "of_its_bound": round(plan.expected_response / plan.upper_bound, 6),
        "spent": str(plan.spent),
        "unspent": str(plan.unspent),
    }


def main() -> None:
    """Run what is asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--large", action="store_true", help="The 168,000 cells alone.")
    options = parser.parse_args()
    if not options.large:
        print(json.dumps(run_small(options.problems, options.seed)), flush=True)
    print(json.dumps(run_large(options.seed)))


if __name__ == "__main__":
    main()
