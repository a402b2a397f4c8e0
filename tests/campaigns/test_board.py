"""What a process keeps of launches and words holds only as long as nobody changes it."""

import pytest
from django.db import connection, transaction

from launchopt.campaigns.models import Campaign, Creative, Launch, Placement
from launchopt.campaigns.services import board
from launchopt.catalog.models import Product
from launchopt.experiments.models import Phase
from tests.support.launches import NOW, ask, make_audience, make_customers, make_running

pytestmark = pytest.mark.django_db
NOBODY_HELD_OUT = {"holdout": 1e-9, "a": 0.5, "b": 0.5}


@pytest.fixture
def customers():
    return make_customers(6)


@pytest.fixture(autouse=True)
def launch(customers):
    launch = make_running(make_audience(customers), weights=NOBODY_HELD_OUT)
    assert ask(customers[0]).reason == "shown"
    return launch


def kept():
    return board.kept_board(now=NOW)


class TestTheBoard:
    def test_is_kept_while_nothing_changes(self, customers):
        before = kept()
        assert ask(customers[1]).reason == "shown"
        assert kept() is before

    def test_is_not_read_anew_for_money_let_out_and_clocks_moved(self, launch, customers):
        before = kept()
        Campaign.objects.update(allowance=1000)
        Launch.objects.update(clock_at=NOW)
        assert ask(customers[1]).reason == "shown"
        assert kept() is before

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda: Launch.objects.update(status="paused"), "paused"),
            (lambda: Launch.objects.update(status="finished"), "no_launch"),
            (lambda: Campaign.objects.update(is_active=False), "no_launch"),
            (lambda: Creative.objects.update(status="rejected"), "no_creative"),
            (lambda: Creative.objects.update(headline="Never approved"), "no_creative"),
            (lambda: Product.objects.update(title="Another thing"), "no_creative"),
            (lambda: Phase.objects.update(weights={"holdout": 1.0}), "holdout"),
        ],
    )
    def test_a_change_past_all_services_holds_with_the_next_decision(
        self, customers, change, reason
    ):
        change()
        assert ask(customers[1]).reason == reason

    def test_a_change_that_was_rolled_back_never_was(self, customers):
        with transaction.atomic():
            Launch.objects.update(status="paused")
            assert ask(customers[1]).reason == "paused"
            transaction.set_rollback(True)
        assert ask(customers[2]).reason == "shown"

    def test_a_new_placement_is_known_at_once(self, customers):
        Placement.objects.create(name="basket", channel="onsite")
        assert ask(customers[1], placement="basket").reason == "shown"


def test_each_change_takes_a_token_that_was_never_there():
    def tokens():
        with connection.cursor() as cursor:
            cursor.execute("SELECT token FROM launchopt_campaigns_revision")
            return {token for (token,) in cursor.fetchall()}

    before = tokens()
    with transaction.atomic():
        Launch.objects.update(holdout=0.2, status="paused")
        rolled_back = tokens() - before
        transaction.set_rollback(True)
    Launch.objects.update(status="paused")
    assert len(tokens() - before) == 1
    assert not (tokens() & rolled_back)
