"""The interest model: learned from past launches, or, where there are none, a stated prior."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray

from launchopt_ml.artifacts import load_artifact, save_artifact
from launchopt_ml.interest.episodes import Vantage
from launchopt_ml.interest.examples import Examples, past_examples
from launchopt_ml.interest.features import NAMES, Candidates, Panel, pair_features, panel_of
from launchopt_ml.interest.histories import Histories
from launchopt_ml.interest.judges import Assumed, Learned, Prior, Rehearsed
from launchopt_ml.interest.learner import (
    FOLDS,
    Calibration,
    Scorer,
    fold_of,
    train_folds,
    train_tastes,
)
from launchopt_ml.interest.parameters import Parameters
from launchopt_ml.interest.protocol import Launch, NotFitted, Reason
from launchopt_ml.interest.rates import DailyRate, daily_rate
from launchopt_ml.interest.reasons import (
    reasons_from,
    voting_neighbours,
    without_each_factor,
)
from launchopt_ml.shop import Shop

KIND = "interest"
FEWEST_BUYERS = 300  # over all episodes, which overlap
FEWEST_LAUNCHES = 12
USUAL_SAMPLE = 500


@dataclass(frozen=True)
class Lesson:
    """What past launches show as of an instant; ways of learning may share it."""

    as_of: np.datetime64
    known_since: np.datetime64 | None
    episodes: int
    examples: Examples | None
    rate: DailyRate

    @classmethod
    def of(cls, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """From what was known before `as_of`."""
        known = shop.before(as_of).in_order()
        past = past_examples(known, as_of=as_of, rng=np.random.default_rng(seed))
        return cls(
            as_of,
            known.events.time[0] if len(known.events) else None,
            len(past),
            Examples.joined(past) if past else None,
            daily_rate(known, as_of=as_of),
        )


class LaunchInterest:
    """Customer x new product, from how earlier launches went in this shop.

    Without enough past launches (FEWEST_LAUNCHES with FEWEST_BUYERS between them) it sells as the
    shop's daily rate says, and its card says `prior`; taste is then learned from rehearsals, or,
    where they are too few as well, votes are weighed by PRIOR_WEIGHTS.
    """

    name: ClassVar[str] = "launch-interest"

    def __init__(self, parameters: Parameters | None = None) -> None:
        self.parameters = parameters or Parameters()
        self.card: dict[str, Any] = {}
        self._learned: Learned | None = None
        self._tastes: list[Scorer] = []
        self._rate: DailyRate | None = None

    def fit(self, shop: Shop, *, as_of: np.datetime64, seed: int = 0) -> Self:
        """Learn from the launches that ended before `as_of`."""
        return self.learn(Lesson.of(shop, as_of=as_of, seed=seed), seed=seed)

    def learn(self, lesson: Lesson, *, seed: int = 0) -> Self:
        """Learn from what past launches show, if they show enough."""
        examples = lesson.examples
        launches = examples.launches if examples else None
        self._rate = lesson.rate
        self._learned, self._tastes = None, []
        if examples and launches and _enough(launches):
            self._learned = Learned(*train_folds(examples, seed=seed, parameters=self.parameters))
        elif examples and _enough(examples):
            self._tastes = train_tastes(examples, seed=seed, parameters=self.parameters)
        self.card = {
            "features": list(NAMES),
            "parameters": asdict(self.parameters),
            "seed": seed,
            "as_of": str(lesson.as_of),
            "known_since": str(lesson.known_since) if lesson.known_since else None,
            "source": "launches" if self._learned else "prior",
            "taste": self._taste_source,
            "episodes": lesson.episodes,
            "launches": len(np.unique(launches.sku)) if launches else 0,
            "rehearsals": len(np.unique(examples.sku[~examples.is_launch])) if examples else 0,
            "buyers": int(launches.bought.sum()) if launches else 0,
            "daily_rate": {"value": self._rate.value, "source": self._rate.source},
        }
        return self

    @property
    def _taste_source(self) -> str:
        if self._learned:
            return "launches and rehearsals"
        return "rehearsals" if self._tastes else "assumed"

    def prepare(self, shop: Shop, launch: Launch) -> InterestSession:
        """Ready to score `launch` with the histories in `shop`."""
        return self.prepare_from(Vantage.of(shop, as_of=launch.as_of), launch)

    def prepare_from(self, vantage: Vantage, launch: Launch) -> InterestSession:
        """The same from a vantage that several launches of one instant share."""
        if self._rate is None:
            raise NotFitted("Fit or load the interest model first.")
        histories = vantage.histories
        candidates = vantage.candidates(launch.products, horizon_days=launch.horizon_days)
        if self._learned:
            return InterestSession(histories, candidates, self._learned)
        taste = Rehearsed(self._tastes) if self._tastes else Assumed()
        prior = Prior.of(taste, self._rate, launch, histories, candidates)
        return InterestSession(histories, candidates, prior)

    def save(self, folder: Path) -> None:
        """Write the scorers, the calibration and the card."""
        if self._rate is None:
            raise NotFitted("Fit the interest model before saving it.")
        tensors: dict[str, NDArray[Any]] = {"daily_rate": np.array([self._rate.value])}
        if self._learned:
            tensors |= {
                "calibration.said": self._learned.calibration.said,
                "calibration.true": self._learned.calibration.true,
            }
        for place, scorer in enumerate(self._learned.scorers if self._learned else self._tastes):
            tensors |= {f"{place}.{k}": v.numpy() for k, v in scorer.state_dict().items()}
        save_artifact(folder, kind=KIND, tensors=tensors, card=self.card)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model as saved. Raises ArtifactUnreadable."""
        tensors, card = load_artifact(folder, kind=KIND)
        model = cls(Parameters(**card.get("parameters", {})))
        model.card = {name: value for name, value in card.items() if name != "kind"}
        model._rate = DailyRate(float(tensors["daily_rate"][0]), card["daily_rate"]["source"])
        if card.get("taste", "assumed") == "assumed":
            return model
        scorers = _scorers_from(
            tensors, features=len(card["features"]), hidden=model.parameters.hidden
        )
        if card["source"] == "launches":
            knots = Calibration(tensors["calibration.said"], tensors["calibration.true"])
            model._learned = Learned(scorers, knots)
        else:
            model._tastes = scorers
        return model


