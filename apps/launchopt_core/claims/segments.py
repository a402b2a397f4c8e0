"""In which alphabet a text message goes out, and in how many pieces (3GPP 23.038 and 23.040)."""

from __future__ import annotations

from dataclasses import dataclass

from launchopt_core.claims.limits import GSM_BASIC, GSM_EXTENSION, length_in

# Of one message, and of each piece of a longer one, whose header takes room.
ROOM = {"GSM-7": (160, 153), "UCS-2": (70, 67)}


@dataclass(frozen=True, kw_only=True)
class Segments:
    """How a network sends a text."""

    encoding: str  # GSM-7 or UCS-2
    units: int  # septets of GSM-7, or 16-bit units
    count: int  # messages that are sent and paid
    forced_by: str  # the first character that GSM-7 cannot spell, if any

    @property
    def room(self) -> int:
        """The units that so many messages hold."""
        alone, each = ROOM[self.encoding]
        return alone if self.count == 1 else self.count * each


def segments_of(text: str) -> Segments:
    """The pieces of a text; a character is never torn apart between two.

    >>> segments_of("Holds 5 € and 300 ml.").encoding, segments_of("茶杯").encoding
    ('GSM-7', 'UCS-2')
    >>> [segments_of("x" * length).count for length in (160, 161, 306, 307)]
    [1, 2, 2, 3]
    """
    alien = next((c for c in text if c not in GSM_BASIC and c not in GSM_EXTENSION), "")
    encoding = "UCS-2" if alien else "GSM-7"
    sizes = [_units(character, encoding=encoding) for character in text]
    return Segments(
        encoding=encoding,
        units=sum(sizes),
        count=_pieces(sizes, encoding=encoding),
        forced_by=alien,
    )


def _units(character: str, *, encoding: str) -> int:
    if encoding == "UCS-2":
        return len(character.encode("utf-16-le")) // 2
    return length_in("sms", character)


def _pieces(sizes: list[int], *, encoding: str) -> int:
    alone, each = ROOM[encoding]
    if sum(sizes) <= alone:
        return 1
    pieces, used = 1, 0
    for size in sizes:
        if used + size > each:
            pieces, used = pieces + 1, 0
        used += size
    return pieces
