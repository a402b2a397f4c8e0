"""What a contact adds to a customer's chance to buy a new product, learned on past launches.

A blend of trees and regressions ranks customers; how far its ranking is to be believed, and how
much a contact brings at all, are then measured on launches that it has not seen.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np

from launchopt_ml.artifacts import load_artifact, save_artifact
from launchopt_ml.uplift.blend import Blend, blended
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
BLEND = "blend"


@dataclass(frozen=True)
class Expected:
    """What a contact of a new launch adds for each customer."""

    per_contact: Floats  # (customers,), between 0 and 1
    level: Pooled
    launches: Sequence[Level]  # that the level was learned on, the most similar first


@dataclass
class LaunchUplift:
    """Ranks customers by a blend and takes the level from the most similar launches."""

    ranking: Blend
    levels: list[Level]
    slope: Slope
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
        found = cross_fitted(trial, {BLEND: blended}, fold, seed=seed, progress=progress)
        progress("intervals")
        judgement = judged(trial, found, seed=seed)[BLEND]
        ranking = blended(trial, seed=seed)
        scores = [ranking.predict(one.features) for one in past]
        levels = [level_of(one, score=s) for one, s in zip(past, scores, strict=True)]
        slope = slope_of(trial, launch, found[BLEND])
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
        """Write the regressions as tensors, trees and card as JSON."""
        tensors, trees = self.ranking.as_files()
        save_artifact(folder, kind=KIND, tensors=tensors, card=self.card | {"ranking": trees})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model as saved. Raises ArtifactUnreadable."""
        tensors, card = load_artifact(folder, kind=KIND)
        ranking = Blend.from_files(tensors, card.pop("ranking"))
        levels = [Level(**row) for row in card["launches"]]
        del card["kind"]
        return cls(ranking, levels, Slope(**card["slope"]), card)


def _told(level: Pooled) -> dict[str, Any]:
    return {
        "effect": level.effect,
        "interval": list(level.interval),
        "between_launches": level.between,
    }
