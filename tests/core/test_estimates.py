"""Estimates say where they come from, and move when the data behind them changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import InvalidRate
from launchopt_core.estimates import (
    Estimate,
    Source,
    combined,
    shrunk_mean,
    shrunk_rate,
    weakest,
)

BELIEF = Estimate(0.02, Source.PRIOR, "an assumption")


class TestEstimate:
    def test_survives_json(self):
        assert Estimate.from_dict(BELIEF.as_dict()) == BELIEF

    def test_is_no_better_than_its_weakest_part(self):
        measured = Estimate(3.0, Source.MEASURED, "counted")
        assert weakest(Source.MODEL, Source.ANALOG) is Source.ANALOG
        assert combined(0.06, BELIEF, measured, detail="product").source is Source.PRIOR


class TestShrunkRate:
    def test_without_data_it_is_the_prior(self):
        rate = shrunk_rate(successes=0, trials=0, prior=BELIEF, strength=100)
        assert rate == BELIEF

    def test_is_measured_once_the_data_outweighs_the_prior(self):
        sources = [
            shrunk_rate(successes=1, trials=n, prior=BELIEF, strength=100).source
            for n in (99, 100, 101)
        ]
        assert sources == [Source.PRIOR, Source.PRIOR, Source.MEASURED]

    @given(trials=st.integers(0, 10**6), share=st.floats(0, 1), strength=st.floats(0.1, 1e6))
    def test_lies_between_the_prior_and_the_data(self, trials, share, strength):
        successes = int(trials * share)
        rate = shrunk_rate(successes=successes, trials=trials, prior=BELIEF, strength=strength)
        raw = successes / trials if trials else BELIEF.value
        low, high = sorted((raw, BELIEF.value))
        assert low - 1e-12 <= rate.value <= high + 1e-12

    def test_more_data_moves_it_closer_to_the_data(self):
        rates = [
            shrunk_rate(successes=n // 10, trials=n, prior=BELIEF, strength=100).value
            for n in (10, 100, 1000, 10_000)
        ]
        assert rates == sorted(rates)
        assert rates[-1] == pytest.approx(0.1, abs=0.001)

    @pytest.mark.parametrize(("successes", "trials"), [(-1, 10), (11, 10)])
    def test_refuses_what_is_no_rate(self, successes, trials):
        with pytest.raises(InvalidRate):
            shrunk_rate(successes=successes, trials=trials, prior=BELIEF, strength=100)

    def test_refuses_a_prior_that_weighs_nothing(self):
        with pytest.raises(InvalidRate, match="strength"):
            shrunk_rate(successes=1, trials=10, prior=BELIEF, strength=0)


class TestShrunkMean:
    def test_takes_the_source_of_its_data(self):
        prior = Estimate(10.0, Source.PRIOR, "an assumption")
        mean = shrunk_mean(
            total=9000, count=300, prior=prior, strength=30, data_source=Source.ANALOG
        )
        assert mean.source is Source.ANALOG
        assert mean.value == pytest.approx((9000 + 300) / 330)
