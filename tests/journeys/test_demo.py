"""The demo on a small market with a real worker: interrupted, gone on with, and told again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from launchopt import jobs
from launchopt.campaigns.models import Launch
from launchopt.operations.models import Run
from launchopt_project.demo import story, truth_section
from launchopt_project.demo.market import DEMO
from launchopt_project.demo.story import Story

SMALL = replace(DEMO.smaller(shoppers=300, products=72), interval_hours=56)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.fixture
def stage_set(
    settings: Any,
    live_server: Any,
    real_worker: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Path:
    """A web server and a worker that run already, in the place of the demo's own processes."""
    settings.LAUNCHOPT = {**settings.LAUNCHOPT, "ALLOW_CLIENT_CLOCK": True}

    @contextmanager
    def running() -> Iterator[Any]:
        yield SimpleNamespace(url=live_server.url, tend=lambda: None, wait_until_ready=lambda: None)

    monkeypatch.setattr(story, "running_stack", running)
    monkeypatch.setattr(truth_section, "home_path", lambda: tmp_path)
    return tmp_path / "demo"


class TestTheDemo:
    def test_goes_on_where_it_was_interrupted_and_is_told_again_without_playing(
        self, stage_set: Path, monkeypatch: pytest.MonkeyPatch
    ):
        told = Story(SMALL, folder=stage_set, sku="COF-NEW")

        # It is interrupted in the middle of the fortnight, after the shop has acted.
        calls: list[datetime] = []
        real = story.run_due

        def interrupted(until: datetime) -> None:
            calls.append(until)
            if len(calls) == 3:
                raise KeyboardInterrupt
            real(until)

        monkeypatch.setattr(story, "run_due", interrupted)
        with pytest.raises(KeyboardInterrupt):
            told.tell()
        assert Launch.objects.get().status == Launch.Status.RUNNING

        # Run again, it neither imports, learns nor plans anew, and plays on to the end.
        asked_for = Run.objects.exclude(job=jobs.UPDATE_WEIGHTS.name)  # which its results do
        runs = asked_for.count()
        first = told.tell()
        assert asked_for.count() == runs
        assert first.launch.status == Launch.Status.FINISHED
        assert first.was_finished is False
        counted = story.launch_report(first.launch)["totals"]["exposures"]
        assert counted == first.comparison.contacts > 0
        assert 0 <= first.comparison.caused <= first.comparison.best

        # Run once more, it only tells what is known.
        played = len(calls)
        again = told.tell()
        assert again.was_finished is True
        assert again.comparison == first.comparison
        assert len(calls) == played
