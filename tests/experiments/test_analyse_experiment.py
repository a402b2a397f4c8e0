"""`analyse_experiment`: a file in, effects and verdicts out, every fault named in a line."""

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
from scipy import stats

from launchopt_core.inference import Method

DATA = Path(os.environ.get("LAUNCHOPT_DATA", "../shared/data"))
FIELDS = {
    "group", "metric", "variant", "n", "control_n", "mean", "control_mean", "effect",
    "relative_effect", "standard_error", "interval", "relative_interval", "p_value",
    "chance_to_win", "expected_loss",
}  # fmt: skip


def analysed(file: Path, *arguments: str, control: str = "a") -> dict[str, Any]:
    out = StringIO()
    call_command(
        "analyse_experiment", str(file), "--control", control, "--json", *arguments, stdout=out
    )
    return json.loads(out.getvalue())


def fault(file: Path, *arguments: str, control: str = "a") -> str:
    with pytest.raises(CommandError) as caught:
        analysed(file, *arguments, control=control)
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


def shop(units: int = 600, *, variants: str = "abc", seed: int = 0) -> pl.DataFrame:
    """Units whose spend follows what they spent before; b buys a bit more."""
    rng = np.random.default_rng(seed)
    arm = np.array(list(variants))[np.arange(units) % len(variants)]
    before = rng.gamma(2, 10, units)
    spend = before + rng.normal(0, 4, units) + 1.5 * (arm == "b")
    return pl.DataFrame(
        {
            "customer": [f"c{i}" for i in range(units)],
            "arm": arm,
            "visited": (rng.random(units) < 0.3).astype(int),
            "spend": spend,
            "orders": rng.poisson(2, units) + 1,
            "before": before,
            "region": np.where(rng.random(units) < 0.5, "north", "south"),
        }
    )


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "units.csv"
    shop().write_csv(path)
    return path


UNITS = ("--unit", "customer", "--variant", "arm")


