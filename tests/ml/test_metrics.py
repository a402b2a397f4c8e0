"""Measures against answers known by construction and against scikit-learn's where it is there."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_ml.metrics import calibration_error, ranking_of

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


class TestCalibrationError:
    def test_is_zero_where_every_bin_comes_true(self):
        said = np.repeat([0.25, 0.5], 400)
        true = np.concatenate([np.tile([1, 0, 0, 0], 100), np.tile([1, 0], 200)]).astype(bool)
        assert calibration_error(said, bought=true) == pytest.approx(0)

    def test_is_the_gap_where_all_is_said_too_high(self):
        assert calibration_error(np.full(200, 0.3), bought=np.zeros(200, bool)) == pytest.approx(
            0.3
        )
