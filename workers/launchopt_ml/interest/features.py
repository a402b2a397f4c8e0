"""What is known of a customer and a new product together, as of an instant. Training and scoring
both come here, so that they cannot differ."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.factors import Factors, of_length_1
from launchopt_ml.interest.facts import FACTS, facts_of, log_price
from launchopt_ml.interest.histories import TRAITS, Histories
from launchopt_ml.interest.neighbours import Neighbourhood, Profile, places_of, without_self
from launchopt_ml.shop import Products

VOTES = (
    *(("bought", way) for way in ("words", "letters", "meaning", "near", "nearest", "code")),
    ("bought", "bought_together"),
    ("bought", "bought_closely"),
    ("bought", "bought_by_few"),
    ("bought", "bought_at_once"),
    *(("taste", way) for way in ("words", "letters", "meaning", "near", "code")),
    ("taste", "bought_together"),
    ("taste", "bought_closely"),
    ("taste", "bought_by_few"),
    ("taste", "bought_at_once"),
    ("lately", "near"),
    ("lately", "bought_together"),
    ("amount", "near"),
    ("amount", "bought_together"),
    ("rare", "near"),
    ("rare", "bought_together"),
    ("novel", "near"),
    ("novel", "bought_together"),
    ("fresh", "near"),
    ("fresh", "bought_together"),
)
SPACES = ("likeness", "factors", "told")  # by meaning; by who buys what, near what or as told
NEARNESS = tuple((history, space) for space in SPACES for history in ("bought", "taste"))
FITS = ("price_distance", "price_above", "same_category")
PAIR = (
    *(f"{history}_{way}" for history, way in VOTES),
    *(f"{history}_{space}" for history, space in NEARNESS),
    *FITS,
)
NAMES = (*PAIR, *TRAITS, *FACTS)  # the facts last: the learner weighs them apart
HISTORIES = sorted({history for history, _ in VOTES})
Rows = slice | NDArray[np.integer]
Speakers: TypeAlias = sp.csr_matrix | NDArray[np.float32]
FULL = 1 / 8  # share of a profile's entries from which it is quicker without leaving out zeros
FLOOR = 0.02  # of a product's mean vote: what a customer without any counts as


@dataclass(frozen=True)
class Space:
    """Where new products and known ones lie; a customer lies at the sum of what it had."""

    new: NDArray[np.float32]  # (products, width), rows of length 1 or 0
    known: NDArray[np.float32]  # (known products, width)


@dataclass(frozen=True)
class Candidates:
    """New products prepared against the histories of one instant."""

    products: Products
    log_price: NDArray[np.float64]  # (products,)
    facts: NDArray[np.float32]  # (products, FACTS)
    profiles: dict[str, Profile]  # (products, known products)
    mean_votes: NDArray[np.float64]  # (VOTES, products), over all customers
    same_category: sp.csr_matrix  # (products, known products)
    spaces: dict[str, Space]  # by SPACES

    @cached_property
    def speakers(self) -> dict[str, Speakers]:
        """The profiles as votes are taken through them."""
        return {way: _speakers(profile) for way, profile in self.profiles.items()}

    @cached_property
    def speakers_of_category(self) -> Speakers:
        """The same of `same_category`."""
        return _speakers(self.same_category)

    @cached_property
    def votes_scale(self) -> NDArray[np.float32]:
        """(VOTES, products): what makes the mean vote 1."""
        means = self.mean_votes
        return np.asarray(1 / np.where(means > 0, means, 1), dtype=np.float32)

    @classmethod
    def of(
        cls,
        products: Products,
        *,
        histories: Histories,
        neighbourhood: Neighbourhood,
        horizon_days: float,
    ) -> Candidates:
        """Everything about `products` that does not depend on one customer."""
        known = histories.shop.products
        texts, known_as = neighbourhood.texts_of(products), places_of(products.sku, among=known.sku)
        profiles = neighbourhood.profiles(products, texts, known_as=known_as)
        told = neighbourhood.location.told(texts, known_as=known_as)
        return cls(
            products,
            log_price(products, histories),
            facts_of(
                products,
                profiles,
                histories=histories,
                words=texts.words,
                known_words=neighbourhood.known_texts.words,
                horizon_days=horizon_days,
            ),
            profiles,
            _mean_votes(profiles, histories),
            without_self(_same_category(products, known), known_as=known_as),
            {
                "likeness": Space(texts.meaning, neighbourhood.known_texts.meaning),
                "factors": _space_of_factors(profiles["near"], neighbourhood.factors),
                "told": Space(of_length_1(told), neighbourhood.factors.of_purchases),
            },
        )

    def only(self, product: int) -> Candidates:
        """One of the products."""
        one = slice(product, product + 1)
        return replace(
            self,
            products=self.products.take(np.array([product])),
            log_price=self.log_price[one],
            facts=self.facts[one],
            profiles={way: profile[one] for way, profile in self.profiles.items()},
            mean_votes=self.mean_votes[:, one],
            same_category=self.same_category[one],
            spaces={name: Space(at.new[one], at.known) for name, at in self.spaces.items()},
        )


@dataclass(frozen=True)
class Panel:
    """Some customers x new products, with what is true of both kept apart from what is true of one.

    The features of pairs lie in planes, so that votes are written and read in one piece.
    """

    pair: NDArray[np.float32]  # (PAIR, customers, products)
    traits: NDArray[np.float32]  # (customers, TRAITS)
    facts: NDArray[np.float32]  # (products, FACTS)

    def features(self) -> NDArray[np.float32]:
        """(customers, products, NAMES)."""
        _, customers, products = self.pair.shape
        everyone = np.ones((customers, products), dtype=bool)
        return self.of(everyone).reshape(customers, products, len(NAMES))

    def of(self, chosen: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(pairs, NAMES) where `chosen` (customers, products) is true, by customer."""
        customer, product = np.nonzero(chosen)
        features = np.empty((len(customer), len(NAMES)), dtype=np.float32)
        pair, own = len(PAIR), len(PAIR) + len(TRAITS)
        for place, plane in enumerate(self.pair):
            features[:, place] = plane[customer, product]
        features[:, pair:own] = self.traits[customer]
        features[:, own:] = self.facts[product]
        return features


