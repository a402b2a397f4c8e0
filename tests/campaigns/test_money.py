"""Money by what a contact adds, a person's bounds, paid channels and other budgets."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Sum

from launchopt.audiences.models import AudienceMember
from launchopt.campaigns import services
from launchopt.campaigns.models import BudgetCell, Campaign, Launch
from launchopt.campaigns.reporting import launch_report
from launchopt.campaigns.services import plan_steps
from launchopt.campaigns.services.deciding import Added, Unknown
from launchopt.operations.errors import InvalidInput
from tests.support.api import by_key
from tests.support.launches import NOW
from tests.support.plans import draft, make_shop, planned

pytestmark = pytest.mark.django_db
HILL = {"kind": "hill", "scale": 50, "half": 100, "shape": 1}


@pytest.fixture
def shop():
    return make_shop()


def terms_in(page):
    """What a page's form would send, unchanged."""
    form = page.context["adminform"].form
    told = {}
    for name, field in form.fields.items():
        value = form[name].value()
        parts = field.widget.decompress(value) if hasattr(field.widget, "decompress") else [value]
        for number, part in enumerate(parts):
            key = f"{name}_{number}" if len(parts) > 1 else name
            told[key] = json.dumps(part) if isinstance(part, (list, dict)) else part or ""
    return told


def spent_on(launch, **where):
    """The money of some of a launch's campaigns."""
    cells = BudgetCell.objects.filter(campaign__launch=launch, **where)
    return cells.aggregate(total=Sum("amount"))["total"] or Decimal(0)


def replanned(launch, *, added):
    """The launch planned on what a contact adds."""
    services.begin_plan(launch=launch, by="anna", now=NOW)
    launch.refresh_from_db()
    plan_steps.plan_audiences(launch=launch, now=NOW, added=added)
    plan_steps.plan_figures(launch=launch, as_of=NOW)
    plan_steps.plan_experiment(launch=launch, now=NOW)
    plan_steps.plan_budget(launch=launch, now=NOW)
    return Launch.objects.get(pk=launch.pk)


FIGURE = {"value": 0.02, "source": "analog", "detail": "as 3 past launches tell"}


class TestWhatAContactAdds:
    def test_leaves_out_whom_it_drives_away(self, shop):
        moved = {customer.pk: 0.1 for customer in shop[100:150]}
        added = Added(moved | {customer.pk: -0.1 for customer in shop[:100]}, FIGURE)
        launch = replanned(planned(), added=added)
        members = AudienceMember.objects.filter(audience__campaigns__launch=launch)
        assert set(members.values_list("customer", flat=True)) == set(moved)
        assert launch.goes_by_uplift
        assert launch.plan["left_unmoved"]["value"] == 230

    def test_is_what_the_money_is_laid_out_by(self, shop):
        added = Added({c.pk: 0.1 if n < 5 else 0.01 for n, c in enumerate(shop)}, FIGURE)
        launch = replanned(planned(budget=Decimal("0.10")), added=added)
        assert launch.budget_plan.expected_response <= 5 * 0.1 + 1e-9
        assert "as 3 past launches tell" in launch.plan["decided_by"]["detail"]

    def test_decides_nothing_where_it_is_the_same_for_all(self, shop):
        launch = replanned(planned(), added=Added({c.pk: 0.1 for c in shop}, FIGURE))
        assert not launch.goes_by_uplift
        assert launch.campaigns.filter(audience__name="Likely").exists()

    def test_is_told_to_be_unknown_with_the_reason(self, shop):
        launch = replanned(planned(), added=Unknown("Nobody was left out by chance."))
        assert "Nobody was left out by chance." in launch.plan["decided_by"]["detail"]


