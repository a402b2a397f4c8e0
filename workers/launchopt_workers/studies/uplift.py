"""A file about a trial as numbers, and what the learners of uplift made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from launchopt.experiments.study.output import aligned
from launchopt.experiments.study.tables import (
    read_table,
    require_columns,
    require_filled,
    with_numbers,
)
from launchopt.operations.errors import InvalidInput
from launchopt_ml.uplift import LEARNERS, Judgement, Trial, cross_fitted, folds_of, judged
from launchopt_ml.uplift.trial import TooSmallTrial

PEER = "class_transformation"
WRITTEN = ("two_model", "x_learner")
DEPTHS = ("uplift_at_10", "uplift_at_30")


@dataclass(frozen=True)
class Columns:
    """Which column of the file says what."""

    treatment: str
    control: str
    outcome: str
    features: Sequence[str]


@dataclass(frozen=True)
class Study:
    """A trial with each learner's out-of-fold uplift, in the file's order."""

    trial: Trial
    fold: np.ndarray
    uplift: Mapping[str, np.ndarray]
    judgements: Mapping[str, Judgement]


def read_trial(path: Path, columns: Columns) -> Trial:
    """The file's rows as a trial. Raises InvalidInput, in one line, for what is none."""
    table = read_table(path)
    require_filled(table, [columns.treatment])
    require_columns(table, columns.features)
    if not columns.features:
        raise InvalidInput("Name the columns to learn from with --features A,B,C.")
    taken = {columns.treatment, columns.outcome} & set(columns.features)
    if taken:
        raise InvalidInput(f"{sorted(taken)[0]!r} cannot be a feature too: it tells the answer.")
    arms = table[columns.treatment].unique().sort().to_list()
    if columns.control not in arms:
        raise InvalidInput(f"Nobody is in the control {columns.control!r}; there are {arms}.")
    if len(arms) != 2:
        raise InvalidInput(
            f"--treatment needs two values, and {columns.treatment!r} has {arms}; "
            "leave the rows of the others out."
        )
    table = with_numbers(table, [columns.outcome])
    numbers = [_as_numbers(table[name]) for name in columns.features]
    return Trial(
        features=np.column_stack([values for values, _ in numbers]),
        categorical=tuple(place for place, (_, is_name) in enumerate(numbers) if is_name),
        treated=(table[columns.treatment] != columns.control).to_numpy(),
        outcome=table[columns.outcome].to_numpy(),
    )


def study(
    trial: Trial, *, folds: int, seed: int, progress: Callable[[str], None] = lambda words: None
) -> Study:
    """Learn in each fold from the others, and judge the rankings."""
    try:
        fold = folds_of(trial, folds=folds, seed=seed)
    except TooSmallTrial as error:
        raise InvalidInput(str(error)) from error
    uplift = cross_fitted(trial, LEARNERS, fold, seed=seed, progress=progress)
    progress("intervals")
    return Study(trial, fold, uplift, judged(trial, uplift, seed=seed))


def told(found: Study) -> dict[str, Any]:
    """The report: a mapping for each learner."""
    return {name: _learner(found, name) for name in found.judgements}


def table_of(report: Mapping[str, Any]) -> list[str]:
    """Lines for a person."""
    rows = [("learner", "Qini", "95 % interval", "uplift at 10 %", "uplift at 30 %")]
    for name, row in report.items():
        tops = [f"{row[key]:.4g} {_span(row[key + '_interval'])}" for key in DEPTHS]
        rows.append((name, f"{row['qini']:.5g}", _span(row["qini_interval"]), *tops))
    best = max(WRITTEN, key=lambda name: report[name]["qini"])
    ahead = report[best]["qini_ahead"]
    return [
        *aligned(rows),
        f"Qini of {best} less that of {PEER}: {ahead['value']:.2g}, "
        f"standard error {ahead['standard_error']:.2g} (same folds, same resamples).",
        "Uplift is an effect only where chance decided who was treated.",
    ]


def lines(found: Study) -> pl.DataFrame:
    """The out-of-fold uplift of each row, in the file's order."""
    return pl.DataFrame(
        {
            "row": np.arange(len(found.trial)),
            "fold": found.fold,
            **{name: found.uplift[name] for name in WRITTEN},
        }
    )


def _learner(found: Study, name: str) -> dict[str, Any]:
    own, peer = found.judgements[name], found.judgements[PEER]
    report = own.as_dict()
    report["qini_ahead"] = {
        "of": PEER,
        "value": own.qini - peer.qini,
        "standard_error": float((own.resampled - peer.resampled).std(ddof=1)),
    }
    return report


def _as_numbers(column: pl.Series) -> tuple[np.ndarray, bool]:
    """A feature as numbers, NaN where unknown, and whether they are codes of names."""
    numbers = column.cast(pl.Float64, strict=False)
    if numbers.null_count() == column.null_count():
        return numbers.to_numpy(), False
    codes = column.rank("dense").cast(pl.Float64) - 1
    return codes.to_numpy(), True


def _span(interval: Sequence[float]) -> str:
    return f"[{interval[0]:.4g}, {interval[1]:.4g}]"
