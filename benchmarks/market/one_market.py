"""One market from its import to its score, through the promised commands and REST alone."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.market import histories, playing
from benchmarks.market.people import People
from benchmarks.market.scoring import Score, score

BY = "market"


class Refused(RuntimeError):
    """LaunchOpt answered with an error; the message holds its words."""


class Shop:
    """LaunchOpt in this process, by its commands and its REST API."""

    def __init__(self, *, is_nightly: bool) -> None:
        from django.test import Client

        from launchopt.operations.services import create_api_key

        self._is_nightly = is_nightly
        key = create_api_key(name=BY, group="integration", now=datetime.now(UTC))
        self._client = Client(SERVER_NAME="localhost", headers={"authorization": f"Bearer {key}"})

    def command(self, *words: str) -> Any:
        """What a command answers with --json."""
        from django.core.management import call_command

        out = StringIO()
        call_command(*words, "--json", stdout=out, stderr=StringIO())
        return json.loads(out.getvalue())

    def decide(self, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """`POST decisions/`."""
        return self._post("decisions/", questions)

    def record(self, events: list[dict[str, Any]]) -> None:
        """`POST events/`; the market knows its goods, so that a rejection is an error."""
        report = self._post("events/", events)
        if report["rejected"]:
            raise Refused(str(report["rejected"][0]))

    def run_due(self, until: str) -> None:
        """`run_due --until`; by default without the nightly learning, which moves no launch."""
        if self._is_nightly:
            report = self.command("run_due", "--until", until)
        else:
            report = _delivery_due(until)
        if report["failed"]:
            raise Refused(f"run_due: {[job for job in report['jobs'] if job['error']]}")

    def _post(self, path: str, body: Any) -> Any:
        answer = self._client.post(f"/api/v1/{path}", body, content_type="application/json")
        if answer.status_code >= 400:
            raise Refused(f"{path}: {answer.status_code} {answer.content[:300]!r}")
        return answer.json()


def run(
    *, seed: int, customers: int, budget: str, cost: str, step_hours: int, cap: str, nightly: bool
) -> Score:
    """Import, plan, play, score. The database is empty and migrated."""
    rng = np.random.default_rng(seed)
    people = People.draw(customers, rng=rng)
    shop = Shop(is_nightly=nightly)
    with tempfile.TemporaryDirectory() as folder:
        _import(shop, people, folder=Path(folder), rng=rng)
        start = histories.START.isoformat()
        shop.command("train_interest", "--as-of", start)
        propensity = _propensity(shop, people, folder=Path(folder), as_of=start)
    words = [histories.NEW_SKU, "--budget", budget, "--currency", "GBP", "--start", start]
    words += ["--days", str(playing.DAYS), "--channel", f"onsite:{cost}", "--as-of", start]
    launch = shop.command("plan_launch", *words, *(["--cap", cap] if cap else []), "--wait")
    shop.command("approve_launch", launch["launch"], "--by", BY)
    shop.command("start_launch", launch["launch"], "--at", start)
    times, was_open = playing.play(people, shop, step_hours=step_hours, rng=rng)
    report = shop.command("launch_report", launch["launch"])
    return score(
        people,
        times,
        was_open=was_open,
        propensity=propensity,
        contacts=int(float(budget) / float(cost)),
        spent=float(report["totals"]["spend"]) / float(budget),
    )


def _delivery_due(until: str) -> dict[str, Any]:
    from launchopt import jobs
    from launchopt_workers import due

    delivery = (jobs.PACE_LAUNCHES, jobs.ROLL_UP_METRICS, jobs.UPDATE_WEIGHTS)
    at = datetime.fromisoformat(until)
    return due.summary_of(due.run_due(until=at, now=datetime.now(UTC), only=delivery), until=at)


def _import(shop: Shop, people: People, *, folder: Path, rng: np.random.Generator) -> None:
    shown, bought = histories.past_launches(people, rng=rng)
    everyday = histories.everyday(people, rng=rng)
    for name, command, rows, extra in (
        ("products", "import_products", histories.products(), ()),
        ("customers", "import_customers", histories.customers(people), ()),
        ("everyday", "import_events", everyday, ()),
        ("shown", "import_events", shown, ("--exposures-randomised",)),
        ("bought", "import_events", bought, ()),
    ):
        report = shop.command(command, str(_written(folder / f"{name}.csv", rows)), *extra)
        if report["rejected"]:
            raise Refused(f"{command}: {report['reasons']}")


def _written(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    names = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _propensity(shop: Shop, people: People, *, folder: Path, as_of: str) -> np.ndarray:
    """The learned chance to buy, (customers,): what is targeted by where effects are unknown."""
    path = folder / "scores.csv"
    words = ["score_interest", "--sku", histories.NEW_SKU, "--as-of", as_of, "--out", str(path)]
    shop.command(*words, "--horizon-days", str(playing.DAYS))
    found = np.zeros(len(people))
    with path.open() as file:
        for row in csv.DictReader(file):
            found[int(row["customer"][1:])] = float(row["probability"])
    return found
