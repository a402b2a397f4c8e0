"""What ranks the customers of a new launch: trees and logistic regressions added up.

Past launches are few, and so are their buyers. Trees alone then follow chance, regressions alone
miss whom two things together move; their sum was better than either in every market tried.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import lightgbm
import numpy as np

from launchopt_ml.uplift.learners import Combination, drawn_trees
from launchopt_ml.uplift.logistic import Logistic
from launchopt_ml.uplift.trial import Floats, Trial

DRAWS = 5  # of customers and features, that trees are grown on; their mean counts


@dataclass(frozen=True)
class Blend:
    """An X-learner whose outcomes are logistic regressions, and these regressions' difference."""

    treated: Logistic
    held: Logistic
    effects: Combination

    def predict(self, features: Floats) -> Floats:
        """(customers, features) -> (customers,): the mean of both."""
        apart = self.treated.predict(features) - self.held.predict(features)
        return np.asarray((apart + self.effects.predict(features)) / 2, dtype=np.float64)

    def as_files(self) -> tuple[dict[str, Floats], list[dict[str, Any]]]:
        """Tensors of the regressions, and the trees as JSON."""
        arms = {"treated": self.treated, "held": self.held}
        tensors = {f"{arm}.{k}": v for arm, model in arms.items() for k, v in vars(model).items()}
        return tensors, [
            {"weight": weight, "trees": trees.model_to_string()}
            for weight, trees in self.effects.parts
        ]

    @classmethod
    def from_files(cls, tensors: dict[str, Floats], trees: list[dict[str, Any]]) -> Self:
        """As it was saved."""
        treated, held = (
            Logistic(**{f.name: tensors[f"{arm}.{f.name}"] for f in fields(Logistic)})
            for arm in ("treated", "held")
        )
        parts = ((one["weight"], lightgbm.Booster(model_str=one["trees"])) for one in trees)
        return cls(treated, held, Combination(tuple(parts)))


def blended(trial: Trial, *, seed: int) -> Blend:
    """Learn who buys in each arm, then what each customer's outcome was above the other arm's.

    The X-learner is Kuenzel, Sekhon, Bickel and Yu's (2019, PNAS 116); its trees are bagged
    (Breiman, 1996).
    """
    ours, theirs = trial.rows(trial.treated), trial.rows(~trial.treated)
    treated = Logistic.fit(ours.features, ours.outcome)
    held = Logistic.fit(theirs.features, theirs.outcome)
    gained = ours.outcome - held.predict(ours.features)
    missed = treated.predict(theirs.features) - theirs.outcome
    share = float(trial.treated.mean())
    parts = [
        (weight / DRAWS, drawn_trees(arm, target, seed=seed + draw))
        for weight, arm, target in ((share, theirs, missed), (1 - share, ours, gained))
        for draw in range(DRAWS)
    ]
    return Blend(treated, held, Combination(tuple(parts)))
