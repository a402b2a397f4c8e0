"""What the report learned: rates, what siblings lost, the effect over time, hours, satisfaction."""

from datetime import timedelta
from decimal import Decimal
from io import BytesIO

import polars as pl
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from launchopt.audiences.models import Audience, AudienceMember, Event, Segment
from launchopt.campaigns.models import Creative
from launchopt.campaigns.reporting import Counts, launch_report
from launchopt.campaigns.reporting.exporting import file_of, rows_of
from launchopt.campaigns.reporting.rates import rates_of
from launchopt.catalog.models import Category, Product, ProductEmbedding
from launchopt.catalog.selectors import siblings_of
from launchopt.conf import launchopt_settings
from launchopt.experiments.models import Assignment, MetricRollup
from launchopt.experiments.services import record_results, stop_experiment
from tests.support.reports import NOW, page_of, planned_launch, played_launch, purchase


@pytest.fixture
def played(db):
    return played_launch()


def make_sibling(launch, *, sku="sibling"):
    category, _ = Category.objects.get_or_create(name="Mugs")
    Product.objects.filter(pk=launch.product_id).update(category=category)
    launch.product.refresh_from_db()
    return Product.objects.create(
        sku=sku, title="Red mug", category=category, created_at=NOW, updated_at=NOW
    )


def buy(launch, product, *, customers, day=2):
    events = []
    for number, customer in enumerate(customers):
        event = purchase(launch, customer, day * 10_000 + number)
        event.product, event.occurred_at = product, NOW + timedelta(days=day)
        events.append(event)
    Event.objects.bulk_create(events)


def people_of(launch, variant):
    rows = Assignment.objects.filter(experiment=launch.experiment, variant__name=variant)
    return [row.customer for row in rows.select_related("customer").order_by("customer_id")]


class TestRates:
    def test_divide_what_was_counted(self):
        counts = Counts(
            exposures=1000,
            clicks=50,
            conversions=10,
            returns=1,
            revenue=Decimal(75),
            spend=Decimal(20),
        )
        assert rates_of(counts, currency="GBP") == {
            "click_rate": 0.05,
            "conversion_rate": 0.2,
            "cost_per_click": "0.40",
            "cost_per_acquisition": "2.00",
            "return_on_spend": 3.75,
            "average_order_value": "7.50",
            "return_rate": 0.1,
        }

    def test_say_nothing_where_there_is_nothing_to_divide_by(self):
        assert set(rates_of(Counts(), currency="JPY").values()) == {None}

    def test_leave_the_held_out_out(self, played):
        before = launch_report(played)["rates"]["totals"]
        MetricRollup.objects.create(
            launch_id=played.pk,
            variant="holdout",
            granularity="hour",
            starts_at=NOW,
            conversions=500,
            revenue=5000,
        )
        assert launch_report(played)["rates"]["totals"] == before
        assert launch_report(played)["totals"]["conversions"] > 500

    def test_stand_on_the_page_with_their_meaning(self, played):
        page = page_of(played)
        assert "Return on spend" in page
        assert "Spend divided by clicks." in page


class TestCannibalisation:
    def test_is_what_siblings_lost_for_each_purchase_caused(self, played):
        sibling, product = make_sibling(played), played.product
        held = people_of(played, "holdout")
        buy(played, sibling, customers=held[1:])
        buy(played, product, customers=people_of(played, "warm"), day=3)
        found = launch_report(played)["cannibalisation"]
        effect = launch_report(played)["effect"]["estimate"]
        lost = (len(held) - 1) / len(held)  # all of the held-out bought one, but for one of them
        assert found["estimate"] == pytest.approx(-lost)
        assert found["share"] == pytest.approx(lost / effect)
        assert found["siblings"] == 1

    def test_has_no_share_where_chance_explains_it(self, played):
        make_sibling(played)
        found = launch_report(played)["cannibalisation"]
        assert found["share"] is None
        assert found["estimate"] == 0

    def test_is_unknown_where_nothing_is_similar(self, played):
        assert launch_report(played)["cannibalisation"] == {
            "siblings": 0,
            "estimate": None,
            "interval": None,
            "share": None,
        }

    def test_stands_on_the_page(self, played):
        make_sibling(played)
        assert "No loss of similar products has been shown" in page_of(played)


