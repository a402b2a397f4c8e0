"""Decoding that can emit nothing but the JSON object asked for, each string within its limit.

Between the strings the next token is forced; within a string a token is allowed that holds neither
a quote nor a control character, keeps UTF-8 whole, and fits into what is left of the limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from launchopt_core.claims import limits_of, parts_in
from launchopt_core.claims.limits import SMS_GSM, SMS_UNICODE
from launchopt_ml.copywriting.slots import is_chinese
from launchopt_ml.copywriting.vocabulary import NEVER, Vocabulary
from launchopt_ml.copywriting.writer import Brief

if TYPE_CHECKING:
    import torch

LONGEST_CALL = {True: 25, False: 10}  # of a message in the GSM alphabet, and of any other
SLACK = 3  # tokens that may end a character at a string's end


@dataclass(frozen=True)
class Shape:
    """The object of one channel: forced tokens, with a string between each two of them."""

    literals: tuple[tuple[int, ...], ...]  # one more than there are strings
    longest: tuple[int, ...]
    costs: NDArray[np.int64]

    @classmethod
    def of(cls, brief: Brief, vocabulary: Vocabulary) -> Shape:
        """The shape of a brief's answer."""
        parts = parts_in(brief.channel)
        names = [f'"{part}": "' for part in parts]
        texts = ["{" + names[0], *(f'", {name}' for name in names[1:]), '"}']
        return cls(
            literals=tuple(tuple(vocabulary.ids_of(text)) for text in texts),
            longest=tuple(_longest(brief, part) for part in parts),
            costs=vocabulary.costs(brief.channel, gsm_only=_is_gsm(brief)),
        )

    @property
    def most_tokens(self) -> int:
        """The most tokens that an answer takes."""
        return sum(map(len, self.literals)) + sum(each + SLACK for each in self.longest)


@dataclass
class Progress:
    """How far one answer is."""

    shape: Shape
    at: int = 0  # which literal, or the string behind it
    forced: int = 0  # tokens of the literal that were written
    used: int = 0  # of the string's limit
    written: int = 0  # tokens of the string
    lacks: int = 0  # continuation bytes that the last character lacks
    is_visible: bool = False
    ids: list[int] = field(default_factory=list)

    @property
    def is_done(self) -> bool:
        """Whether the object is closed."""
        return self.at == len(self.shape.longest) and self.forced == len(self.shape.literals[-1])

    @property
    def next_forced(self) -> int | None:
        """The only token that may follow, where there is only one."""
        literal = self.shape.literals[self.at]
        return literal[self.forced] if self.forced < len(literal) else None

    @property
    def closing(self) -> int:
        """The token that ends the string."""
        return self.shape.literals[self.at + 1][0]

    @property
    def left(self) -> int:
        """What is left of the string's limit; nothing once it has had its share of tokens."""
        longest = self.shape.longest[self.at]
        return 0 if self.written >= longest else longest - self.used


class Decoder:
    """Watches over a batch of answers: which tokens may follow, and which answers are done."""

    def __init__(self, shapes: Sequence[Shape], vocabulary: Vocabulary) -> None:
        self.answers = [Progress(shape) for shape in shapes]
        self._going = list(self.answers)  # those that are not done, in order
        self._vocabulary = vocabulary
        self._within_known: dict[tuple[int, int, int, bool], NDArray[np.bool_]] = {}
        pieces = vocabulary.pieces
        self._closes = np.array([piece.closes if piece else 9 for piece in pieces])
        self._opens = np.array([piece.opens if piece else 0 for piece in pieces])
        self._text = np.array([bool(piece and piece.text.strip()) for piece in pieces])
        self._dearest = max(len(piece.text) + 1 for piece in pieces if piece) * 2
        self._only_closes = np.array(
            [
                bool(piece and piece.closes and not piece.text and not piece.opens)
                for piece in pieces
            ]
        )

    def restrict(self, scores: torch.Tensor) -> torch.Tensor:
        """(answers under way, vocabulary): minus infinity where a token may not follow."""
        import torch

        allowed = np.zeros(scores.shape, dtype=bool)
        for answer, row in zip(self._going, allowed, strict=True):
            self._mark(answer, row)
        mask = torch.from_numpy(allowed).to(scores.device)
        return scores.masked_fill(~mask, float("-inf"))

    def follow(self, tokens: torch.Tensor) -> torch.Tensor:
        """Take in the next token of each answer under way; tells which of them are done."""
        import torch

        for answer, token in zip(self._going, tokens.tolist(), strict=True):
            self._take(answer, token)
        done = [answer.is_done for answer in self._going]
        self._going = [answer for answer in self._going if not answer.is_done]
        return torch.tensor(done, device=tokens.device)

    def texts(self) -> list[str]:
        """What each answer spells."""
        spelled = (self._vocabulary.spelled(answer.ids) for answer in self.answers)
        return [content.decode("utf-8", "replace") for content in spelled]

    def _mark(self, answer: Progress, allowed: NDArray[np.bool_]) -> None:
        """Set what may follow in a row of False."""
        if (forced := answer.next_forced) is not None:
            allowed[forced] = True
        else:
            left = min(answer.left, self._dearest)
            key = (id(answer.shape), answer.lacks, left, answer.is_visible)
            if key not in self._within_known:
                self._within_known[key] = self._within(answer)
            allowed[: len(self._closes)] = self._within_known[key]
            if answer.is_visible and not answer.lacks:
                allowed[answer.closing] = True

    def _within(self, answer: Progress) -> NDArray[np.bool_]:
        """(tokens,): which may go on with the string."""
        if answer.lacks:
            ends: NDArray[np.bool_] = self._only_closes & (self._closes <= answer.lacks)
            return ends & (answer.shape.costs < NEVER)
        fits: NDArray[np.bool_] = (self._closes == 0) & (answer.shape.costs <= answer.left)
        return fits if answer.is_visible else fits & (self._text | (self._opens > 0))

    def _take(self, answer: Progress, token: int) -> None:
        answer.ids.append(token)
        if answer.next_forced is not None:
            answer.forced += 1
        elif token == answer.closing and answer.is_visible and not answer.lacks:
            answer.at, answer.forced, answer.used, answer.written = answer.at + 1, 1, 0, 0
            answer.is_visible = False
        else:
            answer.used += int(answer.shape.costs[token])
            answer.written += 1
            answer.is_visible |= bool(self._text[token]) or bool(self._opens[token])
            lacks = answer.lacks - int(self._closes[token])
            answer.lacks = lacks if self._only_closes[token] else int(self._opens[token])


def _is_gsm(brief: Brief) -> bool:
    """Whether it is a text message that the GSM alphabet should spell."""
    return brief.channel == "sms" and not is_chinese(brief.facts.language)


def _longest(brief: Brief, part: str) -> int:
    """The limit of a part; a text message shares its own between body and call to action."""
    if brief.channel != "sms":
        return int(getattr(limits_of(brief.channel), part))
    is_gsm = _is_gsm(brief)
    call = LONGEST_CALL[is_gsm]
    if part == "body":
        return (SMS_GSM if is_gsm else SMS_UNICODE) - call - 1
    return call if part == "call_to_action" else int(getattr(limits_of("sms"), part))
