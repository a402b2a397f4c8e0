"""manage.py check_copy FILE.jsonl [--out FILE.jsonl] [--json]"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from launchopt.campaigns.management.files import json_text, keep_text, text_of
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_core.claims import check
from launchopt_core.claims.reading import Copy, copy_from
from launchopt_core.errors import ImpossibleInput

SHOWN = 20  # stopped texts in the table; --json and --out have all


class Command(LaunchOptCommand):
    """Check copy against the facts of its products, as a creative is before it may be shown."""

    help = "Check copy: every claim needs a fact, and some words may not be said at all."
    example = "manage.py check_copy copy.jsonl --out checked.jsonl"

    def add_options(self, parser: CommandParser) -> None:
        """The copy, the shop's own terms, and where the result goes."""
        parser.add_argument("file", type=Path, help="JSON lines: id, language, text, facts, ...")
        parser.add_argument("--out", type=Path, help="Write a line for each text here.")
        parser.add_argument(
            "--forbid", action="append", default=[], metavar="TERM", help="A term not to be used."
        )
        parser.add_argument(
            "--require", action="append", default=[], metavar="TERM", help="A term to be used."
        )

    def work(self, **options: Any) -> Mapping[str, Any]:
        """Read, check, and keep what was found."""
        terms = {"forbidden": options["forbid"], "required": options["require"]}
        lines = [_checked(copy, terms) for copy in _copies(options["file"])]
        if options["out"]:
            keep_text("".join(map(json_text, lines)), options["out"])
        return {
            "texts": len(lines),
            "accepted": sum(line["accepted"] for line in lines),
            "lines": lines,
        }

    def show(self, report: Mapping[str, Any]) -> None:
        """What stopped texts, most frequent first, and the first of them with their spans."""
        stopped = [line for line in report["lines"] if not line["accepted"]]
        self.stdout.write(f"{report['texts']:,} texts, {report['accepted']:,} accepted.")
        causes = Counter(cause for line in stopped for cause, _ in _faults(line))
        for cause, count in causes.most_common():
            self.stdout.write(f"{cause.replace('_', ' '):<28}{count:>8,}")
        for line in stopped[:SHOWN]:
            words = "; ".join(f"{cause.replace('_', ' ')}: {text!r}"
                              for cause, text in _faults(line))  # fmt: skip
            self.stdout.write(f"{line['id']}: {words}"[:160])
        if len(stopped) > SHOWN:
            self.stdout.write(f"and {len(stopped) - SHOWN:,} more (--out writes all)")


def _copies(file: Path) -> Iterator[Copy]:
    for number, line in enumerate(text_of(file).splitlines(), start=1):
        if line.strip():
            try:
                yield copy_from(json.loads(line))
            except json.JSONDecodeError as error:
                raise InvalidInput(f"{file}, line {number}: no JSON ({error.msg}).") from error
            except ImpossibleInput as error:
                raise InvalidInput(f"{file}, line {number}: {error}") from error


def _checked(copy: Copy, terms: Mapping[str, list[str]]) -> dict[str, Any]:
    found = check(copy.parts, facts=copy.facts, channel=copy.channel, **terms)
    return {
        "id": copy.id,
        "accepted": found.is_accepted,
        "claims": [claim.as_dict() for claim in found.claims],
        "refusals": [refusal.as_dict() for refusal in found.refusals],
    }


def _faults(line: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from ((f"{c['kind']} without proof", c["text"]) for c in line["claims"]
                if c["support"] is None)  # fmt: skip
    yield from ((refusal["rule"], refusal["text"]) for refusal in line["refusals"])
