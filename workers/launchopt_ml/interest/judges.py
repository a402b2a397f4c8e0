"""What turns features into log-odds: what launches taught, or a prior with some taste."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from launchopt_ml.interest.facts import days_on_sale
from launchopt_ml.interest.features import NAMES, Candidates, Panel, panel_of
from launchopt_ml.interest.fused import Fused
from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.learner import Calibration, Scorer, logits
from launchopt_ml.interest.protocol import Launch
from launchopt_ml.interest.rates import MOST_LIKELY, DailyRate
from launchopt_ml.interest.reasons import COLUMNS

PRIOR_WEIGHTS = {"bought_near": 0.3, "bought_bought_together": 0.5, "products_bought": 0.3}
PRIOR_SAMPLE = 5_000


@dataclass(frozen=True)
class Learned:
    """What past launches taught."""

    scorers: list[Scorer]
    calibration: Calibration

    def log_odds(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(..., NAMES) -> (...), calibrated."""
        return self.calibration(logits(self.scorers, features))

    def of_panel(self, panel: Panel) -> NDArray[np.float32]:
        """(customers, products): the same for all of a panel."""
        return self.calibration(self._fused(panel))

    @cached_property
    def _fused(self) -> Fused:
        return Fused.of(self.scorers)

    def of_product(self, product: int) -> Learned:
        """What was learned holds for every product alike."""
        return self

    def usual(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(products, NAMES) with each product's own facts set to those of past launches."""
        facts = COLUMNS["product"]
        usual = features.copy()
        usual[:, facts] = torch.stack([scorer.mean for scorer in self.scorers]).mean(0)[facts]
        return usual


@dataclass(frozen=True)
class Assumed:
    """Taste by weights set by hand."""

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(..., NAMES) -> (...)."""
        weights = np.array([PRIOR_WEIGHTS.get(name, 0.0) for name in NAMES], dtype=np.float32)
        return np.asarray(features @ weights, dtype=np.float32)

    def of_panel(self, panel: Panel) -> NDArray[np.float32]:
        """(customers, products): the same for all of a panel."""
        return self(panel.features())


@dataclass(frozen=True)
class Rehearsed:
    """Taste learned from known products that were treated as if they were new."""

    scorers: list[Scorer]

    def __call__(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(..., NAMES) -> (...)."""
        return logits(self.scorers, features)

    def of_panel(self, panel: Panel) -> NDArray[np.float32]:
        """(customers, products): the same for all of a panel."""
        return self._fused(panel)

    @cached_property
    def _fused(self) -> Fused:
        return Fused.of(self.scorers)


@dataclass(frozen=True)
class Prior:
    """For a shop without past launches: some taste, and on the mean the shop's own rate."""

    taste: Assumed | Rehearsed
    offset: NDArray[np.float64]  # (products,)

    @classmethod
    def of(
        cls,
        taste: Assumed | Rehearsed,
        rate: DailyRate,
        launch: Launch,
        histories: Histories,
        candidates: Candidates,
    ) -> Prior:
        """Set so that an average customer buys at the daily rate over the days on sale."""
        step = max(len(histories.customers) // PRIOR_SAMPLE, 1)
        some = panel_of(histories, candidates, rows=slice(None, None, step))
        length = days_on_sale(launch.products, as_of=launch.as_of, horizon_days=launch.horizon_days)
        mean = np.exp(taste.of_panel(some)).mean(0) if len(some.traits) else np.ones(len(length))
        wanted = np.maximum(rate.over(length), 1e-9)
        return cls(taste, np.log(wanted) - np.log(mean))

    def log_odds(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """(..., products, NAMES) -> (..., products), below those of MOST_LIKELY."""
        return self._at_its_rate(self.taste(features))

    def of_panel(self, panel: Panel) -> NDArray[np.float32]:
        """(customers, products): the same for all of a panel."""
        return self._at_its_rate(self.taste.of_panel(panel))

    def _at_its_rate(self, taste: NDArray[np.float32]) -> NDArray[np.float32]:
        chance = np.minimum(np.exp(taste + self.offset), MOST_LIKELY)
        return np.asarray(np.log(chance / (1 - chance)), dtype=np.float32)

    def of_product(self, product: int) -> Prior:
        """The prior for one product."""
        return Prior(self.taste, self.offset[product])

    def usual(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """A product's own facts weigh nothing here, so they are left as they are."""
        return features
