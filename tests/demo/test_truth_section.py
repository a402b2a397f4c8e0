"""The words of the truth section, and where it appears."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from launchopt_project.demo import truth_section
from launchopt_project.demo.comparison import Comparison
from launchopt_project.demo.truth_section import (
    keep_truth,
    measured_sentence,
    plan_sentence,
    truth_of,
)

RESULT = Comparison(
    measured=0.06,
    low=0.03,
    high=0.09,
    verdict="The launch raised conversion.",
    real=0.05,
    caused=45.0,
    caused_expected=44.2,
    contacts=1_200,
    reached=640,
    random=20.0,
    best=90.0,
    shoppers=4_000,
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "demo").mkdir()
    monkeypatch.setattr(truth_section, "home_path", lambda: tmp_path)
    return tmp_path


class TestTheWords:
    def test_set_the_truth_beside_the_measured_interval(self):
        words = measured_sentence(RESULT)
        assert "an effect of +6.00 purchases per 100 customers" in words
        assert "from 3.00 to 9.00" in words
        assert "The truth is 5.00, inside that interval." in words
        assert "inconclusive" not in words

    def test_call_an_interval_that_includes_zero_inconclusive(self):
        words = measured_sentence(replace(RESULT, low=-0.01))
        assert "which includes zero: it is inconclusive" in words

    def test_admit_when_the_truth_lies_outside(self):
        assert "5.00, outside that interval" in measured_sentence(replace(RESULT, low=0.055))

    def test_admit_when_there_were_too_few_customers(self):
        words = measured_sentence(replace(RESULT, measured=None, low=None, high=None))
        assert "too few customers" in words

    def test_set_the_plan_beside_chance_and_perfect_knowledge(self):
        words = plan_sentence(RESULT)
        assert "With 1,200 contacts the plan caused 45 purchases" in words
        assert "cause 20.0 on average (the plan: 2.2 times that)" in words
        assert "could cause 90." in words

    def test_boast_of_no_ratio_where_chance_causes_nothing(self):
        assert "times" not in plan_sentence(replace(RESULT, random=0.0, caused=0.0))


class TestTheSection:
    def test_says_that_the_shoppers_are_simulated(self, home: Path):
        keep_truth(RESULT, launch="a-launch")
        section = truth_of(SimpleNamespace(pk="a-launch"))
        assert section is not None
        assert "4,000 shoppers of this launch are simulated" in section.notice
        assert len(section.pictures) == 2

    def test_is_absent_for_a_launch_that_was_not_played(self, home: Path):
        assert truth_of(SimpleNamespace(pk="another")) is None
