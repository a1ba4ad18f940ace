"""Secrets of webhooks, with which messages are signed; see ``weftline.model.webhook_signature``."""

from __future__ import annotations

from base64 import b64encode
from secrets import token_bytes
from uuid import UUID

from weftline.model.webhook_signature import SECRET_PREFIX

_BYTES = 32


def new_secret() -> str:
    """A secret as its owner keeps it: ``whsec_`` and 32 random bytes in base64."""
    return SECRET_PREFIX + b64encode(token_bytes(_BYTES)).decode()


def secret_context(webhook_id: UUID) -> str:
    """What a tenant's cipher is told that the sealed secret of a webhook is."""
    return f"outgoing-webhook/{webhook_id}"
