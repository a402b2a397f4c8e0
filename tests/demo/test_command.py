"""`manage.py demo` where something stands already."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from launchopt import testing
from launchopt.campaigns import services
from launchopt.campaigns.models import Launch
from launchopt_project.demo import truth_section
from launchopt_project.demo.comparison import Comparison
from launchopt_project.demo.management.commands import demo
from launchopt_project.demo.market import DEMO
from launchopt_project.demo.shop import fingerprint
from launchopt_project.demo.truth_section import keep_truth

NOW = datetime(2025, 9, 1, tzinfo=UTC)
TRUTH = Comparison(
    measured=0.01,
    low=-0.01,
    high=0.03,
    verdict="inconclusive",
    real=0.012,
    caused=12.0,
    caused_expected=11.0,
    contacts=300,
    reached=200,
    random=6.0,
    best=30.0,
    shoppers=4_000,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which the demo has built its shop."""
    for module in (demo, truth_section):
        monkeypatch.setattr(module, "home_path", lambda: tmp_path)
    folder = tmp_path / "demo"
    folder.mkdir()
    marker = {"fingerprint": fingerprint(DEMO), "stands": True}
    (folder / "shop.json").write_text(json.dumps(marker))
    return tmp_path


def finished_launch() -> Launch:
    product = testing.make_product("COF-NEW", now=NOW, title="Copper kettle")
    customers = testing.make_customers(20, now=NOW)
    launch = testing.make_running_launch(product=product, customers=customers, now=NOW)
    return services.finish_launch(launch=launch, by="pacing", now=NOW + timedelta(days=14))


def run_demo(**options: Any) -> str:
    out = io.StringIO()
    call_command("demo", stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


class TestRunningItAgain:
    def test_writes_the_report_of_the_launch_that_is_over_anew(self, home: Path, tmp_path: Path):
        keep_truth(TRUTH, launch=finished_launch().pk)
        words = run_demo(out=tmp_path / "report.html")
        page = (tmp_path / "report.html").read_text("utf-8")
        assert "Copper kettle (played before; its report is written again)" in words
        assert "Measured and true" in page
        assert "4,000 shoppers of this launch are simulated" in page
        assert "which includes zero: it is inconclusive" in page

    def test_gives_one_json_object_to_programs(self, home: Path, tmp_path: Path):
        launch = finished_launch()
        keep_truth(TRUTH, launch=launch.pk)
        report = json.loads(run_demo(out=tmp_path / "report.html", json=True))
        assert report["launch"] == str(launch.pk)
        assert report["was_finished"] is True
        assert report["truth"]["caused"] == 12.0

    def test_says_with_which_login_the_admin_opens(self, home: Path, tmp_path: Path):
        keep_truth(TRUTH, launch=finished_launch().pk)
        assert "Admin login: demo, password: " in run_demo(out=tmp_path / "report.html")

    def test_leaves_a_shop_of_ones_own_alone(self, home: Path, tmp_path: Path):
        (home / "demo" / "shop.json").unlink()
        finished_launch()
        with pytest.raises(CommandError, match="which the demo leaves alone"):
            run_demo(out=tmp_path / "report.html")
