"""The whole `import_events` command against a bare COPY of the accepted rows into the same table.

    LAUNCHOPT_DATA=../shared/data python -m benchmarks.import

Both run in turn on a database of their own, which is made for it and thrown away. The command
counts from its start to its end: Python, reading, cleaning, removal of duplicates, rejects file.
The COPY counts alone, from data that lies ready in memory, in one transaction.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.homes import own_home

ROOT = Path(__file__).resolve().parents[2]
MAPPINGS = ROOT / "docs" / "howto" / "online_retail"
TABLE = "launchopt_audiences_event"
BAR = 2.5


def run_command(name: str, file: Path, *, rejects: Path) -> tuple[float, dict[str, Any]]:
    """Wall seconds of a whole import command, and its report."""
    mapping = MAPPINGS / f"{name.removeprefix('import_')}.toml"
    command = [sys.executable, "manage.py", name, str(file), "--mapping", str(mapping)]
    start = time.perf_counter()
    done = subprocess.run(
        [*command, "--rejects", str(rejects), "--json"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(done.stderr)
    return seconds, json.loads(done.stdout)


def accepted_rows() -> bytes:
    """What the command stored, as COPY writes it."""
    from django.db import connection

    with (
        connection.cursor() as cursor,
        cursor.copy(f'COPY (SELECT * FROM "{TABLE}") TO STDOUT') as out,
    ):
        return b"".join(bytes(block) for block in out)


def bare_copy(rows: bytes) -> float:
    """Seconds of a COPY of these rows into the emptied table, committed."""
    from django.db import connection, transaction

    empty()
    start = time.perf_counter()
    with (
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f'COPY "{TABLE}" FROM STDIN') as copy,
    ):
        for block in range(0, len(rows), 1 << 20):
            copy.write(rows[block : block + (1 << 20)])
    return time.perf_counter() - start


def empty() -> None:
    """No events; the months stay."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f'TRUNCATE "{TABLE}"')
        cursor.execute("CHECKPOINT")


def measure(file: Path, *, repeats: int, folder: Path) -> dict[str, Any]:
    """Best of some runs of each, in turn."""
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    run_command("import_products", file, rejects=folder / "products.csv")
    run_command("import_customers", file, rejects=folder / "customers.csv")
    commands, copies, report = [], [], {}
    for _ in range(repeats):
        empty()
        seconds, report = run_command("import_events", file, rejects=folder / "events.csv")
        commands.append(seconds)
        copies.append(bare_copy(accepted_rows()))
    return {
        **{name: report[name] for name in ("rows", "accepted", "duplicates", "rejected")},
        "command_seconds": min(commands),
        "copy_seconds": min(copies),
        "ratio": min(commands) / min(copies),
        "bar": BAR,
    }


def main() -> int:
    """Print the table; exit 1 where the bar is missed, 2 where the file is not there."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = Path(os.environ.get("LAUNCHOPT_DATA", ROOT.parent / "shared" / "data"))
    file = data / "online_retail.csv.gz"
    if not file.is_file():
        print(f"{file} is not there; name its folder in LAUNCHOPT_DATA.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="launchopt-import-") as folder:
        found = in_own_home(file, repeats=options.repeats, folder=Path(folder))
    show(found, as_json=options.json)
    return 0 if found["ratio"] <= BAR else 1


def in_own_home(file: Path, *, repeats: int, folder: Path) -> dict[str, Any]:
    """Measure on embedded services that nobody else uses, and stop them."""
    with own_home(folder):
        return measure(file, repeats=repeats, folder=folder)


def show(found: dict[str, Any], *, as_json: bool) -> None:
    """One line each."""
    if as_json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        said = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}"
        print(f"{name.replace('_', ' '):<16}{said:>12}")


if __name__ == "__main__":
    sys.exit(main())
