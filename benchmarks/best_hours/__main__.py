"""Whether customers come back in the hours that were learned to be theirs, in two real shops.

    python -m benchmarks.best_hours [--own 50] [--test] [--json]

Purchases of half a year are stored in an embedded PostgreSQL of its own, thrown away afterwards;
`learn_best_hours` learns from them, and the purchases of the three months after it tell in which
share of their hours customers were there in their best hour, or next to it. Beside it stand
everybody's best hour, and each customer's own most frequent one. By default months on which the
strength of the priors was chosen; with `--test` the last three months of `online_retail`.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import uuid
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.homes import own_home

DAYS = timedelta(days=92)
OPEN = range(8, 21)  # hours in which customers may be written to
SHOPS = {"online_retail": datetime(2011, 6, 1, tzinfo=UTC),
         "complete_journey": datetime(2017, 7, 1, tzinfo=UTC)}  # fmt: skip
TEST = {"online_retail": datetime(2011, 9, 1, tzinfo=UTC)}
Hours = Mapping[str, tuple[int, int]]  # customer -> best hour on working days and at weekends


@dataclass(frozen=True)
class Visits:
    """In which hours each customer bought something, each once."""

    at: list[tuple[str, datetime]]

    def between(self, since: datetime, until: datetime) -> Visits:
        """Those in [since, until)."""
        return Visits([(who, at) for who, at in self.at if since <= at < until])

    def by_class(self) -> dict[tuple[str, bool], Counter[int]]:
        """How often in which hour, by customer and whether it was a weekend."""
        found: dict[tuple[str, bool], Counter[int]] = defaultdict(Counter)
        for who, at in self.at:
            found[who, at.weekday() >= 5][at.hour] += 1
        return found


def main() -> int:
    """Print the table."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="launchopt-hours-"))
    try:
        found = _in_own_home(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(found))
    else:
        _print(found)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--own", type=float, help="Hours that the habits of others count as.")
    parser.add_argument("--test", action="store_true", help="The months that chose nothing.")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _in_own_home(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    with own_home(folder):
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        cases = TEST if options.test else SHOPS
        return {name: _measure(name, cut, own=options.own) for name, cut in cases.items()}


def _measure(name: str, cut: datetime, *, own: float | None) -> dict[str, Any]:
    visits = _visits_of(name)
    before = visits.between(cut - timedelta(days=180), cut)
    after = visits.between(cut, cut + DAYS)
    ours = _learned(before, now=cut, own=own)
    usual = _usual(before)
    return {
        "customers": len(ours),
        "hours": sum(1 for who, at in after.at if who in ours and at.hour in OPEN),
        "ours": _shares(after, ours),
        "everybody": _shares(after, dict.fromkeys(ours, usual)),
        "most_frequent": _shares(after, _most_frequent(before, usual=usual)),
    }


def _visits_of(name: str) -> Visits:
    """(customer, start of the hour), each once."""
    import polars as pl

    from benchmarks.shops import data_file

    if name == "online_retail":
        rows = pl.read_csv(data_file("online_retail.csv.gz"), infer_schema=False)
        who, at = "CustomerID", "InvoiceDate"
    else:
        rows = pl.read_csv(
            data_file("complete_journey/transactions_sample.csv.gz"), infer_schema=False
        )
        who, at = "household_id", "transaction_timestamp"
    told = rows.filter(pl.col(who).is_not_null() & (pl.col(who) != ""))
    hours = told.select(
        pl.col(who).alias("who"), pl.col(at).str.to_datetime().dt.truncate("1h").alias("at")
    ).unique()
    return Visits([(str(w), t.replace(tzinfo=UTC)) for w, t in hours.sort("who", "at").iter_rows()])


def _learned(before: Visits, *, now: datetime, own: float | None) -> Hours:
    from launchopt.audiences.models import Customer, Event
    from launchopt.campaigns.models import BestHours
    from launchopt.campaigns.services import best_hours

    Event.objects.all().delete()
    BestHours.objects.all().delete()
    Customer.objects.all().delete()
    names = sorted({who for who, _ in before.at})
    people = Customer.objects.bulk_create(
        Customer(external_id=name, created_at=now, updated_at=now) for name in names
    )
    known = {row.external_id: row for row in people}
    Event.objects.bulk_create(
        (
            Event(
                message_id=uuid.uuid4(), customer=known[who], kind="purchase", occurred_at=at,
                received_at=at,
            )
            for who, at in before.at
        ),
        batch_size=5_000,
    )  # fmt: skip
    if own is not None:
        best_hours.OWN_PRIOR = own
    best_hours.learn_best_hours(now=now)
    rows = BestHours.objects.values_list("customer__external_id", "weekday", "weekend")
    return {who: (weekday, weekend) for who, weekday, weekend in rows}


def _usual(before: Visits) -> tuple[int, int]:
    """The hours in which most were there."""
    counts = {False: Counter[int](), True: Counter[int]()}
    for (_, is_weekend), hours in before.by_class().items():
        counts[is_weekend] += Counter({h: n for h, n in hours.items() if h in OPEN})
    weekday, weekend = (max(counts[c], key=lambda h: counts[c][h], default=12) for c in counts)
    return weekday, weekend


def _most_frequent(before: Visits, *, usual: tuple[int, int]) -> Hours:
    found: dict[str, list[int]] = {}
    for (who, is_weekend), hours in before.by_class().items():
        open_hours = [h for h, _ in hours.most_common() if h in OPEN]
        if open_hours:
            found.setdefault(who, list(usual))[is_weekend] = open_hours[0]
    return {who: (best[0], best[1]) for who, best in found.items()}


def _shares(after: Visits, hours: Hours) -> tuple[float, float]:
    """The share of later hours, not at night, that were the best ones, and next to them."""
    met = near = seen = 0
    for who, at in after.at:
        if who in hours and at.hour in OPEN:
            gap = abs(at.hour - hours[who][at.weekday() >= 5])
            seen, met, near = seen + 1, met + (gap == 0), near + (gap <= 1)
    return round(met / max(seen, 1), 4), round(near / max(seen, 1), 4)


def _print(found: Mapping[str, Mapping[str, Any]]) -> None:
    ways = ("ours", "everybody", "most_frequent")
    print(f"{'share of later hours in the best one (or next to it)':<54}", end="")
    print("".join(f"{way.replace('_', ' '):>20}" for way in ways))
    for shop, row in found.items():
        cells = (f"{row[way][0]:.4f} ({row[way][1]:.3f})" for way in ways)
        title = f"{shop}, {row['customers']:,} customers, {row['hours']:,} hours"
        print(f"{title:<54}" + "".join(f"{cell:>20}" for cell in cells))


if __name__ == "__main__":
    raise SystemExit(main())
