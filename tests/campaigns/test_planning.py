"""A plan: who, when, at what cost; every figure with its source, moving with the data behind it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from launchopt.audiences.models import AudienceMember, Consent
from launchopt.campaigns import services
from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign, Creative, Launch
from launchopt.operations.models import Run
from launchopt.operations.runs import Work, cancel_run
from launchopt_workers.planning.tasks import plan_launch
from tests.support.launches import HOUR, NOW, make_customers, make_product
from tests.support.plans import draft, make_shop, planned
from tests.support.shops import happened, make_model, past_launch, portray, score

pytestmark = pytest.mark.django_db
SOURCES = {"prior", "analog", "model", "measured"}


def figures(plan):
    """Every value with a source, by its path."""
    if isinstance(plan, dict) and {"value", "source"} <= plan.keys():
        return {"": plan}
    items = plan.items() if isinstance(plan, dict) else enumerate(plan)
    found = {}
    for name, inner in items:
        if isinstance(inner, dict | list):
            found |= {f"{name}/{path}".strip("/"): v for path, v in figures(inner).items()}
    return found


@pytest.fixture
def shop():
    return make_shop()


class TestPlan:
    def test_is_complete(self, shop):
        launch = planned()
        assert launch.status == "planned"
        assert launch.planned_as_of == NOW
        assert launch.campaigns.count() == 3
        assert launch.budget_plan.cells.exists()
        assert Creative.objects.filter(launch=launch).count() == 18
        names = set(launch.experiment.variants.values_list("name", flat=True))
        assert names == {"holdout", "a", "b"}
        assert launch.experiment.primary_metric_id == "conversion"
        assert launch.experiment.minimum_detectable_effect > 0
        assert launch.experiment.planned_sample_size > 0

    def test_audiences_hold_only_who_agreed_each_customer_once(self, shop):
        launch = planned()
        members = AudienceMember.objects.filter(audience__campaigns__launch=launch)
        assert members.count() == 280
        assert members.values("customer").distinct().count() == 280
        assert not members.filter(customer__in=shop[280:]).exists()

    def test_the_likeliest_tenth_is_an_audience_of_its_own(self, shop):
        launch = planned()
        likely = AudienceMember.objects.filter(
            audience__campaigns__launch=launch, audience__name="Likely"
        )
        assert set(likely.values_list("customer", flat=True)) == {c.pk for c in shop[:28]}

    def test_a_tier_is_split_by_the_main_interest_of_its_members(self, shop):
        portray(shop[112:250], interest="Kitchen")
        launch = planned()
        names = set(launch.campaigns.values_list("audience__name", flat=True))
        assert "Within reach: Kitchen" in names
        assert "Within reach: other tastes" in names
        assert "Likely" in names

    def test_the_money_sums_to_the_budget_to_the_cent(self, shop):
        launch = planned(budget=Decimal("3.33"))
        budget = BudgetPlan.objects.get(launch=launch)
        spent = budget.cells.aggregate(Sum("amount"))["amount__sum"]
        assert spent + budget.unspent == Decimal("3.33")
        assert spent == Decimal("3.33")

    def test_what_would_buy_nothing_stays_unspent(self, shop):
        launch = planned(budget=Decimal("1000.00"))
        budget = launch.budget_plan
        assert budget.unspent > Decimal("990")
        spent = budget.cells.aggregate(Sum("amount"))["amount__sum"]
        assert spent + budget.unspent == Decimal("1000.00")

    def test_the_likeliest_get_the_money_where_it_is_short(self, shop):
        launch = planned(budget=Decimal("0.40"))
        by_audience = dict(
            launch.budget_plan.cells.values_list("campaign__audience__name").annotate(Sum("amount"))
        )
        assert set(by_audience) == {"Likely"}
        assert launch.plan["marginal_response"]["value"] > 0

    def test_the_hours_are_those_in_which_the_customers_are_active(self, shop):
        for day in range(1, 40):
            at = (NOW - timedelta(days=day)).replace(hour=13)
            happened(shop, "view", at=at, product=None)
        launch = planned()
        hours = launch.plan["hours"]["Likely"]
        assert (hours["value"], hours["source"]) == ("13:00", "measured")
        cells = BudgetCell.objects.filter(budget_plan__launch=launch)
        amount = {hour: Decimal(0) for hour in range(24)}
        for cell in cells:
            amount[cell.starts_at.hour] += cell.amount
        assert amount[13] > sum(amount.values()) / 2

    def test_without_events_the_hours_are_an_assumption(self, shop):
        assert planned().plan["hours"]["Likely"]["source"] == "prior"

    def test_each_channel_and_audience_is_a_campaign_at_its_cost(self, shop):
        channels = {"onsite": Decimal("0.02"), "email": Decimal("0.005")}
        launch = planned(channels=channels)
        assert launch.campaigns.count() == 6
        email = launch.campaigns.filter(channel="email")
        assert {c.cost_per_contact for c in email} == {Decimal("0.005")}

    def test_a_shop_without_customers_gets_a_complete_plan_too(self):
        make_product()
        launch = planned()
        assert launch.status == "planned"
        assert launch.budget_plan.unspent == Decimal("5.00")
        assert launch.experiment is not None
        assert {f["source"] for f in figures(launch.plan).values()} <= {"prior", "measured"}
        assert Creative.objects.filter(launch=launch).exists()

    def test_planning_again_changes_nothing_where_nothing_changed(self, shop):
        launch = planned()
        before = (launch.plan, launch.experiment.salt, launch.campaigns.count())
        services.begin_plan(launch=launch, by="anna", now=NOW)
        plan_launch(Work(None, clock=lambda: NOW), launch_id=str(launch.pk), as_of=NOW.isoformat())
        launch = Launch.objects.get(pk=launch.pk)
        assert (launch.plan, launch.experiment.salt, launch.campaigns.count()) == before

    def test_a_plan_that_fails_gives_the_launch_back(self, shop, monkeypatch):
        launch = services.begin_plan(launch=draft(), by="anna", now=NOW)

        def broken(**_):
            raise RuntimeError("no paper left")

        monkeypatch.setattr("launchopt.campaigns.services.plan_steps.plan_budget", broken)
        with pytest.raises(RuntimeError, match="no paper"):
            plan_launch(
                Work(None, clock=lambda: NOW), launch_id=str(launch.pk), as_of=NOW.isoformat()
            )
        launch.refresh_from_db()
        assert launch.status == "draft"


class TestFigures:
    def test_each_says_where_it_comes_from(self, shop):
        found = figures(planned().plan)
        assert len(found) >= 20
        assert all(figure["source"] in SOURCES for figure in found.values())
        assert all(figure["detail"] for figure in found.values())

    def test_where_nothing_is_known_it_is_a_prior(self):
        product = make_product()
        customers = make_customers(100)
        score(product, customers, chances=[0.01] * 100, model=make_model(source="prior"))
        plan = planned().plan
        for name in ("click_rate", "conversion_rate", "expected_purchases", "return_rate"):
            assert plan[name]["source"] == "prior", name

    def test_the_interest_model_gives_the_conversion_rate_and_what_follows_from_it(self, shop):
        plan = planned().plan
        mean = sum(0.3 / (1 + n / 20) for n in range(280)) / 280
        assert plan["conversion_rate"]["value"] == pytest.approx(mean)
        for name in ("conversion_rate", "expected_purchases", "marginal_response"):
            assert plan[name]["source"] == "model", name

    def test_past_launches_are_analogs_and_move_the_figures(self, shop):
        before = planned().plan
        happened(shop, "view", at=NOW - timedelta(days=300))
        for number in range(5):
            past_launch(f"PAST-{number}", shop, buyers=30, shown=100, clicked=40, pieces=3)
        after = planned().plan
        assert before["click_rate"]["source"] == "prior"
        assert after["click_rate"]["source"] == "analog"
        assert after["click_rate"]["value"] == pytest.approx((200 + 0.02 * 100) / 600)
        assert after["past_uptake"]["source"] == "analog"
        assert after["past_uptake"]["value"] == pytest.approx((150 + 1) / (1500 + 100))
        assert after["pieces_per_purchase"]["value"] == pytest.approx((450 + 20) / 170)
        assert [row["buyers"] for row in after["analogs"]] == [30] * 5

    def test_a_product_that_was_there_when_the_records_begin_is_no_past_launch(self, shop):
        past_launch("OLD", shop, days_ago=60)
        assert planned().plan["analogs"] == []

    def test_what_comes_after_the_plans_instant_is_not_known(self, shop):
        happened(shop, "view", at=NOW - timedelta(days=300))
        before = planned().plan
        happened(shop, "view", at=NOW + HOUR)
        past_launch("LATER", shop, days_ago=-1)
        after = planned().plan
        for name in ("analogs", "hours", "traffic", "reach", "click_rate", "past_uptake"):
            assert after[name] == before[name], name

    def test_a_launch_that_is_not_over_is_no_analog(self, shop):
        happened(shop, "view", at=NOW - timedelta(days=300))
        past_launch("YOUNG", shop, days_ago=10)
        assert planned().plan["analogs"] == []

    def test_contacts_of_this_shop_make_the_click_rate_measured(self, shop):
        first = planned(channels={"onsite": Decimal("0.02")}, budget=Decimal("50.00"))
        services.approve_launch(launch=first, by="eve", now=NOW)
        services.start_launch(launch=first, by="anna", now=NOW)
        at = NOW + timedelta(days=13)
        Campaign.objects.update(allowance=Decimal("50.00"))
        asked = [
            services.Question(customer=c.external_id, placement="home", at=at, context={})
            for c in shop
        ]
        shown = [a.decision for a in services.decide(questions=asked) if a.creative]
        services.confirm_exposures(exposures={d.pk: at for d in shown})
        for decision in shown[:100]:
            happened(
                [decision.customer], "click", at=at, product=first.product, decision_id=decision.pk
            )
        later = services.begin_plan(launch=draft(), by="anna", now=at)
        as_of = (at + HOUR).isoformat()
        score_again(later, shop, as_of=at + HOUR)
        plan_launch(Work(None, clock=lambda: at), launch_id=str(later.pk), as_of=as_of)
        later.refresh_from_db()
        click_rate = later.plan["click_rate"]
        assert click_rate["source"] == "measured"
        assert click_rate["value"] == pytest.approx(102 / (len(shown) + 100))
        assert later.plan["cost_per_contact"]["onsite"]["source"] == "measured"

    def test_visits_make_reach_and_traffic_measured(self, shop):
        assert planned().plan["reach"]["source"] == "prior"
        happened(shop[:140], "view", at=NOW - timedelta(days=3))
        plan = planned().plan
        assert plan["reach"]["source"] == "measured"
        assert plan["reach"]["value"] == pytest.approx((140 + 50) / 380)
        assert plan["traffic"] == {
            "value": 10.0,
            "source": "measured",
            "detail": "members with any event on a day, over as many days before",
        }

    def test_a_shop_with_ten_past_launches_gets_most_figures_from_analog_and_model(self, shop):
        happened(shop, "view", at=NOW - timedelta(days=300))
        for number in range(10):
            past_launch(f"PAST-{number}", shop, buyers=30, shown=100, clicked=20)
        for day in range(1, 6):
            happened(shop, "view", at=NOW - timedelta(days=day))
        plan = planned().plan
        sources = [figure["source"] for figure in figures(plan).values()]
        known = sources.count("analog") + sources.count("model") + sources.count("measured")
        assert known > 0.7 * len(sources), figures(plan)
        assert sources.count("analog") + sources.count("model") >= len(sources) / 2, plan

    def test_a_larger_audience_shows_a_smaller_effect(self, shop):
        small = planned().plan["minimum_detectable_effect"]["value"]
        Consent.objects.filter(customer__in=shop[100:]).update(is_granted=False)
        assert planned().plan["minimum_detectable_effect"]["value"] > small


def score_again(launch, customers, *, as_of):
    launch.product.interest_scores.all().delete()
    score(launch.product, customers, chances=[0.1] * len(customers), as_of=as_of)


class TestTheRun:
    def test_steps_that_are_done_are_not_repeated(self, shop):
        launch = services.begin_plan(launch=draft(), by="anna", now=NOW)
        run = Run.objects.create(job="launchopt.planning.plan_launch", created_at=NOW)
        work = Work(run, clock=lambda: NOW)
        plan_launch(work, launch_id=str(launch.pk), as_of=NOW.isoformat())
        assert run.steps.count() == 7
        built_at = launch.campaigns.first().audience.built_at
        services.begin_plan(launch=launch, by="anna", now=NOW)
        again = Work(run, clock=lambda: NOW + HOUR)
        plan_launch(again, launch_id=str(launch.pk), as_of=NOW.isoformat())
        assert launch.campaigns.first().audience.built_at == built_at

    def test_the_plan_is_asked_for_once_however_often_a_person_asks(self):
        make_product()
        launch = draft()
        first = services.request_plan(launch=launch, by="anna", now=NOW - HOUR)
        again = services.request_plan(launch=launch, by="anna", now=NOW)
        assert first == again

    def test_planning_that_was_cancelled_before_it_began_can_be_asked_for_again(self):
        make_product()
        launch = draft()
        first = services.request_plan(launch=launch, by="anna", now=NOW)
        cancel_run(run=first, now=NOW)
        again = services.request_plan(launch=launch, by="anna", now=NOW)
        assert (again != first, again.state) == (True, "queued")
