"""Why a score is what it is: named groups of features, measured in log-odds."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_ml.interest.facts import FACTS
from launchopt_ml.interest.features import FITS, NAMES, Candidates
from launchopt_ml.interest.histories import TRAITS, Histories
from launchopt_ml.interest.protocol import Reason

NAMED_NEIGHBOURS = 3
NOVELTY_TRAITS = ("novelties_bought", "novelty_share", "novelties_lately")
RECENCY_TRAITS = ("days_since_purchase", "waiting", "bought_in_30_days", "bought_in_60_days")
TEXT_WAYS = ("words", "letters", "meaning", "near", "nearest", "code", "likeness")
NAMED = (
    "similar_products",
    "bought_together",
    "novelty",
    "recency",
    "activity",
    "price_fit",
    "same_category",
    "product",
)


def factor_of(feature: str) -> str:
    """The one factor, of NAMED, that a feature belongs to.

    >>> factor_of("bought_words"), factor_of("novel_near"), factor_of("days_since_purchase")
    ('similar_products', 'novelty', 'recency')
    """
    if feature in FACTS:
        return "product"
    if feature in FITS:
        return "same_category" if feature == "same_category" else "price_fit"
    if feature in NOVELTY_TRAITS or feature.startswith(("novel_", "fresh_")):
        return "novelty"
    if feature in TRAITS:
        return "recency" if feature in RECENCY_TRAITS else "activity"
    return "similar_products" if feature.endswith(TEXT_WAYS) else "bought_together"


FACTORS: dict[str, tuple[str, ...]] = {
    factor: tuple(name for name in NAMES if factor_of(name) == factor) for factor in NAMED
}
COLUMNS = {
    factor: np.array([NAMES.index(name) for name in names]) for factor, names in FACTORS.items()
}


def without_each_factor(
    features: NDArray[np.float32], *, usual: NDArray[np.float32]
) -> NDArray[np.float32]:
    """(rows, 1 + factors, NAMES): as they are, then with each factor in turn as is usual."""
    variants = np.repeat(features[:, None], 1 + len(FACTORS), axis=1)
    for place, columns in enumerate(COLUMNS.values(), start=1):
        variants[:, place, columns] = usual[columns]
    return variants


def reasons_from(log_odds: NDArray[np.floating], *, skus: dict[str, list[str]]) -> list[Reason]:
    """From log-odds (1 + factors,) what each factor adds, the strongest first; 0 is left out."""
    added = np.round((log_odds[0] - log_odds[1:]).astype(np.float64), 3)
    reasons = [
        {"factor": factor, "log_odds": float(value)}
        | ({"skus": skus[factor]} if skus.get(factor) else {})
        for factor, value in zip(FACTORS, added, strict=True)
        if value
    ]
    return sorted(reasons, key=lambda reason: -abs(reason["log_odds"]))


def voting_neighbours(
    histories: Histories, alone: Candidates, *, customers: NDArray[np.integer]
) -> list[dict[str, list[str]]]:
    """For each customer, what it bought that speaks most for the one product, by factor."""
    bought, novel = histories.bought[customers], histories.novel[customers]
    grounds = {
        "similar_products": (bought, alone.profiles["near"]),
        "bought_together": (bought, alone.profiles["bought_together"]),
        "same_category": (bought, alone.same_category),
        "novelty": (novel, alone.profiles["near"]),
    }
    sku = histories.shop.products.sku
    named = {factor: _loudest(*ground, sku=sku) for factor, ground in grounds.items()}
    return [{factor: skus[row] for factor, skus in named.items()} for row in range(len(customers))]


def _loudest(
    bought: sp.csr_matrix, profile: sp.csr_matrix, *, sku: NDArray[np.str_]
) -> list[list[str]]:
    """For each row of `bought` the skus with the largest votes, the loudest first."""
    votes = sp.csr_matrix(bought @ sp.diags(profile.toarray()[0]))
    votes.eliminate_zeros()
    row = np.repeat(np.arange(votes.shape[0]), np.diff(votes.indptr))
    names = sku[votes.indices[np.lexsort((votes.indices, -votes.data, row))]].tolist()
    ends = np.minimum(votes.indptr[1:], votes.indptr[:-1] + NAMED_NEIGHBOURS)
    bounds = zip(votes.indptr[:-1].tolist(), ends.tolist(), strict=True)
    return [names[start:end] for start, end in bounds]
