"""Money lent to the processes that decide: nothing is lost, nothing is spent twice."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.models import F, Sum

from launchopt.campaigns import services
from launchopt.campaigns.models import Campaign, Decision, Lease, Placement
from launchopt.campaigns.services import leasing
from launchopt.campaigns.services.locking import lock_campaigns
from tests.campaigns.test_concurrency import EVERYBODY, at_once, questions
from tests.support.launches import HOUR, NOW, make_audience, make_customers, make_running

COST = Decimal("0.02")
LENT = 5
AT = NOW + HOUR / 2
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _lending(settings):
    settings.LAUNCHOPT = settings.LAUNCHOPT | {"LEASE_CONTACTS": LENT}
    Placement.objects.get_or_create(name="home", defaults={"channel": "onsite"})


@pytest.fixture
def customers():
    return make_customers(80)


@pytest.fixture
def launch(customers):
    launch = make_running(make_audience(customers), weights=EVERYBODY, hours=1, budget="4.00")
    services.pace_launches(now=AT)
    return launch


def decide(customers, *, at=AT):
    return services.decide(questions=questions(customers, at=at))


def shown():
    return Decision.objects.filter(reason="shown")


def check_books():
    """What is reserved and spent is what the log says, and what is lent."""
    campaign = Campaign.objects.get()
    lent = Lease.objects.aggregate(n=Sum("amount"))["n"] or 0
    logged = shown().exclude(state="lapsed").aggregate(n=Sum("cost"))["n"] or 0
    assert campaign.reserved + campaign.spent == logged + lent


class TestBorrowing:
    def test_the_next_contacts_need_nothing_of_the_campaign(self, launch, customers):
        decide(customers[:1])
        before = Campaign.objects.get()
        assert before.reserved == (1 + LENT) * COST
        decide(customers[1 : 1 + LENT])
        assert Campaign.objects.get().reserved == before.reserved
        assert Lease.objects.get().amount == 0
        decide(customers[-1:])
        assert Lease.objects.get().amount == LENT * COST
        check_books()

    def test_each_process_has_its_own(self, launch, customers, monkeypatch):
        for name, customer in zip("ab", customers, strict=False):
            monkeypatch.setattr(
                "launchopt.campaigns.services.storing.this_process", lambda n=name: n
            )
            decide([customer])
        assert Lease.objects.count() == 2
        check_books()

    def test_nothing_is_lent_of_the_last_money(self, launch, customers):
        Campaign.objects.update(allowance=COST * 8 * LENT)
        decide(customers[:1])
        assert not Lease.objects.exists()
        check_books()

    def test_all_the_money_is_found_where_one_process_decides(self, launch, customers):
        Campaign.objects.update(allowance=COST * 60)
        for customer in customers:
            decide([customer])
        assert shown().count() == 60
        check_books()

    def test_an_hour_counts_what_is_lent(self, launch, customers):
        decide(customers[:1])
        services.pace_launches(now=AT)
        campaign = Campaign.objects.get()
        assert campaign.allowance <= 2 * launch.budget
        check_books()


class TestComingBack:
    def test_a_pause_takes_it_back_at_once(self, launch, customers):
        decide(customers[:1])
        services.pause_launch(launch=launch, by="anna", now=AT)
        assert not Lease.objects.exists()
        assert Campaign.objects.get().reserved == COST
        assert {a.decision.reason for a in decide(customers[1:3])} == {"paused"}

    def test_what_a_killed_process_held_comes_back_with_the_next_tick(self, launch, customers):
        decide(customers[:1])
        services.pace_launches(now=AT)
        assert Lease.objects.count() == 1
        Lease.objects.update(until=F("until") - timedelta(seconds=leasing.LEASE_SECONDS + 1))
        services.pace_launches(now=AT)
        assert not Lease.objects.exists()
        assert Campaign.objects.get().reserved == COST

    def test_the_end_of_a_launch_takes_it_back(self, launch, customers):
        decide(customers[:1])
        services.finish_launch(launch=launch, by="anna", now=AT)
        assert Campaign.objects.get().reserved == COST


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_who_has_borrowed_does_not_wait_for_the_campaign(self, launch, customers):
        decide(customers[:1])

        def ask(_):
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            return decide(customers[1:2])[0].decision.reason

        with transaction.atomic():
            lock_campaigns(Campaign.objects.all())
            assert at_once(ask, count=1) == ["shown"]

    def test_many_spend_no_more_than_there_is_and_lose_nothing(
        self, launch, customers, monkeypatch
    ):
        Campaign.objects.update(allowance=COST * 50)
        names = iter("aabbccdd")
        processes = {}

        def this_process():
            return processes.setdefault(id(connection.connection), next(names, "e"))

        for module in ("storing", "decisions"):
            path = f"launchopt.campaigns.services.{module}.this_process"
            monkeypatch.setattr(path, this_process)

        def work(number):
            for customer in customers[number * 10 : number * 10 + 10]:
                decide([customer])

        assert [r for r in at_once(work) if r is not None] == []
        lent = Lease.objects.aggregate(n=Sum("amount"))["n"]
        assert shown().count() * COST + lent <= 50 * COST
        assert lent <= 5 * LENT * COST
        check_books()

    def test_nothing_is_shown_after_a_pause_has_returned(self, launch, customers):
        paused = []

        def work(number):
            if number == 0:
                services.pause_launch(launch=launch, by="operator", now=AT)
                paused.append(shown().count())
                return
            for customer in customers[number * 10 : number * 10 + 10]:
                decide([customer])

        assert [r for r in at_once(work) if r is not None] == []
        assert shown().count() == paused[0]
        check_books()
