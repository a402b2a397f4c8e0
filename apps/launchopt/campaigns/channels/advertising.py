"""Platforms that are given an audience as a file of hashed addresses, each in its own form."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import phonenumbers

from launchopt.campaigns.channels.base import Channel

WITHOUT_DOTS = frozenset({"gmail.com", "googlemail.com"})


class Advertising(Channel):
    """A platform that is given an audience by `export_audience --form FORM`.

    `email` and `phone` are what it calls the columns; a platform that normalises otherwise before
    it hashes overrides `normal_email` or `normal_phone`.
    """

    form: ClassVar[str]
    email: ClassVar[str] = "email"
    phone: ClassVar[str] = "phone"

    def row_of(self, *, email: str, phone: str) -> list[str]:
        """The SHA-256 of an address and of a number; nothing of what there is not."""
        return [hashed(self.normal_email(email)), hashed(self.normal_phone(phone))]

    def normal_email(self, address: str) -> str:
        """Lower case, without spaces around it."""
        return plain_email(address)

    def normal_phone(self, number: str) -> str:
        """E.164."""
        return plain_phone(number)


class GoogleAds(Advertising):
    """Customer Match of Google Ads (support.google.com/google-ads/answer/7659867)."""

    title = "Google Ads"
    form, email, phone = "google", "Email", "Phone"

    def normal_email(self, address: str) -> str:
        """For Gmail without the dots that it ignores.

        >>> GoogleAds("google_search").normal_email(" Ana.Lima@GMail.com ")
        'analima@gmail.com'
        """
        name, at, domain = plain_email(address).partition("@")
        return f"{name.replace('.', '') if domain in WITHOUT_DOTS else name}{at}{domain}"


class MetaAds(Advertising):
    """Custom Audiences of Meta (developers.facebook.com, Customer File Custom Audiences)."""

    title = "Meta"
    form = "meta"

    def normal_phone(self, number: str) -> str:
        """Digits alone, from the country's code on.

        >>> MetaAds("meta").normal_phone("+44 20 7946 0123")
        '442079460123'
        """
        return plain_phone(number).removeprefix("+")


def plain_email(address: str) -> str:
    """Lower case without spaces around it; nothing where it is no address.

    >>> plain_email(" Bo.Li@Example.org"), plain_email("nobody")
    ('bo.li@example.org', '')
    """
    name, _, domain = address.strip().lower().partition("@")
    return f"{name}@{domain}" if name and domain else ""


def plain_phone(number: str) -> str:
    """E.164 of a number with its country's code; nothing where it has none or cannot be.

    >>> plain_phone("+44 20 7946 0123"), plain_phone("0044 20 7946 0123"), plain_phone("7946")
    ('+442079460123', '+442079460123', '')
    """
    number = number.strip()
    number = f"+{number[2:]}" if number.startswith("00") else number
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def hashed(value: str) -> str:
    """SHA-256 in hexadecimal; nothing of nothing."""
    return hashlib.sha256(value.encode()).hexdigest() if value else ""
