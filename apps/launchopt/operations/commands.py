"""The base of every command: `--json`, exit codes 0, 1 and 2, one line that says what to do."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from launchopt.operations.errors import LaunchOptError, NotFound

WRONG_INPUT = 2
WORK_FAILED = 1
BY_CTRL_C = 130  # as a shell tells it: 128 + SIGINT
INTERRUPTED = "Interrupted. What was finished stays; start it again to go on."


class LaunchOptCommand(BaseCommand):
    """A command that reports once: a table for people, one JSON object for programs.

    A subclass sets `help` and `example`, adds its arguments in `add_options`, and gives its report
    from `work`. Errors of the input exit with 2, failed work with 1.
    """

    example = ""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Show the example below the options."""
        kwargs.setdefault("epilog", f"Example: {self.example}" if self.example else None)
        kwargs.setdefault("formatter_class", RawDescriptionHelpFormatter)
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """The options that every command has, then its own."""
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        self.add_options(parser)

    def add_options(self, parser: CommandParser) -> None:
        """The command's own options."""

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Do it, and give the report."""
        raise CommandError(f"{type(self).__module__} has no work.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run, and print the report."""
        try:
            report = self.work(**options)
        except LaunchOptError as error:
            self.fail(error)
        except KeyboardInterrupt:
            raise CommandError(INTERRUPTED, returncode=BY_CTRL_C) from None
        if options["json"]:
            self.stdout.write(json.dumps(report, default=plain, allow_nan=False))
        else:
            self.show(report)

    def show(self, report: Mapping[str, Any]) -> None:
        """The report for a person; a subclass may draw a table instead."""
        for name, value in report.items():
            self.stdout.write(f"{name.replace('_', ' ')}: {_words(value)}")

    def fail(self, error: LaunchOptError) -> NoReturn:
        """One line, and the exit code of the kind of error."""
        code = WRONG_INPUT if error.status in (400, 404) else WORK_FAILED
        raise CommandError(error.detail, returncode=code) from error

    def note(self, words: str) -> None:
        """Say something on standard error, where it does not disturb `--json`."""
        self.stderr.write(words, style_func=str)

    def progress(self, run: Any) -> None:
        """Draw a run's progress on standard error, on one line where that is a terminal."""
        line = f"{run.percent:3d} % {run.step or run.message}"[:100]
        if sys.stderr.isatty():
            self.stderr.write(f"\r{line:<100}", style_func=str, ending="")
        elif line != getattr(self, "_last_line", None):
            self.note(line)
        self._last_line = line


def plain(value: Any) -> Any:
    """What JSON does not know: Decimal and UUID as strings, instants as ISO."""
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form.")


def instant_argument(text: str) -> datetime:
    """An argparse type: an ISO instant; a date or an instant without a zone is taken as UTC.

    What is none ends the command with exit code 2 and a line that shows what one looks like.
    """
    padded = f"{text}T00:00:00" if len(text) == len("2026-01-01") else text
    try:
        instant = parse_datetime(padded)
    except ValueError:  # well formed, but no such day or hour
        instant = None
    if instant is None:
        raise ArgumentTypeError(f"{text!r} is no ISO instant, such as 2026-03-01T09:00:00Z.")
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def user_named(name: str | None) -> Any:
    """The user with a name. Raises NotFound where there is none; None where no name is given."""
    if not name:
        return None
    model = get_user_model()
    user = model.objects.filter(**{model.USERNAME_FIELD: name}).first()
    if user is None:
        raise NotFound(f"There is no user {name!r}; create one with `manage.py createsuperuser`.")
    return user


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{k} {_words(v)}" for k, v in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(_words(v) for v in value) or "none"
    return "—" if value is None else str(value)
