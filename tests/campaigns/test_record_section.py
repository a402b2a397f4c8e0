"""The report tells how well the model behind a launch would have done before."""

from __future__ import annotations

import re

import pytest

from launchopt.audiences.models import Customer, InterestScore
from launchopt.campaigns.reporting.record import record_section
from launchopt.operations.models import ModelVersion
from launchopt.operations.services import activate_model
from tests.support.models import METRICS, make_tested
from tests.support.reports import NOW, page_of, planned_launch, read, score

pytestmark = pytest.mark.django_db


@pytest.fixture
def launch():
    made = planned_launch()
    now = {"created_at": NOW, "updated_at": NOW}
    score(made, [Customer.objects.create(external_id="scored", **now)])
    return made


def forget_scores():
    InterestScore.objects.all().delete()
    ModelVersion.objects.all().delete()


class TestRecordSection:
    def test_sets_the_model_beside_the_plain_ways(self, launch):
        ModelVersion.objects.update(metrics=METRICS)
        section = record_section(launch)
        assert [row[0] for row in section.tables[0].rows][:2] == [
            "the model",
            "similar words",
        ]
        assert section.tables[0].rows[0][1] == "0.150 (0.120 to 0.180)"
        assert "swings by half from season to season" in section.tables[1].caption
        assert "+25% against the best plain way" in section.lead

    def test_stands_in_a_well_formed_page_with_its_picture(self, launch):
        ModelVersion.objects.update(metrics=METRICS)
        page = page_of(launch)
        reader = read(page)
        assert len(reader.ids) == len(set(reader.ids))
        found = re.search(r'<section id="record".*?</section>', page, re.DOTALL).group()
        assert "<svg" in found
        assert "0.150 (0.120 to 0.180)" in found

    def test_tells_of_the_version_that_made_the_scores(self, launch):
        activate_model(version=make_tested(at=NOW), now=NOW)
        assert "has not been tested yet" in record_section(launch).empty

    def test_before_there_are_scores_it_tells_of_the_one_in_service(self, launch):
        forget_scores()
        activate_model(version=make_tested(at=NOW), now=NOW)
        assert record_section(launch).tables

    def test_says_why_nothing_could_be_tested(self, launch):
        ModelVersion.objects.update(metrics={"untested": "There was no launch to test it on."})
        assert record_section(launch).empty == "There was no launch to test it on."

    def test_says_that_no_model_is_there(self, launch):
        forget_scores()
        assert record_section(launch).empty == "No interest model has been trained yet."
