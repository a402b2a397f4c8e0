"""The database goes away for ten seconds under a shop that runs, and nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from launchopt_project import embedded
from launchopt_project.embedded import Home, postgres
from launchopt_project.supervisor import Stack

ROOT = Path(__file__).resolve().parents[2]
AWAY_SECONDS = 10


@pytest.fixture
def home(tmp_path_factory: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    home = Home.at(tmp_path_factory.mktemp("outage") / "home")
    for ancestor in list(home.path.parents)[:3]:
        ancestor.chmod(ancestor.stat().st_mode | 0o001)
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LAUNCHOPT_HOME", str(home.path))
    monkeypatch.setenv("LAUNCHOPT_WEB_WORKERS", "1")
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")
    yield home
    embedded.stop(home)


def key_of(home: Home) -> str:
    words = [sys.executable, "manage.py", "create_api_key", "shop", "--json"]
    made = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(made.stdout)["key"]


def post(url: str, body: Any, *, key: str, seconds: float = 40) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(
        url,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def views(first: int, count: int) -> list[dict[str, str]]:
    return [
        {
            "customer": "anna",
            "sku": "KETTLE",
            "kind": "view",
            "occurred_at": "2026-03-01T09:00:00Z",
            "message_id": f"view-{number}",
        }
        for number in range(first, first + count)
    ]


def test_events_sent_while_the_database_is_away_are_stored_once(home: Home):
    with Stack(has_beat=False) as stack:
        key, events = key_of(home), f"{stack.url}/api/v1/events/"
        product = {"sku": "KETTLE", "title": "Copper kettle"}
        assert post(f"{stack.url}/api/v1/products/", product, key=key)[0] == 201
        assert post(events, views(0, 5), key=key)[1]["accepted"] == 5

        postgres.stop(home)
        back = threading.Timer(AWAY_SECONDS, lambda: embedded.start_database(home))
        back.start()
        status, body = post(events, views(5, 5), key=key)
        back.join()

        assert status in (202, 503), body
        if status == 503:
            assert body["title"] == "Try again soon."
        deadline = time.monotonic() + 30
        while status != 202:
            assert time.monotonic() < deadline, body
            status, body = post(events, views(5, 5), key=key)
        again = post(events, views(0, 10), key=key)
        assert again == (202, {"accepted": 0, "duplicates": 10, "rejected": []})
