"""Uplift of past launches: the level of similar ones, and a ranking believed as far as it holds."""

from __future__ import annotations

import numpy as np
import pytest

from launchopt_ml.uplift import LaunchUplift, PastLaunch, TooSmallTrial
from launchopt_ml.uplift.blend import blended
from launchopt_ml.uplift.logistic import Logistic
from launchopt_ml.uplift.past import Level, folds_by_launch, level_of, pooled, trial_of

NAMES = ("fond", "noise")


def past(
    sku: str = "MUG",
    *,
    customers: int = 2000,
    effect: float = 0.1,
    moves_everybody: bool = False,
    share: float = 0.5,
    contacts: float = 1.0,
    seed: int = 0,
) -> PastLaunch:
    """A launch that moves those whose first feature is positive, or everybody alike."""
    rng = np.random.default_rng([seed, *sku.encode()])
    features = rng.normal(size=(customers, 2))
    treated = rng.random(customers) < share
    moved = treated if moves_everybody else treated & (features[:, 0] > 0)
    bought = rng.random(customers) < 0.05 + effect * moved
    return PastLaunch(sku, features, treated, bought, np.full(customers, share), contacts)


def level(sku: str, effect: float, error: float = 0.01) -> Level:
    return Level(sku, 100, 100, 10, 1.0, effect, error, 0.0)


ALIKE = np.ones(4)


class TestLevel:
    def test_is_the_difference_of_the_arms_for_each_contact(self):
        told = level_of(past(effect=0.1, contacts=2.0), score=np.zeros(2000))
        assert told.effect == pytest.approx(0.025, abs=2.5 * told.standard_error)

    def test_shares_that_changed_fake_no_effect(self):
        """Late customers buy less, and most of them are treated: without weights that is harm."""
        rng = np.random.default_rng(0)
        late = rng.random(20_000) < 0.5
        share = np.where(late, 0.9, 0.1)
        treated = rng.random(20_000) < share
        bought = rng.random(20_000) < np.where(late, 0.05, 0.25)
        told = level_of(
            PastLaunch("M", np.zeros((20_000, 1)), treated, bought, share, 1.0),
            score=np.zeros(20_000),
        )
        assert bought[treated].mean() - bought[~treated].mean() < -0.1
        assert abs(told.effect) < 3 * told.standard_error

    def test_nobody_bought_is_not_certain(self):
        nobody = past(customers=100)
        nobody.bought[:] = False
        assert level_of(nobody, score=np.zeros(100)).standard_error > 0

    def test_launches_that_differ_leave_more_doubt_than_those_alike(self):
        alike = pooled([level("A", 0.02), level("B", 0.02)])
        apart = pooled([level("A", -0.08), level("B", 0.12)])
        assert apart.effect == pytest.approx(alike.effect)
        assert apart.standard_error > 3 * alike.standard_error
        assert alike.is_shown
        assert not apart.is_shown


class TestLogistic:
    def test_finds_the_chances_that_made_the_outcomes(self):
        rng = np.random.default_rng(0)
        features = rng.normal(3.0, 10.0, size=(20_000, 2))
        true = 1 / (1 + np.exp(2.0 - 0.1 * (features[:, 0] - 3)))
        model = Logistic.fit(features, (rng.random(20_000) < true).astype(float))
        assert np.abs(model.predict(features) - true).mean() < 0.01

    def test_says_the_rate_where_features_say_nothing(self):
        outcome = np.repeat([1.0, 0.0], [30, 270])
        found = Logistic.fit(np.full((300, 1), 7.0), outcome).predict(np.array([[7.0], [9.0]]))
        np.testing.assert_allclose(found[0], 0.1, atol=0.005)

    def test_nobody_who_bought_is_a_small_chance_and_no_error(self):
        rare = Logistic.fit(np.random.default_rng(0).normal(size=(100, 3)), np.zeros(100))
        assert 0 < rare.predict(np.zeros((1, 3)))[0] < 0.02

    def test_what_is_unknown_counts_as_the_mean(self):
        features = np.array([[1.0], [2.0], [np.nan], [3.0]])
        model = Logistic.fit(features, np.array([0.0, 0.0, 1.0, 1.0]))
        unknown, middle = model.predict(np.array([[np.nan], [2.0]]))
        assert unknown == middle


