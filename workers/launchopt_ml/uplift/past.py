"""Past launches that left customers out by chance, and how much a contact brought in each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from launchopt_ml.uplift.trial import FEWEST, Bools, Floats, Ints, TooSmallTrial, Trial, folds_of

FOLDS = 5
FEWEST_BUYERS = 10  # over all launches: below, nothing can be told
FEWEST_CUSTOMERS = 50  # of each arm
MOST_SIMILAR = 10  # past launches that a new one is compared with
QUANTILE = 1.959964  # of the normal, for 95 %


@dataclass(frozen=True)
class PastLaunch:
    """A launch as a trial: chance decided who could be contacted."""

    sku: str
    features: Floats  # (customers, features), as known when it began
    treated: Bools  # (customers,)
    bought: Bools  # (customers,)
    share: Floats  # (customers,), the chance to be treated
    contacts: float  # mean contacts of a treated customer, above 0

    def __len__(self) -> int:
        return len(self.bought)


@dataclass(frozen=True)
class Level:
    """How many more of a launch's customers bought for each contact, and how sure that is."""

    sku: str
    customers: int
    held_out: int
    buyers: int
    contacts: float
    effect: float  # additional buyers per contact
    standard_error: float
    mean_score: float  # of the learner, over its customers

    def as_dict(self) -> dict[str, Any]:
        """For the card."""
        return asdict(self)


@dataclass(frozen=True)
class Pooled:
    """Levels taken together, as for one more launch like them."""

    effect: float  # additional buyers per contact
    standard_error: float
    between: float  # standard deviation of the launches' true effects

    @property
    def interval(self) -> tuple[float, float]:
        """95 %, of the mean effect."""
        reach = QUANTILE * self.standard_error
        return self.effect - reach, self.effect + reach

    @property
    def is_shown(self) -> bool:
        """Whether the interval leaves zero out, on the side of a gain."""
        return self.interval[0] > 0


def trial_of(past: Sequence[PastLaunch]) -> tuple[Trial, Ints]:
    """All launches as one trial, and the launch of each row.

    Raises TooSmallTrial where they show too little.
    """
    trial = Trial(
        features=np.concatenate([one.features for one in past]),
        categorical=(),
        treated=np.concatenate([one.treated for one in past]),
        outcome=np.concatenate([one.bought for one in past]).astype(float),
        share=np.concatenate([one.share for one in past]),
    )
    smallest = min(int(trial.treated.sum()), int((~trial.treated).sum()))
    buyers = int(trial.outcome.sum())
    if smallest < FEWEST_CUSTOMERS or buyers < FEWEST_BUYERS:
        raise TooSmallTrial(
            f"Past launches with customers left out show too little: {buyers} buyers, and "
            f"{smallest} customers in the smaller arm; {FEWEST_BUYERS} and {FEWEST_CUSTOMERS} are "
            "the fewest."
        )
    return trial, np.repeat(np.arange(len(past)), [len(one) for one in past])


def folds_by_launch(trial: Trial, launch: Ints, *, seed: int) -> Ints:
    """Whole launches apart from each other, so that each is foretold by others alone: (rows,).

    A single launch is split by customers.
    """
    sizes = np.bincount(launch)
    if len(sizes) == 1:
        smallest = min(int(trial.treated.sum()), int((~trial.treated).sum()))
        return folds_of(trial, folds=min(FOLDS, max(2, smallest // FEWEST)), seed=seed)
    folds = min(FOLDS, len(sizes))
    fold_of_launch = np.empty(len(sizes), dtype=np.intp)
    fold_of_launch[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes)) % folds
    return fold_of_launch[launch]


def level_of(past: PastLaunch, *, score: Floats) -> Level:
    """The effect of one launch: means weighted by 1 / the chance of their arm (Hajek, 1971).

    Half a buyer and half a customer who did not buy are added to each arm where its spread is
    asked for, so that an arm without buyers is not certain (Gart and Zweifel, 1967).
    """
    gained, gained_variance = _arm(past, past.treated, past.share)
    missed, missed_variance = _arm(past, ~past.treated, 1 - past.share)
    return Level(
        sku=past.sku,
        customers=int(past.treated.sum()),
        held_out=int((~past.treated).sum()),
        buyers=int(past.bought.sum()),
        contacts=past.contacts,
        effect=(gained - missed) / past.contacts,
        standard_error=float(np.sqrt(gained_variance + missed_variance)) / past.contacts,
        mean_score=float(score.mean()),
    )


def pooled(levels: Sequence[Level]) -> Pooled:
    """Random effects: launches differ by more than chance (DerSimonian and Laird, 1986).

    >>> alike = [Level("m", 100, 100, 9, 1.0, effect, 0.01, 0.0) for effect in (0.02, 0.02)]
    >>> both = pooled(alike)
    >>> round(both.effect, 4), round(both.standard_error, 4), both.between
    (0.02, 0.0071, 0.0)
    """
    effects = np.array([level.effect for level in levels])
    variances = np.array([level.standard_error for level in levels]) ** 2
    weights = 1 / variances
    mean = float((weights * effects).sum() / weights.sum())
    excess = float((weights * (effects - mean) ** 2).sum()) - (len(levels) - 1)
    scale = float(weights.sum() - (weights**2).sum() / weights.sum())
    between = max(0.0, excess / scale) if scale > 0 else 0.0
    weights = 1 / (variances + between)
    return Pooled(
        effect=float((weights * effects).sum() / weights.sum()),
        standard_error=float(np.sqrt(1 / weights.sum())),
        between=float(np.sqrt(between)),
    )


def most_similar(similarity: Floats) -> Ints:
    """Positions of the past launches that count for a new one, the most similar first."""
    return np.argsort(-similarity, kind="stable")[:MOST_SIMILAR]


def _arm(past: PastLaunch, chosen: Bools, share: Floats) -> tuple[float, float]:
    """The weighted mean of an arm and its variance."""
    weight = 1 / share[chosen]
    bought = past.bought[chosen].astype(float)
    mean = float((weight * bought).sum() / weight.sum())
    count = float(weight.sum() ** 2 / (weight**2).sum())  # effective customers (Kish, 1965)
    smoothed = (mean * count + 0.5) / (count + 1)
    return mean, smoothed * (1 - smoothed) / count
