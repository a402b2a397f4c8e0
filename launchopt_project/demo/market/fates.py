"""What each shopper does about a launch: unasked, and if shown. Only the simulator knows both.

Outcomes are potential outcomes with one draw for each shopper (Rubin, 1974): whoever buys unasked
also buys when shown, so that the purchases which showing causes can be counted one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from .parameters import Parameters
from .products import Products
from .shoppers import Shoppers, visits
from .streams import instant, sigmoid, stream


class ImpossibleContacts(ValueError):
    """Contacts are counts of at least 0, one for each shopper."""


@dataclass(frozen=True, slots=True)
class Fate:
    """Everything about one product and one window that does not depend on what the shop does."""

    product: int
    first_contact: float
    who: np.ndarray  # (visits,) shopper numbers, in order of time
    at: np.ndarray  # (visits,) datetime64[s]
    appeal: np.ndarray  # (shoppers,)
    browses: np.ndarray  # (visits,) bool: who looks around can find the product unasked
    unasked: np.ndarray  # (shoppers,) chance to buy without being shown; 0 who never looks around
    gain: np.ndarray  # (shoppers,) what full persuasion adds to it
    draw: np.ndarray  # (shoppers,) uniform: buys where it is below the chance
    unasked_visit: np.ndarray  # (shoppers,) the visit at which it is bought unasked; -1: none
    click_draw: np.ndarray  # (visits,) uniform
    delay: np.ndarray  # (visits,) seconds from the contact to the purchase
    return_draw: np.ndarray  # (shoppers,) uniform

    @property
    def buys_unasked(self) -> np.ndarray:
        """(shoppers,) bool."""
        result: np.ndarray = self.draw < self.unasked
        return result

    @property
    def has_visit(self) -> np.ndarray:
        """(shoppers,) bool: who cannot be shown anything because they do not come."""
        result: np.ndarray = np.bincount(self.who, minlength=len(self.draw)) > 0
        return result

    def dose(self, contacts: np.ndarray) -> np.ndarray:
        """The share of full persuasion that so many contacts reach: 0, then less and less more."""
        result: np.ndarray = 1.0 - (1.0 - self.first_contact) ** contacts
        return result

    def chance(self, contacts: np.ndarray, strength: np.ndarray | float = 1.0) -> np.ndarray:
        """(shoppers,): the chance to buy after so many contacts with creatives of that strength."""
        if np.shape(contacts) != np.shape(self.draw) or np.min(contacts, initial=0) < 0:
            raise ImpossibleContacts(f"One count of at least 0 for {len(self.draw)} shoppers.")
        gain = np.where(self.has_visit, self.gain, 0.0)
        result: np.ndarray = np.minimum(1.0, self.unasked + gain * self.dose(contacts) * strength)
        return result

    def buys(self, contacts: np.ndarray, strength: np.ndarray | float = 1.0) -> np.ndarray:
        """(shoppers,) bool: who buys after so many contacts."""
        result: np.ndarray = self.draw < self.chance(contacts, strength)
        return result


def launch_fate(parameters: Parameters, products: Products, shoppers: Shoppers, sku: str) -> Fate:
    """The fate of a newcomer in the days of its launch. Visits end an hour before it does."""
    rng, since = stream(parameters.seed, f"visits of {sku}"), products.first_sold(sku)
    who, at = visits(shoppers, since=since, days=parameters.launch_days, rng=rng)
    early = at < instant(since + timedelta(days=parameters.launch_days, hours=-1))
    who, at = who[early], at[early]
    browses = rng.random(len(who)) < parameters.browsing_share
    return fate(parameters, products, shoppers, sku=sku, who=who, at=at, browses=browses)


def fate(
    parameters: Parameters,
    products: Products,
    shoppers: Shoppers,
    *,
    sku: str,
    who: np.ndarray,
    at: np.ndarray,
    browses: np.ndarray,
) -> Fate:
    """The fate of a product among these visits, some of which look around."""
    rng, product = stream(parameters.seed, f"fate of {sku}"), products.index(sku)
    appeal = shoppers.appeal(products, of=np.array([product]))[:, 0]
    visit = _one_visit(who, browses, len(shoppers), rng)
    unasked = sigmoid(_logit(parameters.unasked_rate) + 0.8 * appeal)
    unasked = np.where(visit >= 0, unasked, 0.0)
    reached = sigmoid(parameters.persuasion_slope * (appeal - parameters.persuasion_threshold))
    gain = (1.0 - unasked) * parameters.persuasion * reached * ~shoppers.is_stubborn
    return Fate(
        product=product,
        first_contact=parameters.first_contact,
        who=who,
        at=at,
        appeal=appeal,
        browses=browses,
        unasked=unasked,
        gain=gain,
        draw=rng.random(len(shoppers)),
        unasked_visit=visit,
        click_draw=rng.random(len(who)),
        delay=rng.integers(120, 2_400, len(who)),
        return_draw=rng.random(len(shoppers)),
    )


def _one_visit(
    who: np.ndarray, browses: np.ndarray, shoppers: int, rng: np.random.Generator
) -> np.ndarray:
    """(shoppers,): one of each shopper's browsing visits by chance, -1 for those without one."""
    chosen = np.full(shoppers, -1)
    shuffled = rng.permutation(np.flatnonzero(browses))
    chosen[who[shuffled]] = shuffled  # the last one written stays
    return chosen


def _logit(share: float) -> float:
    return float(np.log(share / (1.0 - share)))


def window(at: np.ndarray, *, since: datetime | np.datetime64, days: int) -> np.ndarray:
    """(instants,) bool: which of them lie in so many days from `since` on."""
    start = since if isinstance(since, np.datetime64) else instant(since)
    inside: np.ndarray = (at >= start) & (at < start + np.timedelta64(days * 86_400, "s"))
    return inside
