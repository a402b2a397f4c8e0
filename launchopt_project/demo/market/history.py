"""The year before the launch: what shoppers looked at and bought, and what past launches did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from .events import Events, join, make_events
from .fates import Fate, fate, window
from .parameters import Parameters
from .products import DAY, Products
from .reactions import Contacts, reactions
from .shoppers import Shoppers, visits
from .streams import instant, sigmoid, stream
from .vocabulary import vocabulary

BLOCK = 8_000  # looks whose products are chosen at once


@dataclass(frozen=True, slots=True)
class Browsing:
    """Visits in which products are looked at."""

    who: np.ndarray  # (visits,)
    at: np.ndarray  # (visits,) datetime64[s]
    session: np.ndarray  # (visits,) numbers, unique in the market


def launch_browsing(fate: Fate) -> Browsing:
    """The visits of a launch's days in which something is looked at, besides what is shown."""
    return Browsing(fate.who[fate.browses], fate.at[fate.browses], np.flatnonzero(fate.browses))


def past_events(parameters: Parameters, products: Products, shoppers: Shoppers) -> Events:
    """Everything that the shop recorded before the launch, in order of time."""
    rng = stream(parameters.seed, "history")
    since, days = parameters.history_starts_at, parameters.history_days
    browsing = browse(parameters, shoppers, since=since, days=days, rng=rng)
    parts = [ordinary_events(parameters, products, shoppers, browsing=browsing, rng=rng)]
    for product in np.flatnonzero(products.is_past_launch):
        sku = products.sku[product]
        parts.append(_past_launch(parameters, products, shoppers, sku=sku, browsing=browsing))
    events = join(parts).in_order()
    return events.where(events.at < instant(parameters.launch_starts_at))


def browse(
    parameters: Parameters,
    shoppers: Shoppers,
    *,
    since: datetime,
    days: int,
    rng: np.random.Generator,
) -> Browsing:
    """The visits in which something is looked at."""
    who, at = visits(shoppers, since=since, days=days, rng=rng)
    keep = rng.random(len(who)) < parameters.browsing_share
    return Browsing(who[keep], at[keep], np.flatnonzero(keep))


def ordinary_events(
    parameters: Parameters,
    products: Products,
    shoppers: Shoppers,
    *,
    browsing: Browsing,
    rng: np.random.Generator,
) -> Events:
    """Looks and what follows from them, launches apart."""
    visit, at = _looks(parameters, browsing, rng)
    who, session = browsing.who[visit], browsing.session[visit]
    product, appeal = _choices(parameters, products, shoppers, who=who, at=at, rng=rng)
    common = {"who": who, "product": product, "at": at, "session": session}
    warm = np.exp(0.45 * np.clip(appeal, -2.0, 2.5))
    chance = sigmoid(_logit(parameters.purchase_rate) + 0.7 * appeal)
    buys = (rng.random(len(who)) < chance) & ~_in_own_launch(parameters, products, product, at)
    carts = buys | (rng.random(len(who)) < parameters.cart_rate * warm)
    favours = rng.random(len(who)) < parameters.favourite_rate * warm
    clicks = rng.random(len(who)) < parameters.click_rate
    bought = make_events(
        "purchase",
        **_some(common, buys, later=150),
        quantity=1 + rng.binomial(2, 0.06, int(buys.sum())),
        price=products.price[product[buys]],
        order=session[buys],
    )
    return join(
        [
            _searches(parameters, products, browsing, visit=visit, product=product, rng=rng),
            make_events("click", **_some(common, clicks, later=-2)),
            make_events("view", **_some(common, np.ones(len(who), bool), later=0)),
            make_events("favourite", **_some(common, favours, later=40)),
            make_events("cart", **_some(common, carts, later=70)),
            bought,
            *_aftermath(parameters, bought, appeal[buys], rng),
        ]
    )


def _some(common: dict[str, np.ndarray], mask: np.ndarray, *, later: int) -> dict[str, np.ndarray]:
    chosen = {name: values[mask] for name, values in common.items()}
    return {**chosen, "at": chosen["at"] + np.timedelta64(later, "s")}


