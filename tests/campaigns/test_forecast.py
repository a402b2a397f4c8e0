"""A launch's forecast: from past launches alike, on the plan, and beside what is counted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from launchopt.audiences.models import Event
from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting import launch_report
from launchopt.campaigns.selectors.analogs import past_launches
from launchopt.catalog.models import Product
from tests.support.launches import NOW
from tests.support.plans import make_shop, planned
from tests.support.reports import page_of
from tests.support.shops import happened, past_launch

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def shop():
    customers = make_shop()
    happened(customers, "view", at=NOW - timedelta(days=300))
    for number in range(5):
        past_launch(f"PAST-{number}", customers, buyers=30, shown=100, clicked=40)
    return customers


def run(launch: Launch, *, days: float) -> Launch:
    """The launch as it stands some days after its start."""
    launch.status, launch.started_at = Launch.Status.RUNNING, launch.starts_at
    launch.is_simulated, launch.clock_at = True, launch.starts_at + days * DAY
    launch.save()
    return launch


class TestPlan:
    def test_expects_what_past_launches_brought(self, shop):
        forecast = planned().plan["forecast"]
        for name, count in (("purchases", 30), ("clicks", 40)):
            assert forecast[name]["value"] == pytest.approx(count, rel=0.02)
            assert forecast[name]["low"] < count < forecast[name]["high"]
            assert forecast[name]["source"] == "analog"
        assert "5 past launches most alike" in forecast["purchases"]["detail"]

    def test_without_past_launches_it_is_an_assumption_with_a_wide_interval(self):
        happened(make_shop(), "view", at=NOW - DAY)
        found = planned().plan["forecast"]["purchases"]
        assert found["source"] == "prior"
        assert found["high"] > 5 * max(found["low"], 1)

    def test_products_of_like_price_and_season_count_most(self, shop):
        Product.objects.filter(sku="MUG-1").update(price=Decimal("7.50"))
        Product.objects.filter(sku="PAST-0").update(price=Decimal("7.50"))
        Product.objects.exclude(sku__in=["MUG-1", "PAST-0"]).update(price=Decimal("750.00"))
        found = past_launches(planned(), before=NOW).analogs
        assert found[0].sku == "PAST-0"
        assert found[0].weight == 1.0
        assert all(analog.weight < 0.05 for analog in found[1:])

    def test_what_just_came_on_sale_is_no_launch_where_others_were_shown(self, shop):
        for number in range(4):
            past_launch(f"SHELF-{number}", shop, buyers=1)
        assert {a.sku for a in past_launches(planned(), before=NOW).analogs} == {
            f"PAST-{number}" for number in range(5)
        }

    def test_knows_how_launches_of_each_time_went(self, shop):
        (period,) = past_launches(planned(), before=NOW).periods["purchase"]
        assert (period.launches, period.count, period.squares) == (5, 150, 5 * 30**2)

    def test_nothing_after_it_was_made_matters(self, shop):
        before = planned().plan["forecast"]
        past_launch("LATER-1", shop, buyers=80, shown=100, days_ago=-1)
        happened(shop[:50], "purchase", at=NOW + DAY, product=Product.objects.get(sku="PAST-0"))
        assert planned().plan["forecast"] == before

    def test_stands_in_the_report_of_a_plan(self, shop):
        page = page_of(planned())
        assert "What was to be expected" in page
        assert "30 purchases are expected" in page


class TestRunning:
    def test_what_was_counted_moves_the_expectation(self, shop):
        launch = run(planned(), days=7)
        happened(shop[:90], "purchase", at=NOW + 3 * DAY, product=launch.product)
        told = launch_report(launch)["forecast"]["purchases"]
        assert told["so_far"] == 90
        assert told["planned"] == pytest.approx(30, rel=0.02)
        assert 90 < told["expected"] < 100  # past launches sold what they sold on their second day
        assert 90 <= told["interval"][0] < told["expected"] < told["interval"][1]

    def test_what_came_later_is_not_known(self, shop):
        launch = run(planned(), days=7)
        happened(shop[:90], "purchase", at=NOW + 8 * DAY, product=launch.product)
        told = launch_report(launch)["forecast"]["purchases"]
        assert told["so_far"] == 0
        assert told["expected"] < told["planned"]

    def test_at_the_end_it_came_to_what_was_counted(self, shop):
        launch = run(planned(), days=14)
        happened(shop[:25], "purchase", at=NOW + 3 * DAY, product=launch.product)
        told = launch_report(launch)["forecast"]["purchases"]
        assert told["interval"] == [25, 25]
        page = page_of(launch)
        assert "It came to 25." in page
        assert all(name in page for name in (">counted<", ">planned<", ">low<", ">high<"))

    def test_a_launch_planned_by_an_older_release_has_none(self, shop):
        launch = planned()
        launch.plan.pop("forecast")
        launch.save()
        assert launch_report(launch)["forecast"] is None
        assert "The plan holds no forecast yet." in page_of(launch)

    def test_events_before_the_start_do_not_count(self, shop):
        launch = run(planned(), days=7)
        happened(shop[:9], "purchase", at=NOW - DAY, product=launch.product)
        assert Event.objects.filter(product=launch.product, kind="purchase").count() == 9
        assert launch_report(launch)["forecast"]["purchases"]["so_far"] == 0
