"""How well the interest model does with given parameters, at past cutoffs that all trials share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from launchopt_ml.backtest import Trial, asked
from launchopt_ml.interest.episodes import Vantage
from launchopt_ml.interest.features import NAMES
from launchopt_ml.interest.model import LaunchInterest, Lesson
from launchopt_ml.interest.parameters import Parameters
from launchopt_ml.interest.protocol import Launch, block_rows
from launchopt_ml.outcomes import Outcome
from launchopt_ml.shop import Shop


@dataclass(frozen=True)
class Exam:
    """One cutoff: what may be learned before it, what is asked, and what came true."""

    lesson: Lesson
    vantage: Vantage
    launch: Launch
    outcome: Outcome
    seed: int

    @classmethod
    def of(cls, shop: Shop, trial: Trial) -> Self:
        """Made once; every trial of a search sits it. Raises NothingToTest."""
        launch, outcome = asked(shop, trial)
        lesson = Lesson.of(shop, as_of=launch.as_of, seed=trial.seed)
        vantage = Vantage.of(shop, as_of=launch.as_of)
        return cls(lesson, vantage, launch, outcome, trial.seed)

    def mark(self, parameters: Parameters) -> float:
        """Average precision."""
        model = LaunchInterest(parameters).learn(self.lesson, seed=self.seed)
        session = model.prepare_from(self.vantage, self.launch)
        count, products = len(session.customers), len(self.launch.products)
        blocks = block_rows(count, products=products, features=len(NAMES))
        score = np.concatenate([session.score(rows) for rows in blocks])
        return self.outcome.verdict_on(score).values["map"]


class Course:
    """Several exams; each is made when it is first sat."""

    def __init__(
        self,
        shop: Shop,
        trials: Sequence[Trial],
        *,
        progress: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.shop, self.trials, self.progress = shop, trials, progress
        self._exams: dict[int, Exam] = {}

    def measure(self, parameters: Mapping[str, float], step: int) -> float:
        """Average precision at the cutoff of this step."""
        self.progress(f"launches from {str(self.trials[step].episode.as_of)[:10]}")
        if step not in self._exams:
            self._exams[step] = Exam.of(self.shop, self.trials[step])
        return self._exams[step].mark(Parameters(**parameters))  # type: ignore[arg-type]
