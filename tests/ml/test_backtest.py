"""The backtest on a shop of tastes, and on the real one against the figures that were promised."""

from dataclasses import replace

import numpy as np
import pytest

from launchopt_core.drift import Swing
from launchopt_ml.backtest import MODELS, NothingToTest, Trial, backtest, table_of, trials_back_from
from launchopt_ml.interest.episodes import Episode
from launchopt_ml.shop import days, instant
from launchopt_ml.swings import swing_before
from tests.ml.online_retail import FILE, online_retail
from tests.ml.shops import START, shop_of_tastes, with_more_events

SHOP = shop_of_tastes()
CUTOFF = START + days(200)
PLAIN = {"model": MODELS["content"], "random": MODELS["random"], "activity": MODELS["activity"]}


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

    def test_the_table_shows_every_model_the_difference_and_the_buyers(self):
        report = backtest(SHOP, [Trial(Episode(CUTOFF, 30), 10)], models=PLAIN)
        words = "\n".join(table_of(report))
        low, high = report["intervals"]["model"]["map"]
        assert f"{report['model']['map']:.4f} [{low:.3f}, {high:.3f}]" in words
        assert f"The model less {report['difference']['against']}, by map: +" in words
        assert f"{report['actual_buyers']:,} bought" in words

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

    def test_an_interval_lies_around_each_measure_and_says_better_than_chance(self):
        report = backtest(SHOP, [Trial(Episode(CUTOFF, 30), 10)], models=PLAIN)
        for name in PLAIN:
            for measure in ("auc", "map", "lift_at_10", "ndcg_at_10"):
                low, high = report["intervals"][name][measure]
                assert low <= report[name][measure] <= high
        difference = report["difference"]
        assert difference["against"] == max("random", "activity", key=lambda n: report[n]["map"])
        assert difference["map"]["interval"][0] > 0

    def test_a_model_against_itself_differs_by_nothing(self):
        models = {"model": MODELS["content"], "content": MODELS["content"]}
        difference = backtest(SHOP, [Trial(Episode(CUTOFF, 30), 10)], models=models)["difference"]
        assert difference["map"]["estimate"] == 0
        assert difference["map"]["interval"] == [0, 0]

    def test_a_rival_is_measured_on_the_same_launches_apart_from_the_baselines(self):
        trial = [Trial(Episode(CUTOFF, 30), 10)]
        report = backtest(SHOP, trial, models=PLAIN, rivals={"active": MODELS["random"]})
        assert report["difference"]["against"] != "active"
        gap = report["model"]["map"] - report["active"]["map"]
        assert report["rivals"]["active"]["map"]["estimate"] == pytest.approx(gap, abs=1e-6)

    def test_buyers_are_those_of_all_new_products(self):
        report = backtest(SHOP, [Trial(Episode(CUTOFF, 30), 10)], models=PLAIN)
        [one] = report["cutoffs"]
        assert report["actual_buyers"] == one["all_buyers"] > report["buyers"]
        assert report["predicted_buyers"] == pytest.approx(
            report["model"]["predicted_buyers"], abs=0.01
        )
        low, high = one["predicted_interval"]
        assert low < report["predicted_buyers"] < high

    def test_with_too_many_pairs_some_products_are_left_to_chance(self):
        whole, some = (
            backtest(
                SHOP, [Trial(Episode(START + days(90), 100), 5, most_pairs=most)], models=PLAIN
            )
            for most in (None, 240 * 20)
        )
        assert whole["cutoffs"][0]["new_products"] > some["cutoffs"][0]["new_products"] == 20

    def test_tells_who_listens_every_score(self):
        heard = {}
        backtest(
            SHOP,
            [Trial(Episode(CUTOFF, 30), 10)],
            models=PLAIN,
            seen=lambda name, launch, score: heard.update({name: score.shape}),
        )
        assert set(heard) == set(PLAIN)
        assert set(heard.values()) == {(240, 15)}

    def test_says_when_there_is_nothing_to_test(self):
        with pytest.raises(NothingToTest, match="no new product"):
            backtest(SHOP, [Trial(Episode(START + days(400), 30), 10)])


class TestSwing:
    def test_a_shop_whose_launches_sell_alike_swings_less_than_assumed(self):
        swing = swing_before(SHOP, as_of=START + days(235), horizon_days=30)
        assert swing.freedom > 6
        assert swing.spread < Swing.of([]).spread

    def test_without_past_launches_it_is_the_assumption(self):
        assert swing_before(SHOP, as_of=START + days(10), horizon_days=30) == Swing.of([])

    def test_sees_a_season_in_which_launches_sell_twice(self):
        calm = swing_before(SHOP, as_of=START + days(235), horizon_days=30)
        events = SHOP.events
        late = events.time >= START + days(150)
        kept = late | (np.random.default_rng(0).random(len(events)) < 0.3)
        wild = replace(SHOP, events=events.take(kept))
        assert swing_before(wild, as_of=START + days(235), horizon_days=30).spread > calm.spread

    def test_nothing_from_the_cutoff_on_matters(self):
        later = with_more_events(SHOP, after=CUTOFF, count=300, seed=2)
        assert swing_before(SHOP, as_of=CUTOFF, horizon_days=30) == swing_before(
            later, as_of=CUTOFF, horizon_days=30
        )


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
