"""Rollups tick by tick: in any order, after any crash, the same figures.

Most of these commit for real: within one transaction every row would stay new.
"""

from __future__ import annotations

import random
from collections import Counter
from decimal import Decimal
from threading import Thread

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from launchopt.audiences.models import Customer, Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.audiences.services import identify_customer
from launchopt.campaigns.models import Campaign, Decision, Launch
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
    make_running,
)
from tests.support.rollups import (
    DAY,
    MINUTE,
    all_rows,
    answer,
    by_the_rules,
    held_out,
    shown,
    shuffled_story,
    told_anew,
    totals,
)


@pytest.fixture
def customers(db: None) -> list[Customer]:
    ensure_partitions(since=NOW - 60 * DAY, until=NOW + 60 * DAY)
    return make_customers(60)


@pytest.fixture
def launch(customers: list[Customer]) -> Launch:
    return make_running(make_audience(customers), hours=24 * 14, budget="500.00")


@pytest.mark.django_db(transaction=True)
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
                told_anew(event).save(force_insert=True)
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

    def test_a_click_that_comes_late_changes_what_a_purchase_is_counted_for(
        self, launch, customers
    ):
        decision = shown(launch, customers)
        answer(decision, "purchase", at=NOW + 5 * DAY, named=False)
        rollup.roll_up()
        assert "conversions" not in totals()
        answer(decision, "click", at=NOW + HOUR)
        rollup.roll_up()
        assert totals(variant=decision.variant)["conversions"] == 1

    def test_a_purchase_that_comes_late_takes_its_return_along(self, launch, customers):
        decision = shown(launch, customers)
        answer(decision, "return", at=NOW + 5 * DAY, named=False)
        rollup.roll_up()
        assert "returns" not in totals()
        answer(decision, "purchase", at=NOW + HOUR)
        rollup.roll_up()
        assert totals(variant=decision.variant)["returns"] == 1

    def test_looks_only_at_minutes_that_something_new_touches(self, launch, customers):
        for event in shuffled_story(launch, customers, random.Random(4)):
            event.save(force_insert=True)
        rollup.roll_up()
        answer(Decision.objects.filter(variant="holdout")[0], "click", at=NOW + HOUR)
        assert rollup.roll_up()["minutes"] <= 4
        assert rollup.roll_up()["minutes"] == 0

    @pytest.mark.parametrize("seed", range(2))
    def test_counts_what_a_plain_reading_of_the_rules_counts(self, launch, customers, seed):
        story = shuffled_story(launch, customers, random.Random(seed))
        for number, event in enumerate(story):
            event.save(force_insert=True)
            if number % 40 == 0:
                rollup.roll_up()
        rollup.roll_up()
        found = Counter()
        for row in MetricRollup.objects.filter(granularity="minute").values():
            for measure in ("exposures", "clicks", "conversions", "returns"):
                found[measure, row["variant"], row["creative_id"], row["starts_at"]] += row[measure]
        expected = by_the_rules(story, list(Decision.objects.all()))
        assert +found == +expected
        assert {key[0] for key in +expected} == {"exposures", "clicks", "conversions", "returns"}

    def test_a_restored_database_is_counted_anew(self, launch, customers):
        answer(shown(launch, customers), "click", at=NOW + MINUTE)
        JobClock.objects.update_or_create(job=rollup.NAME, defaults={"watermark": 2**60})
        rollup.roll_up()
        assert totals()["clicks"] == 1


@pytest.mark.django_db(transaction=True)
class TestCrashes:
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

    def test_a_row_that_commits_after_a_later_one_is_not_missed(self, launch, customers):
        decision = shown(launch, customers)
        with transaction.atomic():
            answer(decision, "click", at=NOW + MINUTE)  # written now, committed last
            _in_another_session(decision)
        rollup.roll_up()
        assert totals()["clicks"] == 2


def _in_another_session(decision: Decision) -> None:
    """While a transaction is open: another commits a click, and a tick runs."""

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
