"""Rollups: what is new is counted once, whatever the order it comes in."""

from __future__ import annotations

import random
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from launchopt.audiences.models import Customer, Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.audiences.services import identify_customer
from launchopt.campaigns.models import Campaign, Decision, Launch, SpendEntry
from launchopt.campaigns.services import Question, decide
from launchopt.experiments.models import Exposure, MetricRollup, Result
from launchopt.operations.models import JobClock
from launchopt_workers.rollups import rollup
from launchopt_workers.rollups.results import keep_results
from tests.support.launches import (
    HOUR,
    NOW,
    add_event,
    ask,
    make_audience,
    make_customers,
    make_product,
    make_running,
)

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NAMED = ("exposure", "click")  # kinds that always name their decision
DIMENSIONS = ("launch_id", "campaign_id", "creative_id", "audience_id", "variant", "phase",
              "channel", "granularity", "starts_at")  # fmt: skip
MEASURES = ("decisions", "exposures", "clicks", "conversions", "returns", "revenue", "spend")


@pytest.fixture
def customers(db: None) -> list[Customer]:
    ensure_partitions(since=NOW - 60 * DAY, until=NOW + 60 * DAY)
    return make_customers(60)


@pytest.fixture
def launch(customers: list[Customer]) -> Launch:
    return make_running(make_audience(customers), hours=24 * 14, budget="500.00")


def all_rows() -> dict[tuple[Any, ...], tuple[Any, ...]]:
    return {
        tuple(row[name] for name in DIMENSIONS): tuple(row[name] for name in MEASURES)
        for row in MetricRollup.objects.values(*DIMENSIONS, *MEASURES)
    }


def totals(granularity: str = "hour", **where: Any) -> dict[str, Any]:
    summed: Counter[str] = Counter()
    for row in MetricRollup.objects.filter(granularity=granularity, **where).values(*MEASURES):
        summed.update({name: row[name] for name in MEASURES})
    return {name: value for name, value in summed.items() if value}


def shown(launch: Launch, customers: list[Customer], *, at: datetime = NOW) -> Decision:
    """A decision that shows something, to the first customer for whom one is made."""
    for customer in customers:
        decision = ask(customer, at=at)
        if decision.reason == "shown":
            return decision
    raise AssertionError("nobody was shown anything")


def held_out(launch: Launch, customers: list[Customer], *, at: datetime = NOW) -> Decision:
    return next(d for d in (ask(c, at=at) for c in customers) if d.variant == "holdout")


def answer(
    decision: Decision, kind: str, *, at: datetime, named: bool = True, **more: Any
) -> Event:
    """An event of the decision's customer on the launch's product."""
    given = {"decision_id": decision.pk} if named else {}
    return add_event(
        decision.customer, kind, product=decision.launch.product, at=at, **given | more
    )