class TestSiblings:
    def embed(self, product, *vector):
        ProductEmbedding.objects.create(
            product=product,
            encoder=launchopt_settings().encoder,
            text_hash="x",
            vector=list(vector),
            created_at=NOW,
        )

    def test_without_a_category_are_near_in_meaning(self, db):
        product, near, far = (
            Product.objects.create(sku=sku, title=sku, created_at=NOW, updated_at=NOW)
            for sku in ("own", "near", "far")
        )
        self.embed(product, 1.0, 0.0)
        self.embed(near, 0.9, 0.1)
        self.embed(far, 0.0, 1.0)
        assert siblings_of(product) == [near.pk]

    def test_are_those_of_the_category_the_nearest_first(self, db):
        category = Category.objects.create(name="Mugs")
        rows = [
            Product.objects.create(
                sku=sku, title=sku, category=category, created_at=NOW, updated_at=NOW
            )
            for sku in ("own", "unread", "near", "far")
        ]
        for product, vector in zip(rows, [(1, 0), None, (1, 0.1), (0.2, 1)], strict=True):
            if vector:
                self.embed(product, *vector)
        assert siblings_of(rows[0]) == [rows[2].pk, rows[3].pk, rows[1].pk]
        assert siblings_of(rows[0], most=1) == [rows[2].pk]

    def test_of_an_unread_product_without_a_category_are_none(self, db):
        product, _ = (
            Product.objects.create(sku=sku, title=sku, created_at=NOW, updated_at=NOW)
            for sku in ("own", "other")
        )
        assert siblings_of(product) == []


class TestOverTime:
    def test_draws_every_hour_that_was_kept_and_tells_each_day(self, played):
        for hours in (30, 47, 60):
            record_results(experiment=played.experiment, until=NOW + timedelta(hours=hours))
        page = page_of(played)
        assert "Effect of warm hour by hour" in page
        assert page.count(">04 Mar</text>") >= 2  # a tick for each of the two variants
        kept = launch_report(played)["effect_over_time"]
        assert [(row["variant"], row["until"][:13]) for row in kept[:3]] == [
            ("plain", "2026-03-03T14"),
            ("warm", "2026-03-03T14"),
            ("plain", "2026-03-04T07"),
        ]
        assert kept[0]["always_valid_interval"][0] < kept[0]["interval"][0] < kept[0]["effect"]

    def test_says_to_wait_on_the_first_day(self, played):
        assert "look again later" in page_of(played)


class TestSatisfaction:
    def test_counts_what_was_said_since_the_start(self, played):
        people = people_of(played, "warm")
        said = [("rating", 4.0), ("rating", 2.0), ("like", None), ("dislike", None)]
        said += [("review", 0.8)]
        events = []
        for number, (kind, value) in enumerate(said):
            event = purchase(played, people[number], 50_000 + number)
            event.kind, event.value = kind, value
            events.append(event)
        Event.objects.bulk_create(events)
        assert launch_report(played)["satisfaction"] == {
            "ratings": 2,
            "mean_rating": 3.0,
            "reviews": 1,
            "review_sentiment": 0.8,
            "likes": 1,
            "dislikes": 1,
        }
        assert "What customers say of it" in page_of(played)

    def test_is_empty_before_the_start(self, db):
        assert launch_report(planned_launch())["satisfaction"]["ratings"] == 0


class TestIncremental:
    def test_is_the_effect_on_everybody_who_could_be_contacted(self, played):
        report = launch_report(played)
        reached = sum(len(people_of(played, name)) for name in ("plain", "warm"))
        found = report["incremental_conversions"]
        assert found["estimate"] == pytest.approx(report["effect"]["estimate"] * reached)
        low, high = found["interval"]
        assert low < found["estimate"] < high


class TestRows:
    def test_sum_to_the_totals_of_the_report(self, played, tmp_path):
        file = tmp_path / "rows.parquet"
        call_command("launch_report", str(played.pk), rows=file)
        sums = pl.read_parquet(file).select(pl.col("exposures", "revenue").sum()).row(0)
        totals = launch_report(played)["totals"]
        assert sums == (totals["exposures"], Decimal(totals["revenue"]))

    def test_hold_no_formula(self, played):
        Creative.objects.filter(launch=played).update(headline='=HYPERLINK("http://x")')
        rows = pl.read_csv(BytesIO(file_of(rows_of(played), form="csv")))
        assert set(rows["headline"]) == {'\'=HYPERLINK("http://x")'}

    def test_are_refused_in_another_form(self, played, tmp_path):
        with pytest.raises(CommandError, match=r"\.csv or \.parquet"):
            call_command("launch_report", str(played.pk), rows=tmp_path / "rows.xls")

    def test_are_a_header_alone_where_nothing_happened(self, db):
        assert file_of(rows_of(planned_launch()), form="csv").startswith(b"starts_at,channel,")

    def test_are_downloaded_in_the_admin(self, played, admin_client, client):
        address = reverse("admin:launchopt_campaigns_launch_rows", args=[played.pk, "csv"])
        answer = admin_client.get(address)
        assert answer["Content-Disposition"].startswith("attachment")
        assert pl.read_csv(BytesIO(answer.content)).height == rows_of(played).height
        assert admin_client.get(address.replace("rows.csv", "rows.xls")).status_code == 404
        assert client.get(address).status_code == 302


