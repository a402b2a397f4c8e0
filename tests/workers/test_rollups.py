"""Rollups: what is counted, when, and for which decision."""

from __future__ import annotations

from decimal import Decimal

import pytest

from launchopt.audiences.models import Customer
from launchopt.audiences.partitions import ensure_partitions
from launchopt.campaigns.models import Launch, SpendEntry
from launchopt.experiments.models import MetricRollup
from launchopt_workers.rollups import rollup
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
from tests.support.rollups import DAY, MINUTE, answer, held_out, shown, totals


@pytest.fixture
def customers(db: None) -> list[Customer]:
    ensure_partitions(since=NOW - 60 * DAY, until=NOW + 60 * DAY)
    return make_customers(60)


@pytest.fixture
def launch(customers: list[Customer]) -> Launch:
    return make_running(make_audience(customers), hours=24 * 14, budget="500.00")


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

    def test_hours_and_days_are_the_sums_of_their_minutes(self, launch, customers):
        for number, customer in enumerate(customers):
            ask(customer, at=NOW + number * 70 * MINUTE)
        rollup.roll_up()
        assert totals("minute") == totals("hour") == totals("day") == {"decisions": 60}
        coarse = MetricRollup.objects.filter(granularity__in=["hour", "day"])
        assert not coarse.exclude(starts_at__minute=0).exists()
        days = coarse.filter(granularity="day")
        assert not days.exclude(starts_at__hour=0).exists()
        assert len(set(days.values_list("starts_at", flat=True))) > 1

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
