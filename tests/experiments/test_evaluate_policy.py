"""`evaluate_policy`: a log and a policy in files, four estimates out, faults named in a line."""

from __future__ import annotations

import json
import os
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from django.core.management import CommandError, call_command

DATA = Path(os.environ.get("LAUNCHOPT_DATA", "../shared/data"))
COLUMNS = ("--action", "item", "--reward", "click", "--propensity", "p")


def evaluated(log: Path, policy: Path, *arguments: str) -> dict[str, Any]:
    out = StringIO()
    call_command(
        "evaluate_policy", str(log), *COLUMNS, "--policy", str(policy), "--json", *arguments,
        stdout=out,
    )  # fmt: skip
    return json.loads(out.getvalue())


def fault(log: Path, policy: Path, *arguments: str) -> str:
    with pytest.raises(CommandError) as caught:
        evaluated(log, policy, *arguments)
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Two items in two slots, shown by the toss of a coin; item 2 earns more in slot 1."""
    rng = np.random.default_rng(0)
    item, slot = rng.integers(1, 3, 4000), rng.integers(1, 3, 4000)
    rate = np.where((item == 2) & (slot == 1), 0.6, 0.2)
    frame = pl.DataFrame(
        {"item": item, "slot": slot, "click": (rng.random(4000) < rate).astype(int), "p": 0.5}
    )
    frame.write_csv(tmp_path / "log.csv")
    return tmp_path / "log.csv"


def policy(folder: Path, text: str) -> Path:
    path = folder / "policy.csv"
    path.write_text(text)
    return path


class TestEvaluate:
    def test_has_the_shape_that_was_promised(self, log: Path, tmp_path: Path):
        report = evaluated(log, policy(tmp_path, "action,probability\n2,1\n"))
        for name in ("ips", "snips", "direct", "doubly_robust"):
            low, high = report[name]["interval"]
            assert low < report[name]["value"] < high
        assert report["effective_sample_size"] == pytest.approx(2000, abs=150)
        assert report["on_policy_value"] == pytest.approx(0.3, abs=0.03)

    def test_finds_what_the_better_policy_earns(self, log: Path, tmp_path: Path):
        rules = "action,slot,probability\n2,1,1\n1,2,0.5\n2,2,0.5\n"
        report = evaluated(log, policy(tmp_path, rules), "--slot", "slot")
        for name in ("ips", "snips", "direct", "doubly_robust"):
            assert report[name]["interval"][0] < 0.4 < report[name]["interval"][1]
        assert report["promotion"]["allowed"]

    def test_the_logs_own_names_do_as_well_and_numbers_are_numbers(self, log, tmp_path: Path):
        generic = policy(tmp_path, "action,slot,probability\n2,1,1\n1,2,1\n")
        one = evaluated(log, generic, "--slot", "slot")
        named = policy(tmp_path, "item,slot,probability\n2.0,1.0,1\n1.0,2.0,1\n")
        assert evaluated(log, named, "--slot", "slot") == one

    def test_what_the_policy_does_not_name_has_no_probability(self, log: Path, tmp_path: Path):
        half = evaluated(log, policy(tmp_path, "action,probability\n2,0.5\n"))
        whole = evaluated(log, policy(tmp_path, "action,probability\n2,1\n"))
        assert half["ips"]["value"] == pytest.approx(whole["ips"]["value"] / 2)

    def test_where_no_reward_came_there_is_no_interval(self, log: Path, tmp_path: Path):
        path = tmp_path / "nothing.csv"
        pl.read_csv(log).with_columns(click=pl.lit(0)).write_csv(path)
        report = evaluated(path, policy(tmp_path, "action,probability\n2,1\n"))
        assert report["ips"] == {"value": 0, "interval": None}
        assert not report["promotion"]["allowed"]

    def test_features_are_contexts(self, log: Path, tmp_path: Path):
        rules = policy(tmp_path, "action,slot,probability\n2,1,1\n1,2,1\n")
        by_slot = evaluated(log, rules, "--slot", "slot")
        assert evaluated(log, rules, "--features", "slot")["ips"] == by_slot["ips"]

    def test_refuses_promotion_where_few_rows_speak_of_the_policy(self, log, tmp_path: Path):
        pl.read_csv(log).head(120).write_csv(tmp_path / "short.csv")
        report = evaluated(tmp_path / "short.csv", policy(tmp_path, "action,probability\n2,1\n"))
        assert not report["promotion"]["allowed"]
        assert "effective sample is too small" in report["promotion"]["reason"]

    def test_tells_a_person_how_wide_it_is(self, log: Path, tmp_path: Path):
        pl.read_csv(log).head(60).write_csv(tmp_path / "short.csv")
        rules, out = policy(tmp_path, "action,probability\n2,1\n"), StringIO()
        call_command(
            "evaluate_policy", str(tmp_path / "short.csv"), *COLUMNS, "--policy", str(rules),
            stdout=out,
        )  # fmt: skip
        assert "wide" in out.getvalue()
        assert "Promotion refused" in out.getvalue()

    @pytest.mark.data
    @pytest.mark.parametrize("who", ["men", "women"])
    def test_real_logs_of_few_clicks_are_wide(self, who: str, tmp_path: Path):
        path = DATA / "open_bandit" / f"random_{who}.csv.gz"
        if not path.is_file():
            pytest.skip(f"needs {path}; LAUNCHOPT_DATA names its folder")
        items = pl.read_csv(path)["item_id"].unique().sort()
        rules = pl.DataFrame({"action": items, "probability": 1 / len(items)})
        rules.write_csv(tmp_path / "uniform.csv")
        out = StringIO()
        call_command(
            "evaluate_policy", str(path), "--action", "item_id", "--reward", "click",
            "--propensity", "propensity_score", "--slot", "position",
            "--policy", str(tmp_path / "uniform.csv"), "--json", stdout=out,
        )  # fmt: skip
        report = json.loads(out.getvalue())
        low, high = report["ips"]["interval"]
        assert report["ips"]["value"] == pytest.approx(report["on_policy_value"])
        assert high - low > 0.5 * report["ips"]["value"]


class TestFaults:
    @pytest.mark.parametrize(
        ("rules", "words"),
        [
            ("action,probability\n2,0.7\n1,0.7\n", "sum to 1"),
            ("action,probability\n2,-0.7\n", "between 0 and 1"),
            ("action,probability\n2,often\n", "line 2"),
            ("action,probability\n2,0.5\n2,0.5\n", "twice"),
            ("action,chance\n2,1\n", "probability"),
            ("thing,probability\n2,1\n", "no column 'item'"),
            ("action,mood,probability\n2,1,1\n", "'mood'"),
            ("action,probability\n7,1\n", "never chooses"),
            ("action,probability\n", "no rows"),
        ],
    )
    def test_of_the_policy_are_named(self, log: Path, tmp_path: Path, rules: str, words: str):
        assert words in fault(log, policy(tmp_path, rules))

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--slot", "shelf"), "no column 'shelf'"),
            (("--features", "slot,mood"), "no column 'mood'"),
            (("--alpha", "0"), "alpha"),
        ],
    )
    def test_of_the_arguments_are_named(self, log, tmp_path: Path, arguments, words: str):
        rules = policy(tmp_path, "action,probability\n2,1\n")
        assert words in fault(log, rules, *arguments)

    def test_a_propensity_of_zero_is_named_with_its_line(self, tmp_path: Path):
        path = tmp_path / "log.csv"
        path.write_text("item,click,p\n1,0,0.5\n2,1,0\n")
        assert "line 3" in fault(path, policy(tmp_path, "action,probability\n2,1\n"))
