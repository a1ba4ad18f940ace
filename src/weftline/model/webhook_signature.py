"""Signatures of webhooks, as Standard Webhooks 1.0 has them (https://www.standardwebhooks.com)."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with


def webhook_signature(secrets: Sequence[str], id: str, timestamp: int, body: bytes) -> str:
    """The value of ``webhook-signature``: a signature for each secret, HMAC-SHA-256 (RFC 2104).

    Args:
        secrets: each in base64, with or without ``whsec_``; two while a webhook moves from one to the other.
        id: the message's.
        timestamp: when it is sent, Unix seconds.
        body: as it is sent.

    Raises:
        ValueError: a secret is not base64.
    """
    message = f"{id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{b64encode(hmac.digest(_key(each), message, 'sha256')).decode()}" for each in secrets)


def _key(secret: str) -> bytes:
    return b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
