"""Curves from past spend: the truth comes back, small groups lean on the others."""

import numpy as np
import pytest

from launchopt_core.budget import Hill, Rows, fit_hills
from launchopt_core.errors import InvalidRate, TooFewObservations

TRUTH = Hill(scale=9.0, half=80.0, shape=1.1)


def rows(rng, count, *, truth=TRUTH, baseline=0.2):
    spend = rng.gamma(0.8, 90, count) * (rng.random(count) > 0.2)
    return Rows(spend, rng.poisson(baseline + truth.at(spend)).astype(float))


class TestFitHills:
    def test_finds_the_curve_that_made_the_rows(self):
        fit = fit_hills({"all": rows(np.random.default_rng(1), 4000)})["all"]
        spend = np.array([20.0, 80.0, 200.0])
        assert fit.curve.at(spend) == pytest.approx(TRUTH.at(spend), rel=0.06)
        assert fit.baseline == pytest.approx(0.2, abs=0.05)

    def test_the_intervals_hold_the_truth_about_as_often_as_they_say(self):
        rng, inside = np.random.default_rng(2), []
        truths = {
            str(i): Hill(np.exp(rng.normal(2, 0.4)), np.exp(rng.normal(4.5, 0.3)), 1.0)
            for i in range(30)
        }
        groups = {name: rows(rng, 60, truth=truth) for name, truth in truths.items()}
        for name, fit in fit_hills(groups).items():
            middle = fit.responses[2]
            true = truths[name].at(np.array([middle.spend]))[0]
            inside.append(middle.low <= true <= middle.high)
        assert np.mean(inside) >= 0.85

    def test_a_small_group_leans_on_the_others(self):
        rng = np.random.default_rng(3)
        groups = {f"g{i}": rows(rng, 200) for i in range(6)}
        odd = Rows(np.array([50.0, 60.0]), np.array([40.0, 45.0]))  # ten times the others'
        fits = fit_hills(groups | {"odd": odd})
        there = np.array([55.0])
        typical = np.mean([fits[f"g{i}"].curve.at(there) for i in range(6)])
        assert typical < fits["odd"].curve.at(there)[0] < 40

    def test_a_group_with_fewer_rows_has_a_wider_interval(self):
        rng = np.random.default_rng(4)
        truths = [Hill(scale, 80.0, 1.1) for scale in (4.0, 6.0, 9.0, 13.0, 18.0)]
        groups = {f"g{i}": rows(rng, 300, truth=truth) for i, truth in enumerate(truths)}
        groups["few"] = rows(rng, 6)
        fits = fit_hills(groups)
        width = {name: np.log(fit.responses[1].high / fit.responses[1].low)
                 for name, fit in fits.items()}  # fmt: skip
        assert width["few"] > max(width[f"g{i}"] for i in range(5))

    def test_tells_the_spends_it_was_fitted_on(self):
        made = rows(np.random.default_rng(5), 50)
        fit = fit_hills({"a": made})["a"]
        assert fit.curve.fitted_on == (0.0, made.spend.max())
        assert fit.responses[-1].spend == made.spend.max()

    @pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
    def test_refuses_what_is_no_amount(self, bad):
        made = rows(np.random.default_rng(6), 20)
        made.spend[3] = bad
        with pytest.raises(InvalidRate, match="spend"):
            fit_hills({"a": made})

    def test_refuses_too_few_rows(self):
        with pytest.raises(TooFewObservations):
            fit_hills({"a": Rows(np.array([1.0, 2.0]), np.array([1.0, 2.0]))})
        with pytest.raises(TooFewObservations):
            fit_hills({})
