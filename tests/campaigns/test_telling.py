"""The log says in words why a customer saw this, or nothing, at that time."""

from datetime import timedelta

import pytest

from launchopt.audiences.models import Consent
from launchopt.campaigns import services
from launchopt.campaigns.models import Decision, Launch, Placement
from launchopt.campaigns.selectors.telling import SILENCES, why
from tests.support.launches import NOW, ask, make_audience, make_customers, make_running

pytestmark = pytest.mark.django_db
NOBODY_HELD_OUT = {"holdout": 1e-9, "a": 0.5, "b": 0.5}


def told(decision):
    return why(Decision.objects.get(pk=decision.pk))


class TestWhatWasShown:
    def test_is_told_with_its_chance_and_its_money(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        decision = ask(customer)
        words = told(decision)
        assert f"c0 saw “{decision.creative.headline}” (home, 2026-" in words
        assert f"variant “{decision.variant}”, which 50.0% of new customers then got" in words
        assert "0.02 are reserved until" in words
        services.confirm_exposures(exposures={decision.pk: NOW})
        assert "It was seen at" in told(decision)
        assert "and cost 0.02." in told(decision)


class TestSilence:
    def test_has_words_for_every_reason(self):
        codes = {code for code, _ in Decision._meta.get_field("reason").choices}
        assert {reason.value for reason in SILENCES} == codes - {"shown"}

    def test_names_the_launch_and_the_reason(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT)
        Consent.objects.update(is_granted=False)
        assert "c0 saw nothing (home," in told(ask(customer))
        assert "they had not agreed to marketing." in told(ask(customer))
        Launch.objects.update(status="paused")
        assert "the launch was paused." in told(ask(customer, at=NOW + timedelta(seconds=1)))

    def test_at_night_it_says_when_the_message_may_go(self):
        [customer] = make_customers(1)
        customer.time_zone = "Asia/Tokyo"
        customer.save()
        make_running(make_audience([customer]), weights=NOBODY_HELD_OUT, channel="email")
        Placement.objects.create(name="letter", channel="email")
        midnight = NOW.replace(hour=15)
        words = told(ask(customer, at=midnight, placement="letter"))
        assert "it was night where they live (Asia/Tokyo). It may go from" in words
        assert "23:00 UTC on." in words
