"""Comparisons: equal to scipy and statsmodels where they have the test."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import proportion

from launchopt_core.errors import ImpossibleInput, InvalidRate
from launchopt_core.inference import (
    Kind,
    Method,
    PairedStratum,
    Sample,
    Stratum,
    Sums,
    Terms,
    compare,
    difference_of,
    outcome_of_strata,
    outcomes_of_pair,
    read,
)
from launchopt_core.moments import Moments, PairedMoments

PRECISE = 1e-9


def samples(seed: int, shift: float = 0.3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.gamma(2, 3, size=80), rng.gamma(2, 4, size=53) + shift


def means(*groups: np.ndarray) -> list[Sample]:
    return [Sample.of([Moments.of(group.tolist())]) for group in groups]


def shares(*groups: tuple[int, int]) -> list[Sample]:
    """Groups of (ones, units)."""
    return [
        Sample.from_sums(kind=[Kind.PROPORTION], count=[n], sum=[ones], sum_squares=[ones])
        for ones, n in groups
    ]


def interval(difference, **terms) -> tuple[float, float]:
    reading = read(difference, Terms(**terms))
    return float(reading.low[0]), float(reading.high[0])


def p_value(difference, **terms) -> float:
    return float(read(difference, Terms(**terms)).p_value[0])


class TestMeans:
    @pytest.mark.parametrize("seed", range(5))
    def test_is_welchs_test(self, seed):
        control, treatment = samples(seed)
        ours = compare(*means(control, treatment))
        oracle = stats.ttest_ind(treatment, control, equal_var=False)
        assert p_value(ours) == pytest.approx(oracle.pvalue, rel=PRECISE)
        assert ours.degrees[0] == pytest.approx(oracle.df, rel=PRECISE)
        limits = oracle.confidence_interval(0.95)
        assert interval(ours) == pytest.approx((limits.low, limits.high), rel=PRECISE)

    def test_sums_say_the_same_as_exact_moments(self):
        groups = samples(1)
        sums = [
            Sample.from_sums(
                kind=[Kind.MEAN], count=[len(g)], sum=[g.sum()], sum_squares=[(g * g).sum()]
            )
            for g in groups
        ]
        assert interval(compare(*sums)) == pytest.approx(interval(compare(*means(*groups))))

    def test_many_comparisons_are_one_call(self):
        rng = np.random.default_rng(4)
        values = rng.gamma(2, 3, (2, 30, 50))  # (groups, comparisons, units)
        control, treatment = (Sample.of([Moments.of(row.tolist()) for row in g]) for g in values)
        ours = read(compare(control, treatment), Terms()).p_value
        oracle = stats.ttest_ind(values[1], values[0], axis=1, equal_var=False).pvalue
        np.testing.assert_allclose(ours, oracle, rtol=PRECISE)

    def test_covers_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(11)
        values = rng.poisson(0.4, (2, 1000, 200)).astype(float)
        control, treatment = (
            Sample.from_sums(
                kind=np.full(1000, Kind.MEAN),
                count=np.full(1000, 200),
                sum=g.sum(axis=1),
                sum_squares=(g**2).sum(axis=1),
            )
            for g in values
        )
        reading = read(compare(control, treatment), Terms())
        assert 930 <= (~reading.is_conclusive).sum() <= 970

    @settings(deadline=None)
    @given(a=st.integers(2, 99), b=st.integers(2, 99), x=st.integers(0, 99), y=st.integers(0, 99))
    def test_swapping_the_groups_turns_the_sign(self, a, b, x, y):
        groups = shares((min(x, a), a), (min(y, b), b))
        there, back = compare(*groups), compare(*reversed(groups))
        assert there.estimate[0] == -back.estimate[0]
        np.testing.assert_array_equal(there.standard_error, back.standard_error)

    @settings(deadline=None)
    @given(
        a=st.integers(2, 99),
        b=st.integers(2, 99),
        x=st.integers(0, 99),
        y=st.integers(0, 99),
        method=st.sampled_from([Method.FIXED, Method.SEQUENTIAL]),
    )
    def test_is_conclusive_exactly_where_p_is_below_alpha(self, a, b, x, y, method):
        reading = read(compare(*shares((min(x, a), a), (min(y, b), b))), Terms(method=method))
        if abs(reading.p_value[0] - 0.05) > 1e-9:
            assert reading.is_conclusive[0] == (reading.p_value[0] < 0.05)

    def test_takes_the_exact_sums_of_the_database(self):
        exact = [
            Sample.of([Moments(10, Decimal("12.50"), Decimal("40.25"))]),
            Sample.of([Moments(9, Decimal(20), Decimal(60))]),
        ]
        floats = [Sample.of([Moments(10, 12.5, 40.25)]), Sample.of([Moments(9, 20.0, 60.0)])]
        assert interval(compare(*exact)) == interval(compare(*floats))

    def test_where_nothing_varies_the_error_is_unknown(self):
        same = compare(*(Sample.of([Moments(50, 0, 0)]) for _ in range(2)))
        assert same.estimate[0] == 0
        assert np.isnan([*interval(same), p_value(same)]).all()
        assert not read(same, Terms()).is_conclusive[0]

    @pytest.mark.parametrize("counts", [(0, 10), (1, 10), (10, 1)])
    def test_says_nothing_of_groups_too_small_to_vary(self, counts):
        groups = [Sample.of([Moments(count, 0, 0)]) for count in counts]
        assert np.isnan(compare(*groups).standard_error[0])


class TestProportions:
    @pytest.mark.parametrize("groups", [((45, 300), (70, 310)), ((3, 4000), (12, 3900))])
    def test_is_walds_difference(self, groups):
        (one, n), (other, m) = groups
        ours = compare(*shares(*groups))
        oracle = proportion.confint_proportions_2indep(
            other, m, one, n, method="wald", compare="diff"
        )
        assert interval(ours) == pytest.approx(oracle, rel=PRECISE)
        test = proportion.test_proportions_2indep(other, m, one, n, method="wald", compare="diff")
        assert p_value(ours) == pytest.approx(test.pvalue, rel=PRECISE)

    def test_reproduces_the_published_effect_of_an_email(self):
        """Hillstrom's men's e-mail: visits 10.6 % without, 18.3 % with (MineThatData, 2008)."""
        ours = compare(*shares((2262, 21306), (3894, 21307)))
        assert ours.estimate[0] == pytest.approx(0.0766, abs=5e-5)
        assert interval(ours) == pytest.approx((0.0700, 0.0832), abs=1e-4)


class TestRatios:
    def test_is_the_delta_method(self):
        """The linearised ratio's variance is that of (value - ratio x denominator) / mean."""
        rng = np.random.default_rng(3)
        orders = rng.poisson(2, (2, 500)) + 1.0
        money = orders * rng.gamma(3, 5, (2, 500))
        groups = [
            Sample.from_sums(
                kind=[Kind.RATIO],
                count=[500],
                sum=[y.sum()],
                sum_squares=[(y * y).sum()],
                denominator=Sums([d.sum()], [(d * d).sum()], [(y * d).sum()]),
            )
            for y, d in zip(money, orders, strict=True)
        ]
        ours = compare(*groups)
        rates = money.sum(axis=1) / orders.sum(axis=1)
        parts = (money - rates[:, None] * orders) / orders.mean(axis=1)[:, None]
        assert ours.estimate[0] == pytest.approx(rates[1] - rates[0])
        error = np.sqrt(parts.var(axis=1, ddof=1).sum() / 500)
        assert ours.standard_error[0] == pytest.approx(error, rel=PRECISE)

    def test_without_a_denominator_nothing_is_told(self):
        nothing = Sample.from_sums(
            kind=[Kind.RATIO], count=[9], sum=[0], sum_squares=[0], denominator=Sums([0], [0], [0])
        )
        assert np.isnan(compare(nothing, nothing).estimate[0])


