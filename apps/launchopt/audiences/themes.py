"""Themes of lists: kept for each category and language, checked, and told beside the products."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from launchopt.audiences.at_hand import AtHand
from launchopt.audiences.derived import CheckedWords
from launchopt.audiences.models import ListTheme
from launchopt.catalog.models import Category, Product
from launchopt.catalog.wording import check_parts
from launchopt.operations.errors import Conflict, InvalidInput
from launchopt.operations.services import record_audit
from launchopt_core.claims import Checked, Draft, Facts, content_hash, facts_hash

CHANNEL = "list"
PERSON = "person"
LONGEST_TITLE = 80
# What a theme may state of products without a category.
NO_CATEGORY = {"en": "All over our shop", "zh-Hans": "本店商品"}


class Told(NamedTuple):
    """A theme as a list tells it."""

    title: str
    reason: str


def facts_of_category(category: Category | None, *, language: str) -> Facts:
    """What a theme may state: the category, and nothing of the shop that could change under it."""
    if category is None:
        return Facts(title=NO_CATEGORY[language_of_book(language)], language=language)
    return Facts(title=category.name, category=category.name, language=language)


def check_theme(draft: Draft, *, facts: Facts) -> Checked:
    """The check that creatives pass, but for terms that creatives alone must use."""
    parts = {"headline": draft.headline, "body": draft.body}
    return check_parts(parts, facts=facts, channel=CHANNEL, is_creative=False)


def categories_without_theme(
    languages: Sequence[str], *, writer: str
) -> list[tuple[Category | None, str]]:
    """Categories with products (None: products without one), and the language in which a theme is
    missing or was written on another name or by another writer. What a person wrote stays while
    the category keeps its name.
    """
    standing = {(t.category_id, t.language): t for t in ListTheme.objects.all()}
    with_products = Product.objects.exclude(category=None).values("category")
    named = Category.objects.filter(pk__in=with_products).order_by("name")
    without = [None] if Product.objects.filter(category=None).exists() else []
    return [
        (category, language)
        for category in [*named, *without]
        for language in languages
        if _is_outdated(
            standing.get((category.pk if category else None, language)),
            facts=facts_of_category(category, language=language),
            writer=writer,
        )
    ]


@transaction.atomic
def save_theme(
    *,
    category: Category | None,
    language: str,
    draft: Draft,
    writer: str,
    now: datetime,
    fallback_reason: str = "",
) -> ListTheme | None:
    """Keep a theme in the place of the former; None, and nothing kept, where it is not proved."""
    facts = facts_of_category(category, language=language)
    checked = check_theme(draft, facts=facts)
    if not checked.is_accepted or not draft.headline or len(draft.headline) > LONGEST_TITLE:
        return None
    theme, _ = ListTheme.objects.update_or_create(
        category=category,
        language=language,
        defaults=_fields(draft, checked, facts=facts)
        | {"writer": writer, "fallback_reason": fallback_reason[:300], "written_at": now},
    )
    SHOWN.forget()
    return theme


@transaction.atomic
def edit_theme(*, theme: ListTheme, title: str, reason: str, by: Any, now: datetime) -> ListTheme:
    """Change words. What nothing proves, or what may not be said, raises InvalidInput."""
    draft = check_theme_edit(theme=theme, title=title, reason=reason)
    before = {"title": theme.title, "reason": theme.reason}
    facts = facts_of_category(theme.category, language=theme.language)
    fields = _fields(draft, check_theme(draft, facts=facts), facts=facts)
    for name, value in (fields | {"writer": PERSON, "fallback_reason": ""}).items():
        setattr(theme, name, value)
    theme.written_at = now
    theme.save()
    SHOWN.forget()
    after = {"title": theme.title, "reason": theme.reason}
    _record("edit_theme", theme, by=by, now=now, before=before, after=after)
    return theme


def check_theme_edit(*, theme: ListTheme, title: str, reason: str) -> Draft:
    """The words that an edit would give. Raises InvalidInput."""
    draft = _draft(" ".join(title.split()), " ".join(reason.split()))
    facts = facts_of_category(theme.category, language=theme.language)
    if not draft.headline:
        raise InvalidInput.at("/title", "A theme needs a title.")
    if faults := check_theme(draft, facts=facts).faults():
        raise InvalidInput.at("/title", "; ".join(faults))
    return draft


@transaction.atomic
def withdraw_theme(*, theme: ListTheme, by: Any, now: datetime, withdrawn: bool = True) -> None:
    """Show a theme no longer, or again. Raises Conflict where it is so already."""
    if not ListTheme.objects.filter(pk=theme.pk, is_withdrawn=not withdrawn).update(
        is_withdrawn=withdrawn
    ):
        raise Conflict("It is withdrawn already." if withdrawn else "It is shown already.")
    SHOWN.forget()
    _record("withdraw_theme" if withdrawn else "show_theme", theme, by=by, now=now)


def themes_shown() -> Mapping[tuple[int | None, str], Told]:
    """By category and language, what lists may tell now."""
    return SHOWN.get()


def themes_of(entries: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The themes of a list's entries, in the order in which they first occur, with their skus.

    An entry names its category and the language in which it is told.
    """
    shown = themes_shown()
    found: dict[Told, list[str]] = {}
    for entry in entries:
        told = shown.get((entry["category_id"], language_of_book(entry["language"])))
        if told:
            found.setdefault(told, []).append(entry["sku"])
    return [
        {"title": told.title, "reason": told.reason, "skus": skus} for told, skus in found.items()
    ]


def language_of_book(language: str) -> str:
    """The language in which themes are written for who reads this one."""
    return "zh-Hans" if language.lower().startswith("zh") else "en"


def _read_themes() -> dict[tuple[int | None, str], Told]:
    rows = ListTheme.objects.filter(is_withdrawn=False).select_related("category")
    return {
        (row.category_id, row.language): Told(row.title, row.reason)
        for row in rows
        if row.content_hash == content_hash(_draft(row.title, row.reason))
        and row.facts_hash == facts_hash(facts_of_category(row.category, language=row.language))
    }


SHOWN = AtHand("launchopt.list_themes", _read_themes)


def is_by_another(words: CheckedWords, *, writer: str) -> bool:
    """Whether neither this writer wrote them, nor who stood in for it, nor a person."""
    return words.writer not in (writer, PERSON) and not words.fallback_reason


def _is_outdated(theme: ListTheme | None, *, facts: Facts, writer: str) -> bool:
    if theme is None or theme.facts_hash != facts_hash(facts):
        return True
    return is_by_another(theme, writer=writer)


def _fields(draft: Draft, checked: Checked, *, facts: Facts) -> dict[str, Any]:
    return {
        "title": draft.headline,
        "reason": draft.body,
        "claims": [claim.as_dict() for claim in checked.claims],
        "content_hash": content_hash(_draft(draft.headline, draft.body)),
        "facts_hash": facts_hash(facts),
    }


def _draft(title: str, reason: str) -> Draft:
    return Draft(headline=title, body=reason, call_to_action="", alt_text="")


def _record(action: str, theme: ListTheme, **entry: Any) -> None:
    record_audit(action=action, subject=f"theme:{theme.pk}", **entry)
