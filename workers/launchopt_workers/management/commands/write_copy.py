"""manage.py write_copy FILE.jsonl [--writer NAME] [--candidates N] [--channel NAME] [--out FILE]"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launchopt.campaigns.management.files import json_text, keep_text
from launchopt.conf import WRITERS, launchopt_settings
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_core.claims import CHANNELS

SHOWN = 10  # products in the table; --json and --out have all
MOST = 50  # candidates of one product


class Command(LaunchOptCommand):
    """Write copy about products of one's own file, each claim tied to the fact that proves it."""

    help = (
        "Write copy from product facts, for a persona: every claim stands with the fact that "
        "proves it. What a writer gets wrong is written by the phrasebook instead."
    )
    example = "manage.py write_copy products.jsonl --channel meta --candidates 5 --out copy.jsonl"

    def add_options(self, parser: ArgumentParser) -> None:
        """The products, who writes, how much, and where it goes."""
        parser.add_argument(
            "file", type=Path, metavar="FILE", help="JSON lines: id, language, facts, persona."
        )
        parser.add_argument(
            "--writer",
            choices=WRITERS,
            default=launchopt_settings().writers.get("creatives", WRITERS[0]),
            help="Who writes; by default who writes the shop's creatives.",
        )
        parser.add_argument(
            "--candidates", type=int, default=3, metavar="N", help="At most so many each."
        )
        parser.add_argument(
            "--channel", choices=list(CHANNELS), default="onsite", help="Its limits are kept."
        )
        parser.add_argument("--seed", type=int, default=0, help="Another seed, other words.")
        parser.add_argument("--out", type=Path, metavar="FILE", help="Write a line for each here.")

    def work(self, *, file: Path, out: Path | None, **options: Any) -> Mapping[str, Any]:
        """Read, write, check, and keep what was written."""
        from launchopt_workers.copywriting.choosing import writer_named
        from launchopt_workers.studies import copy

        if not 1 <= options["candidates"] <= MOST:
            raise InvalidInput(f"--candidates is a number from 1 to {MOST}.")
        _require(options["writer"])
        asked = copy.read_briefs(file)
        order = copy.Order(
            writer=writer_named(options["writer"]),
            channel=options["channel"],
            candidates=options["candidates"],
            seed=options["seed"],
        )
        written = copy.write_briefs(asked, order, progress=self.note)
        lines = [copy.line_of(*each, channel=order.channel) for each in written]
        if out:
            keep_text("".join(map(json_text, lines)), out)
        return {
            "products": len(lines),
            "candidates": sum(len(line["candidates"]) for line in lines),
            "writer": order.writer.name,
            "fallbacks": copy.fallbacks_of(written),
            "lines": lines,
        }

    def show(self, report: Mapping[str, Any]) -> None:
        """The first products with their candidates, and why the phrasebook stood in."""
        self.stdout.write(
            f"{report['candidates']:,} candidates for {report['products']:,} products "
            f"by {report['writer']}."
        )
        for reason, count in report["fallbacks"].items():
            self.stdout.write(f"{count:,} by the phrasebook instead: {reason}")
        for line in report["lines"][:SHOWN]:
            self.stdout.write(f"{line['id']}:")
            for words in line["candidates"]:
                claims = ", ".join(f"{c['text']} ({c['support']})" for c in words["claims"])
                self.stdout.write(
                    f"  {words['headline']} | {words['body']} [{claims or 'no claim'}]"
                )
        if len(report["lines"]) > SHOWN:
            self.stdout.write(f"and {len(report['lines']) - SHOWN:,} more (--out writes all)")


def _require(writer: str) -> None:
    """Say which setting a writer lacks."""
    settings = launchopt_settings()
    needed = {
        "openai": (settings.copy_server, "COPY_SERVER"),
        "transformers": (settings.copy_model, "COPY_MODEL"),
    }
    given, name = needed.get(writer, ("-", ""))
    if not given:
        raise InvalidInput(f"--writer {writer} needs the setting {name} (LAUNCHOPT_{name}).")
