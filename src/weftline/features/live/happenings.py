"""What rows of the feed tell: which event of which execution, which task, which workflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.fields.masking import FieldMask
from weftline.features.database import driver
from weftline.features.live.kinds import KIND_OF, KINDS_OF_TASKS, WORKFLOW_PUBLISHED
from weftline.features.tasks.models import HumanTask
from weftline.model.event import Event
from weftline.model.secrets import labelled
from weftline.model.stepkey import parse_key
from weftline.store.errors import translated
from weftline.store.feed import Entry
from weftline.store.log import TYPES, events_page
from weftline.store.queries import queries
from weftline.store.sealing import event_place, seal_of


@dataclass(slots=True, eq=False)
class Happening:
    """Something that happened.

    Attributes:
        tenant_id: whose.
        kind: see ``weftline.features.live.kinds``.
        workflow_id: of which workflow.
        occurred_at: when.
        position: of who has seen this and all before, as text; empty where the log itself was read.
        execution_id: of which execution, if of one.
        seq: number in the execution's log, of its events.
        step_id, scope, visit: the node that it happened to, and where; see ``EventOut``.
        task_id: which task, if one.
        data: the event's own, or what there is to say of the task; JSON. Not masked.
        is_sealed: the execution's payloads are encrypted.
        task: the task's row.
        size: about how many bytes it takes.
    """

    tenant_id: UUID
    kind: str
    workflow_id: str
    occurred_at: datetime
    position: str
    execution_id: UUID | None = None
    seq: int | None = None
    step_id: str | None = None
    scope: str = ""
    visit: int = 1
    task_id: UUID | None = None
    data: dict[str, Any] | None = None
    is_sealed: bool = False
    task: HumanTask | None = None
    size: int = 0
    _rendered: dict[FieldMask | None, bytes] = field(default_factory=dict[FieldMask | None, bytes])

    def json(self, mask: FieldMask | None) -> bytes:
        """It as JSON text without what ``mask`` hides. Made once for everybody from whom the same is hidden."""
        text = self._rendered.get(mask)
        if text is None:
            # the driver has a type of UUIDs of its own, which is written as text, too
            text = self._rendered[mask] = orjson.dumps(self.to_wire(mask), default=str, option=orjson.OPT_UTC_Z)
        return text

    def to_wire(self, mask: FieldMask | None) -> dict[str, Any]:
        """It as clients see it, without what ``mask`` hides."""
        told: dict[str, Any] = {
            "position": self.position or None,
            "kind": self.kind,
            "workflowId": self.workflow_id,
            "executionId": self.execution_id,
            "seq": self.seq,
            "stepId": self.step_id,
            "scope": self.scope or None,
            "visit": self.visit if self.visit != 1 else None,
            "taskId": self.task_id,
            "occurredAt": self.occurred_at,
        }
        shown = {name: value for name, value in told.items() if value is not None}
        shown["data"] = self.data if mask is None or self.data is None else mask.apply(self.data)
        return shown


async def read_happenings(session: AsyncSession, entries: Sequence[Entry]) -> list[Happening]:
    """What rows of the feed tell, in order; what was told before is left out.

    Args:
        session: that sees the tenants' rows, with their keys.
        entries: rows.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: an encrypted payload cannot be opened.
    """
    connection = await driver(session)
    events = await _events(connection, entries)
    tasks = await _tasks(session, entries)
    happenings: list[Happening] = []
    for entry, number, happening in _in_order(entries, events, tasks):
        if number > entry.skip:
            happening.position = str(entry.position(number, int(entry.committed_at)))
            happenings.append(happening)
    return happenings


async def pick_happenings(session: AsyncSession, entries: Sequence[Entry], kinds: Set[str]) -> list[Happening]:
    """Of what whole rows of the feed tell, what is of some kinds, in order, without positions.

    Only that is read. Payloads of encrypted workflows stay closed: their events have no data.

    Args:
        session: that sees the tenants' rows.
        entries: rows.
        kinds: see ``weftline.features.live.kinds``.
    """
    types = [type for type, kind in KIND_OF.items() if kind in kinds]
    events = await _events(await driver(session), entries, types, opens=False) if types else {}
    tasks = await _tasks(session, entries) if not kinds.isdisjoint(KINDS_OF_TASKS) else {}
    return [happening for _, _, happening in _in_order(entries, events, tasks) if happening.kind in kinds]


def _in_order(
    entries: Sequence[Entry], events: Mapping[int, list[Happening]], tasks: Mapping[tuple[UUID, UUID, str], Happening]
) -> Iterator[tuple[Entry, int, Happening]]:
    """What entries tell, each with its number within its entry, from 1."""
    for place, entry in enumerate(entries):
        match entry.kind:
            case "events":
                told = events.get(place, [])
            case "tasks":
                told = [
                    tasks.get((entry.tenant_id, id, name)) for id, name in zip(entry.subjects, entry.names, strict=True)
                ]
            case _:
                told = [_of_workflow(entry, at) for at in range(len(entry.workflows))]
        for number, happening in enumerate(told, 1):
            if happening is not None:
                yield entry, number, happening


async def read_log(
    session: AsyncSession, tenant_id: UUID, execution_id: UUID, workflow_id: str, after: int, limit: int
) -> list[Happening]:
    """Up to ``limit`` events of one execution after number ``after``, in order; see :func:`read_happenings`."""
    events = await events_page(await driver(session), tenant_id, execution_id, after, limit)
    return [_of_event(tenant_id, execution_id, workflow_id, event) for event in events]


def _of_event(tenant_id: UUID, execution_id: UUID, workflow_id: str, event: Event, size: int = 0) -> Happening:
    node, scope, visit = (None, "", 1) if event.step is None else parse_key(event.step)
    return Happening(
        tenant_id,
        KIND_OF[event.type],
        workflow_id,
        datetime.fromtimestamp(event.at, UTC),
        "",
        execution_id=execution_id,
        seq=event.seq,
        step_id=node,
        scope=scope,
        visit=visit,
        # inputs of actions hold markers where secrets go
        data=labelled(event.data),
        size=size,
    )


async def _events(
    connection: asyncpg.Connection[asyncpg.Record],
    entries: Sequence[Entry],
    types: Sequence[str] | None = None,
    *,
    opens: bool = True,
) -> dict[int, list[Happening]]:
    """The events that entries tell of, by the entry's place.

    Args:
        connection: with the tenants' keys, where payloads are to be opened.
        entries: rows of the feed.
        types: only these of the log's types; None: all.
        opens: whether encrypted payloads are opened, or left out.
    """
    wanted = [
        (place, entry.tenant_id, *growth)
        for place, entry in enumerate(entries)
        if entry.kind == "events"
        for growth in zip(entry.subjects, entry.first_seqs, entry.last_seqs, strict=True)
    ]
    if not wanted:
        return {}
    with translated():
        rows = await connection.fetch(queries("feed")["events"], *zip(*wanted, strict=True), types)
    found: dict[int, list[Happening]] = {}
    for place, tenant_id, execution_id, workflow_id, seq, type, step, data, at, is_sealed in rows:
        text = None if is_sealed and not opens else data
        if is_sealed and text is not None:
            text = (await seal_of(connection, tenant_id, execution_id)).open(data, event_place(seq))
        event = Event(seq, TYPES[type], step, None if text is None else orjson.loads(text), at)
        happening = _of_event(tenant_id, execution_id, workflow_id, event, 0 if text is None else len(text))
        happening.is_sealed = is_sealed
        found.setdefault(place, []).append(happening)
    return found


async def _tasks(session: AsyncSession, entries: Sequence[Entry]) -> dict[tuple[UUID, UUID, str], Happening]:
    """What entries tell of tasks, as these are now."""
    told = {
        (entry.tenant_id, id, name): entry
        for entry in entries
        if entry.kind == "tasks"
        for id, name in zip(entry.subjects, entry.names, strict=True)
    }
    if not told:
        return {}
    statement = select(HumanTask).where(
        HumanTask.tenant_id.in_({tenant_id for tenant_id, _, _ in told}), HumanTask.id.in_({id for _, id, _ in told})
    )
    rows = {(task.tenant_id, task.id): task for task in await session.scalars(statement)}
    return {key: _of_task(rows[key[:2]], key[2], entry) for key, entry in told.items() if key[:2] in rows}


def _of_task(task: HumanTask, kind: str, entry: Entry) -> Happening:
    node, scope, visit = parse_key(task.step_id)
    return Happening(
        task.tenant_id,
        kind,
        task.workflow_id,
        datetime.fromtimestamp(entry.committed_at, UTC),
        "",
        execution_id=task.execution_id,
        step_id=node,
        scope=scope,
        visit=visit,
        task_id=task.id,
        data={
            "name": task.name,
            "status": task.status,
            "assignTo": task.assign_to,
            "claimedBy": task.claimed_by,
            "outcome": task.outcome,
            "dueAt": task.due_at,
        },
        is_sealed=task.is_sealed,
        task=task,
    )


def _of_workflow(entry: Entry, number: int) -> Happening:
    """What an entry tells of one of its workflows; of an edit, who makes it."""
    kind = entry.names[number] if entry.names else WORKFLOW_PUBLISHED
    data = {"editorId": str(entry.subjects[number])} if entry.subjects else None
    at = datetime.fromtimestamp(entry.committed_at, UTC)
    return Happening(entry.tenant_id, kind, entry.workflows[number], at, "", data=data)
