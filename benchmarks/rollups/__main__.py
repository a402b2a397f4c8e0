"""Rollups from nothing beside plain SQL, and a tick over the newest events on top.

    python -m benchmarks.rollups [--events 10000000] [--new 10000] [--json]

The shop is generated straight into an embedded PostgreSQL of its own, thrown away afterwards; it
takes about 1 KB of disk for each event. Two statements, one for the counts and one for the
experiments' sufficient statistics, and the rollups take turns and make the same rows, which is
checked. A tick confirms what was seen and counts it, as the worker's does.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.homes import own_home

BYTES = 1_500  # of disk for each event, with room to sort them
NOTHING = 1.5  # times the statement's time, at most
TICK = 1 / 20  # of the time from nothing, at most
MEMORY = "256MB"  # for each sort of the statement, as a session of analysis has


def main() -> int:
    """Print the table; exit 1 where a bar is missed."""
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix="launchopt-rollups-", dir=options.folder))
    try:
        _check_disk(folder, options.events)
        found = _in_own_home(folder, options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name.replace('_', ' '):<44}{value:>16,.4g}")
    return 0 if found["ratio_from_nothing"] <= NOTHING and found["ratio_of_tick"] <= TICK else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--new", type=int, default=10_000, help="Events of each tick.")
    parser.add_argument("--rounds", type=int, default=2, help="Turns from nothing.")
    parser.add_argument("--ticks", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="Where the database may stand.")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _check_disk(folder: Path, events: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < 2 * events * BYTES:
        sys.exit(f"{folder} has {free / 1e9:.0f} GB free; {2 * events * BYTES / 1e9:.0f} needed.")


def _in_own_home(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    with own_home(folder):
        return _measure(options)


def _measure(options: argparse.Namespace) -> dict[str, Any]:
    from django.core.management import call_command

    from benchmarks.rollups import peer, shop  # noqa: F401 - all that is measured is at hand
    from launchopt_workers.rollups import rollup  # noqa: F401

    call_command("migrate", verbosity=0)
    built = _seconds(lambda: shop.build(events=options.events))
    _say(f"{options.events:,} events stand after {built:.0f} s")
    nothing: dict[str, list[float]] = {"statement": [], "rollups": []}
    for _ in range(options.rounds):
        nothing["statement"].append(_seconds(_statement))
        nothing["rollups"].append(_seconds(_from_nothing))
        _say(f"from nothing: {nothing}")
    different = _different()
    _vacuum()
    ticks = [_tick(options.new, number) for number in range(options.ticks)]
    _say(f"ticks: {ticks}")
    rebuilt = _is_rebuilt_alike()
    statement, rollups = (statistics.median(found) for found in nothing.values())
    tick = statistics.median(ticks)
    return {
        "events": options.events,
        "new_events_a_tick": options.new,
        "rows": _value("SELECT count(*) FROM launchopt_experiments_metricrollup"),
        "rows_of_moments": _value("SELECT count(*) FROM launchopt_experiments_momentrollup"),
        "rows_that_differ_from_the_statement": different,
        "rows_that_a_rebuild_changes": rebuilt,
        "statement_seconds": statement,
        "from_nothing_seconds": rollups,
        "ratio_from_nothing": rollups / statement,
        "tick_seconds": tick,
        "ratio_of_tick": tick / rollups,
        "gigabytes_of_database": _value("SELECT pg_database_size(current_database())") / 1e9,
    }


def _statement() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(_peer().CREATE)
        cursor.execute(f"SET work_mem = '{MEMORY}'")
        cursor.execute(_peer().STATEMENT)
        cursor.execute(_peer().MOMENTS)
        cursor.execute("RESET work_mem")


def _from_nothing() -> None:
    from django.db import connection

    from launchopt.operations.models import JobClock
    from launchopt_workers.rollups import rollup

    with connection.cursor() as cursor:
        for own, _ in _peer().KEPT.values():
            cursor.execute(f"TRUNCATE {own}")
    JobClock.objects.filter(job=rollup.NAME).delete()
    rollup.roll_up()


def _tick(new: int, number: int) -> float:
    """The seconds of one tick, its events being the only new ones."""
    from benchmarks.rollups import shop
    from launchopt_workers.rollups import rollup

    shop.add(events=new, tick=number)
    return _seconds(rollup.roll_up)


def _is_rebuilt_alike() -> int:
    """How many rows a full rebuild makes otherwise."""
    from django.db import connection

    from launchopt_workers.rollups import rollup

    with connection.cursor() as cursor:
        cursor.execute(_peer().CREATE)
        for table in _peer().KEPT:
            cursor.execute(_peer().remember(table))
    rollup.rebuild()
    return _different()


def _different() -> int:
    """Rows of the rollups that the statements made otherwise."""
    return sum(int(_value(_peer().different(table))) for table in _peer().KEPT)


def _peer() -> Any:
    from benchmarks.rollups import peer

    return peer


def _vacuum() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _value(query: str) -> Any:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchone()[0]


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
