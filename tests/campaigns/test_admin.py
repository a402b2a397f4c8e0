"""A launch in the admin: drafted, edited, approved, run and read by people."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from launchopt import jobs
from launchopt.audiences.models import Audience, AudienceMember, Customer
from launchopt.campaigns import creatives, services
from launchopt.campaigns.models import BudgetCell, BudgetPlan, Campaign, Creative, Launch
from launchopt.catalog.models import Product
from launchopt.operations.models import AuditEntry, Run
from launchopt_core.claims import Draft

LIST = "/admin/launchopt_campaigns/launch/"
CELLS = "/admin/launchopt_campaigns/budgetcell/"
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def now():
    return timezone.now().replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def product(now):
    return Product.objects.create(
        sku="MUG-1", title="Blue mug", price=Decimal("7.50"), currency="GBP",
        created_at=now, updated_at=now,
    )  # fmt: skip


@pytest.fixture
def launch(product, now):
    return Launch.objects.create(
        name="The blue mug", product=product, status=Launch.Status.PLANNED, budget=Decimal(100),
        currency="GBP", starts_at=now, ends_at=now + timedelta(days=7), holdout=0.1,
        channels={"onsite": "0.02"}, cap_contacts=3, cap_window_hours=24, created_at=now,
    )  # fmt: skip


@pytest.fixture
def campaign(launch, now):
    audience = Audience.objects.create(name="The likeliest", size=2, created_at=now)
    for name in ("c1", "c2"):
        customer = Customer.objects.create(external_id=name, created_at=now, updated_at=now)
        AudienceMember.objects.create(audience=audience, customer=customer, probability=0.2)
    return Campaign.objects.create(
        launch=launch, channel="onsite", audience=audience, cost_per_contact=Decimal("0.02")
    )


@pytest.fixture
def creative(launch, campaign, now):
    draft = Draft(headline="Blue mug", body="", call_to_action="Look", alt_text="Mug")
    place = creatives.Place(
        launch=launch, audience=campaign.audience, channel="onsite", language="en"
    )
    (creative,) = creatives.save_drafts(
        place=place, drafts={"a": [draft]}, writer="phrasebook", now=now
    )
    return creative


@pytest.fixture
def client_of(client, django_user_model):
    """A client logged in as a member of one of the shipped groups."""

    def log_in(group):
        user = django_user_model.objects.create_user(group, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        client.force_login(user)
        return client

    return log_in


def terms(now, **changes):
    given = {
        "name": "The blue mug", "budget": "100", "currency": "GBP", "holdout": "0.1",
        "channels": "onsite: 0.02", "cap_contacts": "3", "cap_window_hours": "24", "leave_out": "",
    }  # fmt: skip
    for field, at in (("starts_at", now), ("ends_at", now + timedelta(days=7))):
        given |= {f"{field}_0": f"{at:%Y-%m-%d}", f"{field}_1": f"{at:%H:%M:%S}"}
    return given | changes


def change(client, launch, data):
    return client.post(f"{LIST}{launch.pk}/change/", data, follow=True).content.decode()


def step(client, launch, name):
    return client.post(f"{LIST}{launch.pk}/step/{name}/", follow=True).content.decode()


class TestDrafting:
    def add(self, client, data):
        return client.post(f"{LIST}add/", data, follow=True).content.decode()

    def test_a_launch_is_drafted_through_the_service(self, admin_client, product, now):
        page = self.add(admin_client, terms(now, product=product.pk, channels=""))
        launch = Launch.objects.get()
        assert (launch.status, launch.channels) == ("draft", {"onsite": "0.02"})
        assert launch.created_by == "admin"
        assert "Plan it next" in page

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"budget": "0"}, "The budget must be more than 0"),
            ({"ends_at_0": "2020-01-01"}, "before it starts"),
            ({"holdout": "0.95"}, "The holdout must lie"),
            ({"channels": "email: free"}, "is not an amount"),
            ({"channels": "e mail: 1"}, "is not a name of a channel"),
        ],
    )
    def test_what_is_wrong_stands_in_the_form(self, admin_client, product, now, changes, words):
        page = self.add(admin_client, terms(now, product=product.pk, **changes))
        assert words in page
        assert not Launch.objects.exists()


class TestEditing:
    def test_a_new_name_is_audited(self, admin_client, launch, now):
        change(admin_client, launch, terms(now, name="The bluest mug"))
        launch.refresh_from_db()
        assert (launch.name, launch.status) == ("The bluest mug", Launch.Status.PLANNED)
        assert AuditEntry.objects.get(action="change_launch").actor == "admin"

    def test_saving_without_a_change_changes_nothing(self, admin_client, launch, now):
        change(admin_client, launch, terms(now))
        assert not AuditEntry.objects.exists()

    def test_another_channel_takes_it_back_to_a_draft(self, admin_client, launch, now):
        change(admin_client, launch, terms(now, channels="onsite: 0.02\nemail: 0.05"))
        launch.refresh_from_db()
        assert launch.channels == {"onsite": "0.02", "email": "0.05"}
        assert launch.status == Launch.Status.DRAFT

    def test_customers_are_left_out_and_taken_back(self, admin_client, launch, campaign, now):
        change(admin_client, launch, terms(now, leave_out="c1\nc2"))
        assert launch.excluded.count() == 2
        change(admin_client, launch, terms(now, leave_out="c2"))
        assert [row.customer.external_id for row in launch.excluded.all()] == ["c2"]

    def test_an_unknown_customer_is_named(self, admin_client, launch, now):
        page = change(admin_client, launch, terms(now, leave_out="nobody"))
        assert "There is no customer nobody." in page

    def test_a_running_launch_cannot_be_edited(self, admin_client, launch, now):
        Launch.objects.update(status=Launch.Status.RUNNING)
        change(admin_client, launch, terms(now, name="Other"))
        launch.refresh_from_db()
        assert launch.name == "The blue mug"

    @pytest.fixture
    def plan(self, launch, now):
        return BudgetPlan.objects.create(
            launch=launch, total=100, unspent=100, expected_response=0, created_at=now
        )

    def cell(self, campaign, at):
        return BudgetCell.objects.get(campaign=campaign, starts_at=at)

    def test_an_hour_that_a_person_sets_is_pinned(self, admin_client, plan, campaign, now):
        cell = BudgetCell.objects.create(
            budget_plan=plan, campaign=campaign, starts_at=now + HOUR, amount=1, contacts=50
        )
        admin_client.post(f"{CELLS}{cell.pk}/change/", {"amount": "0.04"})
        pinned = self.cell(campaign, now + HOUR)
        assert (pinned.amount, pinned.is_pinned) == (Decimal("0.04"), True)

    def test_another_hour_is_given_money_and_left_to_the_plan_again(
        self, admin_client, plan, campaign, now
    ):
        at = now + 3 * HOUR
        place = {"campaign": str(campaign.pk), "amount": "0.06"}
        place |= {"starts_at_0": f"{at:%Y-%m-%d}", "starts_at_1": f"{at:%H:%M:%S}"}
        page = admin_client.post(f"{CELLS}add/", place, follow=True).content.decode()
        assert "Pinned" in page
        assert self.cell(campaign, at).is_pinned
        choice = {"action": "release", "_selected_action": [str(self.cell(campaign, at).pk)]}
        admin_client.post(CELLS, choice)
        assert not BudgetCell.objects.filter(campaign=campaign, starts_at=at, is_pinned=True)

    def test_an_hour_outside_of_the_launch_is_refused(self, admin_client, plan, campaign, now):
        at = now + timedelta(days=30)
        place = {"campaign": str(campaign.pk), "amount": "0.06"}
        place |= {"starts_at_0": f"{at:%Y-%m-%d}", "starts_at_1": f"{at:%H:%M:%S}"}
        page = admin_client.post(f"{CELLS}add/", place, follow=True).content.decode()
        assert "lies outside of the launch" in page


class TestSteps:
    def test_only_what_can_be_done_now_is_offered(self, admin_client, launch):
        page = admin_client.get(f"{LIST}{launch.pk}/change/").content.decode()
        offered = {n for n in ("plan", "approve", "start", "pause") if f"/step/{n}/" in page}
        assert offered == {"plan", "approve"}

    def test_asks_before_it_acts(self, admin_client, launch, creative):
        page = admin_client.get(f"{LIST}{launch.pk}/step/approve/").content.decode()
        assert "the plan cannot be edited after" in page
        launch.refresh_from_db()
        assert launch.status == Launch.Status.PLANNED

    def test_a_launch_is_approved_started_paused_and_finished(self, admin_client, launch, creative):
        for name, status in (
            ("approve", "approved"),
            ("start", "running"),
            ("pause", "paused"),
            ("resume", "running"),
            ("finish", "finished"),
        ):
            step(admin_client, launch, name)
            launch.refresh_from_db()
            assert launch.status == status

    def test_what_is_not_possible_is_said_in_one_line(self, admin_client, launch):
        assert "cannot be started. Approve it first." in step(admin_client, launch, "start")

    def test_planning_goes_through_a_run(self, admin_client, launch):
        page = step(admin_client, launch, "plan")
        run = Run.objects.get(job=jobs.PLAN_LAUNCH.name)
        assert run.subject == f"launch:{launch.pk}"
        assert "data-progress-url" in page

    @pytest.mark.parametrize(
        ("name", "job"),
        [
            ("predict", jobs.SCORE_INTEREST),
            ("write", jobs.WRITE_CREATIVES),
            ("roll-up", jobs.ROLL_UP_METRICS),
        ],
    )
    def test_other_work_goes_through_a_run(self, admin_client, launch, name, job):
        step(admin_client, launch, name)
        assert Run.objects.get().job == job.name

    def test_a_duplicate_opens_as_a_draft(self, admin_client, launch):
        page = step(admin_client, launch, "duplicate")
        assert "The blue mug (again)" in page

    def test_the_list_asks_too(self, admin_client, launch, creative):
        data = {"action": "approve", "_selected_action": [str(launch.pk)]}
        assert "Yes" in admin_client.post(LIST, data).content.decode()
        admin_client.post(LIST, data | {"confirmed": "yes"})
        launch.refresh_from_db()
        assert launch.status == Launch.Status.APPROVED


class TestEmergencyStop:
    @pytest.fixture
    def running(self, admin_client, launch, creative):
        for name in ("approve", "start"):
            step(admin_client, launch, name)
        return launch

    def test_names_what_it_would_pause_then_pauses_it(self, admin_client, running):
        assert f"{LIST}stop/" in admin_client.get(LIST).content.decode()
        asked = admin_client.get(f"{LIST}stop/").content.decode()
        assert "The blue mug" in asked
        running.refresh_from_db()
        assert running.status == Launch.Status.RUNNING
        page = admin_client.post(f"{LIST}stop/", follow=True).content.decode()
        assert "Paused: The blue mug. Each is resumed by itself." in page
        assert f"{LIST}stop/" not in page
        running.refresh_from_db()
        assert running.status == Launch.Status.PAUSED
        assert AuditEntry.objects.filter(action="pause_launch", actor="admin").exists()

    def test_says_that_nothing_runs(self, admin_client, launch):
        assert f"{LIST}stop/" not in admin_client.get(LIST).content.decode()
        assert "there is nothing to stop" in admin_client.get(f"{LIST}stop/").content.decode()
        page = admin_client.post(f"{LIST}stop/", follow=True).content.decode()
        assert "Nothing was running." in page

    def test_is_not_for_an_analyst(self, client_of, running):
        client = client_of("analyst")
        assert f"{LIST}stop/" not in client.get(LIST).content.decode()
        assert client.post(f"{LIST}stop/").status_code == 403


class TestPermissions:
    def test_a_marketer_plans_but_does_not_approve(self, client_of, launch, creative):
        client = client_of("marketer")
        assert client.post(f"{LIST}{launch.pk}/step/approve/").status_code == 403
        step(client, launch, "plan")
        assert Run.objects.count() == 1

    def test_an_approver_approves(self, client_of, launch, creative):
        step(client_of("approver"), launch, "approve")
        creative.refresh_from_db()
        assert creative.status == Creative.Status.APPROVED

    def test_an_analyst_reads_the_report_and_starts_nothing(self, client_of, launch):
        client = client_of("analyst")
        assert client.get(f"{LIST}{launch.pk}/report/").status_code == 200
        assert client.post(f"{LIST}{launch.pk}/step/start/").status_code == 403


class TestReport:
    def test_stands_at_the_launch_and_alone(self, admin_client, launch):
        page = admin_client.get(f"{LIST}{launch.pk}/change/").content.decode()
        assert f'src="{LIST}{launch.pk}/report/" title="Report of the launch"' in page
        alone = admin_client.get(f"{LIST}{launch.pk}/report/")
        assert alone.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "Launch report" in alone.content.decode()

    def test_of_an_unknown_launch_is_not_found(self, admin_client):
        address = f"{LIST}00000000-0000-0000-0000-000000000000/report/"
        assert admin_client.get(address).status_code == 404

    def test_names_are_escaped_on_every_page(self, admin_client, launch, creative):
        Launch.objects.update(name="<script>alert(1)</script>")
        Audience.objects.update(name="<script>alert(1)</script>")
        for page in ("", f"{launch.pk}/change/", f"{launch.pk}/report/", f"{launch.pk}/step/plan/"):
            assert "<script>alert" not in admin_client.get(LIST + page).content.decode()


class TestLists:
    @pytest.mark.parametrize("name", ["campaign", "budgetcell", "placement", "decision", "launch"])
    def test_open(self, admin_client, campaign, name):
        assert admin_client.get(f"/admin/launchopt_campaigns/{name}/").status_code == 200

    def test_a_launch_links_to_its_own_words_and_hours(self, admin_client, launch, creative):
        for name, lookup in (("creative", "launch"), ("budgetcell", "campaign__launch")):
            address = f"/admin/launchopt_campaigns/{name}/?{lookup}__id__exact={launch.pk}"
            assert admin_client.get(address).status_code == 200

    def test_takes_no_more_queries_for_more_launches(
        self, admin_client, launch, now, django_assert_num_queries
    ):
        with CaptureQueriesContext(connection) as few:
            admin_client.get(LIST)
        for _ in range(5):
            services.duplicate_launch(launch=launch, by=None, now=now)
        with django_assert_num_queries(len(few)):
            admin_client.get(LIST)

    def test_a_campaign_is_switched_off(self, admin_client, campaign):
        address = f"/admin/launchopt_campaigns/campaign/{campaign.pk}/change/"
        admin_client.post(address, {"audience": str(campaign.audience.pk)})
        campaign.refresh_from_db()
        assert campaign.is_active is False
