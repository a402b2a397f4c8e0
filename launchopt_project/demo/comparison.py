"""The measured effect beside the real one, and the plan beside chance and perfect knowledge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from launchopt_project.demo.market import (
    Fate,
    Market,
    all_knowing,
    effect_per_customer,
    random_targeting,
    truth,
)
from launchopt_project.demo.market.streams import stream
from launchopt_project.demo.play import Played

HOLDOUT = "holdout"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a report of a simulated launch can say, and no report of a real one."""

    measured: float | None  # purchases per customer that the experiment says were caused
    low: float | None  # its interval
    high: float | None
    verdict: str
    real: float  # purchases per customer that were caused, among those offered the product
    caused: float  # purchases that would not have happened unasked
    caused_expected: float  # the mean of it over all draws
    contacts: int
    reached: int  # shoppers shown the product at least once
    random: float  # caused by as many contacts with shoppers picked by chance, on average
    best: float  # caused by as many contacts at the most, by one who knows everything
    shoppers: int

    @property
    def is_conclusive(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)

    @property
    def covers_truth(self) -> bool:
        """Whether the interval holds the real effect."""
        return self.low is not None and self.high is not None and self.low <= self.real <= self.high

    @property
    def times_random(self) -> float | None:
        """How many times as much as chance would have caused; None where that is nothing."""
        return self.caused / self.random if self.random > 0 else None

    @property
    def share_of_best(self) -> float | None:
        """Which share it is of what was possible; None where nothing was."""
        return self.caused / self.best if self.best else None


def compare(
    market: Market, fate: Fate, played: Played, *, effect: dict[str, Any], cap: int
) -> Comparison:
    """Set a report's `effect` beside the truth of what was played.

    `cap` is the number of contacts that a shopper could get in the whole launch: chance and
    perfect knowledge keep to it as the plan does. Only those who consent may be shown anything.
    """
    contacts, strength = played.contacts.count, played.contacts.strength(fate)
    offered = np.array([variant not in ("", HOLDOUT) for variant in played.variants])
    plan = truth(fate, contacts=contacts, strength=strength)
    eligible, rng = market.shoppers.consents, stream(market.parameters.seed, "random targeting")
    chance = random_targeting(fate, spend=plan.contacts, eligible=eligible, cap=cap, rng=rng)
    low, high = effect.get("interval") or (None, None)
    return Comparison(
        measured=effect.get("estimate"),
        low=low,
        high=high,
        verdict=str(effect.get("verdict") or ""),
        real=effect_per_customer(fate, contacts=contacts, strength=strength, among=offered),
        caused=plan.incremental,
        caused_expected=plan.expected,
        contacts=plan.contacts,
        reached=plan.reached,
        random=chance.incremental,
        best=all_knowing(fate, spend=plan.contacts, eligible=eligible, cap=cap).incremental,
        shoppers=len(market.shoppers),
    )
