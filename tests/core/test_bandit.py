"""Bandits: weights follow what was learned, and nobody is written off too early."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from launchopt_core.bandit import Arm, thompson_weights
from launchopt_core.errors import InvalidRate, NoPositiveWeight

arms_seen = st.dictionaries(
    st.text(min_size=1, max_size=3),
    st.tuples(st.integers(0, 50), st.integers(0, 500)).map(lambda n: Arm(n[0], n[0] + n[1])),
    min_size=1,
    max_size=6,
)


class TestThompsonWeights:
    @settings(max_examples=50, deadline=None)
    @given(arms=arms_seen, floor=st.floats(0, 0.15))
    def test_sum_to_one_and_keep_the_floor(self, arms, floor):
        weights = thompson_weights(arms, np.random.default_rng(0), floor=floor, draws=500)
        assert sum(weights.values()) == pytest.approx(1)
        assert all(weight >= floor - 1e-9 for weight in weights.values())
        assert set(weights) == set(arms)

    def test_is_the_chance_to_be_the_best(self):
        arms = {"a": Arm(12, 200), "b": Arm(18, 220)}
        exact, _ = integrate.quad(
            lambda p: stats.beta.pdf(p, 19, 203) * stats.beta.cdf(p, 13, 189), 0, 1
        )
        weights = thompson_weights(arms, np.random.default_rng(1), floor=0, draws=200_000)
        assert weights["b"] == pytest.approx(exact, abs=0.005)

    def test_arms_that_nobody_tried_are_equal(self):
        weights = thompson_weights({"a": Arm(0, 0), "b": Arm(0, 0)}, np.random.default_rng(2))
        assert weights["a"] == pytest.approx(0.5, abs=0.02)

    def test_the_same_seed_gives_the_same_weights(self):
        arms = {"a": Arm(3, 50), "b": Arm(5, 60)}
        first, second = (thompson_weights(arms, np.random.default_rng(9)) for _ in range(2))
        assert first == second

    def test_finds_the_better_arm(self):
        """Over 20 phases of 500 customers, 4 % against 6 %: most end on the better arm."""
        found = 0
        for seed in range(40):
            rng = np.random.default_rng(seed)
            rates, shown, won = {"a": 0.04, "b": 0.06}, {"a": 0, "b": 0}, {"a": 0, "b": 0}
            weights = {"a": 0.5, "b": 0.5}
            for _ in range(20):
                for name, rate in rates.items():
                    count = round(500 * weights[name])
                    shown[name] += count
                    won[name] += int(rng.binomial(count, rate))
                arms = {name: Arm(won[name], shown[name]) for name in rates}
                weights = thompson_weights(arms, rng, draws=2000)
            found += weights["b"] > 0.8
        assert found >= 34

    def test_refuses_a_floor_that_is_more_than_there_is(self):
        with pytest.raises(InvalidRate, match="floor"):
            thompson_weights({"a": Arm(0, 1), "b": Arm(0, 1)}, np.random.default_rng(), floor=0.6)

    def test_refuses_to_choose_among_nothing(self):
        with pytest.raises(NoPositiveWeight):
            thompson_weights({}, np.random.default_rng())

    @pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5)])
    def test_refuses_what_is_no_rate(self, successes, trials):
        with pytest.raises(InvalidRate):
            Arm(successes, trials)
