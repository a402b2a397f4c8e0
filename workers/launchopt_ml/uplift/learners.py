"""Learners of uplift over small gradient-boosted trees.

Effects are small beside what makes customers differ, so the trees are few, shallow and hold many
customers in a leaf.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import lightgbm
import numpy as np

from launchopt_ml.uplift.trial import Floats, Trial

ROUNDS = 80
SMALLEST_LEAF = 20
FEWER_ROUNDS = 40  # of trees that are averaged over draws
DRAWN = {"bagging_fraction": 0.6, "bagging_freq": 1, "feature_fraction": 0.5}
TREES = {
    "learning_rate": 0.05,
    "num_leaves": 8,
    "max_depth": 3,
    "lambda_l2": 10.0,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


class Uplift(Protocol):
    """What a customer's treatment adds to their outcome."""

    def predict(self, features: Floats) -> Floats:
        """(customers, features) -> (customers,)."""
        ...


@dataclass(frozen=True)
class Combination:
    """A weighted sum of models."""

    parts: tuple[tuple[float, Any], ...]

    def predict(self, features: Floats) -> Floats:
        """The sum over the models."""
        total = np.zeros(len(features))
        for weight, model in self.parts:
            total += weight * np.asarray(model.predict(features))
        return total


def two_model(trial: Trial, *, seed: int) -> Uplift:
    """One model of the outcome for each arm; uplift is their difference."""
    treated, held = _outcome_models(trial, seed)
    return Combination(((1.0, treated), (-1.0, held)))


def x_learner(trial: Trial, *, seed: int) -> Combination:
    """Each arm's surprise over the other arm's model, learned and mixed by the treated share.

    Kuenzel, Sekhon, Bickel and Yu (2019), Metalearners for estimating heterogeneous treatment
    effects using machine learning, PNAS 116.
    """
    treated, held = _outcome_models(trial, seed)
    ours, theirs = trial.rows(trial.treated), trial.rows(~trial.treated)
    gained = _fit(ours, ours.outcome - np.asarray(held.predict(ours.features)), seed)
    missed = _fit(theirs, np.asarray(treated.predict(theirs.features)) - theirs.outcome, seed)
    share = float(trial.treated.mean())
    return Combination(((share, missed), (1 - share, gained)))


def class_transformation(trial: Trial, *, seed: int) -> Uplift:
    """One model of an outcome changed so that its mean is the uplift.

    Jaskowski and Jaroszewicz (2012), Uplift modeling for clinical trial data, in the form of Athey
    and Imbens (2016) that takes any outcome and any share of treated.
    """
    share = float(trial.treated.mean())
    sign = np.where(trial.treated, 1 / share, -1 / (1 - share))
    return Combination(((1.0, _fit(trial, trial.outcome * sign, seed)),))


LEARNERS: dict[str, Callable[..., Uplift]] = {
    "two_model": two_model,
    "x_learner": x_learner,
    "class_transformation": class_transformation,
}


def drawn_trees(trial: Trial, target: Floats, *, seed: int) -> lightgbm.Booster:
    """Trees of a target, each grown on a draw of the customers and the features."""
    return _grown(trial, target, DRAWN | {"seed": seed}, rounds=FEWER_ROUNDS)


def _outcome_models(trial: Trial, seed: int) -> tuple[Any, Any]:
    objective = "binary" if trial.is_binary else "regression"
    arms = (trial.rows(trial.treated), trial.rows(~trial.treated))
    treated, held = (_fit(arm, arm.outcome, seed, objective=objective) for arm in arms)
    return treated, held


def _fit(trial: Trial, target: Floats, seed: int, *, objective: str = "regression") -> Any:
    return _grown(trial, target, {"objective": objective, "seed": seed}, rounds=ROUNDS)


def _grown(
    trial: Trial, target: Floats, settings: dict[str, Any], *, rounds: int
) -> lightgbm.Booster:
    names = list(trial.categorical)
    data = lightgbm.Dataset(trial.features, target, categorical_feature=names, free_raw_data=False)
    leaf = max(SMALLEST_LEAF, len(trial) // 100)
    settings = TREES | {"objective": "regression", "min_data_in_leaf": leaf} | settings
    return lightgbm.train(settings, data, num_boost_round=rounds)
