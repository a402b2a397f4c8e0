"""What is known of a customer and a new product together, as of an instant. Training and scoring
both come here, so that they cannot differ."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.facts import FACTS, facts_of
from launchopt_ml.interest.histories import TRAITS, Histories
from launchopt_ml.interest.neighbours import Neighbourhood, Profile, without_self
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
LIKENESS = ("bought", "taste")  # cosine of the new product's meaning with the mean of what each was
FITS = ("price_distance", "price_above", "same_category")
PAIR = (
    *(f"{history}_{way}" for history, way in VOTES),
    *(f"{history}_likeness" for history in LIKENESS),
    *FITS,
)
NAMES = (*PAIR, *TRAITS, *FACTS)  # the facts last: the learner weighs them apart
Rows = slice | NDArray[np.integer]
FLOOR = 0.02  # of a product's mean vote: what a customer without any counts as


@dataclass(frozen=True)
class Candidates:
    """New products prepared against the histories of one instant."""

    products: Products
    facts: NDArray[np.float32]  # (products, FACTS)
    profiles: dict[str, Profile]  # (products, known products)
    mean_votes: NDArray[np.float64]  # (VOTES, products), over all customers
    same_category: sp.csr_matrix  # (products, known products)
    meaning: NDArray[np.float32]  # (products, width), centred, rows of length 1 or 0
    known_meaning: NDArray[np.float32]  # (known products, width), the same

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
        profiles = neighbourhood.profiles(products)
        known = histories.shop.products
        middle = known.embedding.mean(0) if len(known) else 0.0
        return cls(
            products,
            facts_of(
                products,
                profiles,
                histories=histories,
                neighbourhood=neighbourhood,
                horizon_days=horizon_days,
            ),
            profiles,
            _mean_votes(profiles, histories),
            _same_category(products, known),
            _of_length_1(products.embedding - middle),
            _of_length_1(known.embedding - middle),
        )

    def only(self, product: int) -> Candidates:
        """One of the products."""
        one = slice(product, product + 1)
        return replace(
            self,
            products=self.products.take(np.array([product])),
            facts=self.facts[one],
            profiles={way: profile[one] for way, profile in self.profiles.items()},
            mean_votes=self.mean_votes[:, one],
            same_category=self.same_category[one],
            meaning=self.meaning[one],
        )


def pair_features(
    histories: Histories, candidates: Candidates, *, rows: Rows
) -> NDArray[np.float32]:
    """(customers in `rows`, products, NAMES) in one block."""
    count = len(histories.traits[rows])
    block = np.empty((count, len(candidates.products), len(NAMES)), dtype=np.float32)
    for place, (history, way) in enumerate(VOTES):
        block[:, :, place] = _votes(
            getattr(histories, history)[rows],
            candidates.profiles[way],
            mean=candidates.mean_votes[place],
        )
    for place, history in enumerate(LIKENESS, start=len(VOTES)):
        block[:, :, place] = _likeness(getattr(histories, history)[rows], candidates)
    pair, own = len(PAIR), len(PAIR) + len(TRAITS)
    block[:, :, pair - len(FITS) : pair] = _fits(histories, candidates, rows=rows)
    block[:, :, pair:own] = histories.traits[rows][:, None, :]
    block[:, :, own:] = candidates.facts[None, :, :]
    return block


def _votes(
    history: sp.csr_matrix, profile: Profile, *, mean: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(customers, products): logarithm of a customer's vote over the product's mean vote."""
    votes = (history @ profile.T).toarray()
    relative = np.log(votes / np.where(mean > 0, mean, 1) + FLOOR)
    return np.asarray(relative, dtype=np.float64)


def _mean_votes(profiles: dict[str, Profile], histories: Histories) -> NDArray[np.float64]:
    customers = max(len(histories.traits), 1)
    return np.array(
        [
            profiles[way] @ (np.asarray(getattr(histories, name).sum(0)).ravel() / customers)
            for name, way in VOTES
        ]
    )


def _likeness(history: sp.csr_matrix, candidates: Candidates) -> NDArray[np.float32]:
    """(customers, products): cosine of the product with the mean of what the customer had."""
    own = _of_length_1(history @ candidates.known_meaning)
    return np.asarray(own @ candidates.meaning.T, dtype=np.float32)


def _of_length_1(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """Each row divided by its length; one of length 0 stays."""
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(length, 1e-9), dtype=np.float32)


def _fits(histories: Histories, candidates: Candidates, *, rows: Rows) -> NDArray[np.float64]:
    """(customers, products, FITS)."""
    usual = histories.log_price[rows, None]
    spread = histories.log_price_spread[rows, None]
    above = (candidates.facts[None, :, 0] - usual) / (spread + 0.3)
    above = np.clip(np.nan_to_num(above, nan=0.0), -4, 4)
    bought = histories.bought[rows]
    total = np.maximum(np.asarray(bought.sum(1)), 1)
    share = (bought @ candidates.same_category.T).toarray() / total
    return np.stack([np.abs(above), above, share], axis=2)


def _same_category(new: Products, known: Products) -> sp.csr_matrix:
    """1 where a new and another known product share a category that has a name."""
    names = np.unique(np.concatenate([new.category, known.category, [""]]))

    def one_hot(category: NDArray[np.str_]) -> sp.csr_matrix:
        place = np.searchsorted(names, category)
        filled = np.flatnonzero(category != "")
        shape = (len(category), len(names))
        return sp.csr_matrix((np.ones(len(filled)), (filled, place[filled])), shape=shape)

    return without_self(one_hot(new.category) @ one_hot(known.category).T, new.sku, known.sku)
