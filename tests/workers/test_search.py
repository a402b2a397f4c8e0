"""A search of parameters, from the command to the candidate, interrupted and taken up again."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from launchopt import jobs
from launchopt.operations import runs
from launchopt.operations.models import ModelVersion, Run
from launchopt_ml.interest.parameters import Parameters
from launchopt_ml.shop import instant
from launchopt_ml.tuning import Course
from launchopt_workers.prediction import search, tasks, training
from launchopt_workers.prediction.contests import DAYS, OLDER
from launchopt_workers.prediction.versions import loaded
from launchopt_workers.running import run_here, work_on_run
from tests.support.tastes import AS_OF, store_tastes
from tests.support.tiny_bert import save_tiny_bert

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(monkeypatch, settings, tmp_path):
    """So small a shop that each trial is quick: the prior judges, whatever the parameters."""
    encoder = str(save_tiny_bert(tmp_path / "tiny-bert"))
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "ENCODER": encoder}
    monkeypatch.setattr(search, "FEWEST_BUYERS", 1)
    monkeypatch.setattr(search, "CUTOFFS", 1)
    return store_tastes(customers=15, products=120)


def searched(trials, *, as_of=AS_OF):
    out = StringIO()
    words = ["--trials", str(trials), "--as-of", as_of.isoformat(), "--json"]
    call_command("search_interest", *words, stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


class TestSearch:
    def test_keeps_its_trials_with_a_version_trained_with_the_best(self, small):
        report = searched(3)
        version = ModelVersion.objects.get(pk=report["model_version"])
        kept = version.metrics["search"]
        assert len(kept["trials"]) == 3
        assert kept["best"] >= kept["usual"]
        assert version.card["parameters"] == kept["parameters"]
        assert loaded(str(version.pk)).parameters == Parameters(**kept["parameters"])

    def test_sees_no_launch_that_a_version_must_prove_itself_on(self, small, monkeypatch):
        seen = []
        real = Course.__init__

        def noted(self, shop, trials, **given):
            seen.append((shop, trials))
            real(self, shop, trials, **given)

        monkeypatch.setattr(Course, "__init__", noted)
        searched(1)
        [(shop, trials)] = seen
        apart = instant(AS_OF - timedelta(days=DAYS * max(OLDER)))
        assert shop.events.time.max() < apart
        assert trials
        assert all(trial.episode.until <= apart for trial in trials)

    def test_goes_on_after_its_last_finished_trial(self, small, monkeypatch):
        measured = []
        real = Course.measure

        def failing(self, parameters, step):
            measured.append(parameters)
            if len(measured) == 3:
                raise RuntimeError("The worker is lost.")
            return real(self, parameters, step)

        monkeypatch.setattr(Course, "measure", failing)
        with pytest.raises(RuntimeError):
            run_here(jobs.SEARCH_INTEREST, trials=3, as_of=AS_OF.isoformat())
        run = Run.objects.get()
        assert run.steps.filter(name__startswith="trial").count() == 2
        runs.retry_run(run=run, now=AS_OF)
        work_on_run(str(run.pk), tasks.search_interest)
        run.refresh_from_db()
        assert run.state == Run.State.SUCCEEDED
        assert (run.done, run.total) == (4, 4)
        assert len(measured) == 3 + 1
        assert len(run.result["search"]["trials"]) == 3

    def test_a_shop_without_earlier_launches_is_told_so(self, small):
        with pytest.raises(CommandError, match="no launches") as error:
            searched(2, as_of=AS_OF - timedelta(days=120))
        assert error.value.returncode == 1

    def test_refuses_no_trials(self):
        with pytest.raises(CommandError, match="1 or more") as error:
            searched(0)
        assert error.value.returncode == 2

    def test_tells_a_person_the_trials_and_the_decision(self, small):
        out = StringIO()
        call_command(
            "search_interest", "--trials", "2", "--as-of", AS_OF.isoformat(), stdout=out,
            stderr=StringIO(),
        )  # fmt: skip
        assert "learning_rate" in out.getvalue()
        assert "No version was in service." in out.getvalue()


def test_what_a_search_found_is_learned_with_from_then_on(small):
    version = ModelVersion.objects.get(pk=searched(1)["model_version"])
    found = Parameters(hidden=7, learning_rate=0.01)
    version.card |= {"parameters": found.__dict__}
    version.save()
    assert training.parameters_in_force() == found
    for card in ({"parameters": {"of_another_release": 1}}, {"parameters_from": "usual"}):
        version.card |= card
        version.save()
        assert training.parameters_in_force() is None


class TestParameters:
    def test_change_what_is_learned_and_survive_saving(self, tmp_path):
        from launchopt_ml.interest.model import LaunchInterest
        from launchopt_ml.interest.protocol import Launch, predict
        from tests.ml.shops import START, days, shop_of_tastes

        shop = shop_of_tastes(customers=90)
        as_of = START + days(200)
        model = LaunchInterest(Parameters(hidden=4, epochs=1)).fit(shop, as_of=as_of)
        assert model.card["source"] == "launches"
        model.save(tmp_path)
        again = LaunchInterest.load(tmp_path)
        assert again.parameters == Parameters(hidden=4, epochs=1)
        launch = Launch(shop.products.take(np.arange(100, 110)), as_of, 30.0)
        np.testing.assert_array_equal(
            predict(again, shop, launch)[1], predict(model, shop, launch)[1]
        )
