"""Quantiles: intervals of ranks like scipy's, errors like those of a known density."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from launchopt_core.errors import InvalidRate, TooFewObservations
from launchopt_core.inference import (
    Companion,
    Kind,
    Sample,
    Terms,
    compare,
    quantile_interval,
    quantile_of,
    read,
)


class TestInterval:
    @pytest.mark.parametrize("level", [0.1, 0.5, 0.9, 0.99])
    @pytest.mark.parametrize("count", [60, 501])
    def test_is_that_of_scipys_order_statistics(self, level, count):
        values = np.random.default_rng(count).lognormal(size=count)
        oracle = stats.quantile_test(values, p=level).confidence_interval(0.95)
        expected = [bound if np.isfinite(bound) else None for bound in oracle]
        found = quantile_interval(values, level)
        assert [bound if np.isfinite(bound) else None for bound in found] == expected

    @pytest.mark.parametrize("level", [0.5, 0.9])
    def test_covers_at_least_as_often_as_it_says(self, level):
        rng = np.random.default_rng(1)
        truth = stats.lognorm(1).ppf(level)
        limits = [quantile_interval(rng.lognormal(size=80), level) for _ in range(400)]
        assert np.mean([low <= truth <= high for low, high in limits]) >= 0.93


class TestError:
    def test_is_that_of_the_density_in_large_samples(self):
        values = np.random.default_rng(2).normal(size=200_000)
        for level in (0.25, 0.5, 0.9):
            at = stats.norm.ppf(level)
            asymptotic = np.sqrt(level * (1 - level) / len(values)) / stats.norm.pdf(at)
            assert quantile_of(values, level).standard_error == pytest.approx(asymptotic, rel=0.05)

    def test_of_clustered_observations_is_that_of_the_units(self):
        """Each unit's observations say the same: ten of them are worth one."""
        values = np.random.default_rng(3).normal(size=2_000)
        once = quantile_of(values, 0.5)
        ten = quantile_of(np.repeat(values, 10), 0.5, units=np.repeat(np.arange(2_000), 10))
        naive = quantile_of(np.repeat(values, 10), 0.5)
        assert ten.standard_error == pytest.approx(once.standard_error, rel=0.02)
        assert naive.standard_error < once.standard_error / 2.5
        assert (ten.units, naive.units) == (2_000, 20_000)

    def test_of_one_observation_a_unit_is_that_without_units(self):
        values = np.random.default_rng(4).normal(size=999)
        plain, told = quantile_of(values, 0.3), quantile_of(values, 0.3, units=range(999))
        assert told.standard_error == pytest.approx(plain.standard_error, rel=0.05)

    def test_is_unknown_where_ranks_leave_the_sample_or_all_are_tied(self):
        assert np.isnan(quantile_of(range(20), 0.99).standard_error)
        assert np.isnan(quantile_of([5] * 100, 0.5).standard_error)
        assert np.isnan(quantile_of(range(20), 0.5, units=["the same"] * 20).standard_error)


class TestComparison:
    def test_of_equal_groups_covers_nothing_in_95_of_100(self):
        rng = np.random.default_rng(5)
        found = [[_cell(rng.lognormal(size=600)) for _ in range(400)] for _ in range(2)]
        control, treatment = (_stacked(cells) for cells in found)
        reading = read(compare(control, treatment), Terms())
        covered = np.mean((reading.low <= 0) & (reading.high >= 0))
        assert 0.92 <= covered <= 0.98


class TestImpossibleInput:
    @pytest.mark.parametrize("level", [0, 1, -0.1, float("nan")])
    def test_refuses_a_level_outside_zero_to_one(self, level):
        with pytest.raises(InvalidRate, match="level of a quantile"):
            quantile_of([1, 2, 3], level)

    def test_refuses_nothing_and_what_is_no_number(self):
        with pytest.raises(TooFewObservations, match="nothing"):
            quantile_of([], 0.5)
        with pytest.raises(InvalidRate, match="finite"):
            quantile_of([1, float("nan")], 0.5)
        with pytest.raises(InvalidRate, match="confidence"):
            quantile_interval([1, 2], 0.5, confidence=1)


def _cell(values: np.ndarray) -> tuple[int, float, float]:
    told = quantile_of(values, 0.9)
    return told.units, told.value, told.variance


def _stacked(cells: list[tuple[int, float, float]]) -> Sample:
    count, mean, variance = np.array(cells).T
    kind = np.full(count.shape, Kind.QUANTILE, dtype=np.int8)
    none = Companion.none(count)
    return Sample(kind, count, mean, variance, none, none, count)
