"""The lines that say why a product stands in a list: kept for each kind of reason and language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from launchopt.audiences.at_hand import AtHand
from launchopt.audiences.models import ReasonLine
from launchopt.audiences.themes import CHANNEL, PERSON, is_by_another, language_of_book
from launchopt.catalog.wording import check_parts
from launchopt.operations.errors import InvalidInput
from launchopt.operations.services import record_audit
from launchopt_core.claims import Checked, Draft, Facts, Refusal, content_hash
from launchopt_core.reasons import (
    KINDS,
    Phrases,
    filled_line,
    line_fault,
    line_of,
    phrases_of,
    with_lines,
)

PHRASEBOOK = "phrasebook"
Wanted = tuple[str, str]  # a kind of reason, and the language


def phrases_told(language: str) -> Phrases:
    """The sentences in which lists say why, in the shop's words as far as it has any."""
    return SHOWN.get().get(language_of_book(language)) or phrases_of(language)


def check_line(text: str, *, kind: str, language: str) -> Checked:
    """The check that creatives pass, and that the line can be filled as the phrasebook's can.

    It may claim what the phrasebook's own line says, and nothing besides.
    """
    plain = filled_line(line_of(kind, language=language), language=language)
    facts = Facts(title="", brand_facts=(plain,), language=language)
    parts = {"body": filled_line(text, language=language)}
    found = check_parts(parts, facts=facts, channel=CHANNEL, is_creative=False)
    fault = line_fault(text, kind=kind, language=language)
    if not fault:
        return found
    refused = Refusal(part="body", start=0, end=0, text="", rule="slots", detail=f"{fault}.")
    return Checked(claims=found.claims, refusals=(refused, *found.refusals))


def lines_missing(languages: Sequence[str], *, writer: str) -> list[Wanted]:
    """The lines that nobody has written yet, or that another writer wrote."""
    standing = {(row.kind, row.language): row for row in ReasonLine.objects.all()}
    return [
        (kind, language)
        for language in languages
        for kind in KINDS
        if _is_outdated(standing.get((kind, language)), writer=writer)
    ]


@transaction.atomic
def save_line(
    *, kind: str, language: str, text: str, writer: str, now: datetime, fallback_reason: str = ""
) -> ReasonLine | None:
    """Keep a line in the place of the former; None, and nothing kept, where it is not proved."""
    checked = check_line(text, kind=kind, language=language)
    if not checked.is_accepted:
        return None
    line, _ = ReasonLine.objects.update_or_create(
        kind=kind,
        language=language,
        defaults=_fields(text, checked)
        | {"writer": writer, "fallback_reason": fallback_reason[:300], "written_at": now},
    )
    SHOWN.forget()
    return line


@transaction.atomic
def edit_line(*, line: ReasonLine, text: str, by: Any, now: datetime) -> ReasonLine:
    """Change the words. What nothing proves, or cannot be filled, raises InvalidInput."""
    text = check_line_edit(line=line, text=text)
    return _keep(line, text, writer=PERSON, by=by, now=now)


def check_line_edit(*, line: ReasonLine, text: str) -> str:
    """The words that an edit would give. Raises InvalidInput."""
    text = " ".join(text.split())
    if faults := check_line(text, kind=line.kind, language=line.language).faults():
        raise InvalidInput.at("/text", "; ".join(faults))
    return text


@transaction.atomic
def reset_line(*, line: ReasonLine, by: Any, now: datetime) -> ReasonLine:
    """Word it as the phrasebook does again."""
    text = line_of(line.kind, language=line.language)
    return _keep(line, text, writer=PHRASEBOOK, by=by, now=now)


def _keep(line: ReasonLine, text: str, *, writer: str, by: Any, now: datetime) -> ReasonLine:
    before = {"text": line.text}
    checked = check_line(text, kind=line.kind, language=line.language)
    for name, value in (_fields(text, checked) | {"writer": writer, "fallback_reason": ""}).items():
        setattr(line, name, value)
    line.written_at = now
    line.save()
    SHOWN.forget()
    subject = f"reason_line:{line.pk}"
    after = {"text": text}
    record_audit(
        action="edit_reason_line", subject=subject, by=by, now=now, before=before, after=after
    )
    return line


def _is_outdated(line: ReasonLine | None, *, writer: str) -> bool:
    return line is None or is_by_another(line, writer=writer)


def _fields(text: str, checked: Checked) -> dict[str, Any]:
    claims = [claim.as_dict() for claim in checked.claims]
    return {"text": text, "claims": claims, "content_hash": _hash(text)}


def _hash(text: str) -> str:
    return content_hash(Draft(headline="", body=text, call_to_action="", alt_text=""))


def _read() -> Mapping[str, Phrases]:
    """By language; words that are not those that were checked are left to the phrasebook."""
    found: dict[str, dict[str, str]] = {}
    for row in ReasonLine.objects.all():
        if row.content_hash == _hash(row.text):
            found.setdefault(row.language, {})[row.kind] = row.text
    return {language: with_lines(lines, language=language) for language, lines in found.items()}


SHOWN = AtHand("launchopt.reason_lines", _read)
