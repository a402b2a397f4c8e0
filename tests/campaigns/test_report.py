"""The report: figures that add up, one page that needs nothing else, and pictures with words."""

import json
import re
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from launchopt.audiences.models import Audience
from launchopt.campaigns.models import (
    BudgetPlan,
    Campaign,
    Creative,
)
from launchopt.campaigns.reporting import Section, add_section, launch_report
from launchopt.campaigns.reporting.sections import remove_section
from launchopt.campaigns.reporting.selectors import plan_figures
from launchopt.campaigns.reporting.words import verdict_sentence
from launchopt.catalog.models import Product
from launchopt.experiments.models import MetricRollup
from launchopt.operations import charts
from launchopt.operations.services import create_api_key
from tests.support.reports import (
    HOSTILE,
    NOW,
    PLAN,
    page_of,
    planned_launch,
    played_launch,
    read,
)


@pytest.fixture
def launch(db):
    return planned_launch()


@pytest.fixture
def played(db):
    return played_launch()


class TestFigures:
    def test_parts_sum_to_the_totals(self, played):
        report = launch_report(played)
        for parts in report["by"].values():
            for name in ("decisions", "exposures", "clicks", "conversions", "returns"):
                assert sum(part[name] for part in parts.values()) == report["totals"][name]
            for name in ("revenue", "spend"):
                sums = sum(Decimal(part[name]) for part in parts.values())
                assert abs(sums - Decimal(report["totals"][name])) <= Decimal("0.02")

    def test_counts_are_integers_and_money_has_cents(self, played):
        totals = launch_report(played)["totals"]
        assert totals["decisions"] == 4 * 2 * 4 * 150
        assert totals["conversions"] == 4 * 2 * 15
        assert totals["revenue"] == "900.00"

    def test_names_each_part_of_the_plan_where_nothing_happened(self, launch):
        by = launch_report(launch)["by"]
        assert set(by["channel"]) == {"onsite", "email"}
        assert set(by["audience"]) == {"Likeliest tenth", "Next fifth"}
        assert by["channel"]["email"]["spend"] == "0.00"

    def test_the_effect_is_that_of_the_experiment(self, played):
        effect = launch_report(played)["effect"]
        low, high = effect["interval"]
        assert low < effect["estimate"] < high
        assert effect["verdict"]

    def test_before_the_start_nothing_has_been_measured(self, launch):
        effect = launch_report(launch)["effect"]
        assert effect == {
            "estimate": None,
            "interval": None,
            "always_valid_interval": None,
            "verdict": "Nothing has been measured yet.",
            "guardrails": [],
        }

    def test_two_audiences_of_one_name_stay_two(self, launch):
        Audience.objects.update(name="Everybody")
        assert len(launch_report(launch)["by"]["audience"]) == 2


class TestPage:
    def test_asks_no_host_for_anything(self, played):
        page = page_of(played)
        assert all(address.startswith("#") for address in read(page).addresses)
        assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", page)

    def test_is_well_formed_with_unique_ids(self, played):
        ids = read(page_of(played)).ids
        assert len(ids) == len(set(ids))

    def test_has_no_script(self, played):
        assert "script" not in read(page_of(played)).tags

    def test_escapes_every_text(self, db):
        launch = played_launch(name=HOSTILE)
        Product.objects.update(title=HOSTILE)
        Audience.objects.update(name=HOSTILE, description=HOSTILE)
        Creative.objects.update(headline=HOSTILE, body=HOSTILE)
        launch.plan = {HOSTILE: {"value": HOSTILE, "source": HOSTILE, "detail": HOSTILE}}
        launch.product.refresh_from_db()
        assert "<script" not in page_of(launch)

    def test_every_picture_has_a_title_and_a_table_beside_it(self, played):
        sections = re.findall(r"<section.*?</section>", page_of(played), re.DOTALL)
        pictured = [section for section in sections if "<svg" in section]
        assert len(pictured) >= 7
        assert all("<table>" in section and "<title>" in section for section in pictured)

    def test_shows_each_figure_of_the_plan_with_its_source(self, played):
        page = page_of(played)
        for source in ("prior", "analog", "model", "measured"):
            assert f'<span class="source {source}">{source}</span>' in page

    def test_defines_its_words_one_click_away(self, played):
        assert page_of(played).count("<summary>What") >= 10

    def test_a_plan_begins_with_what_it_is_built_on(self, launch):
        page = page_of(launch)
        assert page.index('id="interest"') < page.index('id="figures"') < page.index('id="words"')
        assert 'id="effect"' not in page
        assert "<b>£336.00</b>" in page

    def test_a_launch_without_plan_says_what_is_missing(self, db):
        launch = planned_launch()
        launch.plan = {}
        Campaign.objects.all().delete()
        BudgetPlan.objects.all().delete()
        page = page_of(launch)
        for words in (
            "Nothing has been measured yet.",
            "No audience has been built yet.",
            "No budget has been laid out yet.",
            "Nobody has been scored yet.",
        ):
            assert words in page

    def test_the_funnel_leaves_out_who_was_held_out(self, played):
        MetricRollup.objects.create(
            launch_id=played.pk,
            variant="holdout",
            channel="onsite",
            granularity="hour",
            starts_at=NOW,
            decisions=999,
            conversions=7,
        )
        funnel = re.search(r'<section id="funnel".*?</section>', page_of(played), re.DOTALL).group()
        assert "4,800" in funnel
        assert "120 (5.0 % of exposures)" in funnel

    def test_a_host_can_add_a_section(self, played):
        def truth(launch):
            return Section(key="truth", title="The truth", notice="Simulated & known.")

        add_section(truth)
        try:
            page = page_of(played)
        finally:
            remove_section(truth)
        assert "The truth" in page
        assert "Simulated &amp; known." in page
        assert "The truth" not in page_of(played)

    def test_takes_no_more_queries_for_more_creatives(self, played, django_assert_max_num_queries):
        with django_assert_max_num_queries(44):
            page_of(played)


