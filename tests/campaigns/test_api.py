"""Launches and decisions over REST: who may do what, and what is answered."""

from decimal import Decimal

import pytest

from launchopt.campaigns.models import Decision, Launch
from launchopt.operations.models import AuditEntry, Run
from tests.support.api import by_key, by_person
from tests.support.launches import (
    HOUR,
    NOW,
    make_audience,
    make_customers,
    make_launch,
    make_product,
    make_running,
)

pytestmark = pytest.mark.django_db
WISH = {
    "sku": "MUG-1",
    "budget": "50.00",
    "currency": "GBP",
    "starts_at": "2030-03-02T09:00:00Z",
    "days": 14,
}


@pytest.fixture
def simulated_time(settings):
    settings.LAUNCHOPT = settings.LAUNCHOPT | {"ALLOW_CLIENT_CLOCK": True}


def at(hours=0):
    return (NOW + hours * HOUR).isoformat()


@pytest.mark.usefixtures("simulated_time")
class TestDecisions:
    def test_one_question_has_one_answer_with_every_promised_field(self):
        [customer] = make_customers(1)
        launch = make_running(
            make_audience([customer]), weights={"holdout": 1e-9, "a": 1.0}, hours=24
        )
        body = {"customer": "c0", "placement": "home", "context": {"page": "/"}, "at": at()}
        response = by_key("integration").post("decisions/", body)
        assert response.status_code == 200
        answer = response.json()
        decision = Decision.objects.get()
        creative = answer.pop("creative")
        assert creative.pop("id") == str(decision.creative_id)
        assert creative == {
            "sku": "MUG-1",
            "headline": "Meet the Blue Mug",
            "body": "Holds 300 ml.",
            "call_to_action": "Take a look",
            "alt_text": "Picture of the Blue Mug",
            "url": "",
        }
        assert answer == {
            "decision_id": str(decision.pk),
            "reason": "shown",
            "launch": str(launch.pk),
            "campaign": str(decision.campaign_id),
            "variant": "a",
            "propensity": pytest.approx(1.0),
            "policy_version": "delivery-2",
        }
        assert decision.context == {"page": "/"}

    def test_a_list_is_answered_by_a_list_in_its_order(self):
        customers = make_customers(20)
        make_running(make_audience(customers[:10]))
        body = [{"customer": f"c{n}", "placement": "home", "at": at()} for n in range(20)]
        answers = by_key("integration").post("decisions/", body).json()
        reasons = [answer["reason"] for answer in answers]
        assert reasons[10:] == ["not_in_audience"] * 10
        assert "not_in_audience" not in reasons[:10]

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [
            ({"placement": "home"}, "/0/customer"),
            ({"customer": "c0"}, "/0/placement"),
            ({"customer": "c0", "placement": "cellar"}, "/0/placement"),
            ({"customer": "", "placement": "home"}, "/0/customer"),
            ({"customer": "c\0", "placement": "home"}, "/0/customer"),
            ({"customer": "c0", "placement": "home", "context": "x"}, "/0/context"),
            ({"customer": "c0", "placement": "home", "context": {"a": "\0"}}, "/0/context"),
            ({"customer": "c0", "placement": "home", "at": "yesterday"}, "/0/at"),
            ({"customer": "c0", "placement": "home", "at": "2026-03-02T09:00:00"}, "/0/at"),
            (["c0"], "/0"),
        ],
    )
    def test_a_wrong_question_is_refused_with_its_place(self, body, pointer):
        response = by_key("integration").post("decisions/", body)
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == pointer

    def test_more_than_a_thousand_questions_are_refused(self):
        body = [{"customer": f"c{n}", "placement": "home"} for n in range(1001)]
        response = by_key("integration").post("decisions/", body)
        assert response.status_code == 400
        assert "1,000" in response.json()["detail"]

    def test_an_empty_list_is_answered_by_an_empty_list(self):
        assert by_key("integration").post("decisions/", []).json() == []

    def test_the_log_can_be_read_with_the_reason_in_words(self):
        make_customers(1)
        caller = by_key("integration")
        caller.post("decisions/", {"customer": "c0", "placement": "home", "at": at()})
        row = caller.get("decisions/?reason=no_launch").json()["results"][0]
        assert (row["customer"], row["why"]) == ("c0", "no launch was running here")


