"""Personal data as others may see it."""

from __future__ import annotations

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
