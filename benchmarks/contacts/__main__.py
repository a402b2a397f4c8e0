"""A million decisions by the core's rules, and what a checker that shares no code finds broken.

    python -m benchmarks.contacts

Customers live in every time zone that there is; the days hold both changes of clocks. They agree
and withdraw, buy, and are asked about in four channels; three launches share caps and each has a
budget. The rules decide (`launchopt_core.delivery`); the checker goes over what was shown with
whole arrays, local clocks by `zoneinfo`, and counts contacts, quiet hours, consents and money.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from launchopt_core.delivery import Situation, has_room, is_quiet, verdict_on

FIRST_DAYS = (datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 10, 22, tzinfo=UTC))
LENGTH = timedelta(days=28)  # both hold the days on which clocks change, in each hemisphere
CHANNELS = ("onsite", "app", "email", "sms")
OUTBOUND = ("email", "sms")
CAP, WINDOW = 3, timedelta(hours=24)
COST = Decimal("0.02")


@dataclass
class Person:
    """A customer: where, whether they agree, until when they have not bought, who spoke to them."""

    zone: str | None
    agreed: list[tuple[datetime, bool]]
    bought_at: datetime
    contacts: list[datetime] = field(default_factory=list)

    def agrees_at(self, now: datetime) -> bool:
        """The last word before now."""
        return [yes for at, yes in self.agreed if at <= now][-1]


@dataclass
class Shown:
    """What was shown, for the checker."""

    customer: list[int] = field(default_factory=list)
    at: list[datetime] = field(default_factory=list)
    channel: list[str] = field(default_factory=list)
    launch: list[int] = field(default_factory=list)

    def add(self, customer: int, at: datetime, channel: str, launch: int) -> None:
        """One contact more."""
        self.customer.append(customer)
        self.at.append(at)
        self.channel.append(channel)
        self.launch.append(launch)


def main() -> int:
    """Print what was decided and what was broken; exit 1 where anything was."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--decisions", type=int, default=1_000_000)
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start, report = time.perf_counter(), Counter[str]()
    for number, first_day in enumerate(FIRST_DAYS):
        rng = np.random.default_rng([options.seed, number])
        people = [_person(zone, first_day, rng) for zone in _zones(options.customers, rng)]
        count = options.decisions // len(FIRST_DAYS)
        budgets = [COST * (count // share) for share in (5, 20, 2000)]
        shown, reasons = _decide(people, count, first_day, budgets, rng)
        report += reasons
        report.update(_broken(people, shown, budgets))
        report.update(decisions=count)
    report["seconds"] = round(time.perf_counter() - start)
    print(json.dumps(report, sort_keys=True))
    return 1 if any(count for name, count in report.items() if name.startswith("broken")) else 0


def _zones(count: int, rng: np.random.Generator) -> list[str | None]:
    """Every zone that there is, and some customers of whom nobody knows it."""
    known = [None, *sorted(available_timezones() - {"localtime"})]
    return [known[number % len(known)] for number in rng.permutation(count)]


def _person(zone: str | None, first_day: datetime, rng: np.random.Generator) -> Person:
    words = [(first_day - LENGTH, bool(rng.random() < 0.8))]
    if rng.random() < 0.3:
        words.append((first_day + LENGTH * rng.random(), not words[0][1]))
    return Person(zone, words, first_day + LENGTH * float(rng.random() * 4))


def _decide(
    people: list[Person],
    count: int,
    first_day: datetime,
    budgets: list[Decimal],
    rng: np.random.Generator,
) -> tuple[Shown, Counter[str]]:
    """Ask about somebody, somewhere, `count` times; what is shown takes its place and its money."""
    shown, reasons, left = Shown(), Counter[str](), list(budgets)
    seconds = np.sort(rng.random(count)) * LENGTH.total_seconds()
    customers = rng.integers(len(people), size=count)
    channels, launches = rng.integers(len(CHANNELS), size=count), rng.integers(3, size=count)
    for second, customer, number, launch in zip(
        seconds.tolist(), customers.tolist(), channels.tolist(), launches.tolist(), strict=True
    ):
        person, channel = people[customer], CHANNELS[number]
        now = first_day + timedelta(seconds=second)
        verdict = verdict_on(_situation(person, channel, now, left[launch]))
        reasons[str(verdict.reason)] += 1
        if verdict.is_shown:
            person.contacts.append(now)
            left[launch] -= COST
            shown.add(customer, now, channel, launch)
    return shown, reasons


def _situation(person: Person, channel: str, now: datetime, left: Decimal) -> Situation:
    return Situation(
        has_consent=person.agrees_at(now),
        has_room_under_cap=has_room(person.contacts[-CAP:], now, WINDOW, CAP),
        is_suppressed=person.bought_at <= now
        or (channel in OUTBOUND and is_quiet(now, person.zone)),
        has_budget=left >= COST,
        has_creative=True,
    )


def _broken(people: list[Person], shown: Shown, budgets: list[Decimal]) -> dict[str, int]:
    """How often each rule was broken by what was shown."""
    customer = np.array(shown.customer)
    at = np.array([moment.timestamp() for moment in shown.at])
    spent = np.bincount(shown.launch, minlength=len(budgets))
    return {
        "broken_caps": _over_cap(customer, at),
        "broken_quiet_hours": sum(
            _is_night(people[who].zone, moment)
            for who, moment, channel in zip(shown.customer, shown.at, shown.channel, strict=True)
            if channel in OUTBOUND
        ),
        "broken_consents": sum(
            not _agreed(people[who], moment)
            for who, moment in zip(shown.customer, shown.at, strict=True)
        ),
        "broken_budgets": sum(
            int(count) * COST > budget for count, budget in zip(spent, budgets, strict=True)
        ),
        "broken_suppressions": sum(
            people[who].bought_at <= moment
            for who, moment in zip(shown.customer, shown.at, strict=True)
        ),
    }


def _over_cap(customer: np.ndarray, at: np.ndarray) -> int:
    """Contacts that are one too many of any window: the one CAP places later comes too soon."""
    order = np.lexsort((at, customer))
    who, when = customer[order], at[order]
    same = who[CAP:] == who[:-CAP]
    return int((same & (when[CAP:] - when[:-CAP] < WINDOW.total_seconds())).sum())


def _is_night(zone: str | None, moment: datetime) -> bool:
    if zone is None:
        return True
    clock = moment.astimezone(ZoneInfo(zone)).hour
    return not 8 <= clock < 21


def _agreed(person: Person, moment: datetime) -> bool:
    last = max((at, yes) for at, yes in person.agreed if at <= moment)
    return last[1]


if __name__ == "__main__":
    sys.exit(main())