class TestTheClock:
    def test_at_is_refused_where_the_shop_runs_on_its_own_clock(self):
        body = {"customer": "c0", "placement": "home", "at": at()}
        response = by_key("integration").post("decisions/", body)
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "/0/at"

    @pytest.mark.usefixtures("simulated_time")
    def test_a_launch_started_with_at_is_simulated_and_shows_nothing_without_at(self):
        [customer] = make_customers(1)
        launch = make_launch(make_audience([customer]), status=Launch.Status.APPROVED)
        Launch.objects.filter(pk=launch.pk).update(ends_at=NOW + 200 * 8766 * HOUR)
        started = by_key("marketer").post(f"launches/{launch.pk}/start/", {"at": at()}).json()
        assert (started["status"], started["is_simulated"]) == ("running", True)
        ask = {"customer": "c0", "placement": "home"}
        caller = by_key("integration")
        assert caller.post("decisions/", ask).json()["reason"] == "no_launch"
        assert caller.post("decisions/", ask | {"at": at(1)}).json()["reason"] != "no_launch"
        launch.refresh_from_db()
        assert launch.clock_at == NOW + HOUR


class TestPlanning:
    def test_a_launch_is_drafted_and_its_plan_is_under_way(self):
        make_product()
        response = by_key("marketer").post("launches/", WISH)
        assert response.status_code == 201
        answer = response.json()
        assert (answer["sku"], answer["status"]) == ("MUG-1", "planning")
        assert answer["ends_at"].startswith("2030-03-16T09:00")
        assert answer["created_by"] == "key:marketer program"
        run = Run.objects.get(pk=answer["run"])
        assert run.subject == f"launch:{answer['id']}"

    def test_asking_twice_for_the_plan_gives_the_same_run(self):
        make_product()
        caller = by_key("marketer")
        launch = caller.post("launches/", WISH).json()
        again = caller.post(f"launches/{launch['id']}/plan/", {"as_of": "2030-03-02T09:00:00Z"})
        assert Run.objects.count() == 2  # another instant is another plan
        same = caller.post(f"launches/{launch['id']}/plan/", {"as_of": "2030-03-02T09:00:00Z"})
        assert same.json()["run"] == again.json()["run"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"budget": "0"}, "/budget"),
            ({"budget": "-1"}, "/budget"),
            ({"budget": "10.001"}, "/budget"),
            ({"budget": "NaN"}, "/budget"),
            ({"budget": "much"}, "/budget"),
            ({"currency": "POUNDS"}, "/currency"),
            ({"days": 0}, "/ends_at"),
            ({"days": 5000}, "/ends_at"),
            ({"ends_at": "2030-03-01T09:00:00Z"}, "/ends_at"),
            ({"starts_at": "soon"}, "/starts_at"),
            ({"starts_at": "2030-03-02T09:00:00"}, "/starts_at"),
            ({"holdout": 0}, "/holdout"),
            ({"holdout": 1}, "/holdout"),
            ({"channels": {"onsite": "0"}}, "/channels"),
            ({"channels": {"on site": "1"}}, "/channels"),
            ({"channels": ["onsite"]}, "/channels"),
            ({"cap_contacts": 0}, "/cap_contacts"),
        ],
    )
    def test_a_broken_rule_is_named(self, change, pointer):
        make_product()
        response = by_key("marketer").post("launches/", WISH | change)
        assert response.status_code == 400
        assert pointer in [error["pointer"] for error in response.json()["errors"]]
        assert not Launch.objects.exists()

    def test_an_unknown_sku_is_not_found(self):
        response = by_key("marketer").post("launches/", WISH)
        assert response.status_code == 404
        assert "MUG-1" in response.json()["detail"]


