"""Phrasebooks as files: the sentences of each language and tone, read into one shape."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from launchopt_ml.copywriting.grammar import Pattern, Phrasebook

FOLDER = files("launchopt_ml.copywriting") / "phrasebooks"
EVERY = "every"  # the section whose patterns suit every tone
SYMBOL = re.compile(r"<([^<>]+)>")


@cache
def book_of(language: str, *, tone: str) -> Phrasebook:
    """The phrasebook of a language for a tone: plain, warm or lively."""
    written = _read(language)
    words = written["words"]
    return Phrasebook(
        headlines=_patterns(written, tone, "headlines"),
        openers=_patterns(written, tone, "openers"),
        details={name: tuple(forms) for name, forms in written["details"].items()},
        other_detail=(written["other_detail"],),
        prices=_of_angle("price", written["prices"], words),
        brands=_of_angle("any", written["brands"], words),
        closers=tuple(written["closers"]),
        calls=tuple(written["calls"]),
        alts=_of_angle("any", written["alts"], words),
        nameless=written["nameless"],
        joint=written["joint"],
        full_stop=written["full_stop"],
        clause_joint=written["clause_joint"],
        once=tuple(written["once"]),
    )


def expanded(text: str, words: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Each sentence that a pattern stands for, its symbols replaced by their words.

    >>> list(expanded("<look> {the}.", {"look": ["See", "View"]}))
    ['See {the}.', 'View {the}.']
    """
    symbols = SYMBOL.findall(text)
    for choice in itertools.product(*(words[symbol] for symbol in symbols)):
        chosen = iter(choice)
        yield SYMBOL.sub(lambda _, chosen=chosen: next(chosen), text)  # type: ignore[misc]


@cache
def _read(language: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))


def _patterns(written: Mapping[str, Any], tone: str, part: str) -> tuple[Pattern, ...]:
    """The patterns of a tone, then those of every tone."""
    return tuple(
        pattern
        for section in (tone, EVERY)
        for angle, texts in written[section][part].items()
        for pattern in _of_angle(angle, texts, written["words"])
    )


def _of_angle(
    angle: str, texts: Sequence[str], words: Mapping[str, Sequence[str]]
) -> tuple[Pattern, ...]:
    return tuple(Pattern(sentence, angle) for text in texts for sentence in expanded(text, words))
