"""Triggers of published versions, as those see them who fire them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID, uuid5

import asyncpg
import orjson
from pydantic import ValidationError

from weftline.language.trigger_rules import TriggerRule, compile_trigger
from weftline.language.triggers import Trigger
from weftline.machine.firing import FiringFailed, Prepared
from weftline.model.errors import WorkflowError
from weftline.model.ids import derived_id, uuid7
from weftline.store.queries import queries
from weftline.store.starts import DEFAULT_PRIORITY, Firing, NewExecution

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

CACHE_SIZE = 10_000
"""Compiled triggers kept in memory."""


class StoredTrigger(NamedTuple):
    """A trigger that fires.

    Attributes:
        tenant_id, id: which.
        workflow_id: what it starts.
        key: its id within the workflow.
        version_number: the version that declares it.
        declaration: JSON text of what that says.
    """

    tenant_id: UUID
    id: UUID
    workflow_id: str
    key: str
    version_number: int
    declaration: str

    @classmethod
    def from_row(cls, row: Mapping[str, Any] | asyncpg.Record) -> StoredTrigger:
        """From a row with columns of these names."""
        return cls(*(row[name] for name in cls._fields))


class Outcome(NamedTuple):
    """What came of a trigger's firing.

    Attributes:
        tenant_id, trigger_id: which.
        fired, failed, skipped: how many times an execution was started, could not be, and had to wait for none.
        execution_id: the last that was started.
        error: why the last could not be.
    """

    tenant_id: UUID
    trigger_id: UUID
    fired: int = 0
    failed: int = 0
    skipped: int = 0
    execution_id: UUID | None = None
    error: WorkflowError | None = None


class TriggerRules:
    """Compiled triggers, kept in memory. What a version declares never changes."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[UUID, UUID, int], TriggerRule] = OrderedDict()

    def get(self, trigger: StoredTrigger) -> TriggerRule:
        """A trigger's rule.

        Raises:
            FiringFailed: what it declares is not valid any more.
        """
        key = (trigger.tenant_id, trigger.id, trigger.version_number)
        rule = self._known.get(key)
        if rule is None:
            try:
                rule = compile_trigger(Trigger.model_validate(orjson.loads(trigger.declaration)))
            except (ValidationError, ValueError) as error:
                message = f"the trigger that version {trigger.version_number} declares is not valid any more"
                raise FiringFailed("unusable_trigger", message) from error
            self._known[key] = rule
            if len(self._known) > CACHE_SIZE:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(key)
        return rule


def trigger_id(tenant_id: UUID, workflow_id: str, key: str) -> UUID:
    """The id of a workflow's trigger: the same in every version that declares it."""
    return uuid5(tenant_id, f"trigger/{workflow_id}/{key}")


def firing_id(trigger_id: UUID, scheduled_at: float) -> UUID:
    """The id of the execution that a schedule starts for one of its times: there is never a second one.

    Args:
        trigger_id: the schedule's.
        scheduled_at: Unix seconds.
    """
    return derived_id(scheduled_at, str(trigger_id))


def execution_of(
    trigger: StoredTrigger,
    rule: TriggerRule,
    prepared: Prepared,
    version: int,
    *,
    encrypts: bool,
    scheduled_at: float | None = None,
    context: str | None = None,
    id: UUID | None = None,
) -> NewExecution:
    """The execution that a trigger starts.

    Args:
        trigger, rule: which.
        prepared: what it starts.
        version: the version that is to run.
        encrypts: its payloads are kept sealed.
        scheduled_at: the time that its schedule named, Unix seconds.
        context: JSON text of what is told about whoever fired it; None where nothing is.
        id: the execution's; None for a new one.
    """
    settings = prepared.settings
    return NewExecution(
        trigger.workflow_id,
        version,
        orjson.dumps(prepared.input).decode(),
        priority=DEFAULT_PRIORITY if settings.priority is None else settings.priority,
        attributes=settings.attributes,
        slot=settings.slot,
        firing=Firing(trigger.id, rule.type, scheduled_at),
        context=context,
        encrypts=encrypts,
        id=id or uuid7(),
    )


async def lock_triggers(
    connection: Connection, triggers: Sequence[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], StoredTrigger]:
    """Lock triggers that fire, until the caller's transaction ends.

    Returns:
        Those of them that still may, by tenant and id.
    """
    rows = await connection.fetch(queries("triggers")["lock"], *zip(*triggers, strict=True))
    return {(row["tenant_id"], row["id"]): StoredTrigger.from_row(row) for row in rows}


async def record_outcomes(connection: Connection, outcomes: Sequence[Outcome], now: float) -> None:
    """Count what came of firings, within the transaction that started what they started.

    Args:
        connection: within a transaction that has locked the triggers.
        outcomes: at most one for each trigger.
        now: Unix seconds.
    """
    rows = [
        (*outcome[:-1], None if outcome.error is None else orjson.dumps(outcome.error.to_json()).decode())
        for outcome in outcomes
    ]
    await connection.execute(queries("triggers")["record"], now, *zip(*rows, strict=True))
