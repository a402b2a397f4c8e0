"""What customers care for: categories and terms of the products that they liked, or declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from launchopt_core.personas import declared_words, distinctive, terms_of
from launchopt_core.sensitive import is_special, tells_a_person
from launchopt_ml.recommendation.tastes import Tastes
from launchopt_ml.shop import Shop

KEPT = {"category": 3, "term": 5}  # interests of a kind that are told


@dataclass(frozen=True)
class Interests:
    """Customers x categories and x terms: how much each customer cared for them."""

    names: dict[str, list[str]]
    weights: dict[str, sp.csr_matrix]
    holders: dict[str, dict[str, int]]
    customers: int
    liking: sp.csr_matrix  # (customers, products)
    of_products: dict[str, list[list[str]]]

    @classmethod
    def of(cls, known: Shop, *, titles: Sequence[str]) -> Interests:
        """From what was done with products, fading with time; how many pieces does not matter.

        Products that nobody may conclude anything from count for nothing.
        """
        categories = known.products.category.tolist()
        may_count = [
            not is_special(title, category)
            for title, category in zip(titles, categories, strict=True)
        ]
        liking = sp.csr_matrix(Tastes.of(known).liking @ sp.diags(np.array(may_count, dtype=float)))
        liking.eliminate_zeros()
        of_products = {
            "category": [
                [name] if name and not tells_a_person(name) else [] for name in categories
            ],
            "term": [
                sorted(t for t in terms_of(title) if not tells_a_person(t)) for title in titles
            ],
        }
        names, weights, holders = {}, {}, {}
        for kind, of_kind in of_products.items():
            names[kind], matrix = _incidence(of_kind)
            weights[kind] = sp.csr_matrix(liking @ matrix)
            counts = np.diff(sp.csc_matrix(weights[kind]).indptr).tolist()
            holders[kind] = dict(zip(names[kind], counts, strict=True))
        return cls(names, weights, holders, len(known.customers), liking, of_products)

    def wished(self, said: Sequence[str]) -> sp.csr_matrix:
        """(customers, products): 1 where a product has a category or a term that was declared."""
        products: dict[str, list[int]] = {}
        for of_kind in self.of_products.values():
            for place, own in enumerate(of_kind):
                for name in own:
                    products.setdefault(name.lower(), []).append(place)
        cells = [
            (row, place)
            for row, words in enumerate(said)
            if words
            for place in {p for word in declared_words(words) for p in products.get(word, ())}
        ]
        rows, columns = np.array(cells or np.zeros((0, 2)), dtype=np.int64).T
        return sp.csr_matrix((np.ones(len(cells)), (rows, columns)), shape=self.liking.shape)

    def shares(self, rows: NDArray[np.integer]) -> dict[str, dict[str, float]]:
        """For each kind how much these customers care for each name, all customers alike."""
        shares = {}
        for kind, matrix in self.weights.items():
            own = matrix[rows]
            total = np.asarray(own.sum(axis=1)).ravel()
            mean = (1 / np.where(total > 0, total, 1)) @ own
            shares[kind] = dict(zip(self.names[kind], mean.tolist(), strict=True))
        return shares

    def of_customer(self, row: int, *, said: str = "") -> list[dict[str, str | float]]:
        """Top categories, then key terms, each kind with weights that sum to 1.

        Where the customer said something of a kind, that alone is told.
        """
        own = {kind: self._strongest(row, kind, most=most) for kind, most in KEPT.items()}
        own |= self._declared(said)
        return [
            {"name": name, "kind": kind, "weight": round(weight, 4)}
            for kind in KEPT
            for name, weight in own[kind].items()
        ]

    def _declared(self, said: str) -> dict[str, dict[str, float]]:
        """By kind; a word that is no category of the shop is a term."""
        categories = {name.lower(): name for name in self.names["category"]}
        words = declared_words(said)
        kinds = {
            "category": [categories[word] for word in words if word in categories],
            "term": [word for word in words if word not in categories],
        }
        return {kind: dict.fromkeys(some, 1 / len(some)) for kind, some in kinds.items() if some}

    def _strongest(self, row: int, kind: str, *, most: int) -> dict[str, float]:
        matrix = self.weights[kind]
        start, end = matrix.indptr[row : row + 2]
        columns, values = matrix.indices[start:end].tolist(), matrix.data[start:end].tolist()
        names = self.names[kind]
        own = {names[column]: value for column, value in zip(columns, values, strict=True)}
        return distinctive(own, self.holders[kind], self.customers, most=most)


def _incidence(of_products: Sequence[Sequence[str]]) -> tuple[list[str], sp.csr_matrix]:
    """The names in order, and (products, names): 1 where the product has it."""
    names = sorted({name for some in of_products for name in some})
    column = {name: place for place, name in enumerate(names)}
    cells = [(row, column[name]) for row, some in enumerate(of_products) for name in some]
    rows, columns = np.array(cells or np.zeros((0, 2)), dtype=np.int64).T
    shape = (len(of_products), len(names))
    return names, sp.csr_matrix((np.ones(len(cells)), (rows, columns)), shape=shape)


def _told(names: Iterable[str]) -> list[str]:
    """In order, without those that tell of a person."""
    return sorted(name for name in names if not tells_a_person(name))
