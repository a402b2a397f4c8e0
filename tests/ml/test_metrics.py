"""Measures against answers known by construction and against scikit-learn's where it is there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_ml.metrics import calibration_error, calibration_gaps, judged_of, ranking_of

RNG = np.random.default_rng(0)


class TestRankingOf:
    def test_a_perfect_order_is_perfect(self):
        bought = np.zeros((100, 1), dtype=bool)
        bought[:10] = True
        found = ranking_of(bought.astype(float), bought=bought, rng=RNG)
        assert (found.auc, found.map, found.lift_at_10, found.ndcg_at_10) == (1, 1, 10, 1)

    def test_average_precision_by_hand(self):
        bought = np.array([[True], [False], [True], [False]])
        found = ranking_of(np.array([[4.0], [3], [2], [1]]), bought=bought, rng=RNG)
        assert found.map == pytest.approx((1 + 2 / 3) / 2)
        assert found.auc == pytest.approx(0.75)

    def test_a_score_that_says_nothing_gains_nothing(self):
        bought = np.random.default_rng(1).random((2000, 50)) < 0.1
        found = ranking_of(np.zeros((2000, 50)), bought=bought, rng=RNG)
        assert found.auc == pytest.approx(0.5, abs=0.02)
        assert found.lift_at_10 == pytest.approx(1, abs=0.15)

    def test_is_none_without_a_buyer(self):
        assert ranking_of(np.zeros((5, 2)), bought=np.zeros((5, 2), dtype=bool), rng=RNG) is None

    @settings(deadline=None, max_examples=30)
    @given(st.integers(0, 10_000))
    def test_agrees_with_scikit_learn(self, seed):
        peer = pytest.importorskip("sklearn.metrics", reason="scikit-learn is the oracle here")
        rng = np.random.default_rng(seed)
        score, bought = rng.random((60, 3)), rng.random((60, 3)) < 0.3
        bought[0], bought[1] = True, False
        found = ranking_of(score, bought=bought, rng=rng)
        columns = [(bought[:, k], score[:, k]) for k in range(3)]
        auc = np.mean([peer.roc_auc_score(*column) for column in columns])
        precision = np.mean([peer.average_precision_score(*column) for column in columns])
        assert found.auc == pytest.approx(auc)
        assert found.map == pytest.approx(precision)


class TestJudgedOf:
    def test_keeps_products_in_their_order(self):
        bought = np.random.default_rng(2).random((200, 12)) < 0.2
        score = np.where(np.arange(12) % 2 == 0, bought, ~bought).astype(float)
        found = judged_of(score, bought=bought, rng=RNG)
        np.testing.assert_allclose(found.products[:, 0], np.arange(12) % 2 == 0, atol=1e-12)

    def test_keeps_customers_in_their_order(self):
        bought = np.zeros((6, 2), dtype=bool)
        bought[[1, 3, 4], 0] = True
        bought[0, 1] = True
        score = np.zeros((6, 2))
        score[[0, 1], 1] = score[[3, 4], 0] = 1  # only customer 1 wants the other one more
        found = judged_of(score, bought=bought, rng=RNG)
        np.testing.assert_allclose(found.customers[:, 0], [1, 1 / np.log2(3), 1, 1])


class TestCalibrationGaps:
    def test_sum_to_the_error_and_to_what_was_predicted_too_much(self):
        rng = np.random.default_rng(3)
        said, true = rng.random((300, 4)), rng.random((300, 4)) < 0.4
        gaps = calibration_gaps(said, bought=true)
        assert np.abs(gaps.sum(0)).sum() == pytest.approx(calibration_error(said, bought=true))
        assert gaps.sum(1) * said.size == pytest.approx(said.sum(0) - true.sum(0))


class TestCalibrationError:
    def test_is_zero_where_every_bin_comes_true(self):
        said = np.repeat([0.25, 0.5], 400)
        true = np.concatenate([np.tile([1, 0, 0, 0], 100), np.tile([1, 0], 200)]).astype(bool)
        assert calibration_error(said, bought=true) == pytest.approx(0)

    def test_is_the_gap_where_all_is_said_too_high(self):
        assert calibration_error(np.full(200, 0.3), bought=np.zeros(200, bool)) == pytest.approx(
            0.3
        )