class TestUnits:
    def test_has_the_shape_that_was_promised(self, file: Path):
        report = analysed(file, *UNITS, "--metric", "spend=spend", "visit=visited")
        assert set(report) == {"results", "sample_ratio", "verdicts"}
        rows = [(row["metric"], row["variant"]) for row in report["results"]]
        assert rows == [("spend", "b"), ("spend", "c"), ("visit", "b"), ("visit", "c")]
        assert all(set(row) == FIELDS and row["group"] == "all" for row in report["results"])
        assert report["sample_ratio"] == [{"group": "all", "p_value": 1.0, "ok": True}]
        assert set(report["verdicts"][0]) == {"group", "metric", "variant", "verdict"}

    def test_is_welchs_test_of_the_units(self, file: Path):
        row = analysed(file, *UNITS, "--metric", "spend=spend")["results"][0]
        frame = shop()
        a, b = (frame.filter(pl.col("arm") == arm)["spend"].to_numpy() for arm in "ab")
        oracle = stats.ttest_ind(b, a, equal_var=False)
        assert row["p_value"] == pytest.approx(oracle.pvalue, rel=1e-9)
        assert row["interval"] == pytest.approx(list(oracle.confidence_interval()), rel=1e-9)

    def test_sums_the_rows_of_one_unit(self, tmp_path: Path, file: Path):
        frame = shop()
        parts = [frame.with_columns(pl.col("spend") * share) for share in (0.25, 0.75)]
        pl.concat(parts).sample(fraction=1, shuffle=True, seed=1).write_csv(tmp_path / "rows.csv")
        split = analysed(tmp_path / "rows.csv", *UNITS, "--metric", "spend=spend")
        whole = analysed(file, *UNITS, "--metric", "spend=spend")
        for ours, theirs in zip(split["results"], whole["results"], strict=True):
            assert ours["n"] == theirs["n"]
            assert ours["interval"] == pytest.approx(theirs["interval"])

    def test_without_a_unit_each_row_is_one(self, file: Path):
        (first, _) = analysed(file, "--variant", "arm", "--metric", "visit=visited")["results"]
        assert (first["n"], first["control_n"]) == (200, 200)

    def test_what_was_spent_before_narrows_the_interval(self, file: Path):
        plain, cuped = (
            analysed(file, *UNITS, "--metric", "spend=spend", *more)["results"][0]
            for more in ((), ("--covariate", "before"))
        )
        assert cuped["standard_error"] < 0.4 * plain["standard_error"]
        assert cuped["interval"][0] < 1.5 < cuped["interval"][1]
        assert cuped["mean"] == plain["mean"]

    def test_a_ratio_is_of_sums(self, file: Path):
        row = analysed(file, *UNITS, "--metric", "value=spend/orders")["results"][0]
        b = shop().filter(pl.col("arm") == "b")
        assert row["mean"] == pytest.approx(b["spend"].sum() / b["orders"].sum())

    def test_by_a_column_every_value_is_a_group(self, file: Path):
        report = analysed(file, *UNITS, "--metric", "spend=spend", "--by", "region")
        assert {row["group"] for row in report["results"]} == {"north", "south"}
        assert len(report["sample_ratio"]) == 2
        north = shop().filter(pl.col("region") == "north", pl.col("arm") == "b")
        row = next(r for r in report["results"] if (r["group"], r["variant"]) == ("north", "b"))
        assert row["n"] == len(north)

    @pytest.mark.parametrize("method", list(Method))
    def test_each_method_answers(self, file: Path, method: Method):
        row = analysed(file, *UNITS, "--metric", "spend=spend", "--method", method)["results"][0]
        assert row["interval"][0] < row["effect"] < row["interval"][1]
        assert (row["p_value"] is None) == (method is Method.BAYESIAN)
        assert 0 <= row["chance_to_win"] <= 1

    def test_corrects_over_all_metrics_and_variants(self, file: Path):
        rows = analysed(
            file, *UNITS, "--metric", "spend=spend", "visit=visited", "--correction", "holm"
        )["results"]
        smallest = min(rows, key=lambda row: row["p_value"])
        assert smallest["adjusted_p_value"] == pytest.approx(4 * smallest["p_value"])

    def test_unequal_groups_stop_every_verdict(self, file: Path):
        report = analysed(
            file, *UNITS, "--metric", "spend=spend", "--expected", "a=2", "b=1", "c=1"
        )
        assert report["sample_ratio"][0]["ok"] is False
        assert {row["verdict"] for row in report["verdicts"]} == {"broken: unequal groups"}

    def test_what_cannot_be_computed_is_null(self, tmp_path: Path):
        lone = pl.DataFrame({"arm": ["a", "b", "b"], "x": [0, 0, 0], "d": [0, 0, 0]})
        lone.write_csv(tmp_path / "lone.csv")
        rows = analysed(tmp_path / "lone.csv", "--variant", "arm", "--metric", "x=x", "y=x/d")
        for row in rows["results"]:
            assert (row["interval"], row["p_value"], row["relative_effect"]) == (None, None, None)

    def test_tells_a_person_what_it_did(self, file: Path):
        out = StringIO()
        call_command(
            "analyse_experiment", str(file), *UNITS, "--control", "a", "--metric", "spend=spend",
            stdout=out,
        )  # fmt: skip
        assert "Welch" in out.getvalue()
        assert "Sizes of all: as expected" in out.getvalue()

    def test_nothing_ships_past_a_guardrail(self, file: Path):
        spent = ("--metric", "spend=spend", "visit=visited", "--covariate", "before")
        free = analysed(file, *UNITS, *spent)["verdicts"]
        held = analysed(file, *UNITS, *spent, "--guardrail", "visit=-0.01")["verdicts"]
        assert free[0]["verdict"] == "ship b"
        assert held[0]["verdict"].startswith("do not ship b yet: guardrail visit is unproven")
        assert held[2]["verdict"] == "guardrail visit is unproven: it may fall by more than 1 %"

    def test_writes_the_whole_result_to_a_file(self, tmp_path: Path, file: Path):
        out = tmp_path / "result.json"
        report = analysed(file, *UNITS, "--metric", "spend=spend", "--out", str(out))
        assert json.loads(out.read_text()) == report

    @pytest.mark.data
    @pytest.mark.parametrize(
        ("arm", "effect", "interval"),
        [
            ("Mens E-Mail", 0.0766, (0.0700, 0.0832)),
            ("Womens E-Mail", 0.0452, (0.0389, 0.0516)),
        ],
    )
    def test_reproduces_the_published_uplift_of_both_emails(self, arm, effect, interval):
        path = DATA / "hillstrom_email.csv.gz"
        if not path.is_file():
            pytest.skip(f"needs {path}; LAUNCHOPT_DATA names its folder")
        report = analysed(
            path, "--variant", "segment", "--metric", "visit=visit", control="No E-Mail"
        )
        row = next(row for row in report["results"] if row["variant"] == arm)
        assert row["effect"] == pytest.approx(effect, abs=5e-5)
        assert row["interval"] == pytest.approx(interval, abs=5e-5)
        assert report["sample_ratio"][0]["ok"]