class TestBounds:
    def test_hold_to_the_cent(self, shop):
        channels = {"onsite": Decimal("0.02"), "email": Decimal("0.005")}
        bounds = [{"channel": "onsite", "floor": "1.23", "ceiling": "1.50"}]
        launch = planned(channels=channels, budget=Decimal("3.00"), bounds=bounds)
        assert Decimal("1.23") <= spent_on(launch, campaign__channel="onsite") <= Decimal("1.50")
        assert spent_on(launch) + launch.budget_plan.unspent == Decimal("3.00")

    def test_an_hour_gets_nothing_or_the_minimum(self, shop):
        demand = [{"channel": "onsite", "minimum_if_used": "0.10"}]
        launch = planned(budget=Decimal("1.00"), bounds=demand)
        amounts = set(BudgetCell.objects.values_list("amount", flat=True))
        assert min(amounts) >= Decimal("0.10")
        assert spent_on(launch) + launch.budget_plan.unspent == Decimal("1.00")

    def test_a_minimum_above_what_is_set_by_hand_is_named(self, shop):
        demand = [{"channel": "onsite", "minimum_if_used": "0.10"}]
        launch = planned(budget=Decimal("1.00"), bounds=demand)
        told = r"at least 0.10 where onsite: .* is used"
        with pytest.raises(InvalidInput, match=told) as refused:
            services.pin_money(
                campaign=launch.campaigns.first(),
                starts_at=NOW,
                amount=Decimal("0.02"),
                by="anna",
                now=NOW,
            )
        assert {e.pointer for e in refused.value.errors} == {"/bounds", "/amount"}

    def test_that_cannot_be_kept_are_named(self, shop):
        launch = planned(budget=Decimal("3.00"))
        floors = [{"channel": "onsite", "floor": "3.50"}]
        with pytest.raises(InvalidInput, match=r"bound 1 .onsite.; the budget of 3.00") as refused:
            services.change_terms(launch=launch, changes={"bounds": floors}, by="anna", now=NOW)
        assert [e.pointer for e in refused.value.errors] == ["/bounds", "/budget"]

    @pytest.mark.parametrize(
        ("bound", "words"),
        [
            ({"channel": "sms", "floor": "1"}, "no channel 'sms'"),
            ({"channel": "onsite"}, "floor, ceiling or minimum_if_used"),
            ({"channel": "onsite", "minimum_if_used": "x"}, "no amount"),
            ({"channel": "onsite", "floor": "-1"}, "no amount"),
            ({"channel": "onsite", "flor": "1"}, "nothing else"),
        ],
    )
    def test_that_mean_nothing_are_refused(self, shop, bound, words):
        with pytest.raises(InvalidInput, match=words):
            draft(bounds=[bound])

    def test_below_the_floors_the_command_names_them(self, shop):
        words = ["MUG-1", "--budget", "1.00", "--start", NOW.isoformat(), "--days", "2", "--wait"]
        with pytest.raises(CommandError, match=r"floor of bound 1 .onsite."):
            call_command("plan_launch", *words, "--bound", "onsite:2.00..")

    def test_the_command_takes_a_minimum(self, shop):
        words = ["MUG-1", "--budget", "1.00", "--start", NOW.isoformat(), "--days", "2"]
        call_command("plan_launch", *words, "--minimum-if-used", "onsite:0.10", stdout=StringIO())
        assert Launch.objects.get().bounds == [{"channel": "onsite", "minimum_if_used": "0.10"}]

    def test_below_the_floors_rest_and_the_admin_name_them(self, shop, admin_client):
        launch = planned(budget=Decimal("3.00"))
        floors = [{"channel": "onsite", "floor": "3.50"}]
        answer = by_key("marketer").patch(f"launches/{launch.pk}/", {"bounds": floors})
        assert answer.status_code == 400
        assert [e["pointer"] for e in answer.json()["errors"]] == ["/bounds", "/budget"]
        path = f"/admin/launchopt_campaigns/launch/{launch.pk}/change/"
        terms = terms_in(admin_client.get(path)) | {"bounds": json.dumps(floors)}
        assert (
            "floor of bound 1 (onsite)"
            in admin_client.post(path, terms, follow=True).content.decode()
        )
        launch.refresh_from_db()
        assert launch.bounds == []


