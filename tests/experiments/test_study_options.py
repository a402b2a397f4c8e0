"""`analyse_experiment`: quantiles, winsorised sums, and analysis from the first exposure on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from tests.experiments.test_analyse_experiment import analysed, fault

LINES = ["unit,arm,at,seen,spend"]


def write(path: Path, table: pl.DataFrame) -> Path:
    table.write_csv(path)
    return path


class TestQuantiles:
    def test_compares_what_the_slowest_tenth_wait(self, tmp_path):
        rng = np.random.default_rng(0)
        arm = np.repeat(["a", "b"], 3_000)
        wait = rng.exponential(1, 6_000) * np.where(arm == "b", 2, 1)
        file = write(tmp_path / "waits.csv", pl.DataFrame({"arm": arm, "wait": wait}))
        report = analysed(file, "--variant", "arm", "--quantile", "slowest=wait@0.9")
        (row,) = report["results"]
        assert row["effect"] == pytest.approx(np.log(10), rel=0.15)
        assert row["interval"][0] < np.log(10) < row["interval"][1]
        assert row["metric"] == "slowest"

    def test_stands_beside_a_mean_and_knows_its_units(self, tmp_path):
        rng = np.random.default_rng(1)
        unit = np.repeat(np.arange(400), 5)
        table = pl.DataFrame(
            {"unit": unit, "arm": np.where(unit % 2, "a", "b"), "wait": rng.gamma(2, 1, 2_000)}
        )
        file = write(tmp_path / "waits.csv", table)
        options = ["--unit", "unit", "--variant", "arm", "--metric", "total=wait"]
        report = analysed(file, *options, "--quantile", "median=wait@0.5")
        assert {row["metric"]: row["n"] for row in report["results"]} == {
            "total": 200,
            "median": 200,
        }

    @pytest.mark.parametrize("text", ["wait@0.9", "slow=wait", "slow=wait@1", "slow=wait@high"])
    def test_says_how_to_write_it(self, tmp_path, text):
        file = write(tmp_path / "w.csv", pl.DataFrame({"arm": ["a", "b"], "wait": [1, 2]}))
        assert "NAME=COLUMN@LEVEL" in fault(file, "--variant", "arm", "--quantile", text)


class TestWinsorise:
    def test_draws_one_huge_order_in(self, tmp_path):
        spend = [10.0] * 999 + [80_000.0]
        table = pl.DataFrame({"arm": ["a", "b"] * 500, "spend": spend})
        file = write(tmp_path / "orders.csv", table)
        options = ["--variant", "arm", "--metric", "spend=spend"]
        assert analysed(file, *options)["results"][0]["mean"] > 100
        drawn = analysed(file, *options, "--winsorise", "0.99")["results"][0]
        assert drawn["mean"] == drawn["control_mean"] == 10

    def test_refuses_a_share_that_is_none(self, tmp_path):
        file = write(tmp_path / "o.csv", pl.DataFrame({"arm": ["a", "b"], "spend": [1, 2]}))
        options = ["--variant", "arm", "--metric", "spend=spend", "--winsorise", "1.5"]
        assert "between 0 and 1" in fault(file, *options)


class TestFirstExposure:
    OPTIONS = ("--unit", "unit", "--variant", "arm", "--metric", "spend=spend",
               "--at", "at", "--exposed-at", "seen")  # fmt: skip

    def file(self, tmp_path: Path, rows: list[str]) -> Path:
        path = tmp_path / "visits.csv"
        path.write_text("\n".join([*LINES, *rows]) + "\n")
        return path

    def test_counts_who_saw_it_from_the_first_time_on(self, tmp_path):
        rows = [
            "1,b,2026-03-01T10:00:00Z,,5",  # before the exposure
            "1,b,2026-03-02T10:00:00Z,2026-03-02T09:00:00Z,7",
            "1,b,2026-03-04T10:00:00Z,2026-03-03T09:00:00Z,2",
            "2,b,2026-03-02T10:00:00Z,,100",  # never saw it
            "3,b,2026-03-02T10:00:00Z,2026-03-02 10:00,1",
            "4,a,2026-03-02T10:00:00Z,2026-03-02,3",
            "5,a,2026-03-01T10:00:00Z,2026-03-02,9",
        ]
        (row,) = analysed(self.file(tmp_path, rows), *self.OPTIONS)["results"]
        assert (row["n"], row["control_n"]) == (2, 2)
        assert (row["mean"], row["control_mean"]) == (5, 1.5)

    def test_names_what_is_missing(self, tmp_path):
        nobody = self.file(tmp_path, ["1,b,2026-03-01T10:00:00Z,,5", "2,a,2026-03-01,,5"])
        assert "nobody was exposed" in fault(nobody, *self.OPTIONS)
        wrong = self.file(tmp_path, ["1,b,2026-03-01T10:00:00Z,soon,5", "2,a,2026-03-01,,5"])
        assert "'seen', line 2: 'soon' is no instant" in fault(wrong, *self.OPTIONS)
        assert "needs --at" in fault(nobody, *self.OPTIONS[:6], "--exposed-at", "seen")