class TestStrata:
    def test_shares_that_never_changed_give_welchs_comparison(self):
        control, treatment = samples(3)
        halves = [Stratum(Moments.of(part), 0.5) for part in (treatment[:20], treatment[20:])]
        groups = [Stratum(Moments.of(control), 0.5)], halves
        ours = difference_of(*(outcome_of_strata(group) for group in groups))
        plain = compare(*means(control, treatment))
        assert ours.standard_error == pytest.approx(plain.standard_error[0])
        assert ours.degrees == pytest.approx(plain.degrees[0])

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
            difference = difference_of(*(outcome_of_strata(group) for group in strata.values()))
            adjusted += int(read(difference, Terms()).is_conclusive)
            pooled = [sum((s.moments for s in g), Moments(0, 0, 0)) for g in strata.values()]
            plain = compare(*(Sample.of([moments]) for moments in pooled))
            naive += int(read(plain, Terms()).is_conclusive[0])
        assert naive > 290
        assert adjusted < 30

    def test_says_nothing_of_nobody(self):
        lone = outcome_of_strata([Stratum(Moments(1, 0, 0), 0.5), Stratum(Moments(0, 0, 0), 0.1)])
        nobody = outcome_of_strata([])
        assert np.isnan(difference_of(lone, nobody).estimate)


