"""The learner that a person chose, from the command to the scores."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from launchopt.audiences.models import InterestScore
from launchopt.operations.models import ModelVersion
from launchopt.operations.runs import Work
from launchopt_ml.interest.learners import LEARNERS
from launchopt_workers.prediction import scoring
from launchopt_workers.prediction.training import train
from launchopt_workers.prediction.versions import loaded
from tests.support.tastes import AS_OF, NOW, new_products, store_tastes
from tests.support.tiny_bert import save_tiny_bert


def work() -> Work:
    return Work(None, clock=lambda: NOW)


def trained(**options):
    out = StringIO()
    call_command("train_interest", as_of=AS_OF, json=True, stdout=out, **options)
    return json.loads(out.getvalue())


@pytest.fixture
def tiny(settings, tmp_path):
    folder = save_tiny_bert(tmp_path / "tiny-bert")
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "ENCODER": str(folder)}


@pytest.mark.django_db
class TestLearnerOfChoice:
    def test_is_trained_registered_loaded_and_scores(self, tiny):
        shop = store_tastes(customers=60, products=60)
        report = trained(learner="text-pair")
        assert report["status"] == "active"
        assert report["classification"]["threshold"] == 0.5
        version = ModelVersion.objects.get()
        assert version.card["learner"] == "text-pair"
        assert "hours" in version.metrics["untested"]
        assert isinstance(loaded(str(version.pk)), LEARNERS["text-pair"])
        wanted = new_products(shop)[:1]
        scoring.score(work(), product_ids=wanted, as_of=AS_OF, horizon_days=30)
        assert InterestScore.objects.filter(product=wanted[0]).count() == 60
        best = InterestScore.objects.get(product=wanted[0], rank=1)
        assert best.reasons[0]["factor"] == "text-pair"
        assert best.reasons[0]["times"] >= 1

    def test_a_person_decides_between_two_of_which_one_is_too_slow_to_compare(self, tiny):
        store_tastes(customers=60, products=60)
        train(work(), as_of=AS_OF, learner="text-pair")
        result = train(work(), as_of=NOW)
        assert result["status"] == "candidate"
        assert "a person decides" in result["metrics"]["promotion"]["sentence"]

    def test_too_few_launches_are_told_in_one_line(self, tiny):
        store_tastes(customers=6, products=3)
        with pytest.raises(CommandError, match="too few past launches"):
            trained(learner="text-pair")

    def test_the_command_offers_every_learner(self):
        with pytest.raises(CommandError, match=", ".join(f"'?{name}'?" for name in LEARNERS)):
            call_command("train_interest", "--learner", "oracle")
