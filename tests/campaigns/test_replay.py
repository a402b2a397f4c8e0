"""Decisions of the log decided again, and silence that is kept by lot."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.urls import reverse

from launchopt.audiences.models import Consent
from launchopt.campaigns import services
from launchopt.campaigns.models import Decision, ExcludedCustomer
from launchopt.campaigns.services.replaying import replay_decisions
from launchopt.experiments.models import Assignment
from tests.support.launches import (
    HOUR,
    NOW,
    add_event,
    make_audience,
    make_customers,
    make_launch,
    make_product,
    make_running,
)

MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


def ask_all(customers, *, at=NOW):
    questions = [
        services.Question(customer=c.external_id, placement="home", at=at, context={})
        for c in customers
    ]
    return [answer.decision for answer in services.decide(questions=questions)]


@pytest.fixture
def customers():
    return make_customers(60)


@pytest.fixture
def launch(customers):
    """A launch with a holdout, another for the same people, and some reasons to be silent."""
    audience = make_audience(customers[:50])
    launch = make_running(audience, weights={"holdout": 0.3, "a": 0.4, "b": 0.3}, cap_contacts=1)
    make_running(audience, product=make_product("OTHER"), cap_contacts=1)
    Consent.objects.filter(customer__in=customers[:5]).update(is_granted=False)
    ExcludedCustomer.objects.create(launch=launch, customer=customers[6])
    add_event(customers[7], "purchase", product=launch.product, at=NOW - HOUR)
    return launch


class TestReplay:
    def test_gives_the_same_answer_for_every_decision_of_the_log(self, launch, customers):
        services.pace_launches(now=NOW + HOUR / 2)
        for minutes in (0, 10, 59):
            ask_all(customers, at=NOW + minutes * MINUTE)
        services.stop_all_launches(by="anna", now=NOW + HOUR)
        ask_all(customers, at=NOW + HOUR)
        reasons = set(Decision.objects.values_list("reason", flat=True))
        assert reasons >= {"shown", "holdout", "no_consent", "not_in_audience", "capped", "paused"}
        replay = replay_decisions()
        assert replay.differences == []
        assert (replay.decisions, replay.same) == (240, 240)

    def test_draws_the_variant_anew_and_does_not_copy_it(self, launch, customers):
        drawn = next(d for d in ask_all(customers) if d.reason == "shown")
        assert 0 <= drawn.inputs["bucket"] < 1
        others = [c | {"share": float(c["variant"] == "holdout")} for c in drawn.candidates]
        Decision.objects.filter(pk=drawn.pk).update(candidates=others)
        assert "variant" in {each["what"] for each in replay_decisions().differences}

    @pytest.mark.parametrize(
        ("what", "value"), [("reason", "capped"), ("variant", "c"), ("propensity", 0.9)]
    )
    def test_names_what_differs_and_fails(self, launch, customers, what, value, capsys):
        shown = next(d for d in ask_all(customers) if d.reason == "shown")
        Decision.objects.filter(pk=shown.pk).update(**{what: value})
        [difference] = replay_decisions(launch=shown.launch).differences
        assert (difference["decision"], difference["what"]) == (str(shown.pk), what)
        with pytest.raises(CommandError, match="otherwise"):
            call_command("replay_decisions", str(shown.launch_id), "--json")
        [told] = json.loads(capsys.readouterr().out)["differences"]
        assert (told["what"], told["then"]) == (what, value)

    def test_counts_decisions_of_an_earlier_policy_apart(self, launch, customers):
        ask_all(customers)
        Decision.objects.update(policy_version="delivery-1")
        replay = replay_decisions(since=NOW, until=NOW + HOUR)
        assert (replay.decisions, replay.same, replay.by_another_policy) == (60, 0, 60)


class TestSilenceByLot:
    @pytest.fixture
    def one_in_four(self, settings):
        settings.LAUNCHOPT = settings.LAUNCHOPT | {"SILENCE_ONE_IN": 4}

    def test_one_in_so_many_is_stored_and_counts_for_as_many(self, one_in_four):
        make_launch(make_audience([]))
        asked = ask_all(make_customers(800))
        assert {d.weight for d in asked} == {4}
        kept = Decision.objects.all()
        assert 150 <= kept.count() <= 250  # 200 expected
        assert {d.pk for d in kept} == {d.pk for d in asked if d.pk.int % 4 == 0}
        assert kept.aggregate(n=Sum("weight"))["n"] == 4 * kept.count()

    def test_what_is_shown_and_who_is_held_out_is_stored_always(
        self, one_in_four, launch, customers
    ):
        asked = [d for d in ask_all(customers) if d.reason in ("shown", "holdout")]
        kept = Decision.objects.filter(reason__in=["shown", "holdout"])
        assert set(kept.values_list("pk", "weight")) == {(d.pk, 1) for d in asked}
        assert Assignment.objects.count() >= len(asked)

    def test_what_is_stored_is_replayed(self, one_in_four, launch, customers):
        ask_all(customers)
        replay = replay_decisions()
        assert replay.same == replay.decisions == Decision.objects.count()


class TestAdmin:
    def test_a_decision_says_what_it_was_decided_by_and_whether_it_still_holds(
        self, admin_client, launch, customers
    ):
        shown = next(d for d in ask_all(customers) if d.reason == "shown")
        page = reverse("admin:launchopt_campaigns_decision_change", args=[shown.pk])
        assert "The same." in admin_client.get(page).content.decode()
        Decision.objects.filter(pk=shown.pk).update(propensity=0.9)
        assert f"Otherwise: propensity: {shown.propensity}." in (
            admin_client.get(page).content.decode()
        )