def panel_of(histories: Histories, candidates: Candidates, *, rows: Rows) -> Panel:
    """What is known of the customers in `rows` with each of the products."""
    traits = histories.traits[rows]
    pair = np.empty((len(PAIR), len(traits), len(candidates.products)), dtype=np.float32)
    had = {name: _some(getattr(histories, name), rows) for name in HISTORIES}
    for place, (history, way) in enumerate(VOTES):
        scale = candidates.votes_scale[place]
        _vote(had[history], candidates.speakers[way], scale=scale, out=pair[place])
    for place, (history, space) in enumerate(NEARNESS, start=len(VOTES)):
        pair[place] = _nearness(had[history], candidates.spaces[space])
    pair[-len(FITS) :] = _fits(histories, candidates, bought=had["bought"], rows=rows)
    return Panel(pair, traits, candidates.facts)


def pair_features(
    histories: Histories, candidates: Candidates, *, rows: Rows
) -> NDArray[np.float32]:
    """(customers in `rows`, products, NAMES) in one block."""
    return panel_of(histories, candidates, rows=rows).features()


def _some(history: sp.csr_matrix, rows: Rows) -> sp.csr_matrix:
    return history[rows].astype(np.float32)


def _vote(
    history: sp.csr_matrix,
    speakers: Speakers,
    *,
    scale: NDArray[np.float32],
    out: NDArray[np.float32],
) -> None:
    """Into `out` (customers, products): logarithm of a customer's vote over the mean vote."""
    np.multiply(_spoken(history, speakers), scale, out=out)
    out += FLOOR
    np.log(out, out=out)


def _spoken(history: sp.csr_matrix, speakers: Speakers) -> NDArray[np.float32]:
    """(customers, products): how much what they had speaks for each."""
    votes = history @ speakers
    return np.asarray(votes.toarray() if sp.issparse(votes) else votes, dtype=np.float32)


def _speakers(profile: Profile) -> Speakers:
    """(known products, products), with zeros where few are 0: so that votes take least time."""
    known = sp.csr_matrix(profile.T, dtype=np.float32)
    is_full = profile.nnz > FULL * profile.shape[0] * profile.shape[1]
    return known.toarray() if is_full else known


def _mean_votes(profiles: dict[str, Profile], histories: Histories) -> NDArray[np.float64]:
    customers = max(len(histories.traits), 1)
    return np.array(
        [
            profiles[way] @ (np.asarray(getattr(histories, name).sum(0)).ravel() / customers)
            for name, way in VOTES
        ]
    )


def _nearness(history: sp.csr_matrix, space: Space) -> NDArray[np.float32]:
    """(customers, products): cosine of the product with the sum of what the customer had."""
    own = of_length_1(history @ space.known)
    return np.asarray(own @ space.new.T, dtype=np.float32)


def _space_of_factors(near: Profile, factors: Factors) -> Space:
    """A new product lies among the known ones that it resembles."""
    return Space(of_length_1(near @ of_length_1(factors.of_products)), factors.of_purchases)


def _fits(
    histories: Histories, candidates: Candidates, *, bought: sp.csr_matrix, rows: Rows
) -> NDArray[np.float32]:
    """(FITS, customers, products)."""
    usual = histories.log_price[rows, None]
    spread = histories.log_price_spread[rows, None]
    above = (candidates.log_price[None, :] - usual) / (spread + 0.3)
    above = np.clip(np.nan_to_num(above, nan=0.0), -4, 4)
    total = np.maximum(np.asarray(bought.sum(1)), 1)
    share = _spoken(bought, candidates.speakers_of_category) / total
    return np.stack([np.abs(above), above, share], dtype=np.float32, casting="same_kind")


def _same_category(new: Products, known: Products) -> sp.csr_matrix:
    """1 where a new and a known product share a category that has a name."""
    names = np.unique(np.concatenate([new.category, known.category, [""]]))

    def one_hot(category: NDArray[np.str_]) -> sp.csr_matrix:
        place = np.searchsorted(names, category)
        filled = np.flatnonzero(category != "")
        shape = (len(category), len(names))
        return sp.csr_matrix((np.ones(len(filled)), (filled, place[filled])), shape=shape)

    return one_hot(new.category) @ one_hot(known.category).T
