"""Power: the planned sample sees the effect as often as promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from launchopt_core.errors import InvalidRate, TooFewObservations
from launchopt_core.inference import Kind, Sample, Terms, compare, read
from launchopt_core.power import minimum_detectable_effect, power_of, sample_size


class TestSampleSize:
    def test_agrees_with_the_textbook(self):
        """Fleiss, Levin and Paik: 0.10 against 0.12 at 80 % power takes 3,841 in each group."""
        assert sample_size(0.10, 0.02) == 2 * 3841

    @pytest.mark.parametrize("control_share", [0.5, 0.1])
    def test_the_planned_sample_sees_the_effect_as_often_as_promised(self, control_share):
        customers = sample_size(0.05, 0.02, control_share=control_share)
        held = round(customers * control_share)
        rng = np.random.default_rng(8)
        groups = []
        for rate, count in ((0.05, held), (0.07, customers - held)):
            bought = rng.binomial(count, rate, 2000)
            groups.append(
                Sample.from_sums(
                    kind=np.full(2000, Kind.PROPORTION),
                    count=np.full(2000, count),
                    sum=bought,
                    sum_squares=bought,
                )
            )
        found = read(compare(*groups), Terms()).is_conclusive.sum()
        assert found / 2000 == pytest.approx(0.8, abs=0.05)

    def test_a_small_holdout_needs_more_customers(self):
        assert sample_size(0.05, 0.01, control_share=0.1) > sample_size(0.05, 0.01)

    def test_refuses_an_effect_of_nothing(self):
        with pytest.raises(InvalidRate, match="effect of 0"):
            sample_size(0.1, 0)

    @pytest.mark.parametrize("share", [0, 1, -0.2])
    def test_refuses_a_group_of_nobody(self, share):
        with pytest.raises(InvalidRate, match="share"):
            sample_size(0.1, 0.1, control_share=share)

    def test_refuses_a_rate_above_one(self):
        with pytest.raises(InvalidRate):
            sample_size(0.9, 0.2)


class TestMinimumDetectableEffect:
    @given(rate=st.floats(0.001, 0.5), effect=st.floats(0.01, 0.4), share=st.floats(0.05, 0.95))
    def test_is_the_inverse_of_the_sample_size(self, rate, effect, share):
        customers = sample_size(rate, effect, control_share=share)
        found = minimum_detectable_effect(rate, max(customers, 2), control_share=share)
        assert found == pytest.approx(effect, rel=0.05, abs=0.001)

    def test_more_customers_show_smaller_effects(self):
        effects = [minimum_detectable_effect(0.02, n) for n in (100, 1000, 10_000)]
        assert effects == sorted(effects, reverse=True)

    def test_there_is_none_where_nobody_could_tell(self):
        assert minimum_detectable_effect(0.5, 2) is None

    def test_refuses_an_experiment_on_one_customer(self):
        with pytest.raises(TooFewObservations):
            minimum_detectable_effect(0.1, 1)


class TestPowerOf:
    def test_is_alpha_or_less_without_an_effect(self):
        assert power_of(0.1, 0, 1000) == pytest.approx(0.025, abs=1e-3)
