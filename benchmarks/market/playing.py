"""The fortnight of the launch: customers come by, the shop asks, and tells what came of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Protocol

import numpy as np

from benchmarks.market.histories import LAUNCH_CATEGORY, NEW_SKU, START, name_of
from benchmarks.market.people import Bools, Ints, People

DAYS = 14
HOURS = np.array([1, 1, 1, 1, 1, 1, 2, 4, 6, 7, 7, 7, 8, 7, 7, 7, 8, 9, 10, 10, 9, 7, 4, 2.0])
BATCH = 500


class Shop(Protocol):
    """What the market asks of LaunchOpt."""

    def decide(self, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """`POST decisions/`."""

    def record(self, events: list[dict[str, Any]]) -> None:
        """`POST events/`."""

    def run_due(self, until: str) -> None:
        """`run_due --until`."""


def visits_of(people: People, *, rng: np.random.Generator) -> np.ndarray:
    """Everybody's visits in order: (visits, 2), hours since the start and the customer."""
    who = np.repeat(np.arange(len(people)), rng.poisson(people.visits))
    day = rng.integers(DAYS, size=len(who))
    hour = rng.choice(24, size=len(who), p=HOURS / HOURS.sum())
    at = day * 24.0 + hour + rng.random(len(who))
    order = np.argsort(at)
    return np.column_stack([at[order], who[order]])


def play(
    people: People, shop: Shop, *, step_hours: int, rng: np.random.Generator
) -> tuple[Ints, Bools]:
    """How often each was contacted, and who came by and was not held out: (customers,) each."""
    visits = visits_of(people, rng=rng)
    luck, moment = rng.random(len(people)), rng.random(len(people)) * DAYS * 24
    alone, contacted = people.alone(LAUNCH_CATEGORY), people.contacted(LAUNCH_CATEGORY)
    times = np.zeros(len(people), int)
    bought, was_open = np.zeros(len(people), bool), np.zeros(len(people), bool)
    for since in range(0, DAYS * 24, step_hours):
        until = since + step_hours
        now = visits[(visits[:, 0] >= since) & (visits[:, 0] < until)]
        events = []
        for at, who, answer in _answers(now, shop):
            was_open[who] = answer["variant"] != "holdout"
            if answer["creative"] is None:
                continue
            times[who] += 1
            about = {"customer": name_of(who), "sku": NEW_SKU, "decision_id": answer["decision_id"]}
            events.append(about | {"kind": "exposure", "occurred_at": _at(at + 0.001)})
            if not bought[who] and times[who] == 1 and luck[who] < contacted[who]:
                events.append(_purchase(about, at + 0.01 + 0.2 * rng.random()))
                bought[who] = True
        natural = (moment < until) & (moment >= since) & (luck < alone) & (times == 0) & ~bought
        for who in np.flatnonzero(natural).tolist():
            bought[who] = True
            events.append(_purchase({"customer": name_of(who), "sku": NEW_SKU}, moment[who]))
        for first in range(0, len(events), BATCH):
            shop.record(events[first : first + BATCH])
        if until % 24 == 0:
            shop.run_due(_at(float(until)))
    return times, was_open


def _answers(visits: np.ndarray, shop: Shop) -> Iterator[tuple[float, int, dict[str, Any]]]:
    for first in range(0, len(visits), BATCH):
        part = visits[first : first + BATCH]
        asked = [
            {"customer": name_of(int(who)), "placement": "home", "context": {}, "at": _at(at)}
            for at, who in part
        ]
        for (at, who), answer in zip(part, shop.decide(asked), strict=True):
            yield float(at), int(who), answer


def _purchase(about: dict[str, Any], at: float) -> dict[str, Any]:
    sale = {"quantity": 1, "price": "19.90", "currency": "GBP"}
    return about | sale | {"kind": "purchase", "occurred_at": _at(at)}


def _at(hours: float) -> str:
    return (START + timedelta(hours=hours)).isoformat()