class TestMoments:
    def moments(self, path: Path, frame: pl.DataFrame, metric: str, kind: str) -> Path:
        """The file's own statistics, written down by numpy."""
        rows = []
        for arm in frame["arm"].unique().sort():
            part = frame.filter(pl.col("arm") == arm)
            y, x, d = (part[name].to_numpy().astype(float) for name in (metric, "before", "orders"))
            sums = {"count": len(y), "sum": y.sum(), "sum_squares": (y * y).sum()}
            for what, other in (("covariate", x), ("denominator", d)):
                sums |= {
                    f"{what}_sum": other.sum(),
                    f"{what}_sum_squares": (other * other).sum(),
                    f"{what}_cross_sum": (other * y).sum(),
                }
            rows.append({"group": "all", "variant": arm, "metric": metric, "kind": kind, **sums})
        pl.DataFrame(rows).write_csv(path)
        return path

    @pytest.mark.parametrize(
        ("metric", "kind", "units"),
        [
            ("spend", "mean", ("spend=spend", "--covariate", "before")),
            ("visited", "proportion", ("visited=visited", "--covariate", "before")),
            ("spend", "ratio", ("spend=spend/orders",)),
        ],
    )
    def test_say_the_same_as_the_units(self, tmp_path, file, metric, kind, units):
        told = analysed(self.moments(tmp_path / "m.csv", shop(), metric, kind), "--moments")
        whole = analysed(file, *UNITS, "--metric", *units)
        assert len(told["results"]) == len(whole["results"]) == 2
        for ours, theirs in zip(told["results"], whole["results"], strict=True):
            assert ours["interval"] == pytest.approx(theirs["interval"], rel=1e-9)
            assert ours["p_value"] == pytest.approx(theirs["p_value"], rel=1e-9)

    def test_a_group_without_its_control_is_null_and_broken(self, tmp_path: Path):
        rows = "g1,a,m,mean,50,9,40\ng1,b,m,mean,50,12,50\ng2,b,m,mean,50,12,50\n"
        path = tmp_path / "m.csv"
        path.write_text("group,variant,metric,kind,count,sum,sum_squares\n" + rows)
        report = analysed(path, "--moments")
        assert [row["effect"] is None for row in report["results"]] == [False, True]
        assert report["verdicts"][1]["verdict"] == "broken: unequal groups"

    @pytest.mark.parametrize(
        ("rows", "words"),
        [
            ("g,a,m,mean,50,9,40\ng,a,m,mean,50,9,40\ng,b,m,mean,50,9,40\n", "Two rows are about"),
            ("g,a,m,median,50,9,40\ng,b,m,mean,50,9,40\n", "'median'"),
            ("g,a,m,mean,50,9,0.1\ng,b,m,mean,50,9,40\n", "sum of squares"),
            ("g,a,m,proportion,5,9,9\ng,b,m,proportion,50,9,9\n", "proportion"),
            ("g,a,m,mean,many,9,40\ng,b,m,mean,50,9,40\n", "line 2"),
            ("g,a,m,mean,50,9,40\n", "only one variant"),
            ("g,a,m,ratio,50,9,40\ng,b,m,ratio,50,9,40\n", "'denominator_sum'"),
            ("g,a,m,mean,50.5,9,40\ng,b,m,mean,50,9,40\n", "counted whole, not 50.5"),
        ],
    )
    def test_bad_statistics_are_named(self, tmp_path: Path, rows: str, words: str):
        path = tmp_path / "m.csv"
        path.write_text("group,variant,metric,kind,count,sum,sum_squares\n" + rows)
        assert words in fault(path, "--moments")


