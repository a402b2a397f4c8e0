"""Write the words of lists that are missing or outdated; what stands is not written again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from launchopt import jobs
from launchopt.audiences.reason_lines import lines_missing
from launchopt.audiences.themes import categories_without_theme
from launchopt.operations.runs import Work
from launchopt_ml.copywriting import Writer
from launchopt_workers.running import job_body

AT_ONCE = 16


@job_body(jobs.WRITE_THEMES)
def write_themes(work: Work, **_: Any) -> dict[str, Any]:
    """A theme for each category with products, a line for each kind of reason; in each language."""
    from launchopt_ml.copywriting.themes import has_theme
    from launchopt_workers.themes.writing import languages_of_lists, writer_of_lists

    writer, languages = writer_of_lists(clock=work.clock), languages_of_lists()
    missing = categories_without_theme(languages, writer=writer.name)
    asked = [each for each in missing if has_theme(each[0].name if each[0] else None)]
    lines = lines_missing(languages, writer=writer.name)
    work.expect(len(asked) + len(lines))
    total = {"themes": 0, "without": 0, "lines": 0, "fallbacks": 0}
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        _add(total, _themes(work, some, writer))
        work.report(done=start + len(some), step=str(some[0][0] or "no category"))
    for start in range(0, len(lines), AT_ONCE):
        wanted = lines[start : start + AT_ONCE]
        _add(total, _lines(work, wanted, writer))
        work.report(done=len(asked) + start + len(wanted), step="reasons")
    return total


def _themes(work: Work, some: Sequence[Any], writer: Writer) -> dict[str, Any]:
    from launchopt_workers.themes.writing import keep_some, write_some

    category, language = some[0]
    return work.made_once(
        f"write from {category.pk if category else 'none'} {language}",
        partial(write_some, some, writer=writer),
        partial(keep_some, some, now=work.clock()),
    )


def _lines(work: Work, wanted: Sequence[Any], writer: Writer) -> dict[str, Any]:
    from launchopt_workers.themes.lines import keep_lines, write_lines

    return work.made_once(
        f"lines from {' '.join(wanted[0])}",
        partial(write_lines, wanted, writer=writer),
        partial(keep_lines, wanted, now=work.clock()),
    )


def _add(total: dict[str, int], more: dict[str, Any]) -> None:
    for name, count in more.items():
        total[name] += count