class TestBlend:
    def test_its_trees_find_those_in_the_middle_whom_no_regression_tells(self):
        rng = np.random.default_rng(0)
        features = rng.normal(size=(6_000, 2))
        treated, middle = rng.random(6_000) < 0.5, np.abs(features[:, 0]) < 0.7
        bought = rng.random(6_000) < 0.05 + 0.3 * (treated & middle)
        one = PastLaunch("M", features, treated, bought, np.full(6_000, 0.5), 1.0)
        model = blended(trial_of([one])[0], seed=0)
        low, moved, high = model.predict(np.array([[-1.5, 0.0], [0.0, 0.0], [1.5, 0.0]]))
        assert moved > 0.03 + max(low, high)


class TestLaunchUplift:
    def test_finds_whom_contacts_move(self):
        model = LaunchUplift.fit([past(sku) for sku in "ABCD"], features=NAMES)
        new = np.array([[1.0, 0.0], [-1.0, 0.0]])
        moved, unmoved = model.expected(new, similarity=ALIKE).per_contact
        assert moved == pytest.approx(0.1, abs=0.03)
        assert unmoved == pytest.approx(0.0, abs=0.03)
        assert model.card["metrics"]["qini_interval"][0] > 0

    def test_gives_everybody_the_same_where_the_ranking_is_chance(self):
        launches = [past(sku, moves_everybody=True) for sku in "ABCD"]
        model = LaunchUplift.fit(launches, features=NAMES)
        found = model.expected(np.random.default_rng(1).normal(size=(50, 2)), similarity=ALIKE)
        assert np.ptp(found.per_contact) == 0
        assert found.per_contact[0] == pytest.approx(0.1, abs=0.02)

    def test_takes_the_level_from_the_most_similar(self):
        strong = [past(f"S{n}", customers=1000, effect=0.3) for n in range(10)]
        weak = [past(f"W{n}", customers=1000, effect=0.02) for n in range(3)]
        model = LaunchUplift.fit([*strong, *weak], features=NAMES)
        near_weak = np.array([*np.linspace(0, 0.1, 10), 0.9, 0.9, 0.9])
        near_strong = np.array([*np.linspace(0.5, 0.6, 10), 0.1, 0.1, 0.1])
        new = np.zeros((1, 2))
        found = model.expected(new, similarity=near_weak)
        assert {one.sku for one in found.launches[:3]} == {"W0", "W1", "W2"}
        assert found.level.effect < model.expected(new, similarity=near_strong).level.effect

    def test_is_the_same_after_saving(self, tmp_path):
        model = LaunchUplift.fit([past("A"), past("B")], features=NAMES)
        model.save(tmp_path)
        new, alike = np.random.default_rng(2).normal(size=(20, 2)), np.ones(2)
        again = LaunchUplift.load(tmp_path)
        np.testing.assert_array_equal(
            again.expected(new, similarity=alike).per_contact,
            model.expected(new, similarity=alike).per_contact,
        )
        assert again.card == model.card

    def test_one_launch_is_judged_by_customers_it_has_not_seen(self):
        model = LaunchUplift.fit([past("A")], features=NAMES)
        assert model.card["folds"] == "customers"

    def test_whole_launches_are_held_out(self):
        trial, launch = trial_of([past(sku, customers=300) for sku in "ABCDEFG"])
        fold = folds_by_launch(trial, launch, seed=0)
        assert all(len(np.unique(fold[launch == number])) == 1 for number in range(7))

    def test_refuses_launches_that_show_too_little(self):
        with pytest.raises(TooSmallTrial, match="fewest"):
            LaunchUplift.fit([past(customers=60)], features=NAMES)
