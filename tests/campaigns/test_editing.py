"""A person changes a plan: each change is checked, audited, and laid out to the cent."""

from decimal import Decimal

import pytest
from django.db.models import Sum

from launchopt.campaigns import services
from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign
from launchopt.operations.errors import Conflict, InvalidInput, NotFound
from launchopt.operations.models import AuditEntry
from tests.support.launches import HOUR, NOW
from tests.support.plans import make_shop, plan, planned

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_shop()


class TestEditing:
    def test_money_set_by_hand_stays_and_the_rest_is_laid_out_around_it(self, shop):
        launch = planned(budget=Decimal("2.00"))
        cell = launch.budget_plan.cells.order_by("starts_at").first()
        services.set_money(cell=cell, amount=Decimal("0.50"), by="anna", now=NOW)
        pinned = launch.budget_plan.cells.get(is_pinned=True)
        assert (pinned.amount, pinned.starts_at) == (Decimal("0.50"), cell.starts_at)
        budget = BudgetPlan.objects.get(launch=launch)
        spent = budget.cells.aggregate(Sum("amount"))["amount__sum"]
        assert spent + budget.unspent == Decimal("2.00")
        assert AuditEntry.objects.filter(action="set_money", actor="anna").exists()

    def test_planning_again_keeps_what_was_set_by_hand(self, shop):
        launch = planned(budget=Decimal("2.00"))
        cell = launch.budget_plan.cells.order_by("starts_at").first()
        services.set_money(cell=cell, amount=Decimal("0.50"), by="anna", now=NOW)
        plan(launch)
        assert BudgetCell.objects.get(is_pinned=True).amount == Decimal("0.50")

    @pytest.mark.parametrize(
        ("amount", "words"),
        [("2.01", "more than 2"), ("0.005", "decimals"), ("-0.01", "0 or more")],
    )
    def test_impossible_money_is_refused(self, shop, amount, words):
        launch = planned(budget=Decimal("2.00"))
        cell = launch.budget_plan.cells.first()
        with pytest.raises(InvalidInput, match=words):
            services.set_money(cell=cell, amount=Decimal(amount), by="anna", now=NOW)

    def test_an_hour_outside_of_the_launch_is_refused(self, shop):
        launch = planned()
        with pytest.raises(InvalidInput, match="outside"):
            services.pin_money(
                campaign=launch.campaigns.first(),
                starts_at=NOW - HOUR,
                amount=Decimal("0.10"),
                by="anna",
                now=NOW,
            )

    def test_a_customer_left_out_costs_nothing_and_expects_nothing(self, shop):
        launch = planned(budget=Decimal("50.00"))
        before = launch.budget_plan.expected_response
        names = [c.external_id for c in shop[:50]]
        assert services.exclude_customers(launch=launch, customers=names, by="anna", now=NOW) == 50
        assert BudgetPlan.objects.get(launch=launch).expected_response < before - 1
        services.include_customers(launch=launch, customers=names, by="anna", now=NOW)
        after = BudgetPlan.objects.get(launch=launch).expected_response
        assert after == pytest.approx(before)

    def test_an_unknown_customer_cannot_be_left_out(self, shop):
        with pytest.raises(NotFound, match="nobody"):
            services.exclude_customers(launch=planned(), customers=["nobody"], by="anna", now=NOW)

    def test_a_new_budget_is_laid_out_at_once(self, shop):
        launch = planned(budget=Decimal("2.00"))
        services.change_terms(
            launch=launch, changes={"budget": Decimal("1.00")}, by="anna", now=NOW
        )
        assert BudgetPlan.objects.get(launch=launch).total == Decimal("1.00")
        entry = AuditEntry.objects.get(action="change_launch")
        assert Decimal(entry.before["budget"]) == 2
        assert Decimal(entry.after["budget"]) == 1

    def test_a_campaign_taken_out_gives_its_money_to_the_others(self, shop):
        launch = planned(budget=Decimal("0.40"))
        likely = launch.campaigns.get(audience__name="Likely")
        services.switch_campaign(campaign=likely, is_active=False, by="anna", now=NOW)
        names = launch.budget_plan.cells.values_list("campaign__audience__name", flat=True)
        assert set(names) == {"Possible"}

    def test_an_audience_can_be_exchanged(self, shop):
        launch = planned()
        likely, reach = (
            launch.campaigns.get(audience__name=name) for name in ("Likely", "Within reach")
        )
        with pytest.raises(Conflict, match="already"):
            services.change_audience(campaign=likely, audience=reach.audience, by="anna", now=NOW)

    def test_nothing_changes_once_it_is_approved(self, shop):
        launch = planned()
        services.approve_launch(launch=launch, by="eve", now=NOW)
        cell = launch.budget_plan.cells.first()
        with pytest.raises(Conflict, match="approved cannot be changed"):
            services.set_money(cell=cell, amount=Decimal("0.10"), by="anna", now=NOW)
        with pytest.raises(Conflict, match="approved keeps its plan"):
            services.request_plan(launch=launch, by="anna", now=NOW)


class TestDuplicate:
    def test_leaves_out_the_same_customers_and_is_planned_for_itself(self, shop):
        launch = planned()
        services.exclude_customers(launch=launch, customers=["c0"], by="anna", now=NOW)
        copy = services.duplicate_launch(launch=launch, by="ben", now=NOW + HOUR)
        assert (copy.status, copy.duplicated_from, copy.created_by) == ("draft", launch, "ben")
        assert copy.starts_at == NOW + HOUR
        assert copy.ends_at - copy.starts_at == launch.ends_at - launch.starts_at
        assert copy.excluded.get().customer.external_id == "c0"
        assert not Campaign.objects.filter(launch=copy).exists()