class TestWhatIsCounted:
    def test_a_contact_from_decision_to_purchase(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "exposure", at=NOW + MINUTE)
        answer(decision, "click", at=NOW + 2 * MINUTE)
        answer(decision, "purchase", at=NOW + HOUR, price=Decimal("7.50"), quantity=3)
        answer(decision, "return", at=NOW + DAY, price=Decimal("7.50"))
        rollup.roll_up()
        assert totals(creative_id=decision.creative_id) == {
            "decisions": 1,
            "exposures": 1,
            "clicks": 1,
            "conversions": 1,
            "returns": 1,
            "revenue": Decimal("22.5000"),
            "spend": Decimal("0.0200"),
        }
        row = MetricRollup.objects.get(granularity="minute", conversions=1)
        assert (row.starts_at, row.variant, row.channel) == (
            NOW + HOUR,
            decision.variant,
            "onsite",
        )
        assert row.audience_id == decision.campaign.audience_id

    def test_hours_are_the_sums_of_their_minutes(self, launch, customers):
        for number, customer in enumerate(customers):
            ask(customer, at=NOW + number * 7 * MINUTE)
        rollup.roll_up()
        assert totals("minute") == totals("hour") == {"decisions": 60}
        assert (
            MetricRollup.objects.filter(granularity="hour").exclude(starts_at__minute=0).count()
            == 0
        )

    def test_an_exposure_counts_once_where_it_was_first_seen(self, launch, customers):
        decision = shown(launch, customers)
        for minutes in (9, 4, 7):
            answer(decision, "exposure", at=NOW + minutes * MINUTE)
            rollup.roll_up()
        row = MetricRollup.objects.get(granularity="minute", exposures__gt=0)
        assert (row.starts_at, row.exposures, row.spend) == (NOW + 4 * MINUTE, 1, Decimal("0.02"))

    def test_silence_is_a_decision_without_cost(self, launch, customers):
        held_out(launch, customers)
        rollup.roll_up()
        assert totals(variant="holdout") == {"decisions": 1}

    def test_money_that_a_channel_reports_is_spend(self, launch, customers):
        campaign = launch.campaigns.get()
        SpendEntry.objects.create(
            campaign=campaign, starts_at=NOW, amount=Decimal("12.34"), source="ads", recorded_at=NOW
        )
        rollup.roll_up()
        assert totals(campaign_id=campaign.pk) == {"spend": Decimal("12.34")}

    @pytest.mark.django_db(transaction=True)
    def test_corrected_spend_is_counted_anew(self, launch, customers):
        entry = SpendEntry.objects.create(
            campaign=launch.campaigns.get(), starts_at=NOW, amount=9, source="ads", recorded_at=NOW
        )
        rollup.roll_up()
        for _ in range(5):  # transactions that have nothing to do with it
            add_event(customers[0], "view", at=NOW)
        entry.amount = Decimal("7.50")
        entry.save()
        rollup.roll_up()
        assert totals() == {"spend": Decimal("7.50")}

    def test_another_products_sales_are_not_the_launchs(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "exposure", at=NOW + MINUTE)
        other = make_product("OTHER")
        add_event(decision.customer, "purchase", product=other, at=NOW + HOUR)
        rollup.roll_up()
        assert "conversions" not in totals()

    def test_an_event_that_came_too_late_is_not_counted(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "click", at=NOW + MINUTE, received_at=NOW + 29 * DAY)
        answer(decision, "click", at=NOW + MINUTE, received_at=NOW + 31 * DAY)
        rollup.roll_up()
        assert totals()["clicks"] == 1

    def test_on_a_clock_of_its_own_nothing_is_late(self, launch, customers):
        decision = shown(launch, customers)
        Launch.objects.update(is_simulated=True)
        answer(decision, "click", at=NOW + MINUTE, received_at=NOW + 3000 * DAY)
        rollup.roll_up()
        assert totals()["clicks"] == 1


class TestAttribution:
    def attributed(self) -> str:
        rollup.roll_up()
        rows = MetricRollup.objects.filter(granularity="minute", conversions=1)
        return rows.get().variant if rows else ""

    def test_the_decision_that_the_event_names_comes_first(self, launch, customers):
        decision = held_out(launch, customers)
        answer(decision, "purchase", at=NOW + 9 * DAY)
        assert self.attributed() == "holdout"

    def test_else_the_last_click_within_seven_days(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "click", at=NOW + HOUR)
        answer(decision, "purchase", at=NOW + 6 * DAY, named=False)
        assert self.attributed() == decision.variant

    def test_a_click_of_eight_days_ago_is_forgotten(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "click", at=NOW + HOUR)
        answer(decision, "purchase", at=NOW + 8 * DAY, named=False)
        assert self.attributed() == ""

    def test_else_the_last_exposure_within_a_day(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "exposure", at=NOW + MINUTE)
        answer(decision, "purchase", at=NOW + 23 * HOUR, named=False)
        assert self.attributed() == decision.variant

    def test_an_exposure_of_two_days_ago_is_forgotten(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "exposure", at=NOW + MINUTE)
        answer(decision, "purchase", at=NOW + 2 * DAY, named=False)
        assert self.attributed() == ""

    def test_a_held_out_customers_purchase_counts_for_the_holdout(self, launch, customers):
        decision = held_out(launch, customers)
        answer(decision, "purchase", at=NOW + HOUR, named=False)
        assert self.attributed() == "holdout"

    def test_a_purchase_before_any_touch_is_nobodys(self, launch, customers):
        decision = shown(launch, customers, at=NOW + HOUR)
        answer(decision, "exposure", at=NOW + HOUR)
        answer(decision, "purchase", at=NOW + MINUTE, named=False)
        assert self.attributed() == ""

    def test_a_return_follows_the_purchase_it_undoes(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "exposure", at=NOW + MINUTE)
        answer(decision, "purchase", at=NOW + HOUR, named=False)
        answer(decision, "return", at=NOW + 12 * DAY, named=False)
        rollup.roll_up()
        assert totals(variant=decision.variant)["returns"] == 1

    def test_a_click_that_comes_late_changes_what_a_purchase_is_counted_for(
        self, launch, customers
    ):
        decision = shown(launch, customers)
        answer(decision, "purchase", at=NOW + 5 * DAY, named=False)
        assert self.attributed() == ""
        answer(decision, "click", at=NOW + HOUR)
        assert self.attributed() == decision.variant


