"""Limits hold when several processes decide at once, each on a connection of its own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from launchopt.audiences.models import Consent
from launchopt.campaigns import services
from launchopt.campaigns.models import Campaign, Decision
from launchopt.campaigns.services.locking import lock_campaigns
from launchopt.experiments.models import Assignment
from launchopt.operations.errors import Conflict
from tests.support.launches import (
    HOUR,
    NOW,
    make_audience,
    make_customers,
    make_launch,
    make_product,
    make_running,
)

pytestmark = pytest.mark.django_db(transaction=True)
WORKERS = 8
EVERYBODY = {"holdout": 1e-9, "a": 0.5, "b": 0.5}


@pytest.fixture(autouse=True)
def _home(transactional_db):
    """A flushed database lacks what migrating leaves there."""
    from launchopt.campaigns.models import Placement

    Placement.objects.get_or_create(name="home", defaults={"channel": "onsite"})


def at_once(work, count=WORKERS):
    """Run the same work in threads, each with its own connection; what each gave or raised."""

    def run(number):
        try:
            return work(number)
        except Exception as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def questions(customers, *, at):
    return [
        services.Question(customer=c.external_id, placement="home", at=at, context={})
        for c in customers
    ]


class TestCaps:
    def test_hold_over_processes_and_launches(self):
        customers = make_customers(5)
        audience = make_audience(customers)
        given = {"weights": EVERYBODY, "cap_contacts": 2, "budget": "1000.00"}
        make_running(audience, **given)
        make_running(audience, product=make_product("OTHER"), **given)

        def decide(number):
            for turn in range(3):
                at = NOW + timedelta(seconds=10 * turn + number)
                services.decide(questions=questions(customers, at=at))

        assert [r for r in at_once(decide) if r is not None] == []
        for customer in customers:
            assert Decision.objects.filter(customer=customer, reason="shown").count() == 2
        assert Decision.objects.count() == WORKERS * 3 * 5
        assert Assignment.objects.count() == 10

    def test_lists_in_opposite_orders_do_not_block_each_other(self):
        customers = make_customers(200)
        make_running(make_audience(customers), weights=EVERYBODY, budget="1000.00")

        def decide(number):
            ordered = customers if number % 2 else customers[::-1]
            services.decide(questions=questions(ordered, at=NOW + timedelta(seconds=number)))

        assert [r for r in at_once(decide) if r is not None] == []


class TestBudget:
    def test_is_not_passed_by_many_at_once(self):
        customers = make_customers(160)
        make_running(make_audience(customers), weights=EVERYBODY, budget="0.50", hours=1)
        at = NOW + timedelta(minutes=58)
        services.pace_launches(now=at)

        def decide(number):
            part = customers[number * 20 : number * 20 + 20]
            services.decide(questions=questions(part, at=at))

        assert [r for r in at_once(decide) if r is not None] == []
        assert Decision.objects.filter(reason="shown").count() == 25
        assert Campaign.objects.get().reserved == Decimal("0.50")

    def test_what_is_confirmed_while_others_decide_adds_up(self):
        customers = make_customers(80)
        make_running(make_audience(customers), weights=EVERYBODY, budget="100.00", hours=1)
        at = NOW + timedelta(minutes=58)
        services.pace_launches(now=at)

        def decide_and_see(number):
            part = customers[number * 10 : number * 10 + 10]
            answers = services.decide(questions=questions(part, at=at))
            seen = {a.decision.pk: at for a in answers if a.creative}
            services.confirm_exposures(exposures=seen)
            services.pace_launches(now=at)

        assert [r for r in at_once(decide_and_see) if r is not None] == []
        campaign = Campaign.objects.get()
        assert (campaign.reserved, campaign.spent) == (Decimal(0), Decimal("1.60"))


class TestSilence:
    def test_does_not_wait_for_who_holds_the_money(self):
        [customer] = make_customers(1)
        make_running(make_audience([customer]), weights=EVERYBODY)
        Consent.objects.update(is_granted=False)

        def decide(_):
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            return services.decide(questions=questions([customer], at=NOW))[0].decision.reason

        with transaction.atomic():
            lock_campaigns(Campaign.objects.all())
            assert at_once(decide, count=1) == ["no_consent"]


class TestTheStart:
    def test_happens_once(self):
        launch = make_launch(make_audience(make_customers(1)), status="approved")
        results = at_once(lambda _: services.start_launch(launch=launch, by="anna", now=NOW))
        conflicts = [r for r in results if isinstance(r, Conflict)]
        assert len(conflicts) == WORKERS - 1

    def test_nothing_is_shown_after_a_pause_has_returned(self):
        customers = make_customers(400)
        launch = make_running(
            make_audience(customers), weights=EVERYBODY, budget="1000.00", hours=1
        )
        services.pace_launches(now=NOW + timedelta(minutes=50))
        paused = []

        def work(number):
            if number == 0:
                services.pause_launch(launch=launch, by="operator", now=NOW + HOUR / 2)
                paused.append(Decision.objects.filter(reason="shown").count())
                return
            for customer in customers[number * 40 : number * 40 + 40]:
                services.decide(questions=questions([customer], at=NOW + HOUR / 2))

        assert [r for r in at_once(work) if r is not None] == []
        assert Decision.objects.filter(reason="shown").count() == paused[0]


def test_the_commands_say_what_to_do_and_exit_accordingly(capsys):
    launch = make_launch(make_audience(make_customers(1)))
    call_command("approve_launch", str(launch.pk), "--by", "eve", "--json")
    assert '"status": "approved"' in capsys.readouterr().out
