"""`manage.py train_brand_voice`: a LoRA adapter or a prefix learned from approved copy."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from launchopt import jobs
from launchopt.conf import launchopt_settings
from launchopt.operations.commands import LaunchOptCommand
from launchopt.operations.errors import InvalidInput
from launchopt_workers.running import run_here
from launchopt_workers.voices import tasks  # noqa: F401 - registers the bodies

METHODS = ("lora", "prefix")


class Command(LaunchOptCommand):
    """Learns in this process; no worker need be up."""

    help = (
        "Fine-tune a LoRA adapter or a prefix of the copy model on approved creatives, and on a "
        "file of copy, as far as the ledger proves them. It enters service where unseen texts "
        "became likelier and no smaller share of what it writes passes the ledger."
    )
    example = "manage.py train_brand_voice warm-and-dry --file copy.jsonl --epochs 3"

    def add_options(self, parser: ArgumentParser) -> None:
        """Which voice, from what, and for how long."""
        parser.add_argument("name", metavar="NAME", help="The voice; COPY_VOICE names it.")
        parser.add_argument(
            "--file",
            type=Path,
            metavar="FILE",
            help="JSON lines as check_copy reads them, or content (tags) and summary; also .gz.",
        )
        parser.add_argument("--model", default="", help="Its model; default: COPY_MODEL.")
        parser.add_argument(
            "--method",
            choices=METHODS,
            default=METHODS[0],
            help="What is learned: low-rank changes of weights, or keys and values before a text.",
        )
        parser.add_argument(
            "--samples",
            type=int,
            default=32,
            metavar="N",
            help="Unseen facts that it writes about before and after, to be judged.",
        )
        parser.add_argument("--epochs", type=int, default=3, help="Times each text is read.")
        parser.add_argument("--seed", type=int, default=0, help="Of chance.")

    def work(
        self, *, name: str, file: Path | None, model: str, **options: Any
    ) -> Mapping[str, Any]:
        """Gather, learn, judge, keep."""
        model = model or launchopt_settings().copy_model
        if not model:
            raise InvalidInput("Name the model by --model or the setting COPY_MODEL.")
        if min(options["epochs"], options["samples"]) < 1:
            raise InvalidInput("--epochs and --samples are 1 or more.")
        return run_here(
            jobs.TRAIN_BRAND_VOICE,
            on_progress=self.progress,
            name=name,
            file=str(file) if file else "",
            model=model,
            **{each: options[each] for each in ("method", "epochs", "samples", "seed")},
        )

    def show(self, report: Mapping[str, Any]) -> None:
        """What was learned from, and what it brought."""
        copy = report["copy"]
        self.stdout.write(
            f"{copy['kept']:,} of {copy['offered']:,} texts taken; "
            f"{copy['dropped_share']:.1%} dropped:"
        )
        for reason, count in copy["reasons"].items():
            self.stdout.write(f"  {count:>6,}  {reason}")
        self.stdout.write(
            f"Perplexity of {report['unseen_texts']} unseen texts: "
            f"{report['perplexity_before']:,} before, {report['perplexity_after']:,} after."
        )
        self.stdout.write(report["promotion"]["sentence"])
        self.stdout.write(f"Model version {report['model_version']}: {report['status']}.")
