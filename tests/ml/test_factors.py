"""Products bought by the same customers lie close together, whoever buys more."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from launchopt_ml.interest import factors as factors_module
from launchopt_ml.interest.factors import RANK, Factors

GARDENERS, COOKS = 60, 40


def bought_by_taste() -> sp.csr_matrix:
    """(customers, 10 products): gardeners buy of the first five, cooks of the last five."""
    rng = np.random.default_rng(0)
    bought = np.zeros((GARDENERS + COOKS, 10))
    bought[:GARDENERS, :5] = rng.random((GARDENERS, 5)) < 0.6
    bought[GARDENERS:, 5:] = rng.random((COOKS, 5)) < 0.6
    bought[np.arange(GARDENERS), np.arange(GARDENERS) % 5] = 1  # everyone bought something
    bought[GARDENERS + np.arange(COOKS), 5 + np.arange(COOKS) % 5] = 1
    return sp.csr_matrix(bought)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Between two points."""
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


class TestFactors:
    def test_put_a_customer_near_what_its_like_buy(self, monkeypatch):
        monkeypatch.setattr(factors_module, "RANK", len(("gardening", "cooking")))
        bought = bought_by_taste()
        factors = Factors.of(bought)
        gardener = np.asarray(bought[0] @ factors.of_purchases).ravel()
        nearness = [cosine(gardener, product) for product in factors.of_products]

        assert min(nearness[:5]) > max(nearness[5:])

    def test_are_the_same_for_customers_in_another_order(self):
        bought = bought_by_taste()
        order = np.random.default_rng(1).permutation(bought.shape[0])
        factors, again = Factors.of(bought), Factors.of(bought[order])
        nearness, others = (f.of_purchases @ f.of_products.T for f in (factors, again))

        assert nearness == pytest.approx(others, abs=1e-4)

    def test_rebuild_what_few_directions_explain(self):
        bought = bought_by_taste()
        factors = Factors.of(bought)
        width = np.sqrt(np.asarray(bought.sum(1)))
        buyers = np.sqrt(np.asarray(bought.sum(0)))
        rebuilt = (bought / width) @ factors.of_purchases @ factors.of_products.T

        assert factors.of_products.shape == (10, min(RANK, 10))
        assert rebuilt == pytest.approx(bought.toarray() / width / buyers, abs=1e-3)

    @pytest.mark.parametrize("shape", [(0, 3), (3, 0), (4, 2)])
    def test_are_nothing_where_nothing_was_bought(self, shape):
        factors = Factors.of(sp.csr_matrix(shape))

        assert factors.of_products.shape[0] == factors.of_purchases.shape[0] == shape[1]
        assert not factors.of_products.any()