class TestStrataWithWhatCameBefore:
    @staticmethod
    def pairs(effect: float, *, seed: int, count: int = 400) -> list[PairedMoments]:
        """Control and treatment: what is bought follows what was bought before."""
        rng = np.random.default_rng(seed)
        before = rng.poisson(2.0, (2, count))
        after = rng.poisson(0.5 * before + np.array([[0.2], [0.2 + effect]]))
        return [
            PairedMoments.of(zip(y.tolist(), x.tolist(), strict=True))
            for y, x in zip(after, before, strict=True)
        ]

    def test_one_stratum_is_cuped_of_the_samples(self):
        groups = self.pairs(0.2, seed=0)
        ours = difference_of(*outcomes_of_pair(*([PairedStratum(g, 0.5)] for g in groups)))
        samples = (
            Sample.from_sums(
                kind=[Kind.MEAN],
                count=[g.value.count],
                sum=[float(g.value.sum)],
                sum_squares=[float(g.value.sum_squares)],
                covariate=Sums(
                    [float(g.covariate.sum)], [float(g.covariate.sum_squares)], [float(g.cross)]
                ),
            )
            for g in groups
        )
        theirs = compare(*samples)
        assert float(ours.estimate) == pytest.approx(theirs.estimate[0], rel=PRECISE)
        assert float(ours.standard_error) == pytest.approx(theirs.standard_error[0], rel=PRECISE)
        assert float(ours.base) == pytest.approx(theirs.base[0], rel=PRECISE)

    def test_takes_out_noise_and_keeps_the_effect(self):
        effects, errors, plain = [], [], []
        for seed in range(200):
            strata = [[PairedStratum(group, 0.5)] for group in self.pairs(0.2, seed=seed)]
            found = difference_of(*outcomes_of_pair(*strata))
            raw = difference_of(*(outcome_of_strata([s.less(0.0) for s in g]) for g in strata))
            effects.append(float(found.estimate))
            errors.append(float(found.standard_error))
            plain.append(float(raw.standard_error))
        assert np.mean(effects) == pytest.approx(0.2, abs=3 * np.std(effects) / 200**0.5)
        assert np.std(effects) == pytest.approx(np.mean(errors), rel=0.15)
        assert np.mean(errors) < 0.9 * np.mean(plain)

    def test_phases_keep_their_weights(self):
        early, late = self.pairs(0.0, seed=1), self.pairs(0.0, seed=2)
        strata = [
            [PairedStratum(one, share), PairedStratum(other, other_share)]
            for one, other, share, other_share in zip(
                early, late, (0.1, 0.45), (0.1, 0.9), strict=True
            )
        ]
        control, treatment = outcomes_of_pair(*strata)
        weighted = outcome_of_strata([s.less(0.0) for s in strata[1]])
        assert float(treatment.plain_mean) == pytest.approx(float(weighted.mean))
        assert float(control.count) == 800

    def test_where_nobody_was_known_before_nothing_changes(self):
        nothing = [PairedMoments(g.value, Moments(400, 0, 0), 0) for g in self.pairs(0.2, seed=3)]
        ours = outcomes_of_pair(*([PairedStratum(g, 0.5)] for g in nothing))
        plain = [outcome_of_strata([Stratum(g.value, 0.5)]) for g in nothing]
        assert [float(o.mean) for o in ours] == [float(o.mean) for o in plain]
        assert [float(o.variance) for o in ours] == [float(o.variance) for o in plain]


class TestRelative:
    def test_agrees_with_simulation(self):
        control, treatment = samples(1)
        reading = read(compare(*means(control, treatment)), Terms())
        rng = np.random.default_rng(2)
        ratios = [
            rng.choice(treatment, len(treatment)).mean() / rng.choice(control, len(control)).mean()
            for _ in range(4000)
        ]
        ours = reading.relative_low[0], reading.relative_high[0]
        assert ours == pytest.approx(np.quantile(ratios, [0.025, 0.975]) - 1, abs=0.06)

    def test_there_is_none_where_the_control_bought_nothing(self):
        ours = compare(*shares((0, 50), (5, 50)))
        assert np.isnan(ours.relative.estimate[0])
        assert ours.estimate[0] == 0.1


class TestSample:
    @pytest.mark.parametrize(
        ("fields", "rule"),
        [
            ({"kind": [0], "count": [10], "sum": [20], "sum_squares": [20]}, "proportion"),
            ({"kind": [0], "count": [10], "sum": [-1], "sum_squares": [1]}, "proportion"),
            ({"kind": [1], "count": [10], "sum": [20], "sum_squares": [20]}, "squares"),
            ({"kind": [1], "count": [-1], "sum": [0], "sum_squares": [0]}, "count"),
            ({"kind": [1], "count": [2], "sum": [np.inf], "sum_squares": [0]}, "finite"),
        ],
    )
    def test_refuses_what_no_units_can_sum_to(self, fields, rule):
        with pytest.raises(ImpossibleInput, match=rule):
            Sample.from_sums(**fields)

    def test_names_the_first_entry_that_is_wrong(self):
        with pytest.raises(ImpossibleInput, match="Entry 3"):
            Sample.from_sums(kind=[1, 1, 1], count=[2, 2, -2], sum=[1, 1, 1], sum_squares=[1, 1, 1])


class TestTerms:
    @pytest.mark.parametrize(
        "terms", [{"alpha": 0}, {"alpha": 1}, {"alpha": -0.5}, {"tuning": 0.0}]
    )
    def test_refuses_what_is_no_risk_and_no_size(self, terms):
        with pytest.raises(InvalidRate):
            Terms(**terms)

    def test_a_belief_has_no_p_value_to_correct(self):
        with pytest.raises(InvalidRate, match="Bayesian"):
            Terms(method=Method.BAYESIAN, correction="holm")
