"""The generated pages of the reference are those of the code at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from launchopt.operations import reference

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference"
STALE = "run `manage.py generate_reference docs/reference`"


@pytest.mark.parametrize("page", ["settings", "commands"])
def test_a_generated_page_is_up_to_date(page: str):
    made = getattr(reference, f"{page}_page")()
    assert (DOCS / f"{page}.md").read_text(encoding="utf-8") == made, STALE