class TestTicks:
    def test_confirms_what_was_seen(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "exposure", at=NOW + MINUTE)
        rollup.roll_up()
        decision.refresh_from_db()
        assert (decision.state, decision.exposed_at) == ("confirmed", NOW + MINUTE)
        assert Exposure.objects.get().decision_id == decision.pk
        assert decision.campaign.spent == Decimal("0.02")

    def test_a_second_run_changes_nothing(self, launch, customers):
        answer(shown(launch, customers), "exposure", at=NOW + MINUTE)
        rollup.roll_up()
        before = all_rows()
        rollup.roll_up()
        assert all_rows() == before

    def test_what_happens_from_until_on_waits(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "click", at=NOW + MINUTE)
        answer(decision, "click", at=NOW + HOUR)
        rollup.roll_up(until=NOW + HOUR)
        assert totals()["clicks"] == 1
        rollup.roll_up(until=NOW + HOUR + MINUTE)
        assert totals()["clicks"] == 2

    @pytest.mark.parametrize("seed", range(3))
    def test_any_order_in_any_ticks_gives_what_a_rebuild_gives(self, launch, customers, seed):
        """Late, early and doubled events, told in another order and counted at odd times."""
        rng = random.Random(seed)
        for event in shuffled_story(launch, customers, rng):
            event.save(force_insert=True)
            if rng.random() < 0.15:
                rollup.roll_up(until=rng.choice([None, NOW + rng.randrange(400) * HOUR]))
        rollup.roll_up()
        ticks = all_rows()
        MetricRollup.objects.filter(
            pk__in=list(MetricRollup.objects.values_list("pk", flat=True)[:5])
        ).delete()
        rollup.rebuild()
        assert all_rows() == ticks
        assert sum(row[3] for row in ticks.values()) > 20

    def test_another_order_gives_the_same_figures(self, launch, customers):
        story = shuffled_story(launch, customers, random.Random(1))
        found = []
        for seed in (2, 3):
            Event.objects.all().delete()
            JobClock.objects.all().delete()
            MetricRollup.objects.all().delete()
            Decision.objects.filter(state="confirmed").update(state="reserved", exposed_at=None)
            Campaign.objects.update(spent=0, reserved=Decimal(100))
            random.Random(seed).shuffle(story)
            for number, event in enumerate(story):
                event.save(force_insert=True)
                if number % 17 == 0:
                    rollup.roll_up()
            rollup.roll_up()
            found.append(all_rows())
        assert found[0] == found[1]

    def test_a_visitor_who_logs_in_is_counted_as_a_rebuild_counts_them(self, launch, customers):
        decision = held_out(launch, customers)
        known = next(c for c in customers if c.pk != decision.customer_id)
        add_event(known, "purchase", product=launch.product, at=NOW + HOUR, price=Decimal(5))
        rollup.roll_up()
        assert "conversions" not in totals(variant="holdout")
        Customer.objects.filter(pk=decision.customer_id).update(is_anonymous=True)
        identify_customer(
            anonymous_id=decision.customer.external_id, customer=known.external_id, now=NOW
        )
        rollup.roll_up()
        ticks = all_rows()
        assert totals(variant="holdout")["conversions"] == 1
        rollup.rebuild()
        assert all_rows() == ticks

    def test_a_restored_database_is_counted_anew(self, launch, customers):
        answer(shown(launch, customers), "click", at=NOW + MINUTE)
        JobClock.objects.update_or_create(job=rollup.NAME, defaults={"watermark": 2**60})
        rollup.roll_up()
        assert totals()["clicks"] == 1


