"""Signed addresses that a page may carry: they name a decision, and nobody can make one up."""

from __future__ import annotations

import uuid

from django.core import signing
from django.urls import reverse

from launchopt.operations.errors import InvalidInput

SALT = "launchopt.onsite.{kind}"
EXPOSURE, CLICK, OPEN, UNSUBSCRIBE = "exposure", "click", "open", "unsubscribe"
DAYS_VALID = 90


def address_of(decision_id: uuid.UUID, *, kind: str) -> str:
    """Where a browser tells of an exposure or a click, from the root of the site."""
    token = signing.dumps(decision_id.hex, salt=SALT.format(kind=kind))
    return reverse(f"launchopt:{kind}", args=[token])


def decision_of(token: str, *, kind: str) -> uuid.UUID:
    """The decision that a token names. Raises InvalidInput where we did not sign it, or too long
    ago."""
    try:
        named = signing.loads(token, salt=SALT.format(kind=kind), max_age=DAYS_VALID * 24 * 60 * 60)
    except signing.SignatureExpired:
        raise InvalidInput(f"This link is older than {DAYS_VALID} days.") from None
    except signing.BadSignature:
        raise InvalidInput("This link was not made here.") from None
    return uuid.UUID(hex=named)
