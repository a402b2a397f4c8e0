"""`estimate_uplift`: a trial in a file, uplift of each row and judgements out."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from django.core.management import CommandError, call_command


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mail that moves only those who came by phone."""
    rng = np.random.default_rng(0)
    arm = rng.choice(["mail", "none"], 1600)
    channel = rng.choice(["phone", "web"], 1600)
    rate = 0.1 + 0.5 * ((arm == "mail") & (channel == "phone"))
    path = tmp_path_factory.mktemp("trial") / "trial.csv"
    frame = pl.DataFrame(
        {
            "arm": arm,
            "channel": channel,
            "age": rng.integers(18, 80, 1600),
            "visit": (rng.random(1600) < rate).astype(int),
        }
    )
    frame.with_columns(pl.when(pl.col("age") > 20).then("age")).write_csv(path)
    return path


def estimated(file: Path, *arguments: str, control: str = "none") -> dict[str, Any]:
    out = StringIO()
    call_command(
        "estimate_uplift", str(file), "--treatment", "arm", "--control", control,
        "--outcome", "visit", "--folds", "2", "--json", *arguments,
        stdout=out, stderr=StringIO(),
    )  # fmt: skip
    return json.loads(out.getvalue())


def fault(file: Path, *arguments: str, **options: str) -> str:
    with pytest.raises(CommandError) as caught:
        estimated(file, *arguments, **options)
    assert caught.value.returncode == 2
    assert "\n" not in str(caught.value)
    return str(caught.value)


class TestEstimate:
    def test_judges_each_learner_and_writes_every_row(self, file: Path, tmp_path: Path):
        out = tmp_path / "uplift.csv"
        report = estimated(file, "--features", "channel,age", "--out", str(out))
        assert set(report) == {"two_model", "x_learner", "class_transformation"}
        for row in report.values():
            assert row["qini_interval"][0] < row["qini"] < row["qini_interval"][1]
            assert row["uplift_at_30"] == pytest.approx(0.5, abs=0.15)
        rows = pl.read_csv(out)
        assert rows.columns == ["row", "fold", "two_model", "x_learner"]
        assert rows["row"].to_list() == list(range(1600))
        assert set(rows["fold"]) == {0, 1}
        by_phone = (pl.read_csv(file)["channel"] == "phone").to_numpy()
        for name in ("two_model", "x_learner"):
            uplift = rows[name].to_numpy()
            assert uplift[by_phone].mean() > uplift[~by_phone].mean() + 0.3

    def test_the_control_is_the_one_that_is_named(self, file: Path):
        usual = estimated(file, "--features", "channel")
        turned = estimated(file, "--features", "channel", control="mail")
        assert usual["x_learner"]["uplift_at_30"] > 0.3
        assert turned["x_learner"]["uplift_at_10"] > -0.2

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (("--features", "mood"), "no column 'mood'"),
            (("--features", "channel,visit"), "'visit'"),
            (("--features", "channel,arm"), "'arm'"),
            (("--features", ","), "--features"),
            (("--features", "channel", "--folds", "100"), "folds"),
            (("--features", "channel", "--out", "/nowhere/uplift.csv"), "--out"),
            (("--features", "age", "--outcome", "channel"), "number"),
            (("--features", "age", "--treatment", "visit"), "control 'none'"),
        ],
    )
    def test_faults_are_named_in_one_line(self, file: Path, arguments, words: str):
        assert words in fault(file, *arguments)

    def test_a_treatment_of_three_values_is_refused(self, file: Path, tmp_path: Path):
        three = pl.read_csv(file).with_columns(
            pl.when(pl.col("age") > 60).then(pl.lit("call")).otherwise("arm").alias("arm")
        )
        three.write_csv(tmp_path / "three.csv")
        assert "two values" in fault(tmp_path / "three.csv", "--features", "channel")