def make_personas(launch):
    """Every second customer of each variant likes tea, the others coffee."""
    tea, coffee = (
        Segment.objects.create(name=name, size=300, found_at=NOW, as_of=NOW)
        for name in ("Tea", "Coffee")
    )
    for variant in ("holdout", "plain", "warm"):
        rows = Assignment.objects.filter(experiment=launch.experiment, variant__name=variant)
        keys = list(rows.order_by("customer_id").values_list("pk", flat=True))
        Assignment.objects.filter(pk__in=keys[::2]).update(segment=tea)
        Assignment.objects.filter(pk__in=keys[1::2]).update(segment=coffee)


class TestWhomItMoved:
    def test_tells_the_effect_by_persona_in_words(self, played):
        make_personas(played)
        tea = Assignment.objects.filter(segment__name="Tea").exclude(variant__name="holdout")
        moved = [row.customer for row in tea.select_related("customer")[:80]]
        buy(played, played.product, customers=moved)
        report = launch_report(played)["effect_by_persona"]
        rows = {row["persona"]: row for row in report["results"]}
        assert rows["Tea"]["effect"] > rows["Coffee"]["effect"] + 0.2
        page = page_of(played)
        assert "It made “Tea”, “Coffee” buy more." in page
        assert "Personas differ by more than chance explains" in page

    def test_says_so_where_there_is_one_persona(self, played):
        assert launch_report(played)["effect_by_persona"] is None
        assert "Too few customers with a persona" in page_of(played)


class TestAudiences:
    def test_each_has_its_effect(self, played):
        audiences = list(Audience.objects.filter(campaigns__launch=played).distinct())
        rows = Assignment.objects.filter(experiment=played.experiment).order_by("customer_id")
        people = list(rows.values_list("customer", flat=True))
        for audience, own in zip(audiences, (people[:300], people[300:]), strict=True):
            AudienceMember.objects.bulk_create(
                AudienceMember(audience=audience, customer_id=customer) for customer in own
            )
        found = launch_report(played)["effect_by_audience"]
        assert {row["audience"] for row in found} == {audience.name for audience in audiences}
        assert sum(row["n"] for row in found) == launch_report(played)["effect"]["n"]
        assert "For no audience alone has an effect been shown." in page_of(played)

    def test_says_so_where_nobody_of_them_came(self, played):
        assert launch_report(played)["effect_by_audience"] == []
        assert "Too few customers of any audience" in page_of(played)


class TestHours:
    def test_tell_when_customers_bought_because_of_it(self, played):
        buy(played, played.product, customers=people_of(played, "warm")[:150])
        found = {row["hour"]: row for row in launch_report(played)["effect_by_hour"]}
        assert found[8]["adjusted_p_value"] < 0.001  # NOW is at eight, and so are these purchases
        assert sum(row["effect"] for row in found.values()) == pytest.approx(
            launch_report(played)["effect"]["estimate"]
        )
        page = page_of(played)
        assert "The launch made customers buy more in the hours from 08:00" in page
        assert "Effect by the hour in which customers bought" in page

    def test_say_nothing_before_the_start(self, db):
        assert launch_report(planned_launch())["effect_by_hour"] == []


class TestParts:
    def test_of_each_kind_sum_to_the_totals(self, played):
        report = launch_report(played)
        for kind in ("variant", "channel", "audience", "campaign", "creative", "phase"):
            parts = report["by"][kind].values()
            assert sum(part["exposures"] for part in parts) == report["totals"]["exposures"]
            assert set(report["rates"]["by"][kind]) == set(report["by"][kind])


class TestGuardrails:
    def test_stand_beside_the_effect(self, played):
        played.experiment.guardrails = {"shop-revenue": -0.05}
        played.experiment.save()
        (guardrail,) = launch_report(played)["effect"]["guardrails"]
        assert guardrail["metric"] == "shop-revenue"
        assert guardrail["limit"] == -0.05
        assert "Guardrails" in page_of(played)


class TestFinished:
    def test_nobody_is_told_to_keep_running(self, played):
        record_results(experiment=played.experiment, until=NOW + timedelta(days=3))
        record_results(experiment=played.experiment, until=NOW + timedelta(days=5))
        stop_experiment(experiment=played.experiment, now=NOW + timedelta(days=6))
        played.experiment.refresh_from_db()
        assert "eep running" not in page_of(played)
        assert "too early" not in page_of(played).lower()
