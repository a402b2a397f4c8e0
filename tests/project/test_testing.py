"""The helpers that a host's tests are given do what they say."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from launchopt import testing
from launchopt.audiences.models import Event

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def kettle():
    return testing.make_product("KETTLE", now=NOW)


class TestMakeRunningLaunch:
    def test_shows_its_product_to_who_agreed(self, kettle):
        [ada] = testing.make_customers(1, now=NOW)
        launch = testing.make_running_launch(
            product=kettle, customers=[ada], now=NOW, days=1, holdout=0
        )
        decision = testing.decide_for(ada, now=NOW)
        assert (decision.reason, decision.launch, decision.variant) == ("shown", launch, "launch")

    def test_leaves_alone_who_did_not(self, kettle):
        [bob] = testing.make_customers(1, now=NOW, has_consent=False)
        testing.make_running_launch(product=kettle, customers=[bob], now=NOW, holdout=0)
        assert testing.decide_for(bob, now=NOW).reason == "no_consent"

    def test_a_purchase_ends_it_for_the_buyer(self, kettle):
        [ada] = testing.make_customers(1, now=NOW)
        testing.make_running_launch(product=kettle, customers=[ada], now=NOW, holdout=0)
        testing.make_event(ada, "purchase", at=NOW, product=kettle, quantity=1, price="12.50")
        assert testing.decide_for(ada, now=NOW + timedelta(minutes=1)).reason == "suppressed"

    def test_lays_out_all_of_its_money(self, kettle):
        launch = testing.make_running_launch(
            product=kettle, customers=[], now=NOW, budget=Decimal("99.99")
        )
        total = launch.budget_plan.cells.aggregate(sum=Sum("amount"))["sum"]
        assert total == Decimal("99.99")


class TestMakeEvent:
    def test_stores_it(self, kettle):
        [ada] = testing.make_customers(1, now=NOW)
        testing.make_event(ada, "view", at=NOW, product=kettle)
        event = Event.objects.get()
        assert (event.customer, event.product, event.kind) == (ada, kettle, "view")

    def test_refuses_what_cannot_be(self, kettle):
        [ada] = testing.make_customers(1, now=NOW)
        with pytest.raises(ValueError, match="No such event"):
            testing.make_event(ada, "applause", at=NOW, product=kettle)
