"""What a version that is published declares becomes the workflow's triggers.

What is known of a trigger goes with its id from version to version: whether it is paused, what it has started, the
address of a webhook, and, where its schedule is as before, when it fires next. A trigger of an integration that looks
at the same thing as before has come as far as before.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from weftline.authoring.integrations import IntegrationTrigger, integrations
from weftline.features.tasks.tokens import new_token
from weftline.features.triggers.models import TriggerStatus, TriggerType
from weftline.features.triggers.standing import standing
from weftline.language.trigger_rules import compile_trigger
from weftline.language.triggers import Trigger, trigger_keys
from weftline.store.connect import keyring_of
from weftline.store.integration_triggers import fingerprint
from weftline.store.queries import queries
from weftline.store.triggers import Connection, trigger_id

if TYPE_CHECKING:
    import asyncpg

_SQL, _SOURCES = queries("triggers"), queries("integration_triggers")
AT_ONCE = 0.0
"""Has been due for longer than anything: a worker's clock may stand before this process's."""

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
        offer = offered(trigger)
        has_address = trigger.type == TriggerType.WEBHOOK or (offer is not None and offer.type == "WEBHOOK")
        needs_token = has_address and (row is None or row["type"] != trigger.type or not row["has_token"])
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
            has_address,
        )
        await _declare_source(
            connection, (tenant_id, id), trigger, offer, is_live=stands.status == TriggerStatus.ACTIVE
        )


async def stop_triggers(connection: Connection, tenant_id: UUID, workflow_id: str) -> None:
    """Let a workflow's triggers fire no longer, within the transaction that archives it."""
    await connection.execute(_SQL["stop_all"], tenant_id, workflow_id)
    await connection.execute(_SOURCES["halt_all"], tenant_id, workflow_id)


def offered(trigger: Trigger) -> IntegrationTrigger | None:
    """What an integration says of a trigger of its; None for another trigger, and where it is not known here."""
    if trigger.integration is None or trigger.trigger is None:
        return None
    integration = integrations.get(trigger.integration)
    return None if integration is None else integration.triggers.get(trigger.trigger)


async def set_due(connection: Connection, trigger_id: tuple[UUID, UUID], *, is_live: bool) -> None:
    """Have workers look for a trigger of an integration from now on, or not any more; nothing for another trigger.

    Args:
        connection: bound to the tenant.
        trigger_id: the tenant's, and its own.
        is_live: it is to be looked for.
    """
    await connection.execute(_SOURCES["set_due"], *trigger_id, AT_ONCE if is_live else None)


async def begin_anew(connection: Connection, trigger_id: tuple[UUID, UUID]) -> None:
    """Forget how far a trigger of an integration has come, and what it has seen.

    Args:
        connection: bound to the tenant.
        trigger_id: the tenant's, and its own.
    """
    await connection.execute(_SOURCES["forget_all"], *trigger_id)
    await connection.execute(_SOURCES["reset"], *trigger_id, AT_ONCE)


async def _declare_source(
    connection: Connection,
    key: tuple[UUID, UUID],
    trigger: Trigger,
    offer: IntegrationTrigger | None,
    *,
    is_live: bool,
) -> None:
    rule = compile_trigger(trigger).integration
    if rule is None:
        await connection.execute(_SOURCES["remove"], *key)
        return
    # one that is not known here may be known to a worker: it says so, or looks
    kind = "POLLING" if offer is None else offer.type
    mark = fingerprint(rule)
    await connection.execute(_SOURCES["forget_seen"], *key, mark)
    await connection.execute(_SOURCES["declare"], *key, kind, mark, AT_ONCE if is_live and kind != "WEBHOOK" else None)


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
