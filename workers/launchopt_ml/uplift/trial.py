"""A randomised trial, and uplift predicted for customers whom the model has not seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from launchopt_ml.uplift.learners import Uplift

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.intp]

FEWEST = 20  # customers of each arm in each fold


class TooSmallTrial(ValueError):
    """A trial with too few customers to learn from and to judge."""


@dataclass(frozen=True)
class Trial:
    """Customers by row: what is known of them, whether they were treated, and what they did."""

    features: Floats  # (customers, features); codes where categorical, NaN where unknown
    categorical: tuple[int, ...]  # columns that are names
    treated: Bools  # (customers,)
    outcome: Floats  # (customers,)
    share: Floats | None = None  # (customers,), the chance to be treated; None where all have one

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def is_binary(self) -> bool:
        return bool(np.isin(self.outcome, (0.0, 1.0)).all())

    @property
    def weights(self) -> Floats:
        """1 / the chance of each customer's arm, by which arms of several launches compare."""
        if self.share is None:
            return np.ones(len(self))
        return np.asarray(1 / np.where(self.treated, self.share, 1 - self.share), dtype=np.float64)

    def rows(self, chosen: Bools | Ints) -> Trial:
        """Some of the customers."""
        return Trial(
            features=self.features[chosen],
            categorical=self.categorical,
            treated=self.treated[chosen],
            outcome=self.outcome[chosen],
            share=None if self.share is None else self.share[chosen],
        )


def folds_of(trial: Trial, *, folds: int, seed: int) -> Ints:
    """A fold for each customer, by chance, alike in treatment and outcome: (customers,).

    Raises TooSmallTrial where a fold would have fewer than 20 customers of an arm.
    """
    smallest = min(int(trial.treated.sum()), int((~trial.treated).sum()))
    if folds < 2 or smallest < FEWEST * folds:
        raise TooSmallTrial(
            f"{folds} folds need at least {FEWEST * max(folds, 2)} customers of each arm, and two "
            f"folds are the fewest; the smaller arm has {smallest}."
        )
    order = np.random.default_rng(seed).permutation(len(trial))
    order = order[np.lexsort((trial.outcome[order], trial.treated[order]))]
    fold = np.empty(len(trial), dtype=np.intp)
    fold[order] = np.arange(len(trial)) % folds
    return fold


def cross_fitted(
    trial: Trial,
    learners: Mapping[str, Callable[..., Uplift]],
    fold: Ints,
    *,
    seed: int,
    progress: Callable[[str], None] = lambda words: None,
) -> dict[str, Floats]:
    """Each learner's uplift of each customer, learned from the other folds: (customers,)."""
    found = {name: np.empty(len(trial)) for name in learners}
    for number in np.unique(fold):
        own = fold == number
        progress(f"fold {number + 1} of {fold.max() + 1}")
        for name, learner in learners.items():
            model = learner(trial.rows(~own), seed=seed)
            found[name][own] = model.predict(trial.features[own])
    return found
