"""The generated pages of the reference are those of the code at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchopt_project import reference

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
STALE = "run `python -m launchopt_project.reference`"


@pytest.mark.parametrize("page", reference.PAGES)
def test_a_generated_page_is_up_to_date(page: str):
    made = reference.PAGES[page]()
    assert (DOCS / f"{page}.md").read_text(encoding="utf-8") == made, STALE