class TestFaults:
    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--variant", "arm", "--metric", "x=nothing"), "no column 'nothing'"),
            (("--variant", "nobody", "--metric", "x=spend"), "no column 'nobody'"),
            (("--variant", "arm", "--metric", "spend"), "NAME=COLUMN"),
            (("--variant", "arm"), "--metric"),
            (("--metric", "x=spend"), "--variant"),
            (("--variant", "arm", "--metric", "x=region"), "number"),
            (("--variant", "arm", "--metric", "x=spend", "x=orders"), "'x'"),
            (("--variant", "arm", "--metric", "x=spend", "--alpha", "1"), "alpha"),
            (("--variant", "arm", "--metric", "x=spend", "--tuning", "0"), "tuning"),
            (
                ("--variant", "arm", "--metric", "x=spend", "--expected", "a=0", "b=0", "c=0"),
                "positive weight",
            ),
            (("--variant", "arm", "--metric", "x=spend", "--expected", "a=1"), "'b', 'c'"),
            (("--variant", "arm", "--metric", "x=spend", "--expected", "a=many"), "NAME=NUMBER"),
            (("--variant", "arm", "--metric", "x=spend", "--guardrail", "y=-0.1"), "no metric 'y'"),
            (("--unit", "region", "--variant", "arm", "--metric", "x=spend"), "more than one"),
            (("--variant", "arm", "--by", "arm", "--metric", "x=spend"), "not 'arm' twice"),
            (("--variant", "arm", "--metric", "x=spend", "--days", "0"), "--days is above 0"),
            (
                ("--variant", "arm", "--metric", "x=spend", "--method", "bayesian",
                 "--correction", "bh"),
                "Bayesian",
            ),
        ],
    )  # fmt: skip
    def test_are_named_in_one_line(self, file: Path, arguments: tuple[str, ...], words: str):
        assert words in fault(file, *arguments)

    def test_an_unknown_control_is_named(self, file: Path):
        assert "'nobody'" in fault(file, *UNITS, "--metric", "x=spend", control="nobody")

    def test_one_variant_is_no_experiment(self, tmp_path: Path):
        shop(variants="a").write_csv(tmp_path / "one.csv")
        assert "only one variant" in fault(tmp_path / "one.csv", *UNITS, "--metric", "x=spend")

    @pytest.mark.parametrize("text", ["", "arm,spend\n"])
    def test_an_empty_file_is_named(self, tmp_path: Path, text: str):
        path = tmp_path / "empty.csv"
        path.write_text(text)
        fault(path, "--variant", "arm", "--metric", "x=spend")

    def test_a_missing_file_is_named(self, tmp_path: Path):
        assert "no file" in fault(tmp_path / "none.csv", "--variant", "arm", "--metric", "x=spend")

    def test_semicolons_and_tabs_separate_as_commas_do(self, tmp_path: Path):
        for mark in ";\t":
            path = tmp_path / "visits.csv"
            path.write_text("arm,spend\na,1\na,2\nb,3\nb,5\n".replace(",", mark))
            report = analysed(path, "--variant", "arm", "--metric", "x=spend")
            assert report["results"][0]["effect"] == 2.5

    @pytest.mark.parametrize("cell", ["", "nan", "inf", "lots", "1e200"])
    def test_a_cell_without_a_number_is_named_with_its_line(self, tmp_path: Path, cell: str):
        path = tmp_path / "cells.csv"
        path.write_text(f"arm,spend\na,1\nb,{cell}\na,2\nb,3\n")
        assert "line 3" in fault(path, "--variant", "arm", "--metric", "x=spend")
