"""Bandits: weights follow what was learned, and nobody is written off too early."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from launchopt_core.bandit import (
    Arm,
    Delays,
    GaussianArm,
    LinearArms,
    arm_of,
    best_arm,
    thompson_weights,
)
from launchopt_core.errors import InvalidRate, InvalidWindow, NoPositiveWeight
from launchopt_core.moments import Moments

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


class TestGaussianArm:
    def test_is_the_chance_that_its_mean_is_larger(self):
        values = np.random.default_rng(0).gamma(2, 10, (2, 400))
        arms = {
            n: GaussianArm(Moments.of(v.tolist()), 20, 14)
            for n, v in zip("ab", values, strict=True)
        }
        apart = values[0].mean() - values[1].mean()
        chance = stats.norm.cdf(apart / np.sqrt(values.var(axis=1, ddof=1).sum() / 400))
        weights = thompson_weights(arms, np.random.default_rng(1), floor=0)
        assert weights["a"] == pytest.approx(chance, abs=0.02)

    def test_one_customer_is_not_believed_at_once(self):
        arms = {
            "lucky": GaussianArm(Moments(1, 90, 8100), 20, 14),
            "known": GaussianArm(Moments.of([22.0, 18.0] * 200), 20, 14),
        }
        assert 0.5 < thompson_weights(arms, np.random.default_rng(0))["lucky"] < 0.96

    def test_customers_who_spent_nothing_are_no_certainty(self):
        arms = {name: GaussianArm(Moments(3, 0, 0), 20, 14) for name in "ab"}
        weights = thompson_weights(arms, np.random.default_rng(0))
        assert weights["a"] == pytest.approx(0.5, abs=0.02)


class TestBestArm:
    def test_is_told_once_it_is_sure(self):
        rng = np.random.default_rng(0)
        assert best_arm({"a": Arm(40, 1000), "b": Arm(90, 1000)}, rng) == "b"

    def test_is_nobody_before(self):
        rng = np.random.default_rng(0)
        assert best_arm({"a": Arm(40, 1000), "b": Arm(45, 1000)}, rng) is None


class TestDelays:
    def test_of_the_old_are_their_plain_distribution(self):
        seen = np.random.default_rng(0).exponential(3, 500)
        found = Delays.learned(seen, np.full(500, 1000.0))
        ages = np.array([0.5, 3.0, 10.0])
        plain = (seen[:, None] <= ages).mean(axis=0)
        assert found.share_arrived(ages) == pytest.approx(plain)

    def test_quick_conversions_of_the_young_are_not_taken_for_all(self):
        """Most customers are younger than the delays are long."""
        rng = np.random.default_rng(1)
        ages, delays = rng.uniform(0, 20, 40_000), rng.exponential(3, 40_000)
        here = delays <= ages
        found = Delays.learned(delays[here], ages[here]).share_arrived([1, 3, 6])
        naive = (delays[here][:, None] <= [1, 3, 6]).mean(axis=0)
        truth = 1 - np.exp(-np.array([1, 3, 6]) / 3)
        assert found == pytest.approx(truth, abs=0.015)
        assert (naive > truth + 0.02).all()

    def test_a_fixed_lag_is_found(self):
        found = Delays.learned([3.0] * 50, [5.0] * 50)
        assert found.share_arrived([2.9, 3.0]).tolist() == [0.0, 1.0]

    @settings(deadline=None)
    @given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), max_size=30))
    def test_are_a_distribution_whatever_was_seen(self, pairs):
        delays, ages = (np.array([f(pair) for pair in pairs]) for f in (min, max))
        found = Delays.learned(delays, ages)
        share = found.share_arrived(np.linspace(0, 60, 50))
        assert ((share >= 0) & (share <= 1)).all()
        assert (np.diff(share) >= 0).all()
        assert not pairs or share[-1] == 1

    @pytest.mark.parametrize(("delay", "age"), [(-1, 2), (3, 2), (1, np.nan)])
    def test_refuse_what_cannot_have_been_seen(self, delay, age):
        with pytest.raises(InvalidWindow):
            Delays.learned([delay], [age])

    @pytest.mark.parametrize("age", [1.0, 2.0, 4.0, 8.0])
    def test_the_corrected_rate_is_unbiased_at_every_age(self, age):
        rng = np.random.default_rng(2)
        delays = Delays.learned(rng.exponential(3, 4000), np.full(4000, 500.0))
        rates, naive = [], []
        for _ in range(300):
            ages = rng.uniform(0, age, 1000)
            arrived = ((rng.random(1000) < 0.06) & (rng.exponential(3, 1000) <= ages)).sum()
            arm = arm_of(float(arrived), ages, delays)
            rates.append(arm.successes / arm.trials)
            naive.append(arrived / 1000)
        error = np.std(rates) / np.sqrt(300) + 0.06 * 0.02  # of the repeats, and of the delays
        assert np.mean(rates) == pytest.approx(0.06, abs=3 * error)
        assert np.mean(naive) < 0.045

    def test_a_young_variant_is_not_worse_for_being_young(self):
        """Both convert alike; one is a day old, the other twenty."""
        delays = Delays.learned(np.random.default_rng(0).exponential(3, 4000), np.full(4000, 500.0))
        here = 1 - np.exp(-0.5 / 3)
        young = arm_of(round(0.05 * 20_000 * here), np.full(20_000, 0.5), delays)
        old = arm_of(0.05 * 20_000, np.full(20_000, 500.0), delays)
        rng = np.random.default_rng(1)
        fair = thompson_weights({"young": young, "old": old}, rng)
        hasty = thompson_weights({"young": Arm(young.successes, 20_000), "old": old}, rng)
        assert fair["young"] > 0.2
        assert hasty["young"] == pytest.approx(0.05)


class TestLinearArms:
    def learned(self, seed: int = 0, customers: int = 2000) -> tuple[LinearArms, np.ndarray]:
        """Arm 0 is better for customers with a positive feature, arm 1 for the others."""
        rng = np.random.default_rng(seed)
        known = np.column_stack([np.ones(customers), rng.normal(size=customers)])
        arm = rng.integers(0, 2, customers)
        reward = 0.3 + np.where(arm == 0, 1, -1) * known[:, 1] + rng.normal(0, 0.5, customers)
        return LinearArms.blank(2, 2, noise=0.5).learned(known, arm, reward), known

    def test_chooses_by_what_is_known_of_the_customer(self):
        arms, _ = self.learned()
        chosen = arms.probabilities([[1, 1.5], [1, -1.5]], np.random.default_rng(0))
        assert chosen == pytest.approx(np.array([[0.95, 0.05], [0.05, 0.95]]), abs=0.01)

    def test_knows_nothing_at_first(self):
        blank = LinearArms.blank(3, 2, noise=1.0)
        chosen = blank.probabilities([[1, 0.3]], np.random.default_rng(0))
        assert chosen[0] == pytest.approx(np.full(3, 1 / 3), abs=0.06)

    def test_two_batches_say_the_same_as_both_together(self):
        rng = np.random.default_rng(4)
        known, arm, reward = rng.normal(size=(50, 3)), rng.integers(0, 2, 50), rng.normal(size=50)
        blank = LinearArms.blank(2, 3, noise=1.0)
        parts = blank.learned(known[:20], arm[:20], reward[:20]).learned(
            known[20:], arm[20:], reward[20:]
        )
        whole = blank.learned(known, arm, reward)
        np.testing.assert_allclose(parts.gram, whole.gram)
        np.testing.assert_allclose(parts.target, whole.target)

    def test_probabilities_are_propensities(self):
        arms, known = self.learned()
        chosen = arms.probabilities(known[:200], np.random.default_rng(0), floor=0.1)
        assert chosen.sum(axis=1) == pytest.approx(np.ones(200))
        assert chosen.min() >= 0.1 - 1e-9

    @pytest.mark.parametrize(("arms", "width", "noise"), [(0, 1, 1.0), (1, 0, 1.0), (1, 1, 0.0)])
    def test_refuse_nothing_to_choose_from(self, arms, width, noise):
        with pytest.raises(InvalidRate):
            LinearArms.blank(arms, width, noise=noise)
