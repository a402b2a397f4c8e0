"""API keys that ask for decisions: kept in the process, like the board, under its revision.

Revoking a key moves the revision, and a decision is kept under no other revision than that under
which its key was looked up. So a revoked key is refused at once, without a look at it each time.
"""

from __future__ import annotations

from time import monotonic

from rest_framework.request import Request

from launchopt.campaigns.services.board import KEPT_SECONDS, kept_revision
from launchopt.operations.api.authentication import ApiKeyAuthentication
from launchopt.operations.models import ApiKey

MOST = 64
UNDER = "known_under"  # the attribute of a key that names the revision
_kept: dict[tuple[str, str, int], ApiKey] = {}  # by hash, revision and moment


class KeptKeyAuthentication(ApiKeyAuthentication):
    """As the others, for a view whose service looks again where the revision is another."""

    def key_of(self, hashed: str) -> ApiKey:
        """The key as it was under the revision of the board that is kept."""
        revision = kept_revision()
        if revision is None:
            return super().key_of(hashed)
        known = (hashed, revision, int(monotonic() // KEPT_SECONDS))
        if known not in _kept:
            if len(_kept) >= MOST:
                _kept.clear()
            key = super().key_of(hashed)
            setattr(key, UNDER, revision)
            _kept[known] = key
        return _kept[known]


def revision_of(request: Request) -> str | None:
    """The revision under which the request's key is known, if it is kept."""
    return getattr(request.auth, UNDER, None)


def look_again(request: Request) -> None:
    """Raise AuthenticationFailed where the request's key has been revoked meanwhile."""
    if isinstance(request.auth, ApiKey):
        ApiKeyAuthentication().key_of(request.auth.hash)
