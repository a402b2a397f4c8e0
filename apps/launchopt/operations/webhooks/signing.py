"""Signatures as in the Standard Webhooks specification 1.0 (standardwebhooks.com)."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

PREFIX = "whsec_"
SECRET_BYTES = 32  # the specification asks for 24 to 64


def new_secret() -> str:
    """A secret that nobody has seen."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def signature_of(body: bytes, *, secret: str, message_id: str, timestamp: int) -> str:
    """HMAC-SHA256 of `id.timestamp.body`, as `v1,` and base64.

    >>> signature_of(
    ...     b'{"test": 2432232314}',
    ...     secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    ...     message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
    ...     timestamp=1614265330,
    ... )
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()


def headers_of(
    body: bytes, *, secrets: Sequence[str], message_id: str, now: datetime
) -> dict[str, str]:
    """What is sent with a body; while a secret is replaced, a signature by each of the two."""
    timestamp = int(now.timestamp())
    signatures = [
        signature_of(body, secret=secret, message_id=message_id, timestamp=timestamp)
        for secret in secrets
    ]
    return {
        "content-type": "application/json",
        "user-agent": "LaunchOpt-Webhooks/1",
        "idempotency-key": message_id,
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signatures),
    }
