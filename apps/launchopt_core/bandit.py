"""New weights from what was learned: Thompson sampling for arms that convert or do not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from launchopt_core.errors import InvalidRate, NoPositiveWeight

FLOOR = 0.05
DRAWS = 20_000  # the standard error of a weight is then at most 0.0036
PRIOR = (1.0, 1.0)  # uniform over rates


@dataclass(frozen=True)
class Arm:
    """What an arm has shown: how often it was tried, and how often it converted."""

    successes: float
    trials: float

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.trials:
            raise InvalidRate(f"{self.successes} successes in {self.trials} trials is no rate.")


def thompson_weights(
    arms: Mapping[str, Arm],
    rng: Generator,
    *,
    floor: float = FLOOR,
    prior: tuple[float, float] = PRIOR,
    draws: int = DRAWS,
) -> dict[str, float]:
    """Each arm's chance to be the best, lifted to an exploration floor; weights sum to 1.

    Thompson (1933, Biometrika 25) with Beta posteriors, the chance counted over `draws` draws. An
    arm keeps at least the floor, so that a bad start can be made good.

    >>> rng = np.random.default_rng(0)
    >>> weights = thompson_weights({"a": Arm(10, 1000), "b": Arm(60, 1000)}, rng)
    >>> {name: round(weight, 2) for name, weight in weights.items()}
    {'a': 0.05, 'b': 0.95}
    """
    _check(arms, floor)
    names = sorted(arms)
    won = np.array([arms[name].successes for name in names])
    lost = np.array([arms[name].trials for name in names]) - won
    rates = rng.beta(prior[0] + won, prior[1] + lost, size=(draws, len(names)))  # (draws, arms)
    best = np.bincount(rates.argmax(axis=1), minlength=len(names)) / draws
    lifted = floor + (1 - floor * len(names)) * best
    return dict(zip(names, (lifted / lifted.sum()).tolist(), strict=True))


def _check(arms: Mapping[str, Arm], floor: float) -> None:
    if not arms:
        raise NoPositiveWeight("There is no arm to weigh.")
    if not 0 <= floor * len(arms) <= 1:
        raise InvalidRate(f"A floor of {floor} for {len(arms)} arms is more than there is to give.")
