"""Uplift: learners find whom a treatment moves, and judges tell a good ranking from a bad one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_ml.uplift import LEARNERS, Trial, cross_fitted, folds_of, judged, qini
from launchopt_ml.uplift.trial import TooSmallTrial


def trial(customers: int = 3000, *, seed: int = 0, effect: float = 0.3) -> Trial:
    """Treatment moves those whose first feature is positive, and nobody else."""
    rng = np.random.default_rng(seed)
    features = np.column_stack([rng.normal(size=(customers, 2)), rng.integers(0, 3, customers)])
    treated = rng.random(customers) < 0.5
    rate = 0.2 + 0.1 * (features[:, 1] > 0) + effect * treated * (features[:, 0] > 0)
    return Trial(features, (2,), treated, (rng.random(customers) < rate).astype(float))


class TestLearners:
    @pytest.mark.parametrize("name", LEARNERS)
    def test_find_whom_the_treatment_moves(self, name: str):
        known = trial()
        fold = folds_of(known, folds=2, seed=0)
        found = cross_fitted(known, {name: LEARNERS[name]}, fold, seed=0)[name]
        moved = known.features[:, 0] > 0
        assert found[moved].mean() == pytest.approx(0.3, abs=0.08)
        assert abs(found[~moved].mean()) < 0.08
        assert qini(known, found) > 0.03

    @pytest.mark.parametrize("name", LEARNERS)
    def test_the_same_seed_gives_the_same_uplift(self, name: str):
        known = trial(600)
        one, other = (LEARNERS[name](known, seed=3).predict(known.features) for _ in range(2))
        np.testing.assert_array_equal(one, other)

    @pytest.mark.parametrize("name", LEARNERS)
    def test_an_outcome_may_be_money(self, name: str):
        known = trial()
        money = Trial(known.features, known.categorical, known.treated, 50 * known.outcome + 0.5)
        found = LEARNERS[name](money, seed=0).predict(money.features)
        assert found[money.features[:, 0] > 0].mean() == pytest.approx(15, abs=4)

    def test_an_unequal_split_does_not_shift_the_effect(self):
        known = trial(8000)
        kept = known.treated | (np.arange(8000) % 5 == 0)
        held = known.rows(kept)
        found = LEARNERS["class_transformation"](held, seed=0).predict(held.features)
        assert found.mean() == pytest.approx(0.15, abs=0.05)


class TestFolds:
    @settings(deadline=None)
    @given(seed=st.integers(0, 99), folds=st.integers(2, 6))
    def test_are_alike_in_treatment_and_outcome(self, seed: int, folds: int):
        known = trial(400, seed=1)
        fold = folds_of(known, folds=folds, seed=seed)
        sizes = [((fold == f) & known.treated).sum() for f in range(folds)]
        buyers = [known.outcome[(fold == f) & known.treated].sum() for f in range(folds)]
        assert max(sizes) - min(sizes) <= 1
        assert max(buyers) - min(buyers) <= 1

    @pytest.mark.parametrize(("customers", "folds"), [(60, 5), (400, 1)])
    def test_refuse_what_cannot_be_split(self, customers: int, folds: int):
        with pytest.raises(TooSmallTrial):
            folds_of(trial(customers), folds=folds, seed=0)


class TestQini:
    def test_is_the_area_of_a_curve_drawn_by_hand(self):
        """The whole effect lies with the better half: the curve is full once it is taken."""
        treated = np.tile([True, False], 4)
        known = Trial(np.zeros((8, 0)), (), treated, np.array([1.0, 0, 1, 0, 0, 0, 0, 0]))
        assert qini(known, np.array([2.0] * 4 + [1.0] * 4)) == pytest.approx(0.125)
        assert qini(known, np.array([1.0] * 4 + [2.0] * 4)) == pytest.approx(-0.125)

    def test_a_ranking_of_equals_is_worth_nothing(self):
        known = trial(500)
        assert qini(known, np.zeros(500)) == pytest.approx(0.0)

    @settings(deadline=None)
    @given(seed=st.integers(0, 30), scale=st.floats(0.1, 10), shift=st.floats(-5, 5))
    def test_only_the_order_counts(self, seed: int, scale: float, shift: float):
        known = trial(200, seed=seed)
        uplift = np.random.default_rng(seed).integers(-50, 50, 200).astype(float)
        assert qini(known, scale * uplift + shift) == pytest.approx(qini(known, uplift))

    def test_the_order_of_customers_does_not_matter(self):
        known = trial(300)
        uplift = np.round(known.features[:, 0], 1)
        other = np.random.default_rng(2).permutation(300)
        assert qini(known.rows(other), uplift[other]) == pytest.approx(qini(known, uplift))

    def test_intervals_hold_the_truth_and_share_their_draws(self):
        known = trial(2000)
        good, noise = known.features[:, 0], np.random.default_rng(1).normal(size=2000)
        found = judged(known, {"good": good, "same": good.copy(), "noise": noise}, seed=0)
        assert found["good"].qini_interval[0] > 0.02
        low, high = found["noise"].qini_interval
        assert low < 0 < high
        np.testing.assert_array_equal(found["good"].resampled, found["same"].resampled)

    def test_the_effect_among_the_best_is_that_of_those_who_are_moved(self):
        known = trial(6000)
        found = judged(known, {"good": (known.features[:, 0] > 0).astype(float)}, seed=0)["good"]
        low, high = found.at_interval[0.3]
        assert low < 0.3 < high
        assert found.at[0.3] == pytest.approx(0.3, abs=0.05)