@dataclass(frozen=True)
class InterestSession:
    """One launch against one shop."""

    histories: Histories
    candidates: Candidates
    judge: Learned | Prior

    @property
    def customers(self) -> NDArray[np.str_]:
        """Ids of everyone known before `as_of`."""
        return self.histories.customers

    def score(self, rows: slice) -> NDArray[np.float32]:
        """(customers in rows, products), probabilities."""
        log_odds = self.judge.of_panel(self._panel(rows))
        return (1 / (1 + np.exp(-log_odds))).astype(np.float32)

    def reasons(self, *, product: int, customers: NDArray[np.integer]) -> list[list[Reason]]:
        """For each customer what each factor adds to the log-odds, against a usual customer."""
        alone = self.candidates.only(product)
        own = pair_features(self.histories, alone, rows=customers)[:, 0]  # (customers, NAMES)
        variants = without_each_factor(own, usual=self._usual[product])
        log_odds = self.judge.of_product(product).log_odds(variants)  # (customers, 1 + factors)
        votes = voting_neighbours(self.histories, alone, customers=customers)
        return [reasons_from(row, skus=skus) for row, skus in zip(log_odds, votes, strict=True)]

    @cached_property
    def _usual(self) -> NDArray[np.float32]:
        """(products, NAMES): the mean over customers, and for the facts over past launches."""
        step = max(len(self.customers) // USUAL_SAMPLE, 1)
        some = self._panel(slice(None, None, step)).features()
        return self.judge.usual(some.sum(0) / max(len(some), 1))

    def _panel(self, rows: slice) -> Panel:
        return panel_of(self.histories, self.candidates, rows=rows)


def _enough(examples: Examples) -> bool:
    """Whether every fold leaves launches and buyers enough to learn from."""
    if not examples.bought.any():
        return False
    bought = examples.sku[examples.bought]
    folds = np.unique(fold_of(bought))
    few = len(np.unique(bought)) < FEWEST_LAUNCHES or len(bought) < FEWEST_BUYERS
    return not few and len(folds) == FOLDS


def _scorers_from(tensors: dict[str, NDArray[Any]], *, features: int, hidden: int) -> list[Scorer]:
    scorers = [Scorer(features, hidden=hidden) for _ in range(FOLDS)]
    for place, scorer in enumerate(scorers):
        mark = f"{place}."
        state = {k.removeprefix(mark): v for k, v in tensors.items() if k.startswith(mark)}
        scorer.load_state_dict({name: torch.from_numpy(value) for name, value in state.items()})
        scorer.eval().requires_grad_(False)
    return scorers
