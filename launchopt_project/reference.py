"""The generated pages of the reference: `python -m launchopt_project.reference [FOLDER]`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from django.core.management import get_commands, load_command_class

from launchopt import conf
from launchopt.operations.commands import LaunchOptCommand
from launchopt_project.paths import ROOT

MADE = "<!-- Made by `python -m launchopt_project.reference`; change the code, not this page. -->"


def settings_page() -> str:
    """Every setting: type, default, sentence."""
    rows = [
        f"| `{name}` | `{kind}` | `{default!r}` | {sentence} |"
        for name, kind, default, sentence in conf.documented()
    ]
    head = [
        "# Settings",
        MADE,
        'They stand in one dictionary of the host\'s settings: `LAUNCHOPT = {"CURRENCY": "GBP"}`.',
        "An unknown name is an error of `manage.py check`.",
        "",
        "| name | type | default | meaning |",
        "|---|---|---|---|",
    ]
    return "\n".join([*head, *rows]) + "\n"


def metrics_page() -> str:
    """What an experiment can measure, and what a report counts."""
    from launchopt.campaigns.reporting.words import REPORTED, TERMS
    from launchopt.experiments.metrics import METRICS

    reported = [f"| `{name.replace(' ', '_')}` | {TERMS[name]} |" for name in REPORTED]
    rows = [f"| `{m.name}` | {m.get_kind_display()} | {m.definition} |" for m in METRICS]
    head = [
        "# Metrics",
        MADE,
        "## Of experiments",
        "",
        "| name | kind | definition |",
        "|---|---|---|",
    ]
    more = ["", "## Of a launch's report", "", "| name | definition |", "|---|---|"]
    return "\n".join([*head, *rows, *more, *reported]) + "\n"


def commands_page() -> str:
    """Every command of the suite: what it does, its options, an example."""
    parts = [
        f"# Commands\n{MADE}\n",
        "Each takes `--json` (one JSON object on standard output) and exits with 0 when it worked,",
        "1 when its work failed, 2 when its arguments or input are wrong.\n",
    ]
    for name, command in _commands():
        parts.append(f"## {name}\n\n{command.help}\n")
        parts.extend(_options(command, name))
        if command.example:
            parts.append(f"\n```\n{command.example}\n```\n")
    return "\n".join(parts)


def _commands() -> Iterator[tuple[str, LaunchOptCommand]]:
    for name, app in sorted(get_commands().items()):
        if str(app).startswith("launchopt") and not str(app).startswith("launchopt_project"):
            command = load_command_class(str(app), name)
            if isinstance(command, LaunchOptCommand):
                yield name, command


def _options(command: LaunchOptCommand, name: str) -> Iterator[str]:
    parser = argparse.ArgumentParser(prog=name, add_help=False)
    command.add_options(parser)  # type: ignore[arg-type]
    for action in parser._actions:
        words = ", ".join(f"`{option}`" for option in action.option_strings) or f"`{action.dest}`"
        yield f"- {words}: {(action.help or '').replace('%%', '%')}"


def main() -> None:
    """Write the pages into a folder, docs/reference by default."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "reference"
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text(page(), encoding="utf-8")


PAGES = {"settings": settings_page, "metrics": metrics_page, "commands": commands_page}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")
    import django

    django.setup()
    main()
