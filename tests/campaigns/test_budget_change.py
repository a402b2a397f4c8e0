"""A budget raised or lowered in flight: to the cent, audited, paced at once, spent money kept."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from launchopt.campaigns import services
from launchopt.campaigns.models import BudgetCell, Campaign, Decision, Launch, Placement
from launchopt.campaigns.reporting.what_if import what_if_section
from launchopt.campaigns.services.pacing import pace_campaigns
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.models import AuditEntry
from tests.campaigns.test_concurrency import at_once
from tests.support.api import by_key
from tests.support.launches import (
    HOUR,
    NOW,
    ask,
    make_audience,
    make_customers,
    make_launch,
    make_running,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOW + 3 * DAY


ASSUMED = {"value": 0.1, "source": "prior", "detail": "assumed"}
FIGURES = dict.fromkeys(("conversion_rate", "click_rate", "pieces_per_purchase"), ASSUMED)


def running(**given):
    """A launch of ten days that has run for three, with money for some of its 300 customers."""
    audience = make_audience(make_customers(300))
    launch = make_running(audience, budget="3.00", hours=240, plan=FIGURES, **given)
    Launch.objects.filter(pk=launch.pk).update(is_simulated=True, clock_at=LATER)
    return Launch.objects.get(pk=launch.pk)


def spend(launch, amount):
    """As if decisions had cost so much."""
    campaign = launch.campaigns.filter(is_active=True).first()
    campaign.spent = campaign.allowance = Decimal(amount)
    campaign.save()
    return campaign


def change(launch, budget, *, now=LATER, reason="It sells well."):
    plan = services.change_budget(
        launch=launch, budget=Decimal(budget), reason=reason, by="anna", now=now
    )
    launch.refresh_from_db()
    return plan


def planned_on(launch, **where):
    cells = BudgetCell.objects.filter(campaign__launch=launch, **where)
    return cells.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)


def hours_over(launch):
    cells = BudgetCell.objects.filter(campaign__launch=launch, starts_at__lt=LATER)
    return set(cells.values_list("campaign", "starts_at", "amount"))


@pytest.fixture
def launch():
    return running()


class TestRaised:
    def test_hours_to_come_get_more_and_those_over_stay(self, launch):
        before, ahead = hours_over(launch), planned_on(launch, starts_at__gte=LATER)
        plan = change(launch, "4.00")
        assert (launch.budget, plan.total) == (Decimal("4.00"), Decimal("4.00"))
        assert hours_over(launch) == before
        assert planned_on(launch, starts_at__gte=LATER) > ahead
        assert planned_on(launch) + plan.unspent == Decimal("4.00")

    def test_what_would_buy_nothing_stays_unspent(self, launch):
        plan = change(launch, "500.00")
        assert plan.unspent > 400
        assert planned_on(launch) + plan.unspent == Decimal("500.00")

    def test_a_paused_launch_lets_nothing_out(self, launch):
        services.pause_launch(launch=launch, by="anna", now=LATER, is_simulated=True)
        change(launch, "30.00")
        assert Campaign.objects.aggregate(sum=Sum("allowance"))["sum"] == 0

    def test_its_figures_and_what_other_budgets_buy_follow(self, launch):
        change(launch, "4.00")
        rows = {row["share"]: row for row in launch.plan["what_if"]}
        assert rows[1.0]["budget"] == "4.00"
        assert rows[1.0]["expected_response"] == pytest.approx(
            launch.budget_plan.expected_response, rel=0.05
        )
        assert rows[2.0]["expected_response"] >= rows[1.0]["expected_response"]

    def test_budgets_below_what_is_spent_are_told_as_too_small(self, launch):
        spend(launch, "2.00")
        change(launch, "3.50")
        assert launch.plan["what_if"][0]["expected_response"] is None
        section = what_if_section(launch)
        assert section.tables[0].rows[0][-1] == "less than must be spent"
        ticks = [f">{share} %<" in section.pictures[0].svg for share in (0, 50, 100, 200)]
        assert ticks == [False, False, True, True]

    def test_pins_of_hours_to_come_stay(self, launch):
        hour = BudgetCell.objects.filter(campaign__launch=launch, starts_at=NOW + 5 * DAY)
        hour.update(is_pinned=True, amount=Decimal("0.40"))
        change(launch, "4.00")
        assert hour.get().amount == Decimal("0.40")
        assert hour.get().is_pinned


class TestLowered:
    def test_never_below_what_is_spent_and_promised(self, launch):
        campaign = spend(launch, "1.00")
        Campaign.objects.filter(pk=campaign.pk).update(reserved=Decimal("0.20"))
        with pytest.raises(InvalidInput, match=r"1.2000 GBP are spent or promised") as refused:
            change(launch, "1.19")
        assert refused.value.errors[0].pointer == "/budget"
        launch.refresh_from_db()
        assert launch.budget == Decimal("3.00")

    def test_to_what_is_spent_it_lets_nothing_more_out(self, launch):
        campaign = spend(launch, "1.00")
        plan = change(launch, "1.00")
        assert planned_on(launch) + plan.unspent == Decimal("1.00")
        for at in (None, LATER, LATER + 5 * DAY):
            if at:  # at first as the change itself left it
                pace_campaigns(list(Campaign.objects.select_related("launch")), now=at)
            assert Campaign.objects.aggregate(sum=Sum("allowance"))["sum"] == Decimal("1.00")
        campaign.refresh_from_db()
        assert campaign.allowance == campaign.spent

    def test_all_campaigns_together_stay_within_it(self, launch):
        """One had run ahead of its plan, the others behind."""
        spend(launch, "1.50")
        change(launch, "1.60")
        pace_campaigns(list(Campaign.objects.select_related("launch")), now=NOW + 10 * DAY - HOUR)
        assert Campaign.objects.aggregate(sum=Sum("allowance"))["sum"] <= Decimal("1.60")

    def test_below_the_bounds_they_are_named(self):
        launch = running(bounds=[{"channel": "onsite", "floor": "2.00"}])
        with pytest.raises(InvalidInput, match=r"floor of bound 1 .onsite."):
            change(launch, "1.50")

    def test_money_already_spent_counts_towards_a_floor(self):
        launch = running(bounds=[{"channel": "onsite", "floor": "2.00"}])
        spend(launch, "1.00")
        assert change(launch, "2.00").total == Decimal("2.00")


class TestRefused:
    @pytest.mark.parametrize(("budget", "reason"), [("4.00", " "), ("3.00", "x"), ("-1", "x")])
    def test_what_makes_no_sense(self, launch, budget, reason):
        with pytest.raises(InvalidInput):
            change(launch, budget, reason=reason)

    def test_where_it_does_not_run(self):
        launch = make_launch(make_audience(make_customers(3)))
        with pytest.raises(Conflict, match="Edit its plan instead"):
            change(launch, "9.00")

    def test_once_its_end_is_past(self, launch):
        Launch.objects.update(clock_at=launch.ends_at)
        with pytest.raises(Conflict, match="is past"):
            change(Launch.objects.get(), "9.00")


class TestAudited:
    def test_who_what_from_to_and_why(self, launch):
        change(launch, "4.00", reason="The press wrote about it.")
        entry = AuditEntry.objects.get(action="change_budget")
        assert (entry.actor, entry.at, entry.note) == ("anna", LATER, "The press wrote about it.")
        assert (entry.before["budget"], entry.after["budget"]) == ("3.00 GBP", "4.00 GBP")


class TestRest:
    def test_changes_it_and_names_what_is_wrong(self, launch):
        caller = by_key("marketer")
        body = {"budget": "4.00", "reason": "More stock."}
        answer = caller.post(f"launches/{launch.pk}/budget/", body)
        assert (answer.status_code, answer.json()["budget"]) == (200, "4.0000")
        spend(launch, "1.00")
        refused = caller.post(f"launches/{launch.pk}/budget/", body | {"budget": "0.50"})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["pointer"] == "/budget"
        missing = caller.post(f"launches/{launch.pk}/budget/", {"budget": "5.00"})
        assert missing.json()["errors"][0]["pointer"] == "/reason"

    def test_only_for_those_who_may_run_launches(self, launch):
        body = {"budget": "4.00", "reason": "More stock."}
        assert by_key("analyst").post(f"launches/{launch.pk}/budget/", body).status_code == 403


class TestAdmin:
    def test_asks_tells_and_acts(self, launch, admin_client):
        page = f"/admin/launchopt_campaigns/launch/{launch.pk}"
        assert f"{page}/budget/" in admin_client.get(f"{page}/change/").content.decode()
        asked = admin_client.get(f"{page}/budget/").content.decode()
        assert "it cannot fall below that" in asked
        given = {"budget": "4.00", "reason": "More stock."}
        told = admin_client.post(f"{page}/budget/", given).content.decode()
        assert "£3.00" in told
        assert "and 1.0 with the budget as it is" in told
        assert Launch.objects.get().budget == Decimal("3.00")
        done = admin_client.post(f"{page}/budget/", given | {"confirm": "yes"}, follow=True)
        assert "were laid out anew" in done.content.decode()
        assert Launch.objects.get().budget == Decimal("4.00")

    def test_says_beside_the_amount_what_is_wrong(self, launch, admin_client):
        spend(launch, "1.00")
        path = f"/admin/launchopt_campaigns/launch/{launch.pk}/budget/"
        page = admin_client.post(path, {"budget": "0.50", "reason": "Less."}).content.decode()
        assert "are spent or promised already; the budget cannot fall" in page
        assert Launch.objects.get().budget == Decimal("3.00")


class TestDecisions:
    def test_follow_with_the_next_one(self):
        """Money ran out; more is given; the next customer is spoken to."""
        customers = make_customers(40)
        make_running(make_audience(customers), budget="0.04", hours=1, plan=FIGURES)
        while ask(customers.pop()).reason != "no_budget":
            assert len(customers) > 10
        change(Launch.objects.get(), "5.00", now=NOW + HOUR / 2)
        shown = [ask(customer, at=NOW + HOUR / 2) for customer in customers[:10]]
        assert any(decision.state == Decision.State.RESERVED for decision in shown)


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_with_decisions_no_more_is_promised_than_the_last_budget_holds(self):
        Placement.objects.get_or_create(name="home", defaults={"channel": "onsite"})
        customers = make_customers(120)
        launch = make_running(make_audience(customers), budget="2.00", hours=1, plan=FIGURES)

        def work(number):
            if number == 0:
                return change(launch, "0.60", now=NOW + HOUR / 2)
            mine = customers[(number - 1) * 40 : number * 40]
            return [ask(customer, at=NOW + HOUR / 2) for customer in mine]

        changed, *rest = at_once(work, 4)
        assert not any(isinstance(answer, Exception) for answer in rest)
        campaign = Campaign.objects.get()
        budget = Launch.objects.get().budget
        assert campaign.reserved + campaign.spent <= budget
        if isinstance(changed, Exception):  # more was promised before it came
            assert isinstance(changed, (InvalidInput, Conflict))
            assert budget == Decimal("2.00")
        else:
            assert budget == Decimal("0.60")
