"""Curves of paid channels: learned from past launches, then from the launch's own spend."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from launchopt.campaigns import services
from launchopt.campaigns.models import BudgetCell, Campaign, Launch, SpendEntry
from launchopt.campaigns.services.budget_proposal import committed_of
from launchopt.campaigns.services.paid import paid_curves
from launchopt.experiments.models import MetricRollup
from launchopt.operations.errors import InvalidInput
from launchopt_core.budget import Hill
from tests.support.launches import (
    HOUR,
    NOW,
    make_audience,
    make_customers,
    make_launch,
    make_product,
    make_running,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LEARNED = {"meta": {"kind": "learned"}}
TRUTH = Hill(scale=40.0, half=30.0, shape=1.0)  # purchases of a day's spend


@pytest.fixture
def audience():
    return make_audience(make_customers(20))


def paid_launch(audience, number, **given):
    product = make_product(f"PAST-{number}")
    return make_launch(audience, product=product, channel="meta", curves=LEARNED, **given)


def spent(launch, *, days, since, seed=0, curve=TRUTH):
    """Days of spend and of the purchases that it brought, as the curve has it."""
    rng, campaign = np.random.default_rng(seed), launch.campaigns.get()
    for day in range(days):
        at, amount = since + day * DAY, float(rng.uniform(2, 120))
        SpendEntry.objects.create(
            campaign=campaign, starts_at=at, amount=round(amount, 2), source="feed",
            counted_until=at + HOUR, recorded_at=at,
        )  # fmt: skip
        MetricRollup.objects.create(
            launch_id=launch.pk, campaign_id=campaign.pk, channel="meta", starts_at=at,
            granularity="hour", conversions=rng.poisson(curve.at(np.array([amount]))[0]),
        )  # fmt: skip


def past_launches(audience, *, since=NOW - 60 * DAY, count=3, **given):
    for number in range(count):
        launch = paid_launch(audience, number)
        spent(launch, days=14, since=since, seed=number, **given)


class TestLearned:
    def test_from_past_launches_and_the_figure_says_so(self, audience):
        past_launches(audience)
        launch = paid_launch(audience, "new", hours=240)
        figure = paid_curves(launch, before=NOW)["meta"]
        assert figure["source"] == "analog"
        assert "42 days of past launches' spend, 3 past launches" in figure["detail"]
        found = Hill(figure["scale"], figure["half"], figure["shape"])
        for a_day in (50.0, 75.0, 100.0):  # ten days share the money
            expected = 10 * TRUTH.at(np.array([a_day]))[0]
            assert found.at(np.array([10 * a_day]))[0] == pytest.approx(expected, rel=0.2)

    def test_lays_the_money_out_and_stands_in_the_plan(self, audience):
        past_launches(audience)
        launch = paid_launch(audience, "new", hours=240)
        plan = services.lay_out_budget(launch=launch, now=NOW)
        assert plan.total - plan.unspent == Decimal("100.00")
        stored = Launch.objects.get(pk=launch.pk).plan
        assert stored["paid_curves"]["meta"]["source"] == "analog"
        assert stored["beyond_data"]["value"] == 0.0

    def test_nothing_after_the_instant_matters(self, audience):
        past_launches(audience)
        launch = paid_launch(audience, "new")
        before = paid_curves(launch, before=NOW)
        spent(Launch.objects.get(product__sku="PAST-0"), days=9, since=NOW + HOUR)
        assert paid_curves(launch, before=NOW) == before

    def test_its_own_spend_takes_over_as_it_runs(self, audience):
        past_launches(audience)
        launch = paid_launch(audience, "new", hours=240)
        weaker = Hill(scale=10.0, half=30.0, shape=1.0)
        spent(launch, days=9, since=NOW, seed=9, curve=weaker)
        figure = paid_curves(launch, before=NOW + 10 * DAY)["meta"]
        assert figure["source"] == "measured"
        past = paid_curves(launch, before=NOW)["meta"]
        own, theirs = (
            Hill(f["scale"], f["half"], f["shape"]).at(np.array([600.0]))[0] for f in (figure, past)
        )
        assert own < 0.6 * theirs

    def test_from_too_little_it_is_refused_by_name(self, audience):
        launch = paid_launch(audience, "new")
        with pytest.raises(InvalidInput, match="No curve can be learned for meta") as refused:
            services.lay_out_budget(launch=launch, now=NOW)
        assert refused.value.errors[0].pointer == "/curves/meta"

    def test_a_given_curve_tells_where_it_comes_from(self, audience):
        launch = paid_launch(audience, "new")
        hill = {"kind": "hill", "scale": 40, "half": 300, "shape": 1}
        for more, source in (({}, "prior"), ({"spend_range": [1.0, 90.0]}, "measured")):
            launch.curves = {"meta": hill | more}
            figure = paid_curves(launch, before=NOW)["meta"]
            assert figure["source"] == source
            assert (figure["scale"], figure["half"]) == (40, 300)


class TestInFlight:
    def test_what_is_told_and_what_is_planned_since_count_as_spent(self, audience):
        launch = make_running(
            audience, channel="meta", curves={"meta": {"scale": 40, "half": 30, "shape": 1}},
            budget="24.00",
        )  # fmt: skip
        campaign = Campaign.objects.select_related("launch").get()
        SpendEntry.objects.create(
            campaign=campaign, starts_at=NOW, amount=3, source="feed", counted_until=NOW + HOUR,
            recorded_at=NOW + HOUR,
        )  # fmt: skip
        committed = committed_of([campaign], now=NOW + 2 * HOUR)
        assert committed == {campaign.pk: Decimal(4)}  # and 1.00 an hour as planned
        launch.plan = {
            name: {"value": 0.1, "source": "prior", "detail": ""}
            for name in ("conversion_rate", "click_rate", "pieces_per_purchase")
        }
        launch.save()
        with pytest.raises(InvalidInput, match="are spent or promised already"):
            change(launch, "3.99")
        plan = change(launch, "10.00")
        cells = BudgetCell.objects.filter(campaign=campaign)
        assert sum(cell.amount for cell in cells) + plan.unspent == Decimal("10.00")


def change(launch, budget):
    return services.change_budget(
        launch=launch, budget=Decimal(budget), reason="Less.", by="anna", now=NOW + 2 * HOUR
    )
