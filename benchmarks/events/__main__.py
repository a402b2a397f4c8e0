"""`POST events/` with 500 events a request against a DRF ModelSerializer with `bulk_create`.

    python -m benchmarks.events

Whole requests through Django's handler in one process, in turn, on a database that is made for it
and thrown away. LaunchOpt's requests carry an API key, name customers and products by the shop's
ids, and hold one message in twenty a second time. The peers are described in `peer.py`; the bar is
against the quicker one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np

from benchmarks.homes import own_home

BAR = 3.0
BATCH = 500
CUSTOMERS, PRODUCTS = 4_000, 500
SINCE = datetime(2026, 3, 1, tzinfo=UTC)
Event = dict[str, Any]


def batches(rng: np.random.Generator) -> Iterator[list[Event]]:
    """Batches of purchases and views; one message in twenty comes a second time in its batch."""
    while True:
        batch = [_event(rng) for _ in range(BATCH - BATCH // 20)]
        yield [*batch, *batch[: BATCH // 20]]


def _event(rng: np.random.Generator) -> Event:
    at = SINCE + timedelta(seconds=int(rng.integers(30 * 86_400)))
    return {
        "customer": int(rng.integers(CUSTOMERS)),
        "product": int(rng.integers(PRODUCTS)),
        "kind": "purchase" if rng.random() < 0.3 else "view",
        "occurred_at": at.isoformat(),
        "quantity": int(rng.integers(1, 5)),
        "price": f"{rng.random() * 50:.2f}",
        "currency": "GBP",
        "order_id": f"O-{rng.integers(1_000_000)}",
        "message_id": str(UUID(bytes=rng.bytes(16), version=4)),
    }


def named(event: Event) -> Event:
    """As LaunchOpt takes it: the shop's own ids."""
    rest = {name: value for name, value in event.items() if name != "product"}
    return rest | {"customer": f"c{event['customer']}", "sku": f"P{event['product']}"}


def plain(event: Event) -> Event:
    """As the plain peer takes it."""
    return event | {"customer": f"c{event['customer']}", "product": f"P{event['product']}"}


def tuned(event: Event, *, first_customer: int, first_product: int) -> Event:
    """As the tuned peer takes it: numbers of rows."""
    rest = {k: v for k, v in event.items() if k not in ("customer", "product")}
    return rest | {
        "customer_id": first_customer + event["customer"],
        "product_id": first_product + event["product"],
    }


def build_shop() -> dict[str, int]:
    """Customers and products, numbered in their order."""
    from django.utils import timezone

    from launchopt.audiences.models import Customer
    from launchopt.catalog.models import Product

    now = {"created_at": timezone.now(), "updated_at": timezone.now()}
    customers = Customer.objects.bulk_create(
        Customer(external_id=f"c{n}", **now) for n in range(CUSTOMERS)
    )
    products = Product.objects.bulk_create(
        Product(sku=f"P{n}", title=f"Product {n}", **now) for n in range(PRODUCTS)
    )
    return {"first_customer": customers[0].pk, "first_product": products[0].pk}


def posters(ids: dict[str, int]) -> dict[str, Callable[[list[Event]], float]]:
    """For each way, a function that posts a batch and gives the seconds that it took."""
    from django.test import Client
    from django.utils import timezone

    from launchopt.operations.services import create_api_key

    key = create_api_key(name="benchmark", group="integration", now=timezone.now())
    client = Client()

    def post(path: str, rows: list[Event], **headers: str) -> float:
        body = json.dumps(rows)
        start = time.perf_counter()
        answer = client.post(path, body, content_type="application/json", **headers)
        seconds = time.perf_counter() - start
        if answer.status_code != 202:
            sys.exit(f"{path} answered {answer.status_code}: {answer.content[:300]!r}")
        return seconds

    bearer = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    return {
        "launchopt": lambda b: post("/api/v1/events/", [named(e) for e in b], **bearer),
        "plain": lambda b: post("/plain/", [plain(e) for e in _unique(b)]),
        "tuned": lambda b: post("/tuned/", [tuned(e, **ids) for e in b]),
    }


def _unique(batch: list[Event]) -> list[Event]:
    """The plain peer refuses a batch with a message twice, so it is spared them."""
    return list({event["message_id"]: event for event in batch}.values())


def measure(*, requests: int, seed: int) -> dict[str, float]:
    """Events a second of each way, by the median of its requests."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    ways = posters(build_shop())
    source = batches(np.random.default_rng(seed))
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(requests + 3):
        for name, post in ways.items():
            seconds = post(next(source))
            times[name] += [seconds] if number >= 3 else []  # the first ones warm up
    rates = {name: BATCH / float(np.median(found)) for name, found in times.items()}
    return {
        "launchopt_events_per_second": rates["launchopt"],
        "drf_plain_events_per_second": rates["plain"],
        "drf_tuned_events_per_second": rates["tuned"],
        "ratio_plain": rates["launchopt"] / rates["plain"],
        "ratio": rates["launchopt"] / rates["tuned"],
        "bar": BAR,
    }


def main() -> int:
    """Print the table; exit 1 where the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="launchopt-events-") as folder:
        found = in_own_home(Path(folder), requests=options.requests, seed=options.seed)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):<30}{value:>12,.1f}")
    return 0 if found["ratio"] >= BAR else 1


def in_own_home(folder: Path, *, requests: int, seed: int) -> dict[str, float]:
    """Measure on embedded services that nobody else uses, and stop them."""
    with own_home(folder, settings="benchmarks.events.settings"):
        return measure(requests=requests, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