class TestVerdict:
    def test_an_interval_that_includes_zero_is_called_inconclusive(self):
        effect = {
            "estimate": 0.01,
            "interval": [-0.02, 0.04],
            "verdict": "inconclusive: the interval includes zero",
            "code": "inconclusive",
        }
        assert verdict_sentence(effect) == (
            "Inconclusive: the interval includes zero. Measured: +0.0100 purchases per customer, "
            "95 % interval −0.0200 to +0.0400."
        )

    def test_says_itself_what_an_interval_did_not_show(self):
        effect = {
            "estimate": None,
            "interval": None,
            "verdict": "inconclusive: too few customers or conversions",
            "code": "inconclusive",
        }
        assert verdict_sentence(effect) == "Inconclusive: too few customers or conversions."


class TestPlanFigures:
    def test_are_found_wherever_they_stand(self):
        names = [figure.name for figure in plan_figures(PLAN)]
        assert names == [
            "reach",
            "channels · onsite · click rate",
            "channels · email · click rate",
            "expected purchases",
        ]


class TestCharts:
    @given(st.lists(st.floats(0, 1e9), max_size=40))
    def test_columns_stay_within_the_picture(self, values):
        svg = charts.columns(values, [], title="t")
        heights = [float(h) for h in re.findall(r'class="solid"[^/]*height="([\d.]+)"', svg)]
        assert all(0 <= height <= 190.1 for height in heights)

    @given(st.text(max_size=60))
    def test_labels_are_escaped(self, label):
        svg = charts.bars([charts.Bar(label, (1.0,), label)], title=label)
        read(svg.replace("\x00", ""))
        assert "<script" not in svg

    def test_an_interval_that_cannot_be_computed_says_so(self):
        row = charts.Interval("warm", None, None, None, "too few customers")
        assert "too few customers" in charts.intervals([row], title="t")

    def test_two_lines_differ_without_colour(self):
        lines = [charts.Line("a", (1.0, 2.0)), charts.Line("b", (2.0, 1.0))]
        svg = charts.lines(lines, [], title="t")
        dashes = re.findall(r'<polyline[^>]*stroke-dasharray="([^"]*)"', svg)
        assert len(set(dashes)) == 2


class TestCommand:
    def report(self, *arguments):
        out = StringIO()
        call_command("launch_report", *arguments, stdout=out, stderr=StringIO())
        return out.getvalue()

    def test_gives_one_json_object(self, played):
        report = json.loads(self.report(str(played.pk), "--json"))
        assert report["totals"]["exposures"] == 2400
        kinds = {"variant", "channel", "audience", "campaign", "creative", "phase"}
        assert set(report["by"]) == kinds

    def test_writes_the_page(self, played, tmp_path):
        file = tmp_path / "launch-report.html"
        self.report(str(played.pk), "--out", str(file))
        assert file.read_text("utf-8").startswith("<!doctype html>")

    def test_prints_a_table_for_people(self, played):
        assert "variant warm" in self.report(str(played.pk))

    @pytest.mark.parametrize("name", ["nonsense", "00000000-0000-0000-0000-000000000000"])
    def test_an_unknown_launch_exits_with_2(self, db, name):
        with pytest.raises(CommandError) as error:
            self.report(name)
        assert error.value.returncode == 2

    def test_a_file_that_cannot_be_written_exits_with_2(self, launch, tmp_path):
        with pytest.raises(CommandError, match="Cannot write") as error:
            self.report(str(launch.pk), "--out", str(tmp_path / "none" / "report.html"))
        assert error.value.returncode == 2


class TestRest:
    def get(self, client, launch, key):
        headers = {"Authorization": f"Bearer {key}"}
        return client.get(f"/api/v1/launches/{launch.pk}/report/", headers=headers)

    def test_gives_what_the_command_gives(self, client, played):
        key = create_api_key(name="shop", group="integration", now=NOW)
        answer = self.get(client, played, key)
        assert answer.json() == launch_report(played)

    def test_needs_a_key(self, client, launch):
        assert self.get(client, launch, "wrong").status_code == 401