class TestLifecycle:
    def test_approved_started_paused_resumed_and_finished(self):
        launch = make_launch(make_audience(make_customers(5)), ends_at=NOW + 200 * 8766 * HOUR)
        marketer, approver = by_person("marketer"), by_person("approver")
        steps = [
            (approver, "approve", "approved"),
            (marketer, "start", "running"),
            (marketer, "pause", "paused"),
            (marketer, "resume", "running"),
            (marketer, "finish", "finished"),
        ]
        for caller, step, state in steps:
            response = caller.post(f"launches/{launch.pk}/{step}/")
            assert response.status_code == 200, response.json()
            assert response.json()["status"] == state
        actions = AuditEntry.objects.filter(subject=f"launch:{launch.pk}")
        assert set(actions.values_list("action", flat=True)) >= {"approve_launch", "start_launch"}

    @pytest.mark.usefixtures("simulated_time")
    def test_the_second_start_is_a_conflict(self):
        launch = make_launch(make_audience(make_customers(1)), status=Launch.Status.APPROVED)
        caller = by_key("marketer")
        assert caller.post(f"launches/{launch.pk}/start/", {"at": at()}).status_code == 200
        again = caller.post(f"launches/{launch.pk}/start/", {"at": at()})
        assert again.status_code == 409
        assert "running cannot be started" in again.json()["detail"]

    def test_a_plan_that_nobody_approved_cannot_be_started(self):
        launch = make_launch(make_audience(make_customers(1)))
        response = by_key("marketer").post(f"launches/{launch.pk}/start/")
        assert response.status_code == 409
        assert "Approve it first" in response.json()["detail"]

    def test_a_launch_whose_end_is_past_cannot_be_started(self):
        launch = make_launch(make_audience(make_customers(1)), status=Launch.Status.APPROVED)
        response = by_key("marketer").post(f"launches/{launch.pk}/start/")
        assert response.status_code == 409

    def test_the_terms_are_changed_until_it_is_approved(self):
        launch = make_launch(make_audience(make_customers(1)))
        caller = by_key("marketer")
        response = caller.patch(f"launches/{launch.pk}/", {"holdout": 0.2, "cap_contacts": 1})
        assert response.status_code == 200
        assert (response.json()["holdout"], response.json()["status"]) == (0.2, "draft")
        Launch.objects.update(status=Launch.Status.APPROVED)
        assert caller.patch(f"launches/{launch.pk}/", {"holdout": 0.3}).status_code == 409

    def test_an_end_before_the_start_is_refused_in_a_change_too(self):
        launch = make_launch(make_audience(make_customers(1)))
        body = {"ends_at": (NOW - HOUR).isoformat()}
        response = by_key("marketer").patch(f"launches/{launch.pk}/", body)
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "/ends_at"

    def test_a_duplicate_is_a_draft_on_the_same_terms(self):
        launch = make_launch(make_audience(make_customers(1)))
        response = by_key("marketer").post(f"launches/{launch.pk}/duplicate/")
        assert response.status_code == 201
        answer = response.json()
        assert answer["status"] == "draft"
        assert answer["duplicated_from"] == str(launch.pk)
        assert answer["budget"] == "100.0000"


