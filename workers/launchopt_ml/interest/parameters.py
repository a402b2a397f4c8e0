"""What the learner of interest leaves open, with its usual values, and where a search may look."""

from __future__ import annotations

from dataclasses import dataclass

from launchopt_ml.search import Range


@dataclass(frozen=True)
class Parameters:
    """How the learner learns; kept in the card, so that a version can be learned anew."""

    hidden: int = 32  # width of the bend
    epochs: int = 3  # at least; a small shop is gone through more often
    learning_rate: float = 3e-3
    weight_decay: float = 0.1
    half_life_days: float = 90.0  # how fast an old launch loses its say


SPACE = {
    "hidden": Range(4, 64, is_log=True, is_whole=True),
    "epochs": Range(1, 8, is_whole=True),
    "learning_rate": Range(3e-4, 2e-2, is_log=True),
    "weight_decay": Range(1e-3, 1.0, is_log=True),
    "half_life_days": Range(30.0, 365.0, is_log=True),
}
