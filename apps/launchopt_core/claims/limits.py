"""How long a text may be in each channel, counted as the channel counts."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from launchopt_core.claims.values import EMAIL_PARTS, PARTS, Draft

# GSM 03.38, the alphabet of a text message of 160 characters; the extension costs two each.
GSM_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_EXTENSION = frozenset("^{}\\[~]|€\f")
SMS_GSM, SMS_UNICODE = 160, 70


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The longest that each part may be."""

    headline: int
    body: int
    call_to_action: int = 25
    alt_text: int = 125
    subject: int = 70
    preheader: int = 100


@dataclass(frozen=True, kw_only=True)
class Overrun:
    """A part that is longer than its channel allows."""

    part: str
    length: int
    limit: int

    def __str__(self) -> str:
        name = self.part.replace("_", " ")
        return f"The {name} is {self.length} characters long; {self.limit} are allowed."


CHANNELS: dict[str, Limits] = {
    "email": Limits(headline=70, body=600),
    "google_search": Limits(headline=30, body=90),
    "meta": Limits(headline=40, body=125),
    "sms": Limits(headline=40, body=SMS_GSM),
    "onsite": Limits(headline=80, body=300),
}
DEFAULT_CHANNEL = "onsite"


def limits_of(channel: str) -> Limits:
    """The limits of a channel; one that a shop named itself has those of ``onsite``."""
    return CHANNELS.get(channel, CHANNELS[DEFAULT_CHANNEL])


def parts_in(channel: str) -> tuple[str, ...]:
    """The parts that a text of a channel has."""
    return (*PARTS, *EMAIL_PARTS) if channel == "email" else PARTS


def length_in(channel: str, text: str) -> int:
    """The length that a channel counts: code points, except in two channels.

    A search ad counts double-width characters twice; a text message within the GSM alphabet
    counts its extension characters twice.

    >>> length_in("google_search", "茶杯"), length_in("sms", "5€"), length_in("email", "茶杯")
    (4, 3, 2)
    """
    if channel == "google_search":
        return len(text) + sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    if channel == "sms":
        return len(text) + sum(c in GSM_EXTENSION for c in text)
    return len(text)


def sms_limit(text: str) -> int:
    """160 where the GSM alphabet can spell the text, else 70."""
    return SMS_GSM if set(text) <= GSM_BASIC | GSM_EXTENSION else SMS_UNICODE


def sms_text(draft: Draft) -> str:
    """What a text message says: the body and the call to action."""
    return f"{draft.body} {draft.call_to_action}".strip()


def overruns(draft: Draft, *, channel: str) -> tuple[Overrun, ...]:
    """The parts that are too long for the channel; none where the draft fits."""
    limits = limits_of(channel)
    found = []
    for part, text in draft.parts().items():
        limit = getattr(limits, part)
        if channel == "sms" and part == "body":
            text = sms_text(draft)
            limit = sms_limit(text)
        if (length := length_in(channel, text)) > limit:
            found.append(Overrun(part=part, length=length, limit=limit))
    return tuple(found)
