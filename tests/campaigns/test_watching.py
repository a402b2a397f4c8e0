"""What is watched: each alert opens at its limit, stays through noise, and ends by itself."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from launchopt.audiences.models import Customer, Event
from launchopt.campaigns import services
from launchopt.campaigns.models import AlertRule, Campaign, Decision, Launch, Message, SpendEntry
from launchopt.campaigns.watching import watch_launches, watch_shop
from launchopt.operations.models import Alert, AlertNotice, JobClock
from tests.support.launches import HOUR, NOW, add_event, make_audience, make_customers, make_running
from tests.support.threads import at_once
from tests.support.watching import look, open_now, set_rule, spend

pytestmark = pytest.mark.django_db
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Kind = AlertRule.Kind


@pytest.fixture
def customers() -> list[Customer]:
    return make_customers(20)


@pytest.fixture
def launch(customers) -> Launch:
    """Ten days of 240.00, 1.00 an hour, begun."""
    return make_running(make_audience(customers), budget="240.00", hours=240)


def contacts(
    launch: Launch, customers: Sequence[Customer], *, at: datetime, shown: int, clicked: int,
    bought: int = 0, channel: str = "onsite",
) -> None:  # fmt: skip
    """So many confirmed contacts, the first of them clicked, the first of these bought."""
    campaign = launch.campaigns.get()
    made = Decision.objects.bulk_create(
        Decision(
            customer=customers[number % len(customers)], placement_id="home", channel=channel,
            launch=launch, campaign=campaign, reason="shown", propensity=1.0, policy_version="test",
            state="confirmed", decided_at=at, exposed_at=at,
        )
        for number in range(shown)
    )  # fmt: skip
    product = {"product": launch.product}
    happened = [
        event_of(decision.customer, "click", at=at + MINUTE, decision_id=decision.pk, **product)
        for decision in made[:clicked]
    ]
    happened += [
        event_of(decision.customer, "purchase", at=at + 2 * MINUTE, **product)
        for decision in made[:bought]
    ]
    Event.objects.bulk_create(happened)


def event_of(customer: Customer, kind: str, *, at: datetime, **more) -> Event:
    return Event(
        message_id=uuid.uuid4(),
        customer=customer,
        kind=kind,
        occurred_at=at,
        received_at=at,
        **more,
    )


class TestMoney:
    def test_spending_as_planned_is_quiet(self, launch):
        spend("20.00")
        assert look(NOW + 20 * HOUR) == set()

    def test_more_than_planned_opens_at_the_limit(self, launch):
        spend("22.39")  # 20.00 are planned: a tenth more, but at least a hundredth of 240.00
        assert look(NOW + 20 * HOUR) == set()
        spend("22.41")
        assert look(NOW + 20 * HOUR) == {Kind.OVERSPEND}
        alert = Alert.objects.get()
        assert alert.subject == f"launch:{launch.pk}"
        assert alert.message.startswith(
            "Launch of MUG-1: £22.41 spent or promised by 2026-03-03 05:00 UTC"
        )

    def test_it_stays_until_half_of_that_and_then_ends(self, launch):
        spend("22.41")
        look(NOW + 20 * HOUR)
        assert look(NOW + 20 * HOUR + 30 * MINUTE) == {Kind.OVERSPEND}  # 1.91 above 20.50
        assert look(NOW + 22 * HOUR) == set()
        assert Alert.objects.get().resolved_at == NOW + 22 * HOUR

    def test_beyond_the_whole_budget_it_is_critical(self, launch):
        spend("241.00")
        look(NOW + 20 * HOUR)
        assert Alert.objects.get().severity == "critical"

    def test_money_that_a_channel_reports_counts(self, launch):
        spend("20.00")
        SpendEntry.objects.create(
            campaign=Campaign.objects.get(), starts_at=NOW, amount=9, source="meta", recorded_at=NOW
        )
        assert look(NOW + 20 * HOUR) == {Kind.OVERSPEND}

    def test_less_than_planned_opens_beyond_its_limit(self, launch):
        spend("37.60")  # of 50.00: 24.8 % too little
        assert look(NOW + 50 * HOUR) == set()
        spend("37.00")
        assert look(NOW + 50 * HOUR) == {Kind.UNDERSPEND}
        spend("44.50")
        assert look(NOW + 50 * HOUR) == set()

    def test_too_little_by_luck_alone_is_quiet(self, customers):
        make_running(make_audience(customers), budget="240.00", hours=240, cost="3.00")
        spend("9.00")  # three contacts where four were planned
        assert look(NOW + 12 * HOUR) == set()

    def test_a_paused_launch_keeps_its_alerts_and_a_finished_one_ends_them(self, launch):
        spend("22.41")
        look(NOW + 20 * HOUR)
        services.pause_launch(launch=launch, by="ada", now=NOW + 20 * HOUR)
        assert look(NOW + 40 * HOUR) == {Kind.OVERSPEND}
        services.finish_launch(launch=launch, by="ada", now=NOW + 41 * HOUR)
        assert look(NOW + 41 * HOUR) == set()


class TestClicks:
    def days(self, launch, customers, *, until: int, clicked: int = 6):
        """At each hour 20 contacts, of which three in ten are clicked."""
        for hour in range(until):
            at = NOW + hour * HOUR + MINUTE
            contacts(launch, customers, at=at, shown=20, clicked=clicked)

    def test_a_usual_rate_is_quiet_and_a_fall_opens_once(self, launch, customers):
        spend("52.00")
        self.days(launch, customers, until=48)
        assert look(NOW + 49 * HOUR) == set()
        for hour in range(48, 52):
            contacts(launch, customers, at=NOW + hour * HOUR + MINUTE, shown=20, clicked=0)
            look(NOW + (hour + 2) * HOUR)
        alert = Alert.objects.get()
        assert alert.code == Kind.CLICK_RATE_DROP
        assert "onsite" in alert.message
        assert "30.00%" in alert.message

    def test_it_ends_when_clicks_are_back_and_does_not_flap(self, launch, customers):
        set_rule(Kind.UNDERSPEND, 25, is_on=False)
        set_rule(Kind.OVERSPEND, 25, is_on=False)
        self.days(launch, customers, until=48)
        for hour in range(48, 60):
            contacts(launch, customers, at=NOW + hour * HOUR + MINUTE, shown=20, clicked=0)
        assert look(NOW + 60 * HOUR) == {Kind.CLICK_RATE_DROP}
        seen = []
        for hour in range(60, 76):
            contacts(launch, customers, at=NOW + hour * HOUR + MINUTE, shown=20, clicked=6)
            seen.append(look(NOW + (hour + 1) * HOUR + 2 * MINUTE))
        assert seen[-1] == set()
        assert Alert.objects.count() == 1  # it rang once and rested once

    def test_few_contacts_say_nothing(self, launch, customers):
        spend("49.00")
        self.days(launch, customers, until=48)
        contacts(launch, customers, at=NOW + 48 * HOUR, shown=20, clicked=0)
        assert look(NOW + 50 * HOUR) == set()

    def test_where_there_are_no_earlier_hours_the_forecast_is_expected(self, launch, customers):
        spend("48.00")
        launch.plan = {
            "forecast": {
                name: {
                    "value": 1000.0, "source": "analog", "detail": "4 past launches most alike, A",
                    "rates": {"shape": 10.0, "rate": 100.0}, "exposure": 10_000,
                    "curve": [0.1 * day for day in range(1, 11)],
                }
                for name in ("clicks", "purchases")
            }
        }  # fmt: skip
        launch.save()
        for hour in range(20):
            for kind, times in (("click", 8), ("purchase", 1)):
                for number in range(times):
                    at = NOW + hour * HOUR + number * MINUTE
                    add_event(customers[number], kind, product=launch.product, at=at)
        assert look(NOW + 48 * HOUR) == {Kind.CONVERSION_DROP}
        assert "20 purchases of the product" in Alert.objects.get().message
        assert "200 were forecast from 4 past launches most alike" in Alert.objects.get().message

    def test_an_assumed_forecast_is_no_expectation(self, launch):
        spend("48.00")
        assert look(NOW + 48 * HOUR) == set()


class TestConversions:
    def test_clicks_that_end_in_no_purchase_any_more_open_it(self, launch, customers):
        set_rule(Kind.UNDERSPEND, 25, is_on=False)
        for hour in range(80):
            bought = 3 if hour < 48 else 0
            at = NOW + hour * HOUR + MINUTE
            contacts(launch, customers, at=at, shown=10, clicked=10, bought=bought)
        assert look(NOW + 48 * HOUR) == set()
        assert look(NOW + 80 * HOUR) == {Kind.CONVERSION_DROP}


class TestMails:
    def sent(self, launch, customers, *, count: int, kind: str, times: int) -> None:
        contacts(launch, customers, at=NOW, shown=count, clicked=0, channel="email")
        rows = Decision.objects.filter(channel="email")
        Message.objects.bulk_create(
            Message(decision=row, state="sent", attempted_at=NOW) for row in rows
        )
        for row in rows[:times]:
            add_event(row.customer, kind, at=NOW + HOUR, decision_id=row.pk)

    @pytest.mark.parametrize(
        ("kind", "code", "count", "quiet", "loud"),
        [("complaint", Kind.COMPLAINTS, 400, 2, 5), ("bounce", Kind.BOUNCES, 100, 8, 14)],
    )
    def test_too_many_open_it(self, launch, customers, kind, code, count, quiet, loud):
        spend("2.00")
        self.sent(launch, customers, count=count, kind=kind, times=quiet)
        assert look(NOW + 2 * HOUR) == set()
        Message.objects.all().delete()
        Decision.objects.all().delete()
        self.sent(launch, customers, count=count, kind=kind, times=loud)
        assert look(NOW + 2 * HOUR) == {code}

    def test_seven_days_later_it_is_over(self, launch, customers):
        set_rule(Kind.UNDERSPEND, 25, is_on=False)
        self.sent(launch, customers, count=400, kind="complaint", times=5)
        look(NOW + 2 * HOUR)
        assert look(NOW + 8 * DAY) == {Kind.COMPLAINTS}  # no e-mail of seven days: nothing is known
        Message.objects.update(attempted_at=NOW + 8 * DAY)
        Event.objects.all().delete()
        assert look(NOW + 8 * DAY) == set()


class TestSilences:
    @pytest.fixture
    def busy(self, customers) -> datetime:
        """Four weeks in which ten customers come by in every hour from nine to five."""
        since = NOW.replace(hour=0) - 28 * DAY
        Event.objects.bulk_create(
            event_of(customers[number], "view", at=since + day * DAY + hour * HOUR + minutes)
            for day in range(28)
            for hour in range(9, 17)
            for number in range(10)
            for minutes in [number * 6 * MINUTE]
        )
        return NOW.replace(hour=0)

    def shop(self, at: datetime) -> set[str]:
        watch_shop(now=at)
        return open_now()

    def test_the_site_s_silence_by_night_is_usual(self, busy):
        assert self.shop(busy + 2 * HOUR) == set()
        assert self.shop(busy + 9 * HOUR + 30 * MINUTE) == set()  # five are expected by then

    def test_by_day_it_opens_and_ends_with_the_next_event(self, busy, customers):
        assert self.shop(busy + 9 * HOUR + 40 * MINUTE) == set()
        assert self.shop(busy + 10 * HOUR + 5 * MINUTE) == {Kind.SITE_SILENCE}
        alert = Alert.objects.get()
        assert (alert.subject, alert.severity) == ("shop", "critical")
        add_event(customers[0], "view", at=busy + 10 * HOUR + 6 * MINUTE)
        assert self.shop(busy + 10 * HOUR + 10 * MINUTE) == set()

    def test_an_outage_that_lasts_opens_it_once(self, busy):
        for minute in range(0, 240, 5):
            self.shop(busy + 10 * HOUR + minute * MINUTE)
        assert Alert.objects.count() == 1

    def test_one_large_import_is_no_habit(self, customers):
        for customer in customers:
            add_event(customer, "view", at=NOW - 7 * DAY)
        assert self.shop(NOW + 2 * HOUR) == set()

    def test_a_shop_without_events_is_not_silent(self):
        assert self.shop(NOW) == set()
        assert JobClock.objects.get(job="launchopt.watching.watch_launches").watermark > 0

    def test_a_paid_channel_that_tells_of_no_spend(self, customers):
        launch = make_running(make_audience(customers), budget="240.00", hours=240, channel="meta")
        Launch.objects.update(curves={"meta": {"kind": "hill", "scale": 1, "half": 1, "shape": 1}})
        set_rule(Kind.UNDERSPEND, 25, is_on=False)
        assert look(NOW + 119 * MINUTE) == set()
        assert look(NOW + 121 * MINUTE) == {Kind.SPEND_SILENCE}
        assert "No word of what was spent: meta for 121 min" in Alert.objects.get().message
        SpendEntry.objects.create(
            campaign=launch.campaigns.get(), starts_at=NOW, amount=1, source="meta",
            recorded_at=NOW + 125 * MINUTE,
        )  # fmt: skip
        assert look(NOW + 130 * MINUTE) == set()


@pytest.mark.django_db(transaction=True)
def test_four_looks_at_once_open_one_alert(customers, no_worker, settings):
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "ALERT_EMAILS": ("ops@shop.example",)}
    make_running(make_audience(customers), budget="240.00", hours=240)
    spend("30.00")
    at_once(*[lambda: watch_launches(now=NOW + 20 * HOUR)] * 4)
    assert (Alert.objects.count(), AlertNotice.objects.count()) == (1, 1)


def test_a_simulated_launch_has_alerts_that_are_told_to_nobody(customers, settings):
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "ALERT_EMAILS": ("ops@shop.example",)}
    make_running(make_audience(customers), budget="240.00", hours=240)
    Launch.objects.update(is_simulated=True)
    spend("30.00")
    assert watch_launches(now=NOW + 20 * HOUR)["launches"] == 0
    assert watch_launches(now=NOW + 20 * HOUR, simulated=True) == {"launches": 1, "open": 1}
    assert not AlertNotice.objects.exists()
