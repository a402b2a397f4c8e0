"""Sufficient statistics by the minute: summed up, those of the customers themselves."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db.models import Sum

from launchopt.audiences.models import Customer, Event
from launchopt.audiences.partitions import ensure_partitions
from launchopt.audiences.services import identify_customer
from launchopt.experiments import outcomes, services
from launchopt.experiments.models import Assignment, Experiment, MomentRollup
from launchopt_workers.rollups import rollup
from tests.support.launches import HOUR, NOW, add_event, make_customers, make_product
from tests.support.rollups import DAY, MINUTE, told_anew

FIGURES = [field.name for field in MomentRollup._meta.concrete_fields if field.name != "id"]
UNTILS = [NOW + hours * HOUR for hours in (1, 24, 100, 24 * 20)]


def registered(metric: str = "conversion", product: int | None = None) -> Experiment:
    experiment = services.register_experiment(
        name="A lamp",
        weights={"holdout": 1, "warm": 1},
        metric=metric,
        product_id=product,
        now=NOW,
    )
    return services.start_experiment(experiment=experiment, now=NOW)


def story(customers: list[Customer], rng: random.Random) -> list[Event]:
    """Purchases before and after the start, some at the same instant, in any order."""
    products = [make_product(sku) for sku in ("LAMP", "VASE")]
    events = [
        add_event(
            rng.choice(customers[:20]),
            "purchase",
            product=rng.choice(products),
            at=NOW + rng.randrange(-100 * 24, 18 * 24) * HOUR,
            price=rng.randrange(1, 999),
            quantity=rng.randrange(1, 4),
        )
        for _ in range(120)
    ]
    rng.shuffle(events)
    return events


def kept() -> list[tuple]:
    return sorted(MomentRollup.objects.values_list(*FIGURES))


def assert_tells_what_the_customers_tell(experiment: Experiment) -> None:
    for until in UNTILS:
        live = outcomes.groups(experiment, metric=experiment.primary_metric, until=until)
        assert outcomes.groups_rolled_up(experiment, until=until) == live


@pytest.fixture
def customers(db: None) -> list[Customer]:
    ensure_partitions(since=NOW - 110 * DAY, until=NOW + 60 * DAY)
    return make_customers(40)


@pytest.mark.django_db(transaction=True)
class TestMoments:
    @pytest.mark.parametrize("metric", ["conversion", "buyers"])
    @pytest.mark.parametrize("of_product", [True, False])
    def test_are_those_of_the_customers_at_every_hour(self, customers, metric, of_product):
        """Told in any order, counted at odd times by a clock, customers assigned early and late."""
        rng = random.Random(len(metric) + of_product)
        events = story(customers, rng)
        Event.objects.all().delete()
        product = events[0].product_id if of_product else None
        experiment = registered(metric, product)
        rollup.roll_up()
        for number, event in enumerate(events):
            told_anew(event).save(force_insert=True)
            if number < len(customers):
                at = NOW + rng.randrange(12 * 24) * HOUR
                services.assign(experiment=experiment, customer_ids=[customers[number].pk], now=at)
            if rng.random() < 0.1:
                rollup.roll_up(until=NOW + number * 4 * HOUR)
        rollup.roll_up()
        assert_tells_what_the_customers_tell(experiment)
        ticks = kept()
        rollup.rebuild()
        assert kept() == ticks

    def test_keep_every_digit_of_a_value(self, customers):
        events = story(customers, random.Random(5))
        experiment = registered("revenue")
        services.assign(experiment=experiment, customer_ids=[c.pk for c in customers], now=NOW)
        rollup.roll_up()
        worth = {c.pk: 0 for c in customers}
        for event in events:
            if event.occurred_at >= NOW:
                worth[event.customer_id] += event.price * event.quantity
        rows = MomentRollup.objects.filter(experiment=experiment)
        assert sum(row.sum for row in rows) == sum(worth.values())
        assert sum(row.sum_squares for row in rows) == sum(value**2 for value in worth.values())

    def test_follow_a_visitor_who_logs_in(self, customers):
        visitor, known, *_ = customers
        lamp = make_product("LAMP")
        experiment = registered()
        services.assign(experiment=experiment, customer_ids=[visitor.pk, known.pk], now=NOW)
        for customer in (visitor, known):
            add_event(customer, "purchase", product=lamp, at=NOW - DAY)
            add_event(customer, "purchase", product=lamp, at=NOW + DAY)
        rollup.roll_up()
        assert sum(row.n for row in MomentRollup.objects.all()) == 2
        Customer.objects.filter(pk=visitor.pk).update(is_anonymous=True)
        identify_customer(
            anonymous_id=visitor.external_id, customer=known.external_id, now=NOW + 2 * DAY
        )
        rollup.roll_up()
        assert sum(row.n for row in MomentRollup.objects.all()) == 1
        assert_tells_what_the_customers_tell(experiment)

    def test_are_kept_of_a_guardrail_of_the_product_too(self, customers):
        """Buyers, of the product as the primary metric; revenue of the whole shop is not kept."""
        lamp = make_product("LAMP")
        experiment = services.register_experiment(
            name="A lamp",
            weights={"holdout": 1, "warm": 1},
            guardrails={"buyers": -0.1, "shop-revenue": -0.05},
            product_id=lamp.pk,
            now=NOW,
        )
        services.start_experiment(experiment=experiment, now=NOW)
        services.assign(experiment=experiment, customer_ids=[c.pk for c in customers], now=NOW)
        for customer in customers[:7] * 2:
            add_event(customer, "purchase", product=lamp, at=NOW + DAY)
        rollup.roll_up()
        sums = MomentRollup.objects.values_list("metric").annotate(Sum("n"), Sum("sum"))
        assert set(sums) == {("conversion", 40, 14), ("buyers", 40, 7)}

    def test_sum_up_to_hours_and_days(self, customers):
        events = story(customers, random.Random(7))
        experiment = registered(product=events[0].product_id)
        for number, customer in enumerate(customers):
            at = NOW + number * 100 * MINUTE
            services.assign(experiment=experiment, customer_ids=[customer.pk], now=at)
        rollup.roll_up()
        whole = {}
        for grain, least in (("minute", 40), ("hour", 40), ("day", 3)):
            rows = list(outcomes.moments_by(experiment, grain=grain))
            assert len(rows) >= least
            whole[grain] = [sum(row[f"{name}_added"] for row in rows) for name in outcomes.SUMMED]
        assert whole["minute"] == whole["hour"] == whole["day"]
        assert whole["day"][0] == len(customers)
        days = {row["begins"] for row in outcomes.moments_by(experiment, grain="day")}
        assert {day.hour for day in days} == {0}

    def test_rebuild_only_the_minutes_of_whom_something_is_new(self, customers):
        lamp = make_product("LAMP")
        experiment = registered()
        for hours, customer in enumerate(customers):
            services.assign(
                experiment=experiment, customer_ids=[customer.pk], now=NOW + hours * HOUR
            )
        rollup.roll_up()
        before = set(MomentRollup.objects.values_list("pk", flat=True))
        add_event(customers[0], "purchase", product=lamp, at=NOW + 30 * HOUR + MINUTE)
        rollup.roll_up()
        gone = before - set(MomentRollup.objects.values_list("pk", flat=True))
        assert len(gone) == 1  # of the assignment; nothing was in the purchase's minute yet


class TestWhatRollupsCannotTell:
    @pytest.mark.parametrize(
        "terms",
        [
            {"metric": "revenue"},
            {"counts_from": "exposure"},
            {"ends_at": NOW + 10 * MINUTE},
        ],
    )
    def test_is_left_to_the_customers(self, customers, terms):
        experiment = services.register_experiment(
            name="A lamp", weights={"holdout": 1, "warm": 1}, now=NOW, starts_at=NOW, **terms
        )
        assert outcomes.groups_rolled_up(experiment, until=NOW + timedelta(hours=1)) is None


def test_an_assignment_knows_its_transaction(customers):
    experiment = registered()
    services.assign(experiment=experiment, customer_ids=[customers[0].pk], now=NOW)
    assert Assignment.objects.get().recorded_in > 0
