"""A category in, a theme out: by the writer of lists, and where it fails by the phrasebook."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from launchopt.audiences import themes
from launchopt.audiences.themes import check_theme, facts_of_category
from launchopt.catalog.models import Category
from launchopt.conf import launchopt_settings
from launchopt.operations.runs import Clock
from launchopt_core.claims import Checked, Draft
from launchopt_ml.copywriting import Brief, PhrasebookWriter, Writer
from launchopt_ml.copywriting.care import Written, written_with_care
from launchopt_ml.copywriting.themes import CHANNEL, ThemeBook
from launchopt_workers.copywriting.choosing import writer_for

CANDIDATES = 3
Asked = tuple[Category | None, str]  # and the language


def writer_of_lists(*, clock: Clock) -> Writer:
    """The writer that the settings choose for lists; the phrasebook has a book of its own."""
    writer = writer_for("lists", clock=clock)
    return ThemeBook() if writer.name == PhrasebookWriter.name else writer


def languages_of_lists() -> list[str]:
    """The shop's own language and those in which it writes besides, as books know them."""
    shop = launchopt_settings()
    return list(dict.fromkeys(map(themes.language_of_book, (shop.language, *shop.copy_languages))))


def write_some(asked: Sequence[Asked], *, writer: Writer) -> list[Written]:
    """The themes of some categories, written at once; nothing is kept."""
    briefs = [_brief(*each) for each in asked]
    written = written_with_care(
        writer, briefs, candidates=CANDIDATES, check=_checked, rng=_generator(asked)
    )
    return [
        _by_the_book(brief, result, category) if result.fallback_reason else result
        for (category, _), brief, result in zip(asked, briefs, written, strict=True)
    ]


def keep_some(
    asked: Sequence[Asked], written: Sequence[Written], *, now: datetime
) -> dict[str, int]:
    """Keep the first theme of each category; what is not proved is not kept."""
    kept = [
        bool(result.drafts)
        and themes.save_theme(
            category=category,
            language=language,
            draft=result.drafts[0],
            writer=result.writer,
            fallback_reason=result.fallback_reason,
            now=now,
        )
        is not None
        for (category, language), result in zip(asked, written, strict=True)
    ]
    fallbacks = sum(bool(result.fallback_reason) for result in written)
    return {"themes": sum(kept), "without": len(kept) - sum(kept), "fallbacks": fallbacks}


def _by_the_book(brief: Brief, result: Written, category: Category | None) -> Written:
    """What stands in for another writer: a theme, and not the words of a creative."""
    rng = np.random.default_rng([_number_of(category)])
    (drafts,) = ThemeBook().write([brief], candidates=CANDIDATES, rng=rng)
    return Written(drafts=drafts, writer=ThemeBook.name, fallback_reason=result.fallback_reason)


def _brief(category: Category | None, language: str) -> Brief:
    facts = facts_of_category(category, language=language)
    return Brief(facts=facts, channel=CHANNEL, tone=launchopt_settings().tone)


def _checked(draft: Draft, brief: Brief) -> Checked:
    return check_theme(draft, facts=brief.facts)


def _generator(asked: Sequence[Asked]) -> np.random.Generator:
    """Seeded by what it writes about, so that writing again gives the same words."""
    category, language = asked[0]
    return np.random.default_rng([_number_of(category), len(language)])


def _number_of(category: Category | None) -> int:
    return category.pk if category else 0
