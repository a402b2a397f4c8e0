"""What a training told, read back from the files it wrote."""

from __future__ import annotations

import importlib.util
import logging

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from launchopt.operations.runs import Work
from launchopt_ml.curves import listening, note
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.shop import instant
from launchopt_workers.prediction.tracking import tracking
from launchopt_workers.prediction.training import train
from tests.ml.shops import shop_of_tastes
from tests.support.models import METRICS, make_tested
from tests.support.tastes import AS_OF, NOW, store_tastes

pytestmark = pytest.mark.django_db


def configured(settings, **given):
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, **given}


def read(folder):
    """Names and values of the scalars in the one training's folder."""
    [training] = folder.iterdir()
    events = EventAccumulator(str(training))
    events.Reload()
    return {
        name: [event.value for event in events.Scalars(name)] for name in events.Tags()["scalars"]
    }


class TestCurves:
    def test_without_a_listener_a_figure_is_not_even_computed(self):
        note("loss", 0, lambda: 1 / 0)

    def test_a_listener_hears_only_its_own_block(self):
        heard = []
        with listening(lambda *told: heard.append(told)):
            note("loss", 3, lambda: 0.5)
        note("loss", 4, lambda: 0.4)
        assert heard == [("loss", 3, 0.5)]


class TestTensorBoard:
    def test_has_the_loss_as_it_fell_and_the_backtest(self, settings, tmp_path):
        configured(settings, TRACKING_FOLDER=str(tmp_path))
        with tracking(name="interest", now=NOW) as told:
            with told.heard():
                LaunchInterest().fit(shop_of_tastes(customers=120), as_of=instant(AS_OF))
            told.tell_version(make_tested(at=NOW))
        scalars = read(tmp_path)
        losses = [values for name, values in scalars.items() if name.startswith("loss/")]
        assert losses
        assert all(values[-1] < values[0] for values in losses)
        assert scalars["backtest/map/model"] == [pytest.approx(METRICS["model"]["map"])]
        assert "backtest/map/content" in scalars

    def test_a_young_shop_is_told_of_too(self, settings, tmp_path):
        configured(settings, TRACKING_FOLDER=str(tmp_path))
        store_tastes(customers=30, products=24)
        train(Work(None, clock=lambda: NOW), as_of=AS_OF)
        assert read(tmp_path) == {}
        [training] = tmp_path.iterdir()
        events = EventAccumulator(str(training))
        events.Reload()
        [card] = events.Tensors("card/text_summary")
        assert b"| source | prior |" in card.tensor_proto.string_val[0]

    def test_is_off_where_no_folder_is_named(self, tmp_path):
        with tracking(name="interest", now=NOW) as told:
            assert told.trackers == ()


class TestWeightsAndBiases:
    @pytest.mark.skipif(
        importlib.util.find_spec("wandb") is not None, reason="The package wandb is installed."
    )
    def test_where_it_is_not_installed_training_goes_on_and_says_so(self, settings, caplog):
        configured(settings, TRACKING_PROJECT="launches")
        with caplog.at_level(logging.WARNING), tracking(name="interest", now=NOW) as told:
            assert told.trackers == ()
        assert "pip install wandb" in caplog.text

    def test_keeps_a_run_offline(self, settings, tmp_path, monkeypatch):
        pytest.importorskip("wandb", reason="The package wandb is not installed.")
        monkeypatch.setenv("WANDB_MODE", "offline")
        configured(settings, TRACKING_PROJECT="launches", TRACKING_FOLDER=str(tmp_path))
        with tracking(name="interest", now=NOW) as told:
            assert len(told.trackers) == 2
            told.add("loss", 0, 0.5)
        assert list((tmp_path / "wandb").glob("offline-run-*/run-*.wandb"))
