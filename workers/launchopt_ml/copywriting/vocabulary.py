"""A tokenizer's tokens as bytes, and what each of them adds to a string in JSON."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from launchopt_core.claims import length_in
from launchopt_core.claims.limits import GSM_BASIC
from launchopt_ml.copywriting.writer import WriterFailed

BYTE_TOKEN = re.compile(r"<0x([0-9A-Fa-f]{2})>")
UNSAFE_LEADS = {0xE0, 0xED, 0xF0, 0xF4}  # not every continuation byte may follow these
CONTINUATION = range(0x80, 0xC0)
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
NEVER = 10_000  # the cost of a token that no string may hold


@dataclass(frozen=True)
class Piece:
    """What a token is within a string: bytes that end a character begun before, then its own."""

    closes: int  # continuation bytes at its start
    opens: int  # continuation bytes that its last character still lacks
    text: str  # its whole characters


class Vocabulary:
    """The tokens of a tokenizer that writes bytes: byte-level BPE, or SentencePiece with bytes.

    Raises WriterFailed for one whose tokens cannot be told as bytes.
    """

    def __init__(self, tokenizer: Any) -> None:
        self.tokens: list[bytes | None] = _token_bytes(tokenizer)
        self._by_bytes = {
            token: index for index, token in reversed(list(enumerate(self.tokens))) if token
        }
        self._longest = max(map(len, self._by_bytes))

    def __len__(self) -> int:
        return len(self.tokens)

    def ids_of(self, text: str) -> list[int]:
        """Tokens that spell a text exactly, the longest first. Raises WriterFailed."""
        content, ids, at = text.encode(), [], 0
        while at < len(content):
            ends = range(min(at + self._longest, len(content)), at, -1)
            end = next((end for end in ends if content[at:end] in self._by_bytes), 0)
            if not end:
                raise WriterFailed(f"the model's tokenizer cannot spell {text!r}")
            ids.append(self._by_bytes[content[at:end]])
            at = end
        return ids

    def spelled(self, ids: Sequence[int]) -> bytes:
        """What tokens spell."""
        return b"".join(self.tokens[index] or b"" for index in ids)

    @cached_property
    def pieces(self) -> list[Piece | None]:
        """Each token within a string; None for one that no string may hold."""
        has_bytes = all(bytes([value]) in self._by_bytes for value in CONTINUATION)
        pieces = (_piece(token) if token else None for token in self.tokens)
        return [piece if piece and (has_bytes or not piece.opens) else None for piece in pieces]

    def costs(self, channel: str, *, gsm_only: bool = False) -> NDArray[np.int64]:
        """(tokens,): how much of a limit each token takes, as the channel counts.

        `gsm_only` shuts out what the alphabet of text messages cannot spell.
        """
        return np.array([_cost(piece, channel, gsm_only=gsm_only) for piece in self.pieces])


def _cost(piece: Piece | None, channel: str, *, gsm_only: bool) -> int:
    if piece is None:
        return NEVER
    if gsm_only and (piece.opens or piece.closes or not set(piece.text) <= GSM_BASIC):
        return NEVER
    begun = (2 if channel == "google_search" else 1) if piece.opens else 0
    return length_in(channel, piece.text) + begun


def _piece(token: bytes) -> Piece | None:
    closes = next((i for i, byte in enumerate(token) if byte not in CONTINUATION), len(token))
    if closes > 3:
        return None
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    try:
        text = decoder.decode(token[closes:])
    except UnicodeDecodeError:
        return None
    rest = decoder.getstate()[0]
    if any(c in '"\\' or unicodedata.category(c) in UNSEEN for c in text):
        return None
    if len(rest) == 1 and rest[0] in UNSAFE_LEADS:
        return None
    needed = (2 if rest[0] < 0xE0 else 3 if rest[0] < 0xF0 else 4) - len(rest) if rest else 0
    return Piece(closes, needed, text)


def _token_bytes(tokenizer: Any) -> list[bytes | None]:
    special = set(tokenizer.all_special_ids)
    words = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    if any(word and "Ġ" in word for word in words):
        table = _byte_level()
    elif any(word and "▁" in word for word in words):
        table = None
    else:
        raise WriterFailed("the model's tokenizer is neither byte-level nor SentencePiece")
    return [
        None if index in special or not word else _bytes_of(word, table)
        for index, word in enumerate(words)
    ]


def _bytes_of(word: str, table: dict[str, int] | None) -> bytes | None:
    if table is not None:
        known = [table.get(character) for character in word]
        return bytes([byte for byte in known if byte is not None]) if None not in known else None
    if match := BYTE_TOKEN.fullmatch(word):
        return bytes([int(match[1], 16)])
    return word.replace("▁", " ").encode()


def _byte_level() -> dict[str, int]:
    """The characters by which byte-level BPE writes bytes (Radford et al., 2019)."""
    return dict(_byte_characters())


def _byte_characters() -> Iterator[tuple[str, int]]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    yield from ((chr(byte), byte) for byte in printable)
    others = [byte for byte in range(256) if byte not in set(printable)]
    yield from ((chr(256 + number), byte) for number, byte in enumerate(others))
