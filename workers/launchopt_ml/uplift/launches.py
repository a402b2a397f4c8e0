"""What a contact adds to a customer's chance to buy a new product, learned on past launches.

An X-learner ranks customers; how far its ranking is to be believed, and how much a contact brings
at all, are then measured on launches that it has not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import lightgbm
import numpy as np

from launchopt_ml.artifacts import load_artifact, save_artifact
from launchopt_ml.uplift.learners import Combination, x_learner
from launchopt_ml.uplift.past import (
    Level,
    PastLaunch,
    Pooled,
    folds_by_launch,
    level_of,
    most_similar,
    pooled,
    trial_of,
)
from launchopt_ml.uplift.qini import judged
from launchopt_ml.uplift.slopes import Slope, slope_of
from launchopt_ml.uplift.trial import Floats, cross_fitted

KIND = "uplift"
X_LEARNER = "x_learner"


@dataclass(frozen=True)
class Expected:
    """What a contact of a new launch adds for each customer."""

    per_contact: Floats  # (customers,), between 0 and 1
    level: Pooled
    launches: Sequence[Level]  # that the level was learned on, the most similar first


@dataclass
class LaunchUplift:
    """Ranks customers by an X-learner and takes the level from the most similar launches."""

    ranking: Combination = field(default_factory=lambda: Combination(()))
    levels: list[Level] = field(default_factory=list)
    slope: Slope = field(default_factory=lambda: Slope(0.0, 0.0))
    card: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        past: Sequence[PastLaunch],
        *,
        features: Sequence[str],
        seed: int = 0,
        progress: Callable[[str], None] = lambda words: None,
    ) -> Self:
        """Learn from past launches, each foretold by the others. Raises TooSmallTrial."""
        trial, launch = trial_of(past)
        fold = folds_by_launch(trial, launch, seed=seed)
        found = cross_fitted(trial, {X_LEARNER: x_learner}, fold, seed=seed, progress=progress)
        progress("intervals")
        judgement = judged(trial, found, seed=seed)[X_LEARNER]
        ranking = x_learner(trial, seed=seed)
        scores = [ranking.predict(one.features) for one in past]
        levels = [level_of(one, score=s) for one, s in zip(past, scores, strict=True)]
        slope = slope_of(trial, launch, found[X_LEARNER])
        card = {
            "features": list(features),
            "seed": seed,
            "launches": [level.as_dict() for level in levels],
            "folds": "launches" if len(past) > 1 else "customers",
            "level": _told(pooled(levels)),
            "slope": {"value": slope.value, "standard_error": slope.standard_error},
            "metrics": judgement.as_dict(),
        }
        return cls(ranking, levels, slope, card)

    def expected(self, features: Floats, *, similarity: Floats) -> Expected:
        """For customers (customers, features), with how like each past launch is (launches,)."""
        chosen = [self.levels[place] for place in most_similar(similarity)]
        level = pooled(chosen)
        contacts = float(np.mean([one.contacts for one in chosen]))
        usual = float(np.mean([one.mean_score for one in chosen]))
        above = self.slope.believed * (self.ranking.predict(features) - usual) / contacts
        return Expected(np.clip(level.effect + above, 0, 1), level, chosen)

    def save(self, folder: Path) -> None:
        """Write trees and card as JSON."""
        trees = [
            {"weight": weight, "trees": model.model_to_string()}
            for weight, model in self.ranking.parts
        ]
        save_artifact(folder, kind=KIND, tensors={}, card=self.card | {"ranking": trees})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model as saved. Raises ArtifactUnreadable."""
        _, card = load_artifact(folder, kind=KIND)
        parts = card.pop("ranking")
        ranking = Combination(
            tuple((p["weight"], lightgbm.Booster(model_str=p["trees"])) for p in parts)
        )
        levels = [Level(**row) for row in card["launches"]]
        del card["kind"]
        return cls(ranking, levels, Slope(**card["slope"]), card)


def _told(level: Pooled) -> dict[str, Any]:
    return {
        "effect": level.effect,
        "interval": list(level.interval),
        "between_launches": level.between,
    }
