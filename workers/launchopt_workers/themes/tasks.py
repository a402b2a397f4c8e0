"""Write the themes that are missing or outdated; what stands is not written again."""

from __future__ import annotations

from functools import partial
from typing import Any

from launchopt import jobs
from launchopt.audiences.themes import categories_without_theme
from launchopt.operations.runs import Work
from launchopt_workers.running import job_body

AT_ONCE = 16


@job_body(jobs.WRITE_THEMES)
def write_themes(work: Work, **_: Any) -> dict[str, Any]:
    """A theme for each category with products, in each language of the shop."""
    from launchopt_ml.copywriting.themes import category_words
    from launchopt_workers.themes.writing import (
        keep_some,
        languages_of_lists,
        write_some,
        writer_of_lists,
    )

    writer = writer_of_lists(clock=work.clock)
    missing = categories_without_theme(languages_of_lists(), writer=writer.name)
    asked = [each for each in missing if category_words(each[0].name)]
    work.expect(len(asked))
    total = {"themes": 0, "without": 0, "fallbacks": 0}
    for start in range(0, len(asked), AT_ONCE):
        some = asked[start : start + AT_ONCE]
        result = work.made_once(
            f"write from {some[0][0].pk} {some[0][1]}",
            partial(write_some, some, writer=writer),
            partial(keep_some, some, now=work.clock()),
        )
        total = {name: total[name] + result[name] for name in total}
        work.report(done=start + len(some), step=str(some[0][0]))
    return total
