"""Tokens of links: a tenant's id and 256 random bits. Only a hash of them is stored.

The tenant's id stands in the token so that it is looked up under that tenant's row-level security, like everything
else of the tenant's.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from secrets import token_bytes
from typing import NamedTuple
from uuid import UUID

_SECRET_BYTES = 32
_LENGTH = 64
"""Characters of 16 and 32 bytes in base64."""


class LinkToken(NamedTuple):
    """What a token says.

    Attributes:
        tenant_id: whose link it is.
        hash: under which it is stored.
    """

    tenant_id: UUID
    hash: bytes


def new_token(tenant_id: UUID) -> tuple[str, bytes]:
    """A new token, and the hash to store."""
    raw = tenant_id.bytes + token_bytes(_SECRET_BYTES)
    return base64.urlsafe_b64encode(raw).decode(), _hash(raw)


def read_token(token: str) -> LinkToken | None:
    """What a token from outside says; None where it is none."""
    if len(token) != _LENGTH:
        return None
    try:
        raw = base64.b64decode(token.encode("ascii"), b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        return None
    return LinkToken(UUID(bytes=raw[:16]), _hash(raw))


def _hash(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()
