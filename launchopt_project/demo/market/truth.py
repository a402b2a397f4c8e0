"""What a launch really caused, which no measurement in the shop can see, and what was possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fates import Fate


@dataclass(frozen=True, slots=True)
class Truth:
    """Purchases that would not have happened unasked."""

    incremental: float  # counted shopper by shopper, with the draws of this market
    expected: float  # the mean over all draws that the chances allow, for shoppers so chosen
    contacts: int  # how many contacts it took
    reached: int  # shoppers with at least one contact


def truth(fate: Fate, *, contacts: np.ndarray, strength: np.ndarray | float = 1.0) -> Truth:
    """What so many contacts with each shopper cause: (shoppers,) counts.

    `strength` (shoppers,) or one number: how well the creatives shown to a shopper fitted.
    """
    chance = fate.chance(contacts, strength)
    caused = (fate.draw < chance) & ~fate.buys_unasked
    return Truth(
        incremental=float(caused.sum()),
        expected=float((chance - fate.unasked).sum()),
        contacts=int(np.sum(contacts)),
        reached=int(np.count_nonzero(contacts)),
    )


def effect_per_customer(
    fate: Fate, *, contacts: np.ndarray, strength: np.ndarray | float, among: np.ndarray
) -> float:
    """What a launch added to purchases per customer among these: (shoppers,) bool.

    This is what an experiment on them estimates: the effect of the offer, shown or not reached.
    """
    caused = fate.buys(contacts, strength) & ~fate.buys_unasked
    return float(caused[among].mean()) if among.any() else 0.0


def random_targeting(
    fate: Fate,
    *,
    spend: int,
    eligible: np.ndarray,
    cap: int,
    rng: np.random.Generator,
    draws: int = 200,
) -> Truth:
    """The same number of contacts on eligible shoppers picked by chance: the mean of many picks.

    Whoever is picked is shown the product at each visit, at most `cap` times, until all contacts
    are spent, as a launch without any knowledge of tastes would do.
    """
    capped = np.minimum(possible_contacts(fate), cap) * eligible
    picks = [truth(fate, contacts=_spend(capped, spend, rng)) for _ in range(draws)]
    return Truth(
        incremental=float(np.mean([p.incremental for p in picks])),
        expected=float(np.mean([p.expected for p in picks])),
        contacts=round(float(np.mean([p.contacts for p in picks]))),
        reached=round(float(np.mean([p.reached for p in picks]))),
    )


def all_knowing(fate: Fate, *, spend: int, eligible: np.ndarray, cap: int) -> Truth:
    """The best that so many contacts can do for one who knows what everybody would do.

    It shows the product only to those whom it moves, each with as few contacts as needed.
    """
    most = np.minimum(possible_contacts(fate), cap)
    needed = np.zeros(len(fate.draw), int)
    for count in range(int(most.max(initial=0)), 0, -1):
        moved = fate.buys(np.minimum(most, count)) & ~fate.buys_unasked & eligible
        needed[moved & (most >= count)] = count
    order = np.argsort(np.where(needed > 0, needed, np.iinfo(int).max), kind="stable")
    affordable = np.cumsum(needed[order]) <= spend
    contacts = np.zeros(len(fate.draw), int)
    contacts[order] = np.where(affordable, needed[order], 0)
    return truth(fate, contacts=contacts)


def possible_contacts(fate: Fate) -> np.ndarray:
    """(shoppers,): visits at which they could be shown something."""
    return np.bincount(fate.who, minlength=len(fate.draw))


def _spend(capped: np.ndarray, spend: int, rng: np.random.Generator) -> np.ndarray:
    order = rng.permutation(len(capped))
    before = np.cumsum(capped[order]) - capped[order]
    contacts = np.zeros(len(capped), int)
    contacts[order] = np.clip(spend - before, 0, capped[order])
    return contacts
