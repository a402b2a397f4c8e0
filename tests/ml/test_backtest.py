"""The backtest on a shop of tastes, and on the real one against the figures that were promised."""

import numpy as np
import pytest

from launchopt_ml.backtest import MODELS, NothingToTest, Trial, backtest, table_of, trials_back_from
from launchopt_ml.interest.episodes import Episode
from launchopt_ml.shop import days, instant
from tests.ml.online_retail import FILE, online_retail
from tests.ml.shops import START, shop_of_tastes, with_more_events

SHOP = shop_of_tastes()
CUTOFF = START + days(200)


class TestBacktest:
    def test_reports_every_measure_of_every_model(self):
        report = backtest(SHOP, [Trial(Episode(CUTOFF, 30), 10)])
        assert set(MODELS) < set(report)
        for name in MODELS:
            assert {
                "auc",
                "lift_at_10",
                "lift_at_1",
                "map",
                "ndcg_at_10",
                "calibration_error",
            } < set(report[name])
        assert report["customers"] == 240
        assert len(list(table_of(report))) == 2 + len(MODELS)

    def test_the_model_beats_what_knows_no_taste(self):
        report = backtest(SHOP, [Trial(Episode(CUTOFF, 30), 10)])
        assert report["model"]["map"] > 2 * report["activity"]["map"]
        assert report["model"]["map"] >= 0.9 * report["content"]["map"]
        assert report["random"]["auc"] == pytest.approx(0.5, abs=0.1)

    def test_means_over_cutoffs_stand_beside_each(self):
        trials = trials_back_from(CUTOFF, count=2, horizon_days=30, min_buyers=5)
        report = backtest(SHOP, trials, models={"model": MODELS["content"]})
        apart = [one["model"]["map"] for one in report["cutoffs"]]
        assert report["model"]["map"] == pytest.approx(np.mean(apart))
        assert report["cutoffs"][1]["cutoff"] == str(CUTOFF - days(30))

    def test_nothing_after_the_horizon_matters(self):
        later = with_more_events(SHOP, after=CUTOFF + days(30), count=200, seed=1)
        trial = [Trial(Episode(CUTOFF, 30), 10)]
        models = {"content": MODELS["content"]}
        assert backtest(SHOP, trial, models=models) == backtest(later, trial, models=models)

    def test_says_when_there_is_nothing_to_test(self):
        with pytest.raises(NothingToTest, match="no new product"):
            backtest(SHOP, [Trial(Episode(START + days(400), 30), 10)])


@pytest.mark.data
@pytest.mark.slow
@pytest.mark.skipif(not FILE.exists(), reason=f"needs {FILE.name}; set LAUNCHOPT_DATA")
class TestOnlineRetail:
    def test_keeps_what_it_promises(self):
        from launchopt_ml.encoder import load_encoder

        shop = online_retail(encode=load_encoder().encode)
        report = backtest(shop, [Trial(Episode(instant("2011-09-01"), 100), 20)])
        assert report["products"] in (159, 160)
        assert report["model"]["map"] >= 0.12
        assert report["model"]["lift_at_10"] >= 4.4
        for baseline in ("random", "activity", "content"):
            assert report["model"]["map"] > report[baseline]["map"]
