"""Rollups tick by tick: in any order, after any crash, the same figures.

Most of these commit for real: within one transaction every row would stay new.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launchopt.audiences.models import Customer, Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.audiences.services import identify_customer
from launchopt.campaigns.models import Campaign, Decision, Launch
from launchopt.experiments.models import Experiment, Exposure, MetricRollup, Result
from launchopt.experiments.outcomes import groups
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

KILLED_AT = (
    "launchopt_campaigns_campaign",
    "launchopt_experiments_metricrollup",
    "launchopt_operations_jobclock",
)


@pytest.fixture
def customers(db: None) -> list[Customer]:
    ensure_partitions(since=NOW - 60 * DAY, until=NOW + 60 * DAY)
    return make_customers(60)


@pytest.fixture
def launch(customers: list[Customer]) -> Launch:
    return make_running(make_audience(customers), hours=24 * 14, budget="500.00")


@pytest.fixture
def story(launch: Launch, customers: list[Customer]) -> list[Event]:
    return shuffled_story(launch, customers, random.Random(1))[:40]


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

    def test_a_launch_that_counts_from_exposures_counts_whom_it_left_alone_too(
        self, launch, customers
    ):
        Experiment.objects.update(counts_from="exposure")
        seen, alone = shown(launch, customers), held_out(launch, customers)
        answer(seen, "exposure", at=NOW + MINUTE)
        rollup.roll_up()
        held = Exposure.objects.get(customer=alone.customer)
        assert (held.exposed_at, held.variant.name) == (alone.decided_at, "holdout")
        experiment = Experiment.objects.get()
        found = groups(experiment, metric=experiment.primary_metric)
        sizes = {group.variant: group.moments.count for group in found}
        assert sizes[seen.variant] == 1
        decided = Decision.objects.filter(reason="holdout").values("customer").distinct()
        assert sizes["holdout"] == decided.count()

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

    def test_a_clock_that_goes_back_takes_nothing_back(self, launch, customers):
        """A purchase is counted for nobody; an earlier click comes, counted by an old clock."""
        decision = shown(launch, customers)
        answer(decision, "purchase", at=NOW + 3 * HOUR, named=False)
        rollup.roll_up(until=NOW + 4 * HOUR)
        answer(decision, "click", at=NOW + HOUR)
        rollup.roll_up(until=NOW + 2 * HOUR)
        ticks = all_rows()
        assert (totals()["clicks"], totals()["conversions"]) == (1, 1)
        rollup.rebuild(until=NOW + 4 * HOUR)
        assert all_rows() == ticks

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

    @settings(
        max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        told=st.permutations(range(40)),
        again=st.lists(st.integers(0, 39), max_size=40),
        ticks=st.sets(st.integers(0, 79), max_size=8),
    )
    def test_late_doubled_and_unordered_events_give_the_same_figures(
        self, launch, story, told, again, ticks
    ):
        _forget_everything()
        for number, index in enumerate([*again, *told]):
            Event.objects.bulk_create([told_anew(story[index])], ignore_conflicts=True)
            if number in ticks:
                rollup.roll_up()
        rollup.roll_up()
        found: Counter[str] = Counter()
        for row in MetricRollup.objects.filter(granularity="minute").values():
            for measure in ("exposures", "clicks", "conversions", "returns"):
                found[measure, row["variant"], row["creative_id"], row["starts_at"]] += row[measure]
        assert +found == +by_the_rules(story, list(Decision.objects.all()))
        ticked = all_rows()
        rollup.rebuild()
        assert all_rows() == ticked

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
    @pytest.mark.parametrize("way", ["REBUILD", "COUNT_ALL"])
    def test_a_tick_that_dies_leaves_nothing_half_counted(
        self, launch, customers, monkeypatch, way
    ):
        if way == "REBUILD":  # only the first tick counts everything
            rollup.roll_up()
        before = all_rows()
        answer(shown(launch, customers), "exposure", at=NOW + MINUTE)
        whole = getattr(rollup, way)
        for broken_at in range(1, len(whole) + 1):
            monkeypatch.setattr(rollup, way, [*whole[:broken_at], "SELECT 1/0"])
            with pytest.raises(Exception, match="division by zero"):
                rollup.roll_up()
            assert all_rows() == before
        monkeypatch.setattr(rollup, way, whole)
        rollup.roll_up()
        assert totals()["exposures"] == 1

    @pytest.mark.parametrize("table", KILLED_AT)
    def test_a_worker_that_is_killed_is_as_if_it_had_never_begun(self, launch, customers, table):
        """Stopped for good where it waits for a table: confirming, clearing, or at its end."""
        rollup.roll_up()
        decision = shown(launch, customers)
        answer(decision, "exposure", at=NOW + MINUTE)
        answer(decision, "purchase", at=NOW + HOUR, price=Decimal(5))
        before = all_rows()
        _kill_a_tick_at(table)
        assert all_rows() == before
        rollup.roll_up()
        ticks = all_rows()
        assert totals(variant=decision.variant)["conversions"] == 1
        assert Campaign.objects.get().spent == Decimal("0.02")
        rollup.rebuild()
        assert all_rows() == ticks

    def test_a_row_that_commits_after_a_later_one_is_not_missed(self, launch, customers):
        decision = shown(launch, customers)
        with transaction.atomic():
            answer(decision, "click", at=NOW + MINUTE)  # written now, committed last
            _in_another_session(decision)
        rollup.roll_up()
        assert totals()["clicks"] == 2


def _forget_everything() -> None:
    """As before anything was told: no events, nothing counted, nothing confirmed."""
    for model in (Event, JobClock, MetricRollup, Exposure):
        model.objects.all().delete()
    Decision.objects.filter(state="confirmed").update(state="reserved", exposed_at=None)
    Campaign.objects.update(spent=0, reserved=Decimal(100))


def _kill_a_tick_at(table: str) -> None:
    """A process of its own begins a tick, comes to wait for a table, and is killed there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        pid = os.fork()
        if pid == 0:
            connection.connection = None  # the parent's; this process opens its own
            connection.in_atomic_block = False
            rollup.roll_up()
            os._exit(0)
        while _waiting(cursor) == 0:
            assert os.waitpid(pid, os.WNOHANG) == (0, 0), "the tick came to its end"
            time.sleep(0.01)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        while _waiting(cursor):  # until the database has noticed
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted")
            time.sleep(0.01)


def _waiting(cursor: Any) -> int:
    cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
    return int(cursor.fetchone()[0])


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
