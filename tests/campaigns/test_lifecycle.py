"""A launch's states: who may move it on, and what each step leaves behind."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from launchopt.campaigns import services
from launchopt.campaigns.models import Campaign, Creative, Launch
from launchopt.operations.errors import Conflict, NotAllowed
from launchopt.operations.models import AuditEntry
from tests.support.launches import (
    HOUR,
    NOW,
    ask,
    make_audience,
    make_customers,
    make_launch,
    make_product,
    make_running,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def launch():
    return make_launch(make_audience(make_customers(3)), created_by="anna")


def make_user(name, group=None):
    user = get_user_model().objects.create_user(name, password="a long passphrase")
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


class TestApproval:
    def test_takes_the_creatives_with_it(self, launch):
        services.approve_launch(launch=launch, by="eve", now=NOW)
        launch.refresh_from_db()
        assert (launch.status, launch.approved_by, launch.approved_at) == ("approved", "eve", NOW)
        assert set(Creative.objects.values_list("status", flat=True)) == {"approved"}
        assert AuditEntry.objects.filter(action="approve_launch", actor="eve").exists()

    def test_is_for_another_person_where_there_is_one(self, launch):
        anna = make_user("anna")
        make_user("eve", "approver")
        with pytest.raises(NotAllowed, match="somebody else has to approve"):
            services.approve_launch(launch=launch, by=anna, now=NOW)
        launch.refresh_from_db()
        assert launch.status == "planned"

    def test_is_for_the_planner_in_a_shop_of_one(self, launch):
        anna = make_user("anna", "approver")
        make_user("ben", "analyst")  # who may not approve
        services.approve_launch(launch=launch, by=anna, now=NOW)
        launch.refresh_from_db()
        assert launch.status == "approved"

    def test_a_draft_has_nothing_to_approve(self, launch):
        Launch.objects.update(status=Launch.Status.DRAFT)
        with pytest.raises(Conflict, match="Plan it first"):
            services.approve_launch(launch=launch, by="eve", now=NOW)

    def test_without_words_there_is_nothing_to_show(self, launch):
        Creative.objects.all().delete()
        with pytest.raises(Conflict, match="no creative"):
            services.approve_launch(launch=launch, by="eve", now=NOW)

    def test_approving_twice_is_a_conflict(self, launch):
        services.approve_launch(launch=launch, by="eve", now=NOW)
        with pytest.raises(Conflict, match="approved already"):
            services.approve_launch(launch=launch, by="eve", now=NOW)


class TestStart:
    def test_lets_out_the_first_money_and_opens_the_experiment(self, launch):
        services.approve_launch(launch=launch, by="eve", now=NOW)
        services.start_launch(launch=launch, by="anna", now=NOW)
        launch.refresh_from_db()
        assert (launch.status, launch.started_at, launch.is_simulated) == ("running", NOW, False)
        assert launch.experiment.status == "running"
        campaign = Campaign.objects.get()
        assert Decimal(0) < campaign.allowance < Decimal(1)

    def test_two_starts_are_a_conflict(self, launch):
        services.approve_launch(launch=launch, by="eve", now=NOW)
        services.start_launch(launch=launch, by="anna", now=NOW)
        with pytest.raises(Conflict, match="running cannot be started"):
            services.start_launch(launch=launch, by="anna", now=NOW)

    def test_after_the_end_is_too_late(self, launch):
        services.approve_launch(launch=launch, by="eve", now=NOW)
        with pytest.raises(Conflict, match="is past"):
            services.start_launch(launch=launch, by="anna", now=launch.ends_at)


class TestEnd:
    def test_a_launch_ends_by_itself(self):
        launch = make_running(make_audience(make_customers(1)), hours=24)
        assert services.finish_ended(now=NOW + 24 * HOUR - timedelta(seconds=1)) == []
        assert services.finish_ended(now=NOW + 25 * HOUR) == [launch.pk]
        launch.refresh_from_db()
        assert (launch.status, launch.finished_at) == ("finished", NOW + 24 * HOUR)
        assert launch.experiment.status == "stopped"
        assert launch.experiment.ends_at == NOW + 24 * HOUR

    def test_a_simulated_launch_does_not_end_by_the_clock_of_the_wall(self):
        launch = make_launch(make_audience(make_customers(1)))
        services.approve_launch(launch=launch, by="eve", now=NOW)
        services.start_launch(launch=launch, by="anna", now=NOW, is_simulated=True)
        assert services.finish_ended(now=NOW + 99 * HOUR) == []
        assert services.finish_ended(now=NOW + 99 * HOUR, simulated=True) == [launch.pk]

    def test_a_simulated_launch_is_finished_on_its_own_clock(self):
        [customer] = make_customers(1)
        launch = make_launch(make_audience([customer]))
        services.approve_launch(launch=launch, by="eve", now=NOW)
        services.start_launch(launch=launch, by="anna", now=NOW, is_simulated=True)
        question = services.Question(
            customer="c0", placement="home", at=NOW + HOUR, context={}, is_simulated=True
        )
        services.decide(questions=[question])
        services.finish_launch(launch=launch, by="anna", now=NOW + 9999 * HOUR)
        launch.refresh_from_db()
        assert launch.finished_at == NOW + HOUR

    def test_nothing_is_shown_after_the_end_and_it_cannot_go_on(self):
        [customer] = make_customers(1)
        launch = make_running(make_audience([customer]))
        services.finish_launch(launch=launch, by="anna", now=NOW + HOUR)
        assert ask(customer, at=NOW + 2 * HOUR).reason == "no_launch"
        with pytest.raises(Conflict):
            services.resume_launch(launch=launch, by="anna", now=NOW + 2 * HOUR)
        with pytest.raises(Conflict):
            services.start_launch(launch=launch, by="anna", now=NOW + 2 * HOUR)

    def test_what_was_reserved_when_it_ended_still_lapses(self):
        [customer] = make_customers(1)
        launch = make_running(make_audience([customer]), weights={"holdout": 1e-9, "a": 1})
        assert ask(customer).reason == "shown"
        services.finish_launch(launch=launch, by="anna", now=NOW + timedelta(minutes=1))
        assert Campaign.objects.get().reserved == Decimal("0.02")
        services.pace_launches(now=NOW + timedelta(minutes=31))
        assert Campaign.objects.get().reserved == 0


class TestPacing:
    @pytest.fixture
    def running(self):
        """A pound for each of 24 hours."""
        return make_running(make_audience(make_customers(3)), budget="24.00", hours=24)

    def let_out(self, at):
        services.pace_launches(now=at)
        return Campaign.objects.get().allowance

    def test_lets_the_money_out_by_the_plan(self, running):
        assert self.let_out(NOW + HOUR / 2) == pytest.approx(Decimal("0.5833"))
        Campaign.objects.update(spent=Decimal("5.50"))
        assert self.let_out(NOW + 6 * HOUR) == pytest.approx(Decimal("6.0833"))

    def test_catches_up_by_no_more_than_twice_an_hour(self, running):
        assert self.let_out(NOW + 6 * HOUR) == 2
        Campaign.objects.update(spent=Decimal("1.50"))
        assert self.let_out(NOW + 7 * HOUR) == Decimal("3.50")

    def test_takes_what_this_hour_has_cost_from_what_it_may(self, running):
        Campaign.objects.update(allowance=2)
        decided = [ask(f"c{n}", at=NOW + 6.7 * HOUR) for n in range(3)]
        cost = sum(one.cost for one in decided)
        assert cost > 0
        assert self.let_out(NOW + 6.8 * HOUR) == 2
        assert self.let_out(NOW + 7 * HOUR) == 2 + cost

    def test_never_lets_out_more_than_the_budget(self, running):
        Launch.objects.update(ends_at=NOW + 99 * HOUR)
        Campaign.objects.update(spent=Decimal("23.99"))
        assert self.let_out(NOW + 48 * HOUR) == Decimal("24.00")

    def test_a_clock_that_leaps_over_hours_brings_their_money(self, running):
        Launch.objects.update(is_simulated=True, clock_at=NOW)
        services.pace_launches(now=NOW + 6 * HOUR, simulated=True)
        assert Campaign.objects.get().allowance == pytest.approx(Decimal("6.0833"))

    def test_leaves_simulated_launches_to_their_own_clock(self):
        make_running(make_audience(make_customers(1)), budget="24.00", hours=24)
        Launch.objects.update(is_simulated=True)
        before = Campaign.objects.get().allowance
        services.pace_launches(now=NOW + 6 * HOUR)
        assert Campaign.objects.get().allowance == before
        services.pace_launches(now=NOW + 6 * HOUR, simulated=True)
        assert Campaign.objects.get().allowance > before
        assert Launch.objects.get().clock_at == NOW + 6 * HOUR


def test_a_name_that_is_free_again_can_be_launched_again():
    product = make_product()
    for number in range(2):
        audience = make_audience(make_customers(1, prefix=f"x{number}-"))
        launch = make_running(audience, product=product)
        services.finish_launch(launch=launch, by="anna", now=NOW + HOUR)
    assert Launch.objects.filter(status="finished").count() == 2
