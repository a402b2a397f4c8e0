"""The demo shop in this home: its market, written to files and imported by the import commands."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.core.management import call_command

from launchopt.audiences.models import Customer
from launchopt.catalog.models import Product
from launchopt.operations.errors import Conflict
from launchopt_project.demo.files import MarketFiles, write_files
from launchopt_project.demo.market import Market, Parameters

Import = tuple[str, str, Path, dict[str, Any]]


class AnotherShop(Conflict):
    """This home holds a shop that the demo did not build, or built otherwise."""


def check_home(parameters: Parameters, *, folder: Path) -> bool:
    """Whether the demo shop of these parameters stands here already.

    Raises AnotherShop where the home holds products or customers of another origin.
    """
    marker = folder / "shop.json"
    if marker.exists():
        kept = json.loads(marker.read_text("utf-8"))
        if kept["fingerprint"] != fingerprint(parameters):
            raise AnotherShop(
                "The demo shop of this home was built with other parameters. "
                "Name an empty folder: LAUNCHOPT_HOME=.launchopt-new make demo."
            )
        return bool(kept["stands"])
    if Product.objects.exists() or Customer.objects.exists():
        raise AnotherShop(
            "This home holds a shop of your own, which the demo leaves alone. "
            "Name an empty folder: LAUNCHOPT_HOME=.launchopt-demo make demo."
        )
    return False


def build_shop(
    market: Market, *, folder: Path, around: Callable[[str, Callable[[], Any]], Any]
) -> None:
    """Write the market's files and import them; `around(title, work)` shows each step.

    Interrupted, it is done again: importing a file twice changes nothing.
    """
    _mark(market.parameters, folder=folder, stands=False)
    files = around("Write the shop's files", lambda: write_files(market, folder=folder))
    for title, command, file, options in _imports(files):
        report = around(title, partial(_run, command, file, **options))
        if report["rejected"]:
            raise AnotherShop(f"{file.name}: rows were rejected: {report['reasons']}")
    _mark(market.parameters, folder=folder, stands=True)


def fingerprint(parameters: Parameters) -> str:
    """What tells one market from another."""
    text = json.dumps(asdict(parameters), default=str, sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _imports(files: MarketFiles) -> list[Import]:
    return [
        ("Import products", "import_products", files.products, {}),
        ("Import customers", "import_customers", files.customers, {}),
        ("Import events", "import_events", files.events, {"exposures_randomised": True}),
    ]


def _run(command: str, file: Path, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command(command, str(file), json=True, stdout=out, stderr=io.StringIO(), **options)
    report: dict[str, Any] = json.loads(out.getvalue())
    return report


def _mark(parameters: Parameters, *, folder: Path, stands: bool) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    record = {"fingerprint": fingerprint(parameters), "stands": stands}
    (folder / "shop.json").write_text(json.dumps(record), "utf-8")
