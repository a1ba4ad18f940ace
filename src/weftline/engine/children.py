"""Starts the executions that other executions asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import orjson
import structlog

from weftline.engine.programs import Programs, UnusableVersion
from weftline.language.program import ExpressionError, Program
from weftline.machine.admission import admission
from weftline.model.errors import WorkflowError
from weftline.model.status import ExecutionStatus, TemplateStatus
from weftline.store.dispatches import Dispatch, DispatchKind, add
from weftline.store.inbox import MessageKind
from weftline.store.queries import queries
from weftline.store.sealing import seal_of
from weftline.store.starts import NewExecution, Parent, Published, published_versions, start_executions

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

log = structlog.get_logger(__name__)

PARENTS = queries("executions")["parents"]
PUBLISHED_ONCE = queries("versions")["published_once"]

MAX_DEPTH = 32
"""Executions that may be above one: workflows that start each other in a circle come to an end."""


class CannotStart(Exception):
    """A child cannot be started.

    Attributes:
        error: for the parent's record.
    """

    def __init__(self, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.error = WorkflowError(code, message, details or {}, retryable=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A child that is to be started.

    Attributes:
        id: the execution's.
        parent: id of the execution that wants it.
        step: key of its step.
        waits: the step waits for the child's end.
        workflow, version: what the child runs; None: the published version.
        input: JSON, an object.
    """

    id: UUID
    parent: str
    step: str
    waits: bool
    workflow: str
    version: int | None
    input: dict[str, Any]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Wanted:
        """From a dispatch."""
        return cls(row["execution_id"], **orjson.loads(row["payload"]))


class Children:
    """Starts executions for others.

    Args:
        programs: compiled versions.
    """

    def __init__(self, programs: Programs) -> None:
        self._programs = programs

    async def start(self, connection: Connection, dispatches: Sequence[Mapping[str, Any]], now: float) -> set[UUID]:
        """Start children; let the parents of those that cannot be started know.

        Args:
            connection: a worker's, within a transaction.
            dispatches: rows with ``tenant_id``, ``execution_id`` and ``payload``.
            now: Unix seconds.

        Returns:
            The executions that were started.
        """
        of_tenant: defaultdict[UUID, list[Wanted]] = defaultdict(list)
        for row in dispatches:
            of_tenant[row["tenant_id"]].append(Wanted.from_row(row))
        started: set[UUID] = set()
        for tenant_id, wanted in of_tenant.items():
            started |= await self._start(connection, tenant_id, wanted, now)
        return started

    async def _start(self, connection: Connection, tenant_id: UUID, wanted: Sequence[Wanted], now: float) -> set[UUID]:
        parents = {
            str(row["id"]): row
            for row in await connection.fetch(PARENTS, tenant_id, list({child.parent for child in wanted}))
        }
        contexts = {id: await _context(connection, tenant_id, row) for id, row in parents.items()}
        published = await published_versions(connection, tenant_id, list({child.workflow for child in wanted}))
        pinned = await _pinned(connection, tenant_id, wanted)
        new: dict[UUID, NewExecution] = {}
        reports: list[Dispatch] = []
        for child in wanted:
            try:
                number = _number(child, published, pinned)
                program, _ = await self._programs.get(connection, (tenant_id, child.workflow, number))
                new[child.id] = _new(child, number, program, parents[child.parent], contexts[child.parent])
            except UnusableVersion as unusable:
                reports.append(not_started(tenant_id, child, unusable.error))
            except CannotStart as failure:
                reports.append(not_started(tenant_id, child, failure.error))
        ids = await start_executions(connection, tenant_id, list(new.values()), now) if new else []
        for child in wanted:
            if child.id in new and child.id not in ids:
                error = WorkflowError(
                    "concurrency_limit", f"as many executions of workflow '{child.workflow}' run as may at once"
                )
                reports.append(not_started(tenant_id, child, error))
        if reports:
            log.warning("children cannot be started", tenant_id=str(tenant_id), count=len(reports))
            await add(connection, reports)
        return {id for id in ids if id is not None}


def not_started(tenant_id: UUID, child: Wanted, error: WorkflowError) -> Dispatch:
    """What lets the parent know that a child was not started."""
    payload = {
        "step": child.step,
        "child": str(child.id),
        "status": ExecutionStatus.FAILED.value,
        "error": error.to_json(),
    }
    message = orjson.dumps({"kind": MessageKind.CHILD_ENDED.value, "payload": payload}).decode()
    return Dispatch(tenant_id, DispatchKind.MESSAGE, UUID(child.parent), message)


async def _context(connection: Connection, tenant_id: UUID, parent: asyncpg.Record) -> str | None:
    """What an execution was told about whoever started it."""
    context: str | None = parent["context"]
    if context is None or not parent["is_sealed"]:
        return context
    return (await seal_of(connection, tenant_id, parent["id"])).open(context, "context").decode()


async def _pinned(connection: Connection, tenant_id: UUID, wanted: Sequence[Wanted]) -> set[tuple[str, int]]:
    """Those of the versions that are asked for by their number that can be run: they were published once."""
    pairs = {(child.workflow, child.version) for child in wanted if child.version is not None}
    if not pairs:
        return set()
    rows = await connection.fetch(PUBLISHED_ONCE, tenant_id, *zip(*pairs, strict=True))
    return {(row["template_id"], row["version_number"]) for row in rows}


def _number(child: Wanted, published: Mapping[str, Published], pinned: set[tuple[str, int]]) -> int:
    """The version that a child runs.

    Raises:
        CannotStart: there is none.
    """
    name = f"workflow '{child.workflow}'"
    found = published.get(child.workflow)
    if found is None:
        raise CannotStart("unknown_workflow", f"there is no {name}")
    if found.status is TemplateStatus.ARCHIVED:
        raise CannotStart("archived", f"{name} is archived")
    number = found.number if child.version is None else child.version
    if number is None:
        raise CannotStart("not_published", f"no version of {name} is published")
    if child.version is not None and (child.workflow, number) not in pinned:
        raise CannotStart("not_published", f"{name} has no published version {number}")
    return number


def _new(child: Wanted, number: int, program: Program, parent: asyncpg.Record, context: str | None) -> NewExecution:
    """The execution to start. It inherits from its parent what its own workflow does not say.

    Raises:
        CannotStart: it is too deep, or its input does not fit.
    """
    depth = parent["depth"] + 1
    if depth > MAX_DEPTH:
        raise CannotStart("too_deep", f"more than {MAX_DEPTH} executions would be above it")
    errors = [] if program.input_schema is None else program.input_schema.errors(child.input)
    if errors:
        details = [{"pointer": pointer, "message": message} for pointer, message in errors]
        raise CannotStart("invalid_input", "the input does not fit the workflow's input schema", {"errors": details})
    try:
        settings = admission(program, child.input)
    except ExpressionError as error:
        raise CannotStart(error.code, error.message) from error
    return NewExecution(
        child.workflow,
        number,
        orjson.dumps(child.input).decode(),
        priority=parent["priority"] if settings.priority is None else settings.priority,
        tags=parent["tags"],
        attributes=settings.attributes,
        slot=settings.slot,
        started_by=parent["started_by"],
        context=context,
        # what it is given and gives back is its parent's data
        encrypts=program.encrypts or parent["is_sealed"],
        parent=Parent(parent["id"], child.step, child.waits, depth),
        id=child.id,
    )
