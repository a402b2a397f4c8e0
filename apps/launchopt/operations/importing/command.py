"""The base of the import commands: a file in, a report out, nothing lost in between."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from django.core.management.base import CommandParser
from django.db import transaction
from django.utils import timezone

from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt.operations.importing.cleaning import clean_rows, split_rejected
from launchopt.operations.importing.fields import Field, Rule
from launchopt.operations.importing.files import LINE, Source, read_source
from launchopt.operations.importing.folding import fold
from launchopt.operations.importing.mapping import Mapping, check_field
from launchopt.operations.importing.outcome import Outcome
from launchopt.operations.importing.report import (
    Report,
    counted,
    with_malformed,
    write_rejects,
)

REASON_WIDTH = 60


class ImportCommand(LaunchOptCommand):
    """A subclass names its fields, rules and key, and stores clean rows by one service."""

    requires_system_checks = ["launchopt"]  # its settings; the host's addresses are no matter here
    fields: Sequence[Field] = ()
    rules: Sequence[Rule] = ()
    key: str | None = None

    def store(self, rows: pl.DataFrame, *, now: datetime, **options: Any) -> Outcome:
        """Write clean rows, one for each entity, and say what became of them."""
        raise InvalidInput(f"{type(self).__module__} stores nothing.")

    def prepare(self, rows: pl.DataFrame) -> None:
        """What must stand before the transaction begins, so that it holds nobody up."""

    def details(self, rows: pl.DataFrame) -> dict[str, Any]:
        """What else the report should say about clean rows."""
        return {}

    def add_options(self, parser: CommandParser) -> None:
        """The options of every import."""
        parser.add_argument("file", type=Path, help="CSV, gzipped CSV or Parquet.")
        parser.add_argument(
            "--mapping", type=Path, metavar="FILE.toml", help="How columns become fields."
        )
        parser.add_argument(
            "--map", type=_pair, action="append", default=[], metavar="FIELD=COLUMN",
            help="The column of a field. May be repeated.",
        )  # fmt: skip
        parser.add_argument(
            "--constant", type=_pair, action="append", default=[], metavar="FIELD=VALUE",
            help="A value for every row in which the field is empty. May be repeated.",
        )  # fmt: skip
        parser.add_argument(
            "--rejects", type=Path, metavar="FILE.csv",
            help="Where to write rejected rows, with line and reason.",
        )  # fmt: skip
        parser.add_argument(
            "--dry-run", action="store_true", help="Report what would happen, and change nothing."
        )
        parser.add_argument("--encoding", default="utf-8", help="Of a CSV file (default: utf-8).")
        parser.add_argument(
            "--delimiter", type=_delimiter, default=",", help="Of a CSV file (default: comma)."
        )

    def work(self, **options: Any) -> Dictionary[str, Any]:
        """Read, clean, store, report."""
        source = read_source(
            options["file"], encoding=options["encoding"], delimiter=options["delimiter"]
        )
        self.note(f"Read {source.count:,} rows of {source.path.name}.")
        mapping = self._mapping(source, options)
        cleaned = clean_rows(source.rows, mapping=mapping, fields=self.fields, rules=self.rules)
        good, rejected = split_rejected(cleaned)
        entities = self._folded(good, source=source, mapping=mapping)
        self.note(f"Storing {len(entities):,} of them…")
        if not options["dry_run"]:
            self.prepare(entities)
        with transaction.atomic():
            outcome = self.store(entities, now=timezone.now(), **options)
            transaction.set_rollback(options["dry_run"])
        if outcome.rejected is not None:
            rejected = pl.concat([rejected, outcome.rejected.cast(rejected.schema)])  # type: ignore[arg-type]
        report = self._report(source, good=good, rejected=rejected, outcome=outcome)
        self._keep_rejects(source, rejected, options)
        return report.as_dict() | ({"dry_run": True} if options["dry_run"] else {})

    def show(self, report: Dictionary[str, Any]) -> None:
        """A short table, and the reasons below it."""
        if report.get("dry_run"):
            self.stdout.write("Dry run: nothing was changed.")
        for name in ("rows", "accepted", "updated", "duplicates", "rejected"):
            self.stdout.write(f"{name:<12}{report[name]:>12,}")
        for reason, count in report["reasons"].items():
            self.stdout.write(f"{count:>24,}  {reason[:REASON_WIDTH]}")
        for line in self.remarks(report):
            self.stdout.write(line)

    def remarks(self, report: Dictionary[str, Any]) -> list[str]:
        """Further lines for a person."""
        return []

    def _mapping(self, source: Source, options: Dictionary[str, Any]) -> Mapping:
        path = options["mapping"]
        mapping = Mapping.read(path, fields=self.fields) if path else Mapping()
        columns, constants = dict(options["map"]), dict(options["constant"])
        for name in [*columns, *constants]:
            check_field(name, self.fields)
        mapping = mapping.with_columns(columns).with_constants(constants)
        mapping = mapping.completed(source.columns, fields=self.fields)
        unread = [name for name in source.columns if name not in mapping.columns_used()]
        if unread and not (path or columns):
            raise InvalidInput(
                f"{source.path}: no field is named {unread[0]!r}. Map it "
                f"(--map FIELD={unread[0]}) or give a --mapping, which may leave columns out."
            )
        if unread:
            self.note(f"Columns left out: {', '.join(unread)}.")
        return mapping

    def _folded(self, rows: pl.DataFrame, *, source: Source, mapping: Mapping) -> pl.DataFrame:
        if self.key is None:
            return rows
        if mapping.order_by:
            order = source.rows.select(LINE, pl.col(mapping.order_by).alias("order"))
            rows = rows.join(order, on=LINE).sort("order", LINE).drop("order")
        return fold(rows, key=self.key, mapping=mapping)

    def _report(
        self, source: Source, *, good: pl.DataFrame, rejected: pl.DataFrame, outcome: Outcome
    ) -> Report:
        everything = with_malformed(rejected, source=source)
        return Report(
            rows=source.count,
            accepted=outcome.accepted,
            updated=outcome.updated,
            duplicates=source.count - outcome.accepted - len(everything),
            rejected=len(everything),
            reasons=counted(everything),
            details=outcome.details | self.details(good),
        )

    def _keep_rejects(
        self, source: Source, rejected: pl.DataFrame, options: Dictionary[str, Any]
    ) -> None:
        everything = with_malformed(rejected, source=source)
        if options["rejects"]:
            _write(options["rejects"], source=source, rejected=everything)
            self.note(f"{len(everything):,} rejected rows are in {options['rejects']}.")
        elif len(everything):
            self.note("Pass --rejects FILE.csv to have the rejected rows with their reasons.")


def _write(path: Path, *, source: Source, rejected: pl.DataFrame) -> None:
    try:
        write_rejects(path, source=source, rejected=rejected)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror or error}.") from error


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise ArgumentTypeError(f"{text!r} should be written field=value.")
    return name.strip(), value.strip()


def _delimiter(text: str) -> str:
    mark = {"tab": "\t", "\\t": "\t"}.get(text, text)
    if len(mark) != 1 or not mark.isascii() or mark in '"\r\n':
        raise ArgumentTypeError("A delimiter is one character, or the word tab.")
    return mark
