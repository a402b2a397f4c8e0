"""Off-policy evaluation: values known by construction are found, with intervals that hold them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launchopt_core.errors import InvalidRate, TooFewObservations
from launchopt_core.offpolicy import Evaluation, Log, Policy, Valued, evaluate, promotion

CONTEXTS, ACTIONS = 4, 5


class World:
    """Contexts with known reward rates, a policy in force, and another to be judged."""

    def __init__(self, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.rate = rng.uniform(0.05, 0.4, (CONTEXTS, ACTIONS))
        self.force = 0.7 * rng.dirichlet(np.ones(ACTIONS), CONTEXTS) + 0.3 / ACTIONS
        self.other = rng.dirichlet(np.ones(ACTIONS), CONTEXTS)
        self.share = rng.dirichlet(np.full(CONTEXTS, 4.0))
        self.value = float((self.share[:, None] * self.other * self.rate).sum())

    def log(self, rows: int, rng: np.random.Generator) -> Log:
        context = rng.choice(CONTEXTS, rows, p=self.share)
        action = (self.force[context].cumsum(axis=1) < rng.random(rows)[:, None]).sum(axis=1)
        action = np.minimum(action, ACTIONS - 1)
        reward = (rng.random(rows) < self.rate[context, action]).astype(float)
        propensity = self.force[context, action]
        return Log(context, action, reward, propensity, np.eye(CONTEXTS), ACTIONS)


def judged(log: Log, policy: np.ndarray) -> Evaluation:
    return evaluate(log, Policy(policy), rng=np.random.default_rng(0))


class TestEvaluate:
    def test_intervals_hold_the_known_value_as_often_as_they_say(self):
        """200 logs here; 500 in `python -m benchmarks.inference`."""
        world, rng = World(), np.random.default_rng(1)
        names = ("ips", "snips", "direct", "doubly_robust")
        found = [judged(world.log(800, rng), world.other) for _ in range(200)]
        values = {n: np.array([getattr(e, n).value for e in found]) for n in names}
        limits = {n: np.array([getattr(e, n).interval for e in found]).T for n in names}
        for name in names:
            low, high = limits[name]
            covered = ((low <= world.value) & (world.value <= high)).mean()
            assert 0.95 - 3 * 0.0154 <= covered <= 0.99
            assert abs(values[name].mean() - world.value) < 4 * values[name].std() / np.sqrt(200)
            assert (high - low).mean() < 1.2 * 2 * 1.96 * values[name].std()
        errors = {n: ((values[n] - world.value) ** 2).mean() for n in names}
        assert errors["doubly_robust"] < errors["ips"]

    def test_the_policy_in_force_is_worth_what_it_earned(self):
        world = World()
        log = world.log(3000, np.random.default_rng(2))
        found = judged(log, world.force)
        assert found.ips.value == pytest.approx(log.reward.mean())
        assert found.snips.value == pytest.approx(log.reward.mean())
        assert found.effective_sample_size == pytest.approx(3000)

    def test_intervals_hold_the_value_where_rewards_are_few(self):
        """About ten rewards speak of the policy: plain intervals would be low too often."""
        rng = np.random.default_rng(5)
        held = []
        for _ in range(200):
            action = rng.integers(0, 10, 2000)
            reward = (rng.random(2000) < 0.05).astype(float)
            zeros = np.zeros(2000, dtype=int)
            log = Log(zeros, action, reward, np.full(2000, 0.1), np.zeros((1, 0)), 10)
            low, high = judged(log, np.eye(10)[:1]).ips.interval
            held.append((low <= 0.05, high >= 0.05))
        below, above = np.array(held).mean(axis=0)
        assert min(below, above) > 0.945
        assert below + above - 1 > 0.91

    def test_thin_cells_are_told_by_the_ridge(self):
        """Rates that add up: a model of a few numbers knows what 600 thin cells cannot tell."""
        rng = np.random.default_rng(3)
        contexts, actions, rows = 60, 10, 1200
        features = rng.normal(size=(contexts, 2))
        by_context = features @ [0.05, -0.04]
        rate = np.clip(0.4 + by_context[:, None] + np.linspace(-0.2, 0.2, actions), 0, 1)
        other = rng.dirichlet(np.ones(actions), contexts)
        truth = (other * rate).sum(axis=1).mean()
        values, limits = [], []
        for _ in range(60):
            context = rng.integers(0, contexts, rows)
            action = rng.integers(0, actions, rows)
            reward = (rng.random(rows) < rate[context, action]).astype(float)
            log = Log(context, action, reward, np.full(rows, 1 / actions), features, actions)
            direct = judged(log, other).direct
            values.append(direct.value)
            limits.append(direct.interval)
        low, high = np.array(limits).T
        assert abs(np.mean(values) - truth) < 0.01
        assert ((low <= truth) & (truth <= high)).mean() > 0.85

    def test_what_the_log_never_shows_is_told(self):
        world = World()
        log = world.log(1500, np.random.default_rng(4))
        unseen = np.zeros((CONTEXTS, ACTIONS + 1))
        unseen[:, :ACTIONS], unseen[:, ACTIONS] = 0.75 * world.other, 0.25
        wider = Log(log.context, log.action, log.reward, log.propensity, log.features, ACTIONS + 1)
        found = judged(wider, unseen)
        assert 0.1 < found.unseen < 0.25
        assert judged(log, world.other).unseen < 0.01
        assert "never shows" in promotion(found).reason

    @settings(deadline=None)
    @given(seed=st.integers(0, 50), scale=st.sampled_from([0.5, 3.0, 100.0]))
    def test_rewards_in_another_unit_scale_every_estimate(self, seed, scale):
        world = World(seed)
        log = world.log(300, np.random.default_rng(seed))
        scaled = Log(
            log.context, log.action, log.reward * scale, log.propensity, log.features, ACTIONS
        )
        one, other = judged(log, world.other), judged(scaled, world.other)
        for name in ("ips", "snips", "direct", "doubly_robust"):
            assert getattr(other, name).value == pytest.approx(scale * getattr(one, name).value)

    def test_refuses_a_policy_that_nothing_speaks_of(self):
        log = World().log(50, np.random.default_rng(0))
        with pytest.raises(InvalidRate, match="never chooses"):
            judged(log, np.zeros((CONTEXTS, ACTIONS)))

    def test_refuses_probabilities_that_sum_to_more_than_one(self):
        with pytest.raises(InvalidRate, match="sum to 1"):
            Policy(np.full((1, 3), 0.5))

    @pytest.mark.parametrize("propensity", [0.0, -0.1, 1.5])
    def test_refuses_a_propensity_that_is_none(self, propensity):
        two = np.zeros(2, dtype=int)
        with pytest.raises(InvalidRate, match="propensity"):
            Log(two, two, np.ones(2), np.full(2, propensity), np.zeros((1, 0)), 1)

    def test_refuses_a_log_of_one_row(self):
        one = np.zeros(1, dtype=int)
        with pytest.raises(TooFewObservations):
            Log(one, one, np.ones(1), np.ones(1), np.zeros((1, 0)), 1)


class TestPromotion:
    def evaluation(self, *, effective: float, gain: tuple[float, float]) -> Evaluation:
        any_ = Valued(0.1, (0.0, 0.2))
        return Evaluation(any_, any_, any_, any_, Valued(0.1, gain), any_, effective, 0.0)

    def test_is_refused_where_the_effective_sample_is_too_small(self):
        found = promotion(self.evaluation(effective=199, gain=(0.05, 0.1)))
        assert not found.allowed
        assert "effective sample" in found.reason

    def test_is_refused_where_the_gain_may_be_none(self):
        assert not promotion(self.evaluation(effective=5000, gain=(-0.01, 0.1))).allowed

    def test_is_allowed_where_the_gain_is_beyond_chance(self):
        assert promotion(self.evaluation(effective=5000, gain=(0.01, 0.1))).allowed
