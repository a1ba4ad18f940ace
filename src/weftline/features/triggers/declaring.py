"""What a version that is published declares becomes the workflow's triggers.

What is known of a trigger goes with its id from version to version: whether it is paused, what it has started, the
address of a webhook, and, where its schedule is as before, when it fires next.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from weftline.features.tasks.tokens import new_token
from weftline.features.triggers.models import TriggerStatus, TriggerType
from weftline.features.triggers.standing import standing
from weftline.language.triggers import Trigger, trigger_keys
from weftline.store.connect import keyring_of
from weftline.store.queries import queries
from weftline.store.triggers import Connection, trigger_id

if TYPE_CHECKING:
    import asyncpg

_SQL = queries("triggers")
_TIMING = ("cron", "every", "timezone", "startAt", "endAt")
"""Fields that say when a schedule fires."""


def token_context(trigger_id: UUID) -> str:
    """What a tenant's cipher is told that the sealed token of a webhook is."""
    return f"webhook/{trigger_id}"


async def declare_triggers(
    connection: Connection,
    tenant_id: UUID,
    workflow_id: str,
    version_number: int,
    definition: Mapping[str, Any],
    now: float | None = None,
) -> None:
    """Make a workflow's triggers those that a version declares, within the transaction that publishes it.

    Args:
        connection: bound to the tenant.
        tenant_id, workflow_id, version_number: which version.
        definition: its document, which is valid.
        now: Unix seconds; the time of this machine where not given.
    """
    now = time.time() if now is None else now
    triggers = [Trigger.model_validate(each) for each in definition.get("triggers") or ()]
    rows = await connection.fetch(_SQL["of_workflow"], tenant_id, workflow_id)
    known = {row["id"]: row for row in rows}
    ids = [trigger_id(tenant_id, workflow_id, key) for key in trigger_keys(triggers)]
    await connection.execute(_SQL["remove_others"], tenant_id, workflow_id, ids)
    for id, key, trigger in sorted(zip(ids, trigger_keys(triggers), triggers, strict=True), key=lambda each: each[0]):
        document = trigger.model_dump(mode="json", by_alias=True, exclude_unset=True)
        row = known.get(id)
        stands = standing(trigger, id, now, is_paused=row is not None and row["is_paused"], kept=_kept(row, document))
        needs_token = trigger.type == TriggerType.WEBHOOK and (row is None or row["type"] != TriggerType.WEBHOOK)
        token_hash, sealed = await make_token(connection, tenant_id, id) if needs_token else (None, None)
        await connection.execute(
            _SQL["declare"],
            *(tenant_id, id, workflow_id, key, version_number, trigger.type),
            orjson.dumps(document).decode(),
            stands.status,
            trigger.event,
            stands.next_for,
            stands.next_at,
            token_hash,
            sealed,
        )


async def stop_triggers(connection: Connection, tenant_id: UUID, workflow_id: str) -> None:
    """Let a workflow's triggers fire no longer, within the transaction that archives it."""
    await connection.execute(_SQL["stop_all"], tenant_id, workflow_id)


async def make_token(connection: Connection, tenant_id: UUID, trigger_id: UUID) -> tuple[bytes, bytes]:
    """A new token for a webhook's address: its hash, and the token sealed for those who may see it."""
    keyring = keyring_of(connection)
    assert keyring is not None, "workflows are published by those who have the keys"
    token, token_hash = new_token(tenant_id)
    cipher = await keyring.cipher(connection, tenant_id)
    return token_hash, cipher.seal(token.encode(), token_context(trigger_id))


def _kept(row: asyncpg.Record | None, document: Mapping[str, Any]) -> float | None:
    """When a schedule was to fire next already, where it is as before."""
    if row is None or row["status"] != TriggerStatus.ACTIVE:
        return None
    before = orjson.loads(row["declaration"])
    if _timing(before) != _timing(document):
        return None
    return None if row["next_for"] is None else round(row["next_for"], 6)


def _timing(document: Mapping[str, Any]) -> Sequence[Any]:
    return [document.get(field) for field in _TIMING]