class TestCrashes:
    @pytest.mark.django_db(transaction=True)
    def test_a_tick_that_dies_leaves_nothing_half_counted(self, launch, customers, monkeypatch):
        answer(shown(launch, customers), "exposure", at=NOW + MINUTE)
        whole = rollup.REBUILD
        for broken_at in range(1, len(whole) + 1):
            monkeypatch.setattr(rollup, "REBUILD", [*whole[:broken_at], "SELECT 1/0"])
            with pytest.raises(Exception, match="division by zero"):
                rollup.roll_up()
            assert MetricRollup.objects.count() == 0
        monkeypatch.setattr(rollup, "REBUILD", whole)
        rollup.roll_up()
        assert totals()["exposures"] == 1

    @pytest.mark.django_db(transaction=True)
    def test_a_row_that_commits_after_a_later_one_is_not_missed(self, launch, customers):
        decision = shown(launch, customers)
        with transaction.atomic():
            answer(decision, "click", at=NOW + MINUTE)  # written now, committed last
            _in_another_session(decision)
        rollup.roll_up()
        assert totals()["clicks"] == 2


def _in_another_session(decision: Decision) -> None:
    """While a transaction is open: another commits a click, and a tick runs."""
    from threading import Thread

    def work() -> None:
        answer(decision, "click", at=NOW + 2 * MINUTE)
        rollup.roll_up()
        connection.close()

    thread = Thread(target=work)
    thread.start()
    thread.join(timeout=30)


class TestKeepResults:
    def test_keeps_each_hour_once(self, launch, customers):
        for customer in customers:
            ask(customer)
        for minutes in (61, 75, 119, 121):
            keep_results(now=NOW + minutes * MINUTE, with_simulated=False)
        untils = sorted(set(Result.objects.values_list("until", flat=True)))
        assert untils == [NOW + HOUR, NOW + 2 * HOUR]

    def test_leaves_a_simulated_launch_to_its_own_clock(self, launch, customers):
        Launch.objects.update(is_simulated=True)
        assert keep_results(now=NOW + HOUR, with_simulated=False) == 0
        assert keep_results(now=NOW + HOUR, with_simulated=True) > 0


class TestCommand:
    def test_counts_and_reports(self, launch, customers, capsys):
        answer(shown(launch, customers), "click", at=NOW + MINUTE)
        call_command("roll_up_metrics", "--json")
        assert '"minutes": ' in capsys.readouterr().out
        assert totals()["clicks"] == 1

    def test_rebuilds_on_demand(self, launch, customers, capsys):
        answer(shown(launch, customers), "click", at=NOW + MINUTE)
        call_command("roll_up_metrics", "--until", (NOW + HOUR).isoformat())
        MetricRollup.objects.all().delete()
        call_command("roll_up_metrics", "--rebuild")
        assert totals()["clicks"] == 1


def shuffled_story(launch: Launch, customers: list[Customer], rng: random.Random) -> list[Event]:
    """Decisions, made in order, and what 60 customers did about them, in any order."""
    questions = [
        Question(
            customer=rng.choice(customers).external_id,
            placement="home",
            at=NOW + number * 3 * HOUR + rng.randrange(60) * MINUTE,
            context={},
        )
        for number in range(80)
    ]
    decisions = [answered.decision for answered in decide(questions=questions)]
    events = [event for decision in decisions for event in _answers(decision, launch, rng)]
    rng.shuffle(events)
    return events


def _answers(decision: Decision, launch: Launch, rng: random.Random) -> list[Event]:
    kinds = rng.choices(["exposure", "click", "purchase", "return"], [4, 2, 3, 1], k=3)
    return [
        Event(
            message_id=f"{rng.getrandbits(128):032x}",
            customer_id=decision.customer_id,
            product=launch.product,
            kind=kind,
            occurred_at=(at := decision.decided_at + rng.randrange(4000) * MINUTE),
            received_at=at + rng.choice([0, 1, 29, 31]) * DAY,
            price=Decimal(rng.randrange(1, 2000)) / 100,
            quantity=rng.randrange(1, 4),
            decision_id=decision.pk
            if rng.random() < 0.5 or kind in ("exposure", "click")
            else None,
        )
        for kind in kinds
    ]
