"""Experiments in the admin."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from launchopt.audiences.models import Audience, Segment
from launchopt.experiments import services
from launchopt.experiments.models import Assignment, Experiment, Metric, Proposal
from launchopt.operations.models import Run
from tests.experiments.conftest import DAY, NOW, Shop


@pytest.fixture
def client(analyst: Client) -> Client:
    return analyst


@pytest.fixture
def experiment(shop: Shop) -> Experiment:
    experiment, customers = shop.experiment(), shop.customers(200)
    assigned = services.assign(experiment=experiment, customer_ids=customers, now=NOW)
    shop.purchases([c for c, found in assigned.items() if found.variant == "warm"][:60])
    return experiment


def page_of(client: Client, experiment: Experiment) -> str:
    address = reverse("admin:launchopt_experiments_experiment_change", args=[experiment.pk])
    return client.get(address).content.decode()


class TestExperimentPage:
    def test_tells_what_was_measured_and_how_sure_it_is(self, client, experiment):
        page = page_of(client, experiment)
        assert "ship warm" in page
        assert "as the weights promised" in page
        assert "Purchases of the product per customer" in page
        assert "holdout (control)" in page

    def test_says_so_where_nothing_was_measured_yet(self, client, shop):
        assert "results are kept at each full hour" in page_of(client, shop.experiment())

    def test_tells_of_each_guardrail(self, client, shop):
        """Who was treated buys half as much of the whole shop: more than is tolerated."""
        experiment = shop.experiment(guardrails={"shop-revenue": -0.05})
        people, other = shop.customers(400), shop.new_product("CUP")
        assigned = services.assign(experiment=experiment, customer_ids=people, now=NOW)
        for name, every in (("warm", 4), ("holdout", 2)):
            own = [c for c, found in assigned.items() if found.variant == name]
            shop.purchases(own[::every], product=other)
        page = page_of(client, experiment)
        assert "Price x quantity bought of all products" in page
        assert "−5.0 %" in page
        assert "guardrail shop-revenue is broken" in page

    def test_tells_of_each_persona(self, client, shop):
        experiment, people = shop.experiment(), shop.customers(400)
        services.assign(experiment=experiment, customer_ids=people, now=NOW)
        segments = [
            Segment.objects.create(name=f"Kind {n}", size=200, found_at=NOW, as_of=NOW)
            for n in (1, 2)
        ]
        for segment, own in zip(segments, (people[:200], people[200:]), strict=True):
            Assignment.objects.filter(customer__in=own).update(segment=segment)
        page = page_of(client, experiment)
        assert "Kind 1" in page
        assert "Kind 2" in page

    def test_says_of_whom_each_phase_is(self, client, experiment):
        audience = Audience.objects.create(name="The young", created_at=NOW)
        services.change_weights(
            experiment=experiment, weights={"holdout": 1, "warm": 4}, audience=audience, now=NOW
        )
        assert "The young" in page_of(client, experiment)

    def test_escapes_what_a_person_wrote(self, client, shop):
        experiment = shop.experiment(descriptions={"warm": "<script>alert(1)</script>"})
        page = page_of(client, experiment)
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page

    def test_shows_the_effect_over_time(self, client, experiment):
        services.record_results(experiment=experiment, until=NOW + 2 * DAY)
        assert "2026-03-04 09:00 UTC" in page_of(client, experiment)


class TestExperimentList:
    def test_takes_no_query_per_row(self, client, shop, django_assert_max_num_queries):
        for _ in range(8):
            shop.experiment()
        address = reverse("admin:launchopt_experiments_experiment_changelist")
        with django_assert_max_num_queries(12):
            page = client.get(address).content.decode()
        assert "nothing measured yet" in page

    def test_rolls_up_on_demand(self, client, experiment):
        address = reverse("admin:launchopt_experiments_experiment_changelist")
        client.post(address, {"action": "roll_up", "_selected_action": [str(experiment.pk)]})
        assert Run.objects.get().job == "launchopt.rollups.roll_up_metrics"


class TestProposals:
    def decide(self, client: Client, proposal: Proposal, action: str):
        address = reverse("admin:launchopt_experiments_proposal_changelist")
        return client.post(address, {"action": action, "_selected_action": [proposal.pk]})

    @pytest.fixture
    def proposal(self, experiment: Experiment) -> Proposal:
        return Proposal.objects.create(
            experiment=experiment,
            weights={"holdout": 0.2, "warm": 0.8},
            reason="warm sells.",
            proposed_at=NOW,
        )

    def test_are_accepted_by_a_person(self, client, proposal):
        self.decide(client, proposal, "accept")
        proposal.refresh_from_db()
        assert (proposal.is_accepted, proposal.decided_by) == (True, "ana")
        assert proposal.experiment.phases.last().weights["warm"] == pytest.approx(0.8)

    def test_are_declined_once(self, client, proposal):
        self.decide(client, proposal, "decline")
        self.decide(client, proposal, "accept")
        assert proposal.experiment.phases.count() == 1

    def test_can_be_undone_after_asking(self, client, proposal):
        self.decide(client, proposal, "accept")
        address = reverse("admin:launchopt_experiments_experiment_changelist")
        asked = {"action": "undo_weights", "_selected_action": [str(proposal.experiment_id)]}
        assert "before the last change" in client.post(address, asked).content.decode()
        client.post(address, asked | {"confirmed": "yes"})
        assert proposal.experiment.phases.last().weights == {"holdout": 0.5, "warm": 0.5}


class TestMetrics:
    def test_only_the_words_can_be_changed(self, shop):
        admin = get_user_model().objects.create_superuser("root", password="x")
        client = Client()
        client.force_login(admin)
        shop.experiment()
        address = reverse("admin:launchopt_experiments_metric_change", args=["conversion"])
        client.post(address, {"definition": "Sales per customer.", "event_kind": "view"})
        metric = Metric.objects.get(name="conversion")
        assert (metric.definition, metric.event_kind) == ("Sales per customer.", "purchase")
