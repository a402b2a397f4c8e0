"""A new version beside the one in service, on launches whose answers are known by construction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from launchopt.operations.models import AuditEntry, ModelVersion
from launchopt.operations.services import activate_model, roll_back_model
from launchopt_ml.artifacts import ArtifactUnreadable
from launchopt_ml.backtest import AsItIs
from launchopt_ml.interest.baselines import ActivityInterest, ContentInterest, RandomInterest
from launchopt_ml.interest.model import LaunchInterest
from launchopt_ml.shop import days, instant
from launchopt_workers.prediction import contests, versions
from launchopt_workers.prediction.contests import Entry, metrics_of
from launchopt_workers.prediction.versions import keep_backtest, register, version_for
from tests.ml.shops import START, shop_of_tastes

SHOP = shop_of_tastes()
AS_OF = (START + days(230)).astype(datetime).replace(tzinfo=UTC)
DAY = timedelta(days=1)
WAYS = {"content": ContentInterest, "activity": ActivityInterest, "random": RandomInterest}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _plain_ways(monkeypatch):
    """Ways of learning whose order is known: content knows the tastes, the others do not."""
    monkeypatch.setattr(contests, "way_of", lambda card: WAYS.get(card["learner"]))
    monkeypatch.setattr(contests, "can_run", lambda card: card["learner"] in WAYS)


def version(learner, *, until=AS_OF, status=ModelVersion.Status.CANDIDATE, source="launches"):
    return ModelVersion.objects.create(
        name="interest",
        status=status,
        card={"learner": learner, "source": source},
        data_until=until,
        created_at=until,
    )


def active(learner, *, until=AS_OF - DAY, **given):
    made = version(learner, until=until, **given)
    return activate_model(version=made, now=until)


def judged(candidate, serving):
    entry = Entry(shop=SHOP, version=candidate, active=serving, as_of=AS_OF)
    metrics = metrics_of(entry)
    keep_backtest(candidate, metrics=metrics, now=AS_OF)
    candidate.refresh_from_db()
    return metrics


def ground(candidate, serving):
    return judged(candidate, serving)["promotion"]["ground"]


class TestPromotion:
    def test_a_way_that_knows_tastes_takes_the_place_of_one_that_does_not(self):
        serving, candidate = active("random"), version("content")
        promotion = judged(candidate, serving)["promotion"]
        assert promotion["ground"] == "better"
        assert promotion["against"] == str(serving.pk)
        assert promotion["last"]["low"] > 0
        assert promotion["older"]["low"] > 0
        assert candidate.status == "active"
        entry = AuditEntry.objects.get(subject=f"model:{candidate.pk}")
        assert (entry.actor, entry.note) == ("training", promotion["sentence"])

    def test_one_that_knows_no_tastes_stays_a_candidate(self):
        serving, candidate = active("content"), version("activity")
        promotion = judged(candidate, serving)["promotion"]
        assert promotion["ground"] in {"below_baseline", "unproven"}
        assert candidate.status == "candidate"
        serving.refresh_from_db()
        assert serving.status == "active"

    def test_later_data_in_the_same_way_takes_over_without_a_second_fit(self):
        metrics = judged(version("content"), active("content"))
        assert metrics["promotion"]["ground"] == "fresher"
        assert metrics["rivals"] == {}

    def test_the_same_way_from_the_same_data_is_nothing_new(self):
        assert ground(version("content"), active("content", until=AS_OF)) == "no_newer"

    def test_the_first_one_needs_no_comparison(self):
        candidate = version("content")
        assert ground(candidate, None) == "first"
        assert candidate.status == "active"

    def test_what_was_learned_takes_the_place_of_assumptions(self):
        assert ground(version("content"), active("random", source="prior")) == "learned"

    def test_a_version_that_this_release_cannot_run_makes_way(self):
        assert ground(version("content"), active("forgotten")) == "incomparable"

    def test_after_going_back_a_person_decides(self):
        first, second = active("random", until=AS_OF - 9 * DAY), active("content")
        back = roll_back_model(name="interest", now=AS_OF, by="eve")
        assert back == first
        candidate = version("content")
        assert ground(candidate, back) == "held"
        activate_model(version=second, now=AS_OF + DAY, by="eve")
        later = version("content", until=AS_OF + 2 * DAY)
        assert ground(later, ModelVersion.objects.get(pk=second.pk)) == "fresher"

    def test_too_few_launches_leave_it_a_candidate_and_say_so(self):
        early = (START + days(20)).astype(datetime).replace(tzinfo=UTC)
        entry = Entry(shop=SHOP, version=version("content"), active=active("random"), as_of=early)
        metrics = metrics_of(entry)
        assert "no new product" in metrics["untested"]
        assert metrics["promotion"]["ground"] == "untested"


class TestHonesty:
    def test_one_that_knew_nothing_of_the_launches_is_asked_as_it_is(self, monkeypatch):
        kept = ContentInterest().fit(SHOP, as_of=instant(AS_OF) - days(40))
        monkeypatch.setattr(contests, "loaded", lambda pk: kept)
        serving = active("random", until=AS_OF - 40 * DAY)
        entry = Entry(shop=SHOP, version=version("content"), active=serving, as_of=AS_OF)
        [model] = contests._rivals(entry, entry.trial(1)).values()
        assert isinstance(model(), AsItIs)
        assert model().model is kept

    def test_one_that_has_seen_them_is_fitted_again_before_them(self):
        entry = Entry(shop=SHOP, version=version("content"), active=active("random"), as_of=AS_OF)
        assert contests._rivals(entry, entry.trial(1)) == {"active": RandomInterest}

    def test_the_last_and_the_older_launches_are_apart(self):
        entry = Entry(shop=SHOP, version=version("content"), active=None, as_of=AS_OF)
        last = entry.trial(1).episode
        assert str(last.until) == str(instant(AS_OF))
        assert all(entry.trial(back).episode.until <= last.as_of for back in contests.OLDER)


class TestCard:
    def test_says_what_it_is_for_and_what_it_is_not(self):
        model = LaunchInterest().fit(SHOP, as_of=START + days(20))
        made = register(model, data_until=AS_OF, run=None, now=AS_OF)
        card = made.card
        assert card["learner"] == "launch-interest"
        assert "assumptions" in card["limits"][0]
        assert any("age nor gender" in limit for limit in card["limits"])
        assert card["intended_use"]
        assert made.status == "active"
        assert version_for(AS_OF) == made
        assert versions.way_of(card)().parameters == model.parameters
        assert versions.way_of(card | {"features": ["another"]}) is None

    def test_one_that_this_release_cannot_run_is_passed_over(self):
        model = LaunchInterest().fit(SHOP, as_of=START + days(20))
        older = register(model, data_until=AS_OF - DAY, run=None, now=AS_OF)
        other = register(model, data_until=AS_OF, run=None, now=AS_OF)
        activate_model(version=other, now=AS_OF)
        assert version_for(AS_OF) == other
        ModelVersion.objects.filter(pk=other.pk).update(card={"features": ["of another release"]})
        assert version_for(AS_OF) == older
        ModelVersion.objects.update(card={"learner": "launch-interest", "parameters": {"new": 1}})
        assert version_for(AS_OF) is None

    def test_one_of_a_forgotten_learner_says_so_in_one_line(self):
        with pytest.raises(ArtifactUnreadable, match="another release"):
            versions.loaded(str(version("forgotten").pk))

    def test_keeps_how_the_scores_were_spread(self):
        scores = judged(version("content"), None)["scores"]
        counts = [sum(column) for column in zip(*scores["products"], strict=True)]
        assert len(counts) == len(scores["edges"]) + 1
        assert {sum(product) for product in scores["products"]} == {240}
