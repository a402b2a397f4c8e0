"""Messages that wait: each has a reason and a new time, none is dropped, none goes out twice."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.urls import reverse

from launchopt.audiences.models import Consent, Customer
from launchopt.campaigns import delivering
from launchopt.campaigns.models import BestHours, Campaign, Decision, HeldMessage, Launch, Message
from tests.support.launches import (
    HOUR,
    NOW,
    add_event,
    make_audience,
    make_customers,
    make_product,
    make_running,
)  # fmt: skip
from tests.support.threads import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_worker")]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _shop(settings):
    settings.LAUNCHOPT = {
        **settings.LAUNCHOPT, "EMAIL_FROM": "news@shop.example", "TIME_ZONE": "UTC",
        "SITE_URL": "https://shop.example",
    }  # fmt: skip


@pytest.fixture
def people() -> list[Customer]:
    customers = make_customers(4)
    for customer in customers:
        customer.email = f"{customer.external_id}@example.org"
    Customer.objects.bulk_update(customers, ["email"])
    return customers


def launch_for(people, *, days: int = 3, holdout: float = 1e-9, **more) -> Launch:
    """It begins on a Monday at nine."""
    weights = {"holdout": holdout, "a": 1 - holdout}
    launch = make_running(
        make_audience(people), channel="email", hours=24 * days, weights=weights, **more
    )
    Campaign.objects.update(allowance=Decimal(50))
    return launch


def tick(at) -> int:
    """How many messages go out."""
    return delivering.send_due(now=at)["sent"]


def best(customer: Customer, hour: int, *, weekend: int | None = None) -> None:
    weekend = hour if weekend is None else weekend
    BestHours.objects.create(
        customer=customer, weekday=hour, weekend=weekend, hours_seen=9, as_of=NOW
    )


def held(customer: Customer) -> tuple[str, object]:
    row = HeldMessage.objects.get(customer=customer)
    return row.reason, row.until


class TestBestHour:
    def test_a_message_waits_for_it_and_goes_then(self, people):
        launch_for(people)
        best(people[0], 17)
        assert tick(NOW) == 3
        assert held(people[0]) == ("best_hour", NOW + 8 * HOUR)
        assert tick(NOW + 7 * HOUR) == 0
        assert tick(NOW + 8 * HOUR) == 1
        assert sorted(m.to[0] for m in mail.outbox)[0] == "c0@example.org"

    def test_one_whose_hour_has_passed_is_held_for_the_next(self, people):
        launch_for(people[:1])
        best(people[0], 17)
        tick(NOW)
        assert tick(NOW + 10 * HOUR) == 0  # nobody sent from 17 to 18
        assert held(people[0]) == ("best_hour", NOW + 32 * HOUR)
        assert tick(NOW + 32 * HOUR) == 1

    def test_and_goes_at_once_where_the_launch_ends_before_it(self, people):
        launch_for(people[:1], days=1)
        best(people[0], 8)
        assert tick(NOW) == 0  # eight o'clock tomorrow is within the launch
        HeldMessage.objects.all().delete()
        best(people[1], 8)
        Launch.objects.update(ends_at=NOW + 20 * HOUR)
        assert tick(NOW + HOUR) == 1

    def test_is_read_on_the_customer_s_clock(self, people):
        launch_for(people[:1])
        Customer.objects.update(time_zone="America/New_York")
        best(people[0], 17)
        assert tick(NOW + 6 * HOUR) == 0
        assert held(people[0]) == ("best_hour", NOW + 13 * HOUR)

    def test_waits_no_longer_than_the_setting(self, people, settings):
        launch_for(people[:1])
        best(people[0], 17)
        settings.LAUNCHOPT = {**settings.LAUNCHOPT, "BEST_HOUR_WAIT": 0}
        assert tick(NOW) == 1


class TestReasons:
    def test_by_night_it_waits_for_the_morning(self, people):
        launch_for(people[:1])
        assert tick(NOW + 13 * HOUR) == 0  # ten in the evening
        assert held(people[0]) == ("quiet_hours", NOW + 23 * HOUR)
        assert tick(NOW + 23 * HOUR) == 1

    def test_by_night_it_waits_for_the_best_hour_of_the_morrow(self, people):
        launch_for(people[:1])
        best(people[0], 12)
        tick(NOW + 13 * HOUR)
        assert held(people[0]) == ("quiet_hours", NOW + 27 * HOUR)

    def test_a_zone_that_does_not_exist_is_held_for_a_day(self, people):
        launch_for(people[:1])
        Customer.objects.update(time_zone="Mars/Olympus")
        assert tick(NOW) == 0
        assert held(people[0]) == ("quiet_hours", NOW + DAY)

    def test_without_consent_it_is_looked_at_again_in_an_hour(self, people):
        launch_for(people[:1])
        Consent.objects.update(is_granted=False)
        assert tick(NOW) == 0
        assert held(people[0]) == ("no_consent", NOW + HOUR)
        Consent.objects.update(is_granted=True)
        assert tick(NOW + HOUR) == 1

    def test_a_held_out_customer_is_not_asked_about_again(self, people):
        launch = launch_for(people[:1], holdout=1 - 1e-9)
        assert tick(NOW) == 0
        assert held(people[0]) == ("holdout", launch.ends_at)
        tick(NOW + DAY)
        assert Decision.objects.count() == 1

    def test_capped_it_waits_until_the_cap_has_room(self, people):
        other = make_running(make_audience(people), product=make_product("OTHER"), cap_contacts=1)
        Decision.objects.create(
            customer=people[0], placement_id="home", channel="onsite", launch=other, reason="shown",
            propensity=1.0, policy_version="test", state="confirmed", decided_at=NOW - 20 * HOUR,
        )  # fmt: skip
        launch_for(people[:1], cap_contacts=1)
        assert tick(NOW) == 0
        assert held(people[0]) == ("capped", NOW + 4 * HOUR)
        assert tick(NOW + 4 * HOUR) == 1

    def test_who_has_bought_is_left_alone(self, people):
        launch = launch_for(people[:1])
        add_event(people[0], "purchase", product=launch.product, at=NOW - HOUR)
        assert tick(NOW) == 0
        assert held(people[0]) == ("suppressed", launch.ends_at)

    def test_not_worth_it_is_looked_at_again_when_the_bar_has_moved(self, people):
        launch = launch_for(people[:1])
        launch.plan = {
            "decided_by": {"value": "what a contact adds"},
            "marginal_response": {"value": 1e9, "moved_at": (NOW + HOUR).isoformat()},
        }
        launch.save()
        assert tick(NOW + 2 * HOUR) == 0
        assert held(people[0]) == ("not_worth_it", NOW + 7 * HOUR + 5 * MINUTE)
        launch.plan["marginal_response"] |= {"value": 0.0}
        launch.save()
        assert tick(NOW + 7 * HOUR + 5 * MINUTE) == 1

    def test_where_the_bar_never_moves_it_stands_for_the_launch(self, people):
        launch = launch_for(people[:1])
        launch.plan = {"marginal_response": {"value": 1e9}}
        launch.save()
        tick(NOW)
        assert held(people[0]) == ("not_worth_it", launch.ends_at)

    def test_without_money_nobody_is_asked_about(self, people):
        launch_for(people)
        Campaign.objects.update(allowance=0)
        assert tick(NOW) == 0
        assert not HeldMessage.objects.exists()


class TestTwoLaunches:
    def test_what_holds_one_does_not_hold_the_other(self, people):
        first = launch_for(people[:1], holdout=1 - 1e-9)
        make_running(
            make_audience(people[:1], probability=0.05), product=make_product("OTHER"),
            channel="email", weights={"holdout": 1e-9, "a": 1 - 1e-9},
        )  # fmt: skip
        Campaign.objects.update(allowance=Decimal(50))
        assert tick(NOW) == 1
        assert Decision.objects.get(reason="shown").launch_id != first.pk
        assert tick(NOW + 2 * HOUR) == 0


class TestAtOnce:
    def test_doubled_ticks_write_to_nobody_twice(self, people):
        launch_for(people)
        at_once(*[lambda: tick(NOW)] * 4)
        assert sorted(m.to[0] for m in mail.outbox) == [f"c{n}@example.org" for n in range(4)]
        assert Decision.objects.count() == Message.objects.count() == 4

    def test_who_was_taken_by_a_worker_that_died_is_asked_about_an_hour_later(self, people):
        launch = launch_for(people[:1])
        HeldMessage.objects.create(
            campaign=launch.campaigns.get(), customer=people[0], reason="shown", held_at=NOW,
            until=NOW + HOUR,
        )  # fmt: skip
        assert tick(NOW + 59 * MINUTE) == 0
        assert tick(NOW + HOUR) == 1


def test_the_admin_tells_who_waits_why_and_until_when(people, client):
    launch_for(people[:1])
    best(people[0], 17)
    tick(NOW)
    client.force_login(get_user_model().objects.create_superuser("ana"))
    page = client.get(reverse("admin:launchopt_campaigns_heldmessage_changelist"))
    words = page.content.decode()
    assert "waits for the customer&#x27;s best hour" in words
    assert "17:00, at weekends 17:00" in words
    assert "c0@example.org" not in words
