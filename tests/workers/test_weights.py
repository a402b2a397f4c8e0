"""What results may do to the weights: what the launch allows, and no more."""

from __future__ import annotations

import pytest

from launchopt.audiences.models import Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.campaigns import services
from launchopt.campaigns.models import Launch
from launchopt.experiments.models import Assignment, Proposal
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.models import AuditEntry
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
        assert found == {"phases": {str(launch.pk): 2}, "proposed": []}

    def test_by_proposal_waits_for_a_person(self, launch):
        services.set_feedback(launch=launch, mode="propose", by="ana", now=NOW)
        found = weights.update(now=NOW + DAY, simulated=False)
        assert found == {"phases": {}, "proposed": [str(launch.pk)]}
        assert Proposal.objects.get().experiment == launch.experiment
        assert phases(launch) == 1

    def test_switched_off_does_nothing(self, launch):
        services.set_feedback(launch=launch, mode="off", by="ana", now=NOW)
        assert weights.update(now=NOW + DAY, simulated=False) == {"phases": {}, "proposed": []}
        assert phases(launch) == 1

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
