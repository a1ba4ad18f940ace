"""Addresses of webhooks."""

from __future__ import annotations

from collections.abc import Callable

from weftline.features.triggers.declaring import token_context
from weftline.features.triggers.models import Trigger
from weftline.store.connect import keyring_of
from weftline.store.triggers import Connection

PATH = "/hooks/"
"""Where webhooks are, before the token."""

Address = Callable[[str], str]
"""The public address of a path."""


async def address_of(connection: Connection, trigger: Trigger, address: Address) -> str | None:
    """The address of a webhook; None for another trigger.

    Args:
        connection: bound to the tenant.
        trigger: which.
        address: makes addresses.

    Raises:
        CannotOpen: its token was sealed under another key.
    """
    if trigger.token_sealed is None:
        return None
    keyring = keyring_of(connection)
    assert keyring is not None, "whoever shows addresses has the keys"
    cipher = await keyring.cipher(connection, trigger.tenant_id)
    return address(PATH + cipher.open(trigger.token_sealed, token_context(trigger.id)).decode())
