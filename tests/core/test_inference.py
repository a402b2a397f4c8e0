"""Inference: equal to scipy where it has the test, honest where the data says nothing."""

from decimal import Decimal
from math import inf

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from launchopt_core.errors import InvalidRate, NoPositiveWeight, TooFewObservations
from launchopt_core.inference import (
    Code,
    Difference,
    SampleRatio,
    Stratum,
    compare_means,
    compare_proportions,
    compare_strata,
    or_none,
    relative_interval,
    sample_ratio,
    verdict,
)
from launchopt_core.moments import Moments


def samples(seed: int, shift: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.gamma(2, 3, size=80), rng.gamma(2, 4, size=53) + shift


class TestCompareMeans:
    @pytest.mark.parametrize("seed", range(5))
    def test_is_welchs_test(self, seed):
        control, treatment = samples(seed)
        ours = compare_means(Moments.of(control), Moments.of(treatment))
        oracle = stats.ttest_ind(treatment, control, equal_var=False)
        assert ours.p_value == pytest.approx(oracle.pvalue, rel=1e-9)
        assert ours.degrees == pytest.approx(oracle.df, rel=1e-9)
        interval = oracle.confidence_interval(0.95)
        assert ours.interval() == pytest.approx((interval.low, interval.high), rel=1e-9)

    def test_covers_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(11)
        covered = 0
        for _ in range(1000):
            groups = rng.poisson(0.4, (2, 200)) + np.array([[0], [0]])
            low, high = compare_means(*(Moments.of(g.tolist()) for g in groups)).interval()
            covered += low <= 0 <= high
        assert 930 <= covered <= 970

    @given(a=st.integers(2, 99), b=st.integers(2, 99), x=st.integers(0, 99), y=st.integers(0, 99))
    def test_swapping_the_groups_turns_the_sign(self, a, b, x, y):
        control = Moments.of_proportion(min(x, a), a)
        treatment = Moments.of_proportion(min(y, b), b)
        there, back = compare_means(control, treatment), compare_means(treatment, control)
        assert there.estimate == -back.estimate
        assert there.p_value == pytest.approx(back.p_value)

    @given(a=st.integers(2, 99), b=st.integers(2, 99), x=st.integers(0, 99), y=st.integers(0, 99))
    def test_is_conclusive_exactly_where_p_is_below_alpha(self, a, b, x, y):
        difference = compare_means(
            Moments.of_proportion(min(x, a), a), Moments.of_proportion(min(y, b), b)
        )
        if abs(difference.p_value - 0.05) > 1e-9:
            assert difference.is_conclusive(0.05) == (difference.p_value < 0.05)

    def test_takes_the_exact_sums_of_the_database(self):
        exact = compare_means(
            Moments(10, Decimal("12.50"), Decimal("40.25")), Moments(9, Decimal(20), Decimal(60))
        )
        floats = compare_means(Moments(10, 12.5, 40.25), Moments(9, 20.0, 60.0))
        assert exact == floats

    def test_nothing_that_varies_is_no_evidence(self):
        same = compare_means(Moments(50, 0, 0), Moments(50, 0, 0))
        assert (same.p_value, same.interval(), same.is_conclusive()) == (1.0, (0.0, 0.0), False)

    @pytest.mark.parametrize("counts", [(0, 10), (1, 10), (10, 1)])
    def test_refuses_groups_too_small_to_vary(self, counts):
        with pytest.raises(TooFewObservations, match="too few"):
            compare_means(*(Moments(count, 0, 0) for count in counts))


class TestCompareStrata:
    def test_shares_that_never_changed_give_welchs_comparison(self):
        control, treatment = samples(3)
        halves = [Stratum(Moments.of(part), 0.5) for part in (treatment[:20], treatment[20:])]
        ours = compare_strata([Stratum(Moments.of(control), 0.5)], halves)
        assert ours == compare_means(Moments.of(control), Moments.of(treatment))

    def test_changed_weights_cannot_fake_an_effect(self):
        """Early customers buy four times as often as late ones; the variant changes nothing."""
        rng = np.random.default_rng(6)
        adjusted, naive = 0, 0
        for _ in range(300):
            strata = {"holdout": [], "b": []}
            for rate, share in ((0.4, 0.1), (0.1, 0.8)):
                for name, part in (("holdout", 0.1), ("b", share)):
                    count = round(4000 * part)
                    bought = int(rng.binomial(count, rate))
                    strata[name].append(Stratum(Moments.of_proportion(bought, count), part))
            adjusted += compare_strata(strata["holdout"], strata["b"]).is_conclusive()
            pooled = [sum((s.moments for s in g), Moments(0, 0, 0)) for g in strata.values()]
            naive += compare_means(*pooled).is_conclusive()
        assert naive > 290
        assert adjusted < 30

    def test_refuses_groups_too_small_to_vary(self):
        lone = [Stratum(Moments(1, 0, 0), 0.5), Stratum(Moments(0, 0, 0), 0.1)]
        with pytest.raises(TooFewObservations):
            compare_strata(lone, lone)


class TestCompareProportions:
    def test_is_walds_difference(self):
        ours = compare_proportions(Moments.of_proportion(45, 300), Moments.of_proportion(70, 310))
        p, q = 45 / 300, 70 / 310
        error = np.sqrt(p * (1 - p) / 300 + q * (1 - q) / 310)
        assert ours.interval() == pytest.approx(stats.norm.interval(0.95, q - p, error), rel=1e-9)
        assert ours.p_value == pytest.approx(2 * stats.norm.sf((q - p) / error), rel=1e-9)

    def test_reproduces_the_published_effect_of_an_email(self):
        """Hillstrom's men's e-mail: visits 10.6 % without, 18.3 % with (MineThatData, 2008)."""
        ours = compare_proportions(
            Moments.of_proportion(2262, 21306), Moments.of_proportion(3894, 21307)
        )
        assert ours.estimate == pytest.approx(0.0766, abs=5e-5)
        assert ours.interval() == pytest.approx((0.0700, 0.0832), abs=1e-4)

    def test_refuses_what_is_no_proportion(self):
        with pytest.raises(InvalidRate):
            compare_proportions(Moments(10, 20, 40), Moments(10, 5, 5))


class TestDifference:
    def test_an_interval_that_includes_zero_is_inconclusive(self):
        assert not Difference(0.1, 0.06, inf).is_conclusive()
        assert Difference(0.1, 0.04, inf).is_conclusive()

    def test_chance_and_loss_are_those_of_a_normal_belief(self):
        difference = Difference(0.3, 0.2, inf)
        draws = np.random.default_rng(5).normal(0.3, 0.2, 2_000_000)
        assert difference.chance_to_win == pytest.approx((draws > 0).mean(), abs=0.002)
        assert difference.expected_loss == pytest.approx(np.maximum(-draws, 0).mean(), rel=0.02)

    def test_without_error_it_is_certain(self):
        certain = Difference(-0.2, 0.0, inf)
        assert (certain.chance_to_win, certain.expected_loss) == (0.0, 0.2)
        assert certain.p_value == 0

    @pytest.mark.parametrize("alpha", [0, 1, -0.5])
    def test_refuses_an_alpha_that_is_none(self, alpha):
        with pytest.raises(InvalidRate):
            Difference(0.1, 0.1, inf).interval(alpha)


class TestRelativeInterval:
    def test_agrees_with_simulation(self):
        control, treatment = samples(1)
        low, high = relative_interval(Moments.of(control), Moments.of(treatment))
        rng = np.random.default_rng(2)
        ratios = [
            rng.choice(treatment, len(treatment)).mean() / rng.choice(control, len(control)).mean()
            for _ in range(4000)
        ]
        assert (low, high) == pytest.approx(np.quantile(ratios, [0.025, 0.975]) - 1, abs=0.06)

    def test_has_none_where_the_control_bought_nothing(self):
        assert relative_interval(Moments(50, 0, 0), Moments(50, 5, 5)) is None


class TestSampleRatio:
    @pytest.mark.parametrize("counts", [(500, 520), (5000, 5500), (90, 1000)])
    def test_is_pearsons_chi_square(self, counts):
        ours = sample_ratio(dict(zip("ab", counts, strict=True)), {"a": 1, "b": 1})
        assert ours.p_value == pytest.approx(stats.chisquare(counts).pvalue, rel=1e-9)
        assert ours.ok == (ours.p_value >= 0.001)

    def test_heeds_the_weights(self):
        assert sample_ratio({"holdout": 1000, "launch": 9000}, {"holdout": 1, "launch": 9}).ok

    def test_somebody_in_a_group_without_weight_is_a_fault(self):
        assert sample_ratio({"a": 100, "b": 1}, {"a": 1, "b": 0}) == SampleRatio(0.0, False)

    def test_nobody_yet_is_no_fault(self):
        assert sample_ratio({}, {"a": 1, "b": 1}).ok

    def test_refuses_weights_that_sum_to_nothing(self):
        with pytest.raises(NoPositiveWeight):
            sample_ratio({"a": 1}, {"a": 0})


class TestVerdict:
    def told(self, control: Moments, treatment: Moments, **options) -> str:
        return verdict(control, treatment, variant="B", **options).sentence

    def test_ships_what_is_better(self):
        assert self.told(Moments(1000, 50, 50), Moments(1000, 100, 100)) == "ship B"

    def test_keeps_the_control_where_the_variant_is_worse(self):
        assert self.told(Moments(1000, 100, 100), Moments(1000, 50, 50)).startswith("keep control")

    def test_says_so_when_the_interval_includes_zero(self):
        told = verdict(Moments(1000, 50, 50), Moments(1000, 55, 55), variant="B")
        assert told.code is Code.INCONCLUSIVE
        assert "includes zero" in told.sentence

    def test_unequal_groups_stop_it_however_large_the_effect(self):
        ratio = SampleRatio(0.0001, ok=False)
        told = self.told(Moments(1000, 50, 50), Moments(2000, 900, 900), ratio=ratio)
        assert told == "broken: unequal groups"

    @pytest.mark.parametrize(
        "groups", [(Moments(0, 0, 0), Moments(0, 0, 0)), (Moments(1000, 2, 2), Moments(1000, 5, 5))]
    )
    def test_says_so_when_it_is_too_early(self, groups):
        assert self.told(*groups).startswith("too early")


class TestOrNone:
    @pytest.mark.parametrize("value", [float("nan"), inf, -inf])
    def test_json_has_no_such_number(self, value):
        assert or_none(value) is None