class TestZones:
    def test_one_that_does_not_exist_is_named_by_rest_and_by_the_command(self, tmp_path):
        row = {"external_id": "z1", "time_zone": "Mars/Base"}
        refused = by_key("integration").post("customers/", row).json()
        assert refused["errors"][0]["pointer"] == "/time_zone"
        file = tmp_path / "customers.csv"
        file.write_text("external_id,time_zone\nz1,Mars/Base\n")
        out = StringIO()
        call_command("import_customers", str(file), "--json", stdout=out)
        report = json.loads(out.getvalue())
        assert (report["rejected"], report["accepted"]) == (1, 0)


class TestPaidChannels:
    def test_get_money_as_their_curve_pays_spread_over_the_hours(self, shop):
        channels = {"onsite": Decimal("0.02"), "meta": Decimal("0.10")}
        launch = planned(channels=channels, curves={"meta": HILL}, budget=Decimal("60.00"))
        paid = spent_on(launch, campaign__channel="meta")
        assert paid > 50
        cells = BudgetCell.objects.filter(campaign__launch=launch, campaign__channel="meta")
        assert cells.values("starts_at").distinct().count() > 24
        assert sum(c.expected_response for c in cells) == pytest.approx(
            50 * float(paid) / (100 + float(paid)), rel=1e-3
        )

    def test_tell_how_far_the_plan_goes_beyond_what_they_were_fitted_on(self, shop):
        channels = {"onsite": Decimal("0.02"), "meta": Decimal("0.10")}
        curves = {"meta": HILL | {"spend_range": ["1.00", "10.00"]}}
        launch = planned(channels=channels, curves=curves, budget=Decimal("60.00"))
        paid, spent = spent_on(launch, campaign__channel="meta"), spent_on(launch)
        share = launch.plan["beyond_data"]["value"]
        assert share == pytest.approx(float((paid - 10) / spent), abs=0.01)

    def test_need_a_curve_that_can_be_read(self, shop):
        with pytest.raises(InvalidInput, match="a hill needs half"):
            draft(curves={"onsite": {"kind": "hill", "scale": 3}})


class TestWhatIf:
    def test_tells_the_plan_at_half_and_at_twice_the_money(self, shop):
        launch = planned(budget=Decimal("1.00"))
        rows = launch_report(launch)["what_if"]
        assert [row["budget"] for row in rows] == ["0.50", "1.00", "1.50", "2.00"]
        expected = [row["expected_response"] for row in rows]
        assert expected == sorted(expected)
        assert expected[1] == pytest.approx(launch.budget_plan.expected_response)

    def test_tells_where_half_is_less_than_must_be_spent(self, shop):
        launch = planned(budget=Decimal("2.00"), bounds=[{"channel": "onsite", "floor": "1.50"}])
        assert launch.plan["what_if"][0]["expected_response"] is None


class TestBar:
    @pytest.fixture
    def launch(self, shop):
        """One that runs and goes by uplift."""
        added = Added({c.pk: (300 - n) / 3000 for n, c in enumerate(shop)}, FIGURE)
        launch = replanned(planned(budget=Decimal("2.00")), added=added)
        services.abandon_plan(launch=launch)
        Launch.objects.filter(pk=launch.pk).update(status="running", started_at=launch.starts_at)
        return launch

    def test_falls_where_fewer_come_than_were_planned_for(self, launch):
        before = launch.plan["marginal_response"]["value"]
        late = launch.ends_at - timedelta(hours=8)
        assert services.move_bars(now=late) == 1
        assert services.move_bars(now=late + timedelta(hours=1)) == 0
        launch.refresh_from_db()
        assert launch.plan["marginal_response"]["value"] < before
        assert Campaign.objects.filter(launch=launch).exists()

    def test_a_launch_whose_campaigns_are_switched_off_holds_up_no_other(self, launch):
        Campaign.objects.update(is_active=False)
        assert services.move_bars(now=launch.ends_at - timedelta(hours=8)) == 1
