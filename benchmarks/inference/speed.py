"""Many metrics at once, and many groups from a file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
from scipy import stats

from launchopt.experiments.study.analysing import Question, analyse
from launchopt.experiments.study.cells import cells_of_moments
from launchopt_core.inference import (
    Analysis,
    Comparisons,
    Correction,
    Kind,
    Labels,
    Method,
    Sample,
    Terms,
    compare,
    outcome_of,
)

METRICS, VARIANTS = 1000, 4
REPEATS = 15
MOST_MS = 50.0
MOST_SECONDS = 10.0


def measured(*, groups: int) -> Iterator[dict[str, Any]]:
    """Rows of the table."""
    control, treatment = _samples()
    ours = 1000 * _median(lambda: _all_methods(control, treatment))
    name = f"{METRICS} metrics x {VARIANTS} variants, all three methods, Holm: ms"
    yield {"name": name, "value": ours, "bar": f"<= {MOST_MS:g}", "ok": ours <= MOST_MS}
    peer = 1000 * _median(lambda: _one_by_one(control, treatment), repeats=3)
    name = "as many Welch tests by scipy, one by one: times as long"
    yield {"name": name, "value": peer / ours, "bar": "", "ok": None}
    if groups:
        seconds = _by_moments(groups)
        name = f"a file of moments of {groups:,} groups, read to JSON: seconds"
        ok = seconds <= MOST_SECONDS if groups == 100_000 else None
        yield {"name": name, "value": seconds, "bar": f"<= {MOST_SECONDS:g}", "ok": ok}


def _samples() -> tuple[Sample, Sample]:
    rng = np.random.default_rng(0)
    size = METRICS * (VARIANTS - 1)

    def group() -> Sample:
        count = rng.integers(1_000, 9_000, size).astype(float)
        total = rng.binomial(count.astype(int), 0.3).astype(float)
        kind = np.where(np.arange(size) % 2, Kind.MEAN, Kind.PROPORTION)
        return Sample.from_sums(kind=kind, count=count, sum=total, sum_squares=total)

    return group(), group()


def _all_methods(control: Sample, treatment: Sample) -> list[Analysis]:
    size = len(control.count)
    names = [""] * size
    comparisons = Comparisons(
        labels=Labels(names, names, names, np.zeros(size, dtype=int)),
        control=outcome_of(control),
        treatment=outcome_of(treatment),
        difference=compare(control, treatment),
        events=control.events + treatment.events,
    )
    return [
        Analysis.of(
            comparisons,
            Terms(
                method=method,
                correction=Correction.NONE if method is Method.BAYESIAN else Correction.HOLM,
            ),
        )
        for method in Method
    ]


def _one_by_one(control: Sample, treatment: Sample) -> None:
    sides = [(s.mean.tolist(), np.sqrt(s.variance).tolist(), s.count.tolist()) for s in
             (treatment, control)]  # fmt: skip
    for one, other in zip(zip(*sides[0], strict=True), zip(*sides[1], strict=True), strict=True):
        stats.ttest_ind_from_stats(*one, *other, equal_var=False)


def _by_moments(groups: int) -> float:
    """What the command does with the file, from reading it to the JSON."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "moments.csv"
        _moments(groups).write_csv(file)
        start = time.perf_counter()
        json.dumps(analyse(cells_of_moments(file), Question(control="a")), allow_nan=False)
        return time.perf_counter() - start


def _moments(groups: int) -> pl.DataFrame:
    rng = np.random.default_rng(1)
    count = rng.integers(900, 1_100, 2 * groups)
    total = rng.binomial(count, 0.1)
    return pl.DataFrame(
        {
            "group": np.repeat([f"group {n}" for n in range(groups)], 2),
            "variant": np.tile(["a", "b"], groups),
            "metric": ["visit"] * (2 * groups),
            "kind": ["proportion"] * (2 * groups),
            "count": count,
            "sum": total,
            "sum_squares": total,
        }
    )


def _median(work: Callable[[], object], *, repeats: int = REPEATS) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))
