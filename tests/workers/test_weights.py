"""What results may do to the weights: what the launch allows, and no more."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from launchopt import jobs
from launchopt.audiences.models import Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.campaigns import services
from launchopt.campaigns.models import Launch
from launchopt.campaigns.services.learning import speak_to_audience
from launchopt.experiments.models import Assignment, Proposal
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.models import Alert, AuditEntry, Run
from launchopt_workers.delivery import weights
from tests.support.launches import (
    HOUR,
    NOW,
    add_event,
    ask,
    make_audience,
    make_customers,
    make_running,
)

DAY = 24 * HOUR
UNTIL = NOW + DAY


@pytest.fixture
def launch(db: None) -> Launch:
    """A launch one of whose variants sells far better than the other."""
    ensure_partitions(since=NOW - 60 * DAY, until=NOW + 60 * DAY)
    customers = make_customers(120)
    launch = make_running(make_audience(customers), hours=24 * 14, budget="500.00")
    for customer in customers:
        ask(customer, at=NOW + HOUR)
    best = launch.experiment.variants.filter(is_control=False).last()
    for row in Assignment.objects.filter(variant=best).select_related("customer"):
        add_event(row.customer, "purchase", product=launch.product, at=NOW + 2 * HOUR)
    assert Event.objects.filter(kind="purchase").exists()
    return launch


def phases(launch: Launch) -> int:
    return launch.experiment.phases.count()


class TestFeedback:
    def test_by_itself_opens_a_phase(self, launch):
        found = weights.update(now=NOW + DAY, simulated=False)
        assert found == {"phases": {str(launch.pk): [2]}, "proposed": {}, "audiences": {}}
        run = Run.objects.get(subject=f"launch:{launch.pk}", job=jobs.UPDATE_WEIGHTS.name)
        assert run.message.startswith("Thompson sampling:")
        assert run.result == launch.experiment.phases.get(number=2).weights

    def test_by_proposal_waits_for_a_person(self, launch):
        services.set_feedback(launch=launch, mode="propose", by="ana", now=NOW)
        found = weights.update(now=NOW + DAY, simulated=False)
        assert found == {"phases": {}, "proposed": {str(launch.pk): 1}, "audiences": {}}
        assert Run.objects.get(subject=f"launch:{launch.pk}").message.startswith("Proposed:")
        assert Proposal.objects.get().experiment == launch.experiment
        assert phases(launch) == 1

    def test_switched_off_does_nothing(self, launch):
        services.set_feedback(launch=launch, mode="off", by="ana", now=NOW)
        assert weights.update(now=NOW + DAY, simulated=False)["phases"] == {}
        assert not Run.objects.filter(job=jobs.UPDATE_WEIGHTS.name).exists()
        assert phases(launch) == 1

    def test_is_changed_in_the_admin_while_the_launch_runs_after_asking(self, launch, admin_client):
        page = reverse("admin:launchopt_campaigns_launch_change", args=[launch.pk])
        assert b"Let results propose" in admin_client.get(page).content
        assert b"Let results act" not in admin_client.get(page).content  # it is so already
        step = reverse("admin:launchopt_campaigns_launch_step", args=[launch.pk, "feedback-off"])
        assert b"only measured" in admin_client.get(step).content
        admin_client.post(step)
        launch.refresh_from_db()
        assert launch.feedback == "off"
        assert AuditEntry.objects.filter(action="set_feedback").exists()

    def test_leaves_a_trail_when_it_is_changed(self, launch):
        services.set_feedback(launch=launch, mode="off", by="ana", now=NOW)
        entry = AuditEntry.objects.get(action="set_feedback")
        assert (entry.before, entry.after) == ({"feedback": "auto"}, {"feedback": "off"})

    def test_refuses_a_mode_that_there_is_not(self, launch):
        with pytest.raises(InvalidInput, match="auto, propose, off"):
            services.set_feedback(launch=launch, mode="wild", by="ana", now=NOW)

    def test_has_nothing_to_say_once_the_launch_has_ended(self, launch):
        services.finish_launch(launch=launch, by="ana", now=NOW + DAY)
        with pytest.raises(Conflict, match="ended"):
            services.set_feedback(launch=launch, mode="off", by="ana", now=NOW + DAY)


class TestAudiences:
    """Of two audiences one buys nothing once it may be contacted, and plenty where it is not."""

    @pytest.fixture
    def launch(self, db: None) -> Launch:
        ensure_partitions(since=NOW - 60 * DAY, until=NOW + 60 * DAY)
        customers = make_customers(400)
        launch = make_running(make_audience(customers[:200]), hours=24 * 14)
        annoyed = make_audience(customers[200:])
        campaign = launch.campaigns.get()
        campaign.pk, campaign.audience = uuid.uuid4(), annoyed
        campaign._state.adding = True
        campaign.save()
        variants = list(launch.experiment.variants.all())
        launch.experiment.phases.update(weights={"holdout": 0.5, "a": 0.25, "b": 0.25})
        for number, customer in enumerate(customers):
            name = "holdout" if number % 2 else "ab"[number // 2 % 2]
            Assignment.objects.create(
                experiment=launch.experiment,
                customer=customer,
                variant=next(v for v in variants if v.name == name),
                phase=1,
                assigned_at=NOW,
            )
        for number in (*range(1, 60), *range(201, 340, 2)):
            add_event(customers[number], "purchase", product=launch.product, at=NOW + 2 * HOUR)
        return launch

    def spoken_to(self, launch: Launch) -> int:
        return launch.campaigns.filter(is_active=True).count()

    def test_one_that_is_harmed_is_left_alone_and_can_be_spoken_to_again(self, launch: Launch):
        found = weights.update(now=UNTIL, simulated=False)
        assert found["audiences"] == {str(launch.pk): ["The likeliest"]}
        assert self.spoken_to(launch) == 1
        stopped = launch.campaigns.get(is_active=False)
        run = Run.objects.get(message__startswith="Stopped speaking to")
        assert run.result == {"audience": str(stopped.audience_id)}
        assert "less each than those left alone" in run.message
        speak_to_audience(launch=launch, audience=stopped.audience, by="ana", now=UNTIL)
        assert self.spoken_to(launch) == 2
        assert AuditEntry.objects.filter(action="switch_audience", actor="ana").exists()
        with pytest.raises(Conflict, match="nothing to undo"):
            speak_to_audience(launch=launch, audience=stopped.audience, by="ana", now=UNTIL)

    def test_the_admin_undoes_it_after_asking(self, launch: Launch, admin_client):
        weights.update(now=UNTIL, simulated=False)
        page = reverse("admin:launchopt_campaigns_campaign_changelist")
        stopped = launch.campaigns.get(is_active=False)
        asked = {"action": "speak_again", "_selected_action": [str(stopped.pk)]}
        assert b"buy less" in admin_client.post(page, asked).content
        assert self.spoken_to(launch) == 1
        admin_client.post(page, asked | {"confirmed": "yes"})
        assert self.spoken_to(launch) == 2

    def test_by_proposal_a_person_is_asked(self, launch: Launch):
        services.set_feedback(launch=launch, mode="propose", by="ana", now=NOW)
        weights.update(now=UNTIL, simulated=False)
        assert self.spoken_to(launch) == 2
        assert Alert.objects.get(code="audience_harmed").message.startswith("Stop speaking to")

    def test_switched_off_does_nothing(self, launch: Launch):
        services.set_feedback(launch=launch, mode="off", by="ana", now=NOW)
        weights.update(now=UNTIL, simulated=False)
        assert self.spoken_to(launch) == 2
        assert not Alert.objects.filter(code="audience_harmed").exists()
