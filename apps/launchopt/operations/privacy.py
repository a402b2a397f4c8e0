"""Personal data as others may see it."""

from __future__ import annotations

import re

HIDDEN = "•••"


def masked_email(email: str) -> str:
    """The first letter and the domain.

    >>> masked_email("anna@example.org")
    'a•••@example.org'
    """
    name, at, domain = email.partition("@")
    return f"{name[:1]}{HIDDEN}{at}{domain}" if at else (HIDDEN if email else "")


def masked_phone(phone: str) -> str:
    """The last two digits.

    >>> masked_phone("+44 20 7946 0123")
    '•••23'
    """
    return f"{HIDDEN}{phone[-2:]}" if phone else ""


IN_TEXT = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|\+\d[\d ()-]{7,}\d|\b0\d[\d ]{7,}\d\b"  # a phone number; never a number of JSON
)


def masked_text(text: str) -> str:
    """A text that others wrote, without the e-mail addresses and phone numbers in it.

    >>> masked_text("no mailbox anna@example.org, call +44 20 7946 0123")
    'no mailbox •••, call •••'
    """
    return IN_TEXT.sub(HIDDEN, text)
