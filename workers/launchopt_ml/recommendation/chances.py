"""From a merged score to the chance of a purchase, so that known and new products share one rank.

Interest in a new product is a probability; what the other sources say of a known one is not, until
past instants tell how often such a score came true.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from launchopt_ml.shop import PURCHASE, Shop, in_days

FEWEST_BOUGHT = 200  # purchases that came true, below which nothing is learned
NEVER_BOUGHT_DAYS = 730.0
SMALLEST = 1e-7  # chance; below it nothing is told apart
RIDGE = 1.0


@dataclass(frozen=True)
class Ranker:
    """Log-odds of a purchase within 30 days: a line in the merged score and the activity.

    As it stands the line is stated, not learned: it is what May to July 2011 of a real shop gave.
    """

    intercept: float = -8.7
    score: float = 1.3
    products_bought: float = 0.7  # by the logarithm of 1 + products
    days_since: float = 0.15  # by the logarithm of 1 + days since the last purchase

    def offset(self, activity: NDArray[np.float64]) -> NDArray[np.float64]:
        """(customers,) log-odds of a product with score 0, from `activity_of`."""
        offset: NDArray[np.float64] = self.intercept + activity @ np.array(
            [self.products_bought, self.days_since]
        )
        return offset

    def chance(
        self, score: NDArray[np.float64], *, offset: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The chance of a merged score; never falls as the score rises."""
        chance: NDArray[np.float64] = expit(offset + self.score * score)
        return chance

    def score_of(
        self, chance: NDArray[np.float64], *, offset: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The merged score that has this chance."""
        bounded = np.clip(chance, SMALLEST, 1 - SMALLEST)
        score: NDArray[np.float64] = (logit(bounded) - offset) / self.score
        return score

    def as_dict(self) -> dict[str, float]:
        """Its numbers by name, for a model's card."""
        return asdict(self)

    @classmethod
    def from_dict(cls, numbers: dict[str, float]) -> Ranker:
        """The ranker of a card."""
        return cls(**{field.name: float(numbers[field.name]) for field in fields(cls)})


def activity_of(known: Shop, *, as_of: np.datetime64) -> NDArray[np.float64]:
    """(customers, 2): logarithms of 1 + products ever bought, and 1 + days since the last time."""
    bought = known.events.take(known.events.kind == PURCHASE)
    count, width = len(known.customers), max(len(known.products), 1)
    pairs = np.unique(bought.customer.astype(np.int64) * width + bought.product)
    products = np.bincount(pairs // width, minlength=count)[:count]
    since = np.full(count, NEVER_BOUGHT_DAYS)
    np.minimum.at(since, bought.customer, in_days(as_of - bought.time))
    return np.asarray(np.log1p(np.column_stack([products, since])), dtype=np.float64)


@dataclass(frozen=True)
class Cases:
    """Pairs that stood high in somebody's list at a past instant, with what came of them."""

    score: NDArray[np.float64]  # (pairs,)
    activity: NDArray[np.float64]  # (pairs, 2)
    bought: NDArray[np.bool_]  # (pairs,)

    @classmethod
    def none(cls) -> Cases:
        """No cases."""
        return cls(np.zeros(0), np.zeros((0, 2)), np.zeros(0, dtype=bool))

    @classmethod
    def joined(cls, parts: Sequence[Cases]) -> Cases:
        """The cases of several instants."""
        return cls(
            *(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(cls))
        )


def learned(cases: Cases) -> Ranker | None:
    """Logistic regression with a small ridge; None where too little came true to learn from."""
    if cases.bought.sum() < FEWEST_BOUGHT:
        return None
    facts = np.column_stack([np.ones(len(cases.score)), cases.score, cases.activity])
    true, stated = cases.bought.astype(np.float64), Ranker()
    shrunk = np.array([0.0, RIDGE, RIDGE, RIDGE])

    def loss(line: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        said = facts @ line
        value = np.logaddexp(0, said).sum() - true @ said + (shrunk * line**2).sum() / 2
        return float(value), facts.T @ (expit(said) - true) + shrunk * line

    start = np.array(list(stated.as_dict().values()))
    bounds = [(None, None), (0.05, None), (None, None), (None, None)]  # a higher score ranks higher
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B").x
    return Ranker(*(round(float(value), 6) for value in found))


def log_loss(cases: Cases, ranker: Ranker) -> float:
    """Mean of minus the logarithm of what was said of what came true."""
    said = ranker.offset(cases.activity) + ranker.score * cases.score
    return float((np.logaddexp(0, said) - cases.bought * said).mean())
