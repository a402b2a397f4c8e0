"""The best hour of a customer: their own habits, drawn to those of people like them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from launchopt import jobs
from launchopt.audiences.derived import Segment
from launchopt.audiences.models import Customer, Event, Persona
from launchopt.campaigns.models import BestHours
from launchopt.campaigns.services.best_hours import learn_best_hours
from launchopt_workers import due
from tests.support.launches import HOUR, NOW, make_customers

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
MONDAY = NOW.replace(hour=0) - 28 * DAY


def came(customer: Customer, *, hour: int, days: range, kind: str = "view") -> None:
    """In this hour UTC of these days, counted from a Monday four weeks ago."""
    Event.objects.bulk_create(
        Event(message_id=uuid.uuid4(), customer=customer, kind=kind, occurred_at=at, received_at=at)
        for day in days
        for at in [MONDAY + day * DAY + hour * HOUR + timedelta(minutes=7)]
    )


def in_segment(customers: list[Customer], key: str) -> None:
    segment = Segment.objects.create(**segment_fields(key))
    Persona.objects.bulk_create(
        Persona(
            customer=c, segment=segment, recency=1, frequency=1, monetary=1, confidence=1.0,
            as_of=NOW,
        )
        for c in customers
    )  # fmt: skip


def segment_fields(key: str) -> dict:
    return {"name": key, "size": 16, "space": "test", "found_at": NOW, "as_of": NOW}


def learned(customer: Customer) -> tuple[int, int]:
    row = BestHours.objects.get(customer=customer)
    return row.weekday, row.weekend


class TestLearning:
    def test_finds_the_habits_of_working_days_and_weekends(self):
        [ada] = make_customers(1)
        for week in range(4):
            came(ada, hour=12, days=range(7 * week, 7 * week + 5))
            came(ada, hour=17, days=range(7 * week + 5, 7 * week + 7))
        assert learn_best_hours(now=NOW) == 1
        assert learned(ada) == (12, 17)
        assert BestHours.objects.get().hours_seen == 28

    def test_is_told_in_the_customer_s_own_zone(self):
        tokyo, lost = make_customers(2)
        Customer.objects.filter(pk=tokyo.pk).update(time_zone="Asia/Tokyo")
        Customer.objects.filter(pk=lost.pk).update(time_zone="Mars/Olympus")
        for customer in (tokyo, lost):
            came(customer, hour=9, days=range(20))
        learn_best_hours(now=NOW)
        assert (learned(tokyo)[0], learned(lost)[0]) == (18, 9)  # unknown: the shop's

    def test_keeps_its_hour_over_the_change_to_summer_time(self):
        [berlin] = make_customers(1)
        Customer.objects.update(time_zone="Europe/Berlin")
        came(berlin, hour=11, days=range(28))  # noon in winter
        came(berlin, hour=10, days=range(56, 84))  # noon in summer
        learn_best_hours(now=NOW + 60 * DAY)
        assert learned(berlin) == (12, 12)

    def test_who_was_seen_once_is_taken_for_one_of_their_kind(self):
        people = make_customers(31)
        in_segment(people[:16], "early")
        in_segment(people[16:], "late")
        for number, customer in enumerate(people):
            hour = 9 if number < 16 else 19
            days = range(1) if number in (0, 16) else range(28)
            came(customer, hour=15 if number in (0, 16) else hour, days=days)
        learn_best_hours(now=NOW)
        assert learned(people[1]) == (9, 9)
        assert (learned(people[0])[1], learned(people[16])[1]) == (9, 19)

    def test_many_hours_of_their_own_outweigh_their_kind(self):
        people = make_customers(16)
        in_segment(people, "early")
        for number, customer in enumerate(people[1:]):
            came(customer, hour=9 + number % 6, days=range(28))
        came(people[0], hour=18, days=range(28))
        learn_best_hours(now=NOW)
        assert learned(people[0]) == (18, 18)

    def test_a_busy_hour_counts_once(self):
        [ada] = make_customers(1)
        for _ in range(30):
            came(ada, hour=20, days=range(1))
        came(ada, hour=12, days=range(14))
        learn_best_hours(now=NOW)
        assert learned(ada)[0] == 12

    def test_no_quiet_hour_is_the_best(self):
        [owl] = make_customers(1)
        came(owl, hour=23, days=range(28))
        came(owl, hour=16, days=range(7))
        learn_best_hours(now=NOW)
        assert learned(owl) == (16, 16)

    def test_nothing_from_the_instant_on_is_known_nor_what_is_done_to_customers(self):
        ada, bob = make_customers(2)
        came(ada, hour=12, days=range(40, 60))
        came(bob, hour=12, days=range(10), kind="exposure")
        assert learn_best_hours(now=NOW) == 0

    def test_what_a_visitor_did_counts_for_the_customer(self):
        ada, visitor = make_customers(2)
        came(visitor, hour=14, days=range(20))
        Customer.objects.filter(pk=visitor.pk).update(merged_into=ada)
        learn_best_hours(now=NOW)
        assert learned(ada)[0] == 14
        assert BestHours.objects.count() == 1

    def test_learning_again_forgets_what_no_longer_holds(self):
        [ada] = make_customers(1)
        came(ada, hour=12, days=range(10))
        learn_best_hours(now=NOW)
        assert learn_best_hours(now=NOW + 400 * DAY) == 0
        assert not BestHours.objects.exists()

    def test_falls_due_nightly(self):
        [ada] = make_customers(1)
        came(ada, hour=12, days=range(10))
        [done] = due.run_due(until=NOW, now=NOW, only=[jobs.LEARN_BEST_HOURS])
        assert done.result == {"customers": 1}