class TestEditing:
    @pytest.fixture
    def launch(self):
        return make_launch(make_audience(make_customers(40)), budget="0.50", hours=24)

    def test_the_money_of_an_hour_is_set_by_hand(self, launch):
        campaign = launch.campaigns.get()
        body = {"starts_at": at(3), "amount": "0.10"}
        response = by_key("marketer").post(f"campaigns/{campaign.pk}/money/", body)
        assert response.status_code == 200
        plan = response.json()
        pinned = [cell for cell in plan["cells"] if cell["is_pinned"]]
        assert [Decimal(cell["amount"]) for cell in pinned] == [Decimal("0.10")]
        spent = sum(Decimal(cell["amount"]) for cell in plan["cells"])
        assert spent + Decimal(plan["unspent"]) == Decimal("0.50")

    def test_more_money_than_there_is_is_refused(self, launch):
        body = {"starts_at": at(3), "amount": "0.60"}
        path = f"campaigns/{launch.campaigns.get().pk}/money/"
        response = by_key("marketer").post(path, body)
        assert response.status_code == 400
        assert response.json()["errors"][0]["pointer"] == "/amount"

    def test_customers_are_left_out_and_taken_back(self, launch):
        caller, body = by_key("marketer"), {"customers": ["c0", "c1"], "reason": "staff"}
        for path, count in (("exclude", 2), ("exclude", 0), ("include", 2), ("include", 0)):
            response = caller.post(f"launches/{launch.pk}/{path}/", body)
            assert response.json() == {"customers": count}
        assert caller.post(f"launches/{launch.pk}/exclude/", {}).status_code == 400

    def test_a_campaign_speaks_to_another_audience_or_to_none(self, launch):
        caller, campaign = by_key("marketer"), launch.campaigns.get()
        other = make_audience(make_customers(5, prefix="x"))
        path = f"campaigns/{campaign.pk}/"
        assert caller.patch(path, {"audience": str(other.pk)}).json()["audience"] == str(other.pk)
        assert caller.patch(path, {"is_active": False}).json()["is_active"] is False

    def test_nothing_changes_after_approval(self, launch):
        Launch.objects.update(status=Launch.Status.APPROVED)
        caller, campaign = by_key("marketer"), launch.campaigns.get()
        assert caller.patch(f"campaigns/{campaign.pk}/", {"is_active": False}).status_code == 409
        body = {"starts_at": at(3), "amount": "0.10"}
        assert caller.post(f"campaigns/{campaign.pk}/money/", body).status_code == 409

    def test_words_are_changed_approved_and_rejected(self, launch):
        creative = launch.creatives.first()
        path = f"creatives/{creative.pk}/"
        caller, approver = by_key("marketer"), by_person("approver")
        changed = caller.patch(path, {"headline": "The Blue Mug"})
        assert changed.json()["headline"] == "The Blue Mug"
        assert caller.post(f"{path}approve/").status_code == 403
        assert approver.post(f"{path}approve/").json()["status"] == "approved"
        rejected = approver.post(f"{path}reject/", {"reason": "too plain"}).json()
        assert (rejected["status"], rejected["rejection_reason"]) == ("rejected", "too plain")


class TestPermissions:
    def test_without_a_key_nothing_is_said(self, client):
        response = client.get("/api/v1/launches/")
        assert response.status_code == 401

    @pytest.mark.parametrize(
        ("group", "path"),
        [
            ("integration", "launches/"),
            ("integration", "launches/{}/start/"),
            ("marketer", "launches/{}/approve/"),
            ("marketer", "decisions/"),
            ("analyst", "launches/{}/pause/"),
            ("analyst", "placements/"),
        ],
    )
    def test_what_a_group_may_not_do_is_refused(self, group, path):
        launch = make_launch(make_audience(make_customers(1)))
        response = by_key(group).post(path.format(launch.pk), WISH)
        assert response.status_code == 403
        assert response.json()["status"] == 403

    @pytest.mark.parametrize(
        "path", ["launches/", "campaigns/", "placements/", "creatives/", "decisions/"]
    )
    def test_everybody_with_a_key_may_read(self, path):
        make_running(make_audience(make_customers(1)))
        response = by_key("analyst").get(path)
        assert response.status_code == 200
        assert "results" in response.json()

    def test_an_unknown_launch_is_not_found(self):
        response = by_key("analyst").get("launches/00000000-0000-0000-0000-000000000000/")
        assert response.status_code == 404
