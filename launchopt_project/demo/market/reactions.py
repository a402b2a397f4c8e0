"""How shoppers react at their visits to what a launch shows them, or does not show them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .events import Events, join, make_events
from .fates import Fate
from .parameters import Parameters
from .streams import sigmoid


@dataclass(frozen=True, slots=True)
class Contacts:
    """What the shoppers have been through so far. Grows with every reaction."""

    count: np.ndarray  # (shoppers,) times shown
    push: np.ndarray  # (shoppers,) doses received, each times the strength of its creative
    has_bought: np.ndarray  # (shoppers,) bool

    @classmethod
    def none(cls, fate: Fate) -> Contacts:
        size = len(fate.draw)
        return cls(np.zeros(size, int), np.zeros(size), np.zeros(size, bool))

    def strength(self, fate: Fate) -> np.ndarray:
        """(shoppers,): the mean strength of the creatives that each was shown; 1 where none was."""
        dose = fate.dose(self.count)
        result: np.ndarray = np.divide(self.push, dose, out=np.ones(len(dose)), where=dose > 0)
        return result


@dataclass(frozen=True, slots=True)
class Reactions:
    """The events of some visits (their session is the visit) and what stands after them."""

    events: Events
    contacts: Contacts


def reactions(
    fate: Fate,
    contacts: Contacts,
    *,
    visits: np.ndarray,
    shown: np.ndarray,
    strength: np.ndarray,
    parameters: Parameters,
    price: float,
) -> Reactions:
    """Play these visits, of which some were shown the product with creatives of that strength.

    `visits` and `shown` are numbers of visits in order of time, `shown` a part of `visits`;
    `strength` (shown,). A shopper's later visit knows of the earlier one.
    """
    force = np.zeros(len(fate.who))
    force[shown] = strength
    is_shown = np.zeros(len(fate.who), bool)
    is_shown[shown] = True
    parts: list[Events] = []
    for turn in _turns(fate.who[visits]):
        step = _turn(
            fate,
            contacts,
            visits=visits[turn],
            is_shown=is_shown[visits[turn]],
            strength=force[visits[turn]],
            parameters=parameters,
            price=price,
        )
        parts.append(step.events)
        contacts = step.contacts
    empty = make_events("view", who=np.empty(0, int), at=np.empty(0, "datetime64[s]"))
    return Reactions(join([empty, *parts]), contacts)


def _turns(who: np.ndarray) -> list[np.ndarray]:
    """Positions of everybody's first visit, then of everybody's second, and so on."""
    turns, left = [], np.arange(len(who))
    while len(left):
        first = np.unique(who[left], return_index=True)[1]
        turns.append(left[np.sort(first)])
        left = np.delete(left, first)
    return turns


def _turn(
    fate: Fate,
    contacts: Contacts,
    *,
    visits: np.ndarray,
    is_shown: np.ndarray,
    strength: np.ndarray,
    parameters: Parameters,
    price: float,
) -> Reactions:
    """One visit of each of these shoppers, no shopper twice."""
    who = fate.who[visits]
    after = _shown(fate, contacts, who=who, is_shown=is_shown, strength=strength)
    unasked = fate.buys_unasked[who] & (fate.unasked_visit[who] == visits)
    chance = np.minimum(1.0, fate.unasked[who] + fate.gain[who] * after.push[who])
    buys = ~contacts.has_bought[who] & (unasked | (is_shown & (fate.draw[who] < chance)))
    after.has_bought[who[buys]] = True
    clicks = is_shown & (buys | (fate.click_draw[visits] < _click(fate, who, strength, parameters)))
    events = _events_of(
        fate,
        visits=visits,
        is_shown=is_shown,
        clicks=clicks,
        buys=buys,
        parameters=parameters,
        price=price,
    )
    return Reactions(events, after)


def _shown(
    fate: Fate, contacts: Contacts, *, who: np.ndarray, is_shown: np.ndarray, strength: np.ndarray
) -> Contacts:
    """Count the contacts; each adds less than the one before."""
    count, push = contacts.count.copy(), contacts.push.copy()
    more = fate.dose(count[who] + 1) - fate.dose(count[who])
    count[who] += is_shown
    push[who] += is_shown * more * strength
    return Contacts(count, push, contacts.has_bought.copy())


def _click(fate: Fate, who: np.ndarray, strength: np.ndarray, parameters: Parameters) -> np.ndarray:
    rate = parameters.launch_click_rate
    result: np.ndarray = strength * sigmoid(np.log(rate / (1 - rate)) + 0.6 * fate.appeal[who])
    return result


def _events_of(
    fate: Fate,
    *,
    visits: np.ndarray,
    is_shown: np.ndarray,
    clicks: np.ndarray,
    buys: np.ndarray,
    parameters: Parameters,
    price: float,
) -> Events:
    def of(kind: str, mask: np.ndarray, later: np.ndarray | int, **columns: object) -> Events:
        chosen = visits[mask]
        at = fate.at[chosen] + np.asarray(later).astype("timedelta64[s]")
        who, product = fate.who[chosen], fate.product
        return make_events(kind, who=who, at=at, product=product, session=chosen, **columns)  # type: ignore[arg-type]

    delay, draw = fate.delay[visits], fate.return_draw[fate.who[visits]]
    regret = parameters.return_rate * np.exp(-0.3 * fate.appeal[fate.who[visits]])
    returns = buys & (draw < regret)
    days_after = delay + (3 * 86_400 + 7 * 86_400 * (draw * 997 % 1)).astype(int)
    sale = {"price": price, "quantity": 1}
    return join(
        [
            of("exposure", is_shown, 1),
            of("click", clicks, 8),
            of("view", clicks | buys, 15),
            of("cart", buys, delay[buys] - 60),
            of("purchase", buys, delay[buys], order=visits[buys], **sale),
            of("return", returns, days_after[returns], order=visits[returns], **sale),
        ]
    )
