"""Starting executions, many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import asyncpg
import orjson

from weftline.machine.admission import Scalar, SlotDemand
from weftline.model.ids import uuid7
from weftline.model.status import TemplateStatus
from weftline.store.concurrency import lock_keys, take_slots
from weftline.store.errors import translated
from weftline.store.queries import queries
from weftline.store.sealing import Seal, seal_of

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

DEFAULT_PRIORITY = 5


class Published(NamedTuple):
    """What new executions of a workflow run.

    Attributes:
        number: the published version; None where there is none.
        status: where the workflow stands; no execution of an archived one is to be started.
    """

    number: int | None
    status: TemplateStatus


class Parent(NamedTuple):
    """The execution that another one starts as one of its steps.

    Attributes:
        id: the parent's.
        step: key of the parent's step.
        waits: the step waits for the new execution's end.
        depth: how many executions are above the new one.
    """

    id: UUID
    step: str
    waits: bool
    depth: int


class Firing(NamedTuple):
    """What a trigger did to start an execution.

    Attributes:
        trigger_id: which.
        type: the trigger's.
        scheduled_at: the time that its schedule named, Unix seconds; None where none did.
    """

    trigger_id: UUID
    type: str
    scheduled_at: float | None = None


NO_FIRING = (None, None, None)


@dataclass(slots=True)
class NewExecution:
    """An execution to be started.

    Attributes:
        workflow_id, version_number: what it is pinned to.
        input: JSON text of an object.
        encrypts: its payloads are kept sealed.
        priority: 0 (last) to 9 (first).
        tags: free labels.
        attributes: what it can be found by, besides.
        slot: the limit that it counts towards; None: it is ready at once.
        idempotency_key: a second start of the same workflow under the same key finds the first.
        started_by: the person or service account that asked for it; None where nobody in particular did.
        parent: where another execution starts it.
        restarted_from: the execution that it repeats, where it does.
        firing: where a trigger starts it.
        context: JSON text of what is told about whoever started it, an object; None where nothing is.
        id: its identity.
    """

    workflow_id: str
    version_number: int
    input: str = "{}"
    priority: int = DEFAULT_PRIORITY
    tags: Sequence[str] | None = None
    attributes: Mapping[str, Scalar] | None = None
    slot: SlotDemand | None = None
    idempotency_key: str | None = None
    started_by: UUID | None = None
    parent: Parent | None = None
    restarted_from: UUID | None = None
    firing: Firing | None = None
    context: str | None = None
    encrypts: bool = False
    id: UUID = field(default_factory=uuid7)


async def published_versions(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    workflow_ids: Sequence[str],
) -> dict[str, Published]:
    """What new executions of each workflow that exists run."""
    rows = await connection.fetch(queries("versions")["published"], tenant_id, list(workflow_ids))
    return {row["id"]: Published(row["published_version"], TemplateStatus(row["status"])) for row in rows}


async def start_executions(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    new: Sequence[NewExecution],
    now: float,
) -> list[UUID | None]:
    """Insert executions within the caller's transaction.

    Args:
        connection: bound to the tenant.
        tenant_id: whose executions they are.
        new: what to start.
        now: Unix seconds, when they become ready; those that count towards a limit when they have a slot.

    Returns:
        The ids, in the order of ``new``; where an idempotency key was used before, the earlier execution's. One whose
        id exists already is not started again. None where the limit refuses the execution.

    Raises:
        Unstorable: an input holds what JSONB cannot (a NUL character).
        NotReadable, WrongMasterKey: an input is to be sealed, and the tenant's key cannot be used.
    """
    with translated():
        limited = [item for item in new if item.slot is not None]
        refused = {item.id for item in await lock_keys(connection, tenant_id, limited)} if limited else set[UUID]()
        started = await _insert(connection, tenant_id, [item for item in new if item.id not in refused], now)
        entering = [item for item in limited if item.id in started]
        if entering:
            await take_slots(connection, tenant_id, entering, now)
        left = [item for item in new if item.id not in started]
        if not left:
            return [item.id for item in new]
        # what is there already by its id was neither started now nor refused
        found = {item.id: None if item.id in refused else item.id for item in left}
        found |= await _earlier(connection, tenant_id, left)
    return [found.get(item.id, item.id) for item in new]


async def _insert(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    new: Sequence[NewExecution],
    now: float,
) -> set[UUID]:
    """The ids of those that were not there before, and are now."""
    if not new:
        return set()
    stored = new
    if any(item.encrypts for item in new):
        seal = await seal_of(connection, tenant_id, None)
        stored = [_sealed(item, seal.of(item.id)) if item.encrypts else item for item in new]
    inserted = await connection.fetch(
        queries("executions")["start"],
        tenant_id,
        now,
        [item.id for item in new],
        [item.workflow_id for item in new],
        [item.version_number for item in new],
        [item.priority for item in new],
        [item.input for item in stored],
        [None if item.tags is None else orjson.dumps(list(item.tags)).decode() for item in new],
        [item.idempotency_key for item in new],
        [item.started_by for item in new],
        [None if item.parent is None else item.parent.id for item in new],
        [None if item.parent is None else item.parent.step for item in new],
        [item.parent is not None and item.parent.waits for item in new],
        [0 if item.parent is None else item.parent.depth for item in new],
        [orjson.dumps(item.attributes).decode() if item.attributes else None for item in new],
        [None if item.slot is None else item.slot.key for item in new],
        [item.restarted_from for item in new],
        [item.context for item in stored],
        [item.encrypts for item in new],
        *zip(*(item.firing or NO_FIRING for item in new), strict=True),
    )
    return {row["id"] for row in inserted}


def _sealed(item: NewExecution, seal: Seal) -> NewExecution:
    """An execution with its payloads sealed."""
    context = None if item.context is None else seal.close_text(item.context, "context")
    return replace(item, input=seal.close_text(item.input, "input"), context=context)


async def _earlier(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    items: Sequence[NewExecution],
) -> dict[UUID, UUID]:
    """The executions that were started under the idempotency keys of ``items`` before, by the items' ids."""
    rows = await connection.fetch(
        queries("executions")["by_idempotency_key"],
        tenant_id,
        [item.workflow_id for item in items],
        [item.idempotency_key for item in items],
    )
    ids = {(row["workflow_id"], row["idempotency_key"]): row["id"] for row in rows}
    keys = ((item.id, (item.workflow_id, item.idempotency_key)) for item in items)
    return {id: ids[key] for id, key in keys if key in ids}
