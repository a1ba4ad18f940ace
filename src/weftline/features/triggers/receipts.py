"""What a webhook has seen: no signature is taken twice, and no delivery starts a second execution."""

from __future__ import annotations

import hashlib
from typing import NamedTuple
from uuid import UUID

from weftline.features.triggers.errors import ReplayedCall
from weftline.store.queries import queries
from weftline.store.triggers import Connection, StoredTrigger

_SQL = queries("trigger_receipts")

DELIVERY_SECONDS = 86_400.0
"""How long the id of a delivery is remembered."""

MAX_DELIVERY = 255
"""Characters of a delivery's id that are kept for people; the whole of it counts."""


class Seen(NamedTuple):
    """What is known of a call.

    Attributes:
        is_new: it was not made before.
        execution_id: what it started then; None where it started nothing.
        digests: under which it is remembered.
    """

    is_new: bool
    execution_id: UUID | None
    digests: list[bytes]


async def remember(
    connection: Connection, trigger: StoredTrigger, signature: bytes | None, delivery: str | None, seconds: float
) -> Seen:
    """Remember a call, within the transaction that starts what it starts and has locked the trigger.

    Args:
        connection: bound to the tenant.
        trigger: which webhook.
        signature: the call's; None where it is not signed.
        delivery: the sender's id of the delivery; None where it has none.
        seconds: for which the signature is remembered.

    Raises:
        ReplayedCall: the signature was taken before, for another delivery.
    """
    key = (trigger.tenant_id, trigger.id)
    digests: list[bytes] = []
    if signature is None and delivery is None:
        return Seen(True, None, digests)
    shown = None if delivery is None else delivery[:MAX_DELIVERY]
    await connection.execute(_SQL["prune"], *key)
    if delivery is not None:
        digest = _digest("delivery", delivery.encode())
        if not await connection.fetchval(_SQL["remember"], *key, digest, shown, DELIVERY_SECONDS):
            row = await connection.fetchrow(_SQL["recall"], *key, digest)
            return Seen(False, None if row is None else row["execution_id"], digests)
        digests.append(digest)
    if signature is not None:
        digest = _digest("signature", signature)
        if not await connection.fetchval(_SQL["remember"], *key, digest, shown, seconds):
            raise ReplayedCall
        digests.append(digest)
    return Seen(True, None, digests)


async def note_started(
    connection: Connection, trigger: StoredTrigger, digests: list[bytes], execution_id: UUID
) -> None:
    """Remember what a call started, for whoever makes it again."""
    if digests:
        await connection.execute(_SQL["started"], trigger.tenant_id, trigger.id, digests, execution_id)


def _digest(kind: str, value: bytes) -> bytes:
    return hashlib.sha256(kind.encode() + b"\0" + value).digest()