def _looks(
    parameters: Parameters, browsing: Browsing, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(looks,): the visit of each look, and its instant three minutes after the one before."""
    counts = 1 + rng.poisson(parameters.looks_extra, len(browsing.who))
    visit = np.repeat(np.arange(len(browsing.who)), counts)
    place = np.arange(len(visit)) - np.repeat(counts.cumsum() - counts, counts)
    return visit, browsing.at[visit] + (180 * place + 5).astype("timedelta64[s]")


def _choices(
    parameters: Parameters,
    products: Products,
    shoppers: Shoppers,
    *,
    who: np.ndarray,
    at: np.ndarray,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """(looks,): the product of each look and its appeal, by a logit choice (McFadden, 1974)."""
    appeals = shoppers.appeal(products).astype(np.float32)
    attraction = appeals + products.popularity.astype(np.float32)
    product = np.empty(len(who), int)
    for begin in range(0, len(who), BLOCK):
        block = slice(begin, begin + BLOCK)
        age = (at[block, None] - products.launched_at[None, :]) / DAY  # (block, products)
        utility = attraction[who[block]] + parameters.novelty * ((age >= 0) & (age < 30))
        noise = rng.standard_exponential(utility.shape, dtype=np.float32)
        utility -= np.log(np.maximum(noise, 1e-12))  # Gumbel's law
        product[block] = np.where(age >= 0, utility, -np.inf).argmax(axis=1)
    return product, appeals[who, product].astype(float)


def _in_own_launch(
    parameters: Parameters, products: Products, product: np.ndarray, at: np.ndarray
) -> np.ndarray:
    """(looks,) bool: while a product is launched, its purchases are its fate's, not a look's."""
    launched = products.is_past_launch | products.is_newcomer
    age = at - products.launched_at[product]
    inside: np.ndarray = launched[product] & (age < parameters.launch_days * DAY)
    return inside


def _searches(
    parameters: Parameters,
    products: Products,
    browsing: Browsing,
    *,
    visit: np.ndarray,
    product: np.ndarray,
    rng: np.random.Generator,
) -> Events:
    """Some visits begin with a search for what is then looked at first."""
    first = np.flatnonzero(np.diff(visit, prepend=-1))
    first = first[rng.random(len(first)) < parameters.search_share]
    names = np.array([theme.name for theme in vocabulary().themes], dtype=object)
    return make_events(
        "search",
        who=browsing.who[visit[first]],
        at=browsing.at[visit[first]],
        session=browsing.session[visit[first]],
        text=names[products.theme[product[first]]],
    )


def _aftermath(
    parameters: Parameters, bought: Events, appeal: np.ndarray, rng: np.random.Generator
) -> list[Events]:
    """Returns and ratings, days after the purchase, more pleased the more it appealed."""
    count = len(bought)
    sent_back = rng.random(count) < parameters.return_rate * np.exp(-0.3 * appeal)
    rated = rng.random(count) < parameters.rating_rate
    stars = np.clip(np.round(3.9 + 0.5 * appeal + rng.normal(0, 0.8, count)), 1, 5)
    returns, ratings = bought.where(sent_back), bought.where(rated)
    return [
        make_events(
            "return",
            who=returns.who,
            product=returns.product,
            at=returns.at + _days_later(len(returns), 3, 20, rng),
            quantity=returns.quantity,
            price=returns.price,
            order=returns.order,
        ),
        make_events(
            "rating",
            who=ratings.who,
            product=ratings.product,
            at=ratings.at + _days_later(len(ratings), 4, 15, rng),
            value=stars[rated],
        ),
    ]


def _days_later(count: int, low: int, high: int, rng: np.random.Generator) -> np.ndarray:
    result: np.ndarray = rng.integers(low * 86_400, high * 86_400, count).astype("timedelta64[s]")
    return result


def _past_launch(
    parameters: Parameters,
    products: Products,
    shoppers: Shoppers,
    *,
    sku: str,
    browsing: Browsing,
) -> Events:
    """A launch of the year. Where its exposures were randomised, chance alone chose the shoppers.

    Exposures happen in visits that browse: so whoever was not picked left events, too.
    """
    product = products.index(sku)
    since = products.launched_at[product]
    inside = window(browsing.at, since=since, days=parameters.launch_days)
    who, at = browsing.who[inside], browsing.at[inside]
    browses = np.ones(len(who), bool)
    past = fate(parameters, products, shoppers, sku=sku, who=who, at=at, browses=browses)
    shown = np.flatnonzero(_picked(parameters, products, shoppers, sku=sku)[who])
    shown = shown[_place(who[shown]) < parameters.contacts_cap]
    contacts = Contacts.none(past)
    return reactions(
        past,
        contacts,
        visits=np.arange(len(who)),
        shown=shown,
        strength=np.ones(len(shown)),
        parameters=parameters,
        price=float(products.price[product]),
    ).events


def _picked(
    parameters: Parameters, products: Products, shoppers: Shoppers, *, sku: str
) -> np.ndarray:
    """(shoppers,) bool: whom a past launch showed its product."""
    rng = stream(parameters.seed, f"picked for {sku}")
    picked = rng.random(len(shoppers)) < parameters.randomised_share
    result: np.ndarray = picked & shoppers.consents & products.is_randomised[products.index(sku)]
    return result


def _place(who: np.ndarray) -> np.ndarray:
    """(n,): how many times the same shopper came before.

    >>> _place(np.array([4, 2, 4, 4, 2])).tolist()
    [0, 0, 1, 2, 1]
    """
    order = np.argsort(who, kind="stable")
    ranked = who[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=-1))
    counts = np.diff(np.append(starts, len(ranked)))
    place = np.empty(len(who), int)
    place[order] = np.arange(len(ranked)) - np.repeat(starts, counts)
    return place


def _logit(share: float) -> float:
    return float(np.log(share / (1.0 - share)))
