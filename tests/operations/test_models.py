"""Model versions: which is in service, how one goes back, and what their pages tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.urls import reverse

from launchopt.operations import backtests, selectors, services
from launchopt.operations.errors import Conflict
from launchopt.operations.models import AuditEntry, ModelVersion
from tests.operations.test_api import client_of
from tests.support.models import METRICS, make_tested

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
pytestmark = pytest.mark.django_db


@pytest.fixture
def three():
    """Three versions that entered service one after the other."""
    made = [make_tested(at=NOW + n * DAY) for n in range(3)]
    for n, version in enumerate(made):
        services.activate_model(version=version, now=NOW + n * DAY, by="training")
    return made


def serving():
    return selectors.active_model("interest")


class TestRollBack:
    def test_goes_back_to_the_version_before_and_says_who_did(self, three):
        services.roll_back_model(name="interest", now=NOW + 5 * DAY, by="eve")
        assert serving() == three[1]
        entry = AuditEntry.objects.latest("at")
        assert (entry.actor, entry.action) == ("eve", "roll_back_model")
        assert entry.before == {"active": [str(three[2].pk)]}

    def test_going_back_twice_undoes_it(self, three):
        for n in (5, 6):
            services.roll_back_model(name="interest", now=NOW + n * DAY, by="eve")
        assert serving() == three[2]

    def test_holds_until_a_person_activates_one(self, three):
        back = services.roll_back_model(name="interest", now=NOW + 5 * DAY, by="eve")
        assert selectors.is_held(back)
        services.activate_model(version=three[2], now=NOW + 6 * DAY, by="eve")
        assert not selectors.is_held(serving())

    def test_with_nothing_before_it_is_refused(self):
        services.activate_model(version=make_tested(at=NOW), now=NOW)
        with pytest.raises(Conflict, match="nothing to go back to"):
            services.roll_back_model(name="interest", now=NOW)

    def test_activating_the_active_one_changes_nothing(self, three):
        count = AuditEntry.objects.count()
        services.activate_model(version=serving(), now=NOW + 9 * DAY, by="eve")
        assert AuditEntry.objects.count() == count
        assert serving().activated_at == NOW + 2 * DAY


class TestOverRest:
    @pytest.mark.parametrize("group", ["operator", "analyst"])
    def test_those_who_answer_for_models_activate_one(self, three, group):
        answer = client_of(group).post(f"/api/v1/models/{three[0].pk}/activate/")
        assert answer.json()["status"] == "active"
        assert serving() == three[0]

    def test_others_may_not(self, three):
        answer = client_of("marketer").post(f"/api/v1/models/{three[0].pk}/activate/")
        assert answer.status_code == 403

    def test_shows_card_and_decision(self, three):
        shown = client_of("analyst").get(f"/api/v1/models/{three[0].pk}/").json()
        assert shown["card"]["limits"]
        assert shown["metrics"]["promotion"]["sentence"]
        assert shown["metrics"]["intervals"]["model"]["map"] == [0.12, 0.18]


class TestPages:
    @pytest.fixture
    def operator(self, client):
        user = get_user_model().objects.create_user("olivia", password="x", is_staff=True)
        user.groups.add(Group.objects.get(name="operator"))
        client.force_login(user)
        return client

    def url(self, version, step=None):
        name = "admin:launchopt_operations_modelversion_"
        if step is None:
            return reverse(f"{name}change", args=[version.pk])
        return reverse(f"{name}step", args=[version.pk, step])

    def test_tells_how_it_did_beside_the_plain_ways(self, operator, three):
        page = operator.get(self.url(three[0])).content.decode()
        assert "similar words" in page
        assert "0.150 (0.120 to 0.180)" in page
        assert "80 to 140" in page
        assert "It beats the version in service" in page
        assert "<svg" in page
        assert "Limits" in page

    def test_tells_what_seasons_give_and_how_good_a_rankers_lists_were(self, operator):
        card = {"level_interval": [0.762, 1.333]}
        found = {"ndcg": 0.2514, "hit_rate": 0.4, "precision": 0.1, "customers": 1200}
        metrics = {
            "log_loss": 0.0312,
            "stated_log_loss": 0.0401,
            "quality": {"cold": {"merged": found, "by_popularity": {"ndcg": 0.1}}},
        }
        ranker = ModelVersion.objects.create(
            name="ranker", created_at=NOW, card=card, metrics=metrics
        )
        page = operator.get(self.url(ranker)).content.decode()
        assert "0.76 to 1.33 times those predicted" in page
        assert "a loss of 0.0312 per entry of a list (log loss, lower is better), better" in page
        for told in ("new products", "the merged list", "by popularity alone", "0.251", "1,200"):
            assert told in page

    def test_says_that_it_was_not_tested(self, operator):
        bare = ModelVersion.objects.create(name="interest", created_at=NOW)
        assert "It has not been tested yet." in operator.get(self.url(bare)).content.decode()
        told = ModelVersion.objects.create(
            name="interest", created_at=NOW, metrics={"untested": "No launch <yet>."}
        )
        assert "No launch &lt;yet&gt;." in operator.get(self.url(told)).content.decode()

    def test_asks_before_a_version_enters_service(self, operator, three):
        asked = operator.get(self.url(three[0], "activate")).content.decode()
        assert "the one in service is retired" in asked
        assert serving() == three[2]
        operator.post(self.url(three[0], "activate"))
        assert serving() == three[0]
        assert AuditEntry.objects.latest("at").actor == "olivia"

    def test_goes_back_from_the_page_of_the_active_one(self, operator, three):
        assert "Go back to the version before" in operator.get(self.url(three[2])).content.decode()
        page = operator.post(self.url(three[2], "roll-back"), follow=True).content.decode()
        assert "in service again" in page
        assert serving() == three[1]
        assert "held by a person" in operator.get(self.url(three[1])).content.decode()

    def test_who_may_only_look_sees_no_step(self, client, three):
        user = get_user_model().objects.create_user("max", password="x", is_staff=True)
        user.groups.add(Group.objects.get(name="marketer"))
        client.force_login(user)
        assert "/step/" not in client.get(self.url(three[0])).content.decode()
        assert client.post(self.url(three[0], "activate")).status_code == 403
        assert serving() == three[2]

    def test_the_list_tells_precision_and_what_it_beats(self, operator, three):
        address = reverse("admin:launchopt_operations_modelversion_changelist")
        page = operator.get(address).content.decode()
        assert "0.150" in page
        assert "+25%" in page


class TestBacktestWords:
    def test_the_sentence_follows_the_interval(self):
        assert "+25% against the best plain way" in backtests.difference_sentence(METRICS)
        gap = {"relative": 0.02, "relative_interval": [-0.1, 0.2]}
        unsure = {"difference": {"against": "content", "map": gap}}
        assert "no clear difference" in backtests.difference_sentence(unsure)
        gap = {"relative": -0.2, "relative_interval": [-0.3, -0.1]}
        worse = {"difference": {"against": "content", "map": gap}}
        assert "does better: −20%" in backtests.difference_sentence(worse)

    def test_the_model_comes_first_then_the_best(self):
        assert backtests.models_in(METRICS) == ["model", "content", "activity", "random"]

    def test_a_search_is_told_best_first(self):
        trials = [
            {"number": 0, "value": 0.1, "state": "complete", "parameters": {"hidden": 8}},
            {"number": 1, "value": 0.2, "state": "complete", "parameters": {"hidden": 16}},
            {"number": 2, "value": None, "state": "pruned", "parameters": {"hidden": 4}},
        ]
        table = backtests.trials_table({"search": {"trials": trials}})
        assert [row[0] for row in table.rows] == ["1", "0", "2"]
        assert backtests.trials_table({}) is None
