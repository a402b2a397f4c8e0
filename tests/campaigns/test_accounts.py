"""Why did this customer see this, or nothing, at that time? Answered in words from the log."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from launchopt.audiences.models import Customer
from launchopt.campaigns import services
from launchopt.campaigns.models import HeldMessage
from launchopt.campaigns.selectors.accounts import account_of
from launchopt.operations.errors import NotFound
from tests.support.launches import (
    HOUR,
    NOW,
    add_event,
    ask,
    make_audience,
    make_customers,
    make_running,
)

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
NOBODY_HELD_OUT = {"holdout": 1e-9, "a": 0.5, "b": 0.5}


@pytest.fixture
def customers():
    return make_customers(2)


@pytest.fixture
def launch(customers):
    return make_running(make_audience(customers), weights=NOBODY_HELD_OUT)


class TestAccount:
    def test_tells_the_nearest_decision_first(self, launch, customers):
        for minutes in (0, 20, 50, 200):
            ask(customers[0], at=NOW + minutes * MINUTE)
        account = account_of("c0", at=NOW + 22 * MINUTE)
        times = [decision.decided_at for decision in account.decisions]
        assert times == [NOW + 20 * MINUTE, NOW, NOW + 50 * MINUTE]
        assert account.sentences == []

    def test_without_a_decision_it_says_so_and_what_else_is_known(self, launch, customers):
        ask(customers[0], at=NOW)
        add_event(customers[0], "view", at=NOW + 3 * HOUR - 10 * MINUTE)
        words = " ".join(account_of("c0", at=NOW + 3 * HOUR).sentences)
        assert "Nothing was decided about c0 from 2026-03-02 11:30 UTC to 2026-03-02 12:30" in words
        assert "The last before was at 2026-03-02 09:00 UTC (onsite): shown." in words
        assert "They were in the shop at 2026-03-02 11:50 UTC; the pages they saw asked" in words
        assert "Launches in whose audience they stand: “Launch of MUG-1” (onsite)." in words

    def test_where_silences_are_kept_by_lot_it_says_so(self, launch, customers, settings):
        settings.LAUNCHOPT = {**settings.LAUNCHOPT, "SILENCE_ONE_IN": 20}
        assert "only one in 20 is kept" in account_of("c0", at=NOW).sentences[0]

    def test_who_was_never_decided_about_nor_seen_is_told_as_such(self, launch, customers):
        words = " ".join(account_of("c1", at=NOW + HOUR).sentences)
        assert "Nothing has ever been decided about them." in words
        assert "The shop told of nothing that they had done by then." in words

    def test_before_a_launch_and_after_it_none_was_on(self, launch, customers):
        for at in (NOW - HOUR, NOW + 30 * HOUR):
            assert account_of("c0", at=at).sentences[-1].endswith("none that was on.")
        services.finish_launch(launch=launch, by="ada", now=NOW + HOUR)
        assert "none that was on" in account_of("c0", at=NOW + 2 * HOUR).sentences[-1]

    def test_a_message_that_waited_has_its_reason_and_its_time(self, launch, customers):
        HeldMessage.objects.create(
            campaign=launch.campaigns.get(),
            customer=customers[0],
            reason="best_hour",
            held_at=NOW,
            until=NOW + 8 * HOUR,
        )
        [words] = [s for s in account_of("c0", at=NOW + HOUR).sentences if "held" in s]
        assert "waits for the customer's best hour. It is looked at again at 2026-03-02 17" in words
        assert not any("held" in s for s in account_of("c0", at=NOW + 9 * HOUR).sentences)

    def test_a_visitor_is_who_they_turned_out_to_be(self, launch, customers):
        ask(customers[0])
        Customer.objects.filter(external_id="c1").update(merged_into=customers[0])
        account = account_of("c1", at=NOW)
        assert account.sentences == ["c1 was a visitor, who turned out to be c0."]
        assert len(account.decisions) == 1

    def test_an_unknown_customer_is_named(self):
        with pytest.raises(NotFound, match="no customer 'nobody'"):
            account_of("nobody", at=NOW)


class TestPage:
    @pytest.fixture
    def ana(self) -> Client:
        client = Client()
        client.force_login(get_user_model().objects.create_superuser("ana"))
        return client

    def page(self, client: Client, **asked: str) -> str:
        return client.get(reverse("admin:launchopt_campaigns_why"), asked).content.decode()

    def test_answers_below_the_question(self, launch, customers, ana):
        decision = ask(customers[0])
        words = self.page(ana, customer=" c0 ", at="2026-03-02T09:10")
        assert "c0 saw “Meet the Blue Mug”" in words
        assert str(decision.pk) in words
        assert "2026-03-02 09:00:00 UTC, home" in words

    def test_asks_first_and_names_what_is_wrong(self, customers, ana):
        assert "Tell me" in self.page(ana)
        assert "no customer &#x27;zoe&#x27;" in self.page(
            ana, customer="zoe", at="2026-03-02T09:10"
        )
        assert "Enter a valid date/time" in self.page(ana, customer="c0", at="yesterday")

    def test_is_reached_from_the_log_and_closed_to_others(self, ana, client):
        log = ana.get(reverse("admin:launchopt_campaigns_decision_changelist")).content.decode()
        assert reverse("admin:launchopt_campaigns_why") in log
        assert client.get(reverse("admin:launchopt_campaigns_why")).status_code == 302
        client.force_login(get_user_model().objects.create_user("bob", is_staff=True))
        assert client.get(reverse("admin:launchopt_campaigns_why")).status_code == 403
