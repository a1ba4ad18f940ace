"""Step executions: those of one execution, and those that fit a search across executions.

Nothing is written for this while executions run: their logs are read and folded. So a search looks at a bounded part
of the executions at a time, the newest first, and says where it goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

from weftline.features.access.fields.masking import FieldMask
from weftline.features.database import Database, driver
from weftline.features.executions import repository
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.models import Execution
from weftline.features.executions.schemas import UNKNOWN_STEP, masked
from weftline.features.executions.step_repository import list_candidates
from weftline.features.executions.steps import StepCollector
from weftline.features.executions.versions import PublishedVersion, StepHeading, Versions
from weftline.machine.state import State, Step
from weftline.model.status import StepStatus
from weftline.store.log import events_page

EVENTS_AT_ONCE = 2_000
MAX_EXECUTIONS = 200
"""Executions that one search looks at."""

MAX_EVENTS = 20_000
"""Events after which a search looks at no further execution."""

LONGEST_LOG = 10_000
"""Events of an execution beyond which a search passes over it."""


class StepPage(NamedTuple):
    """A part of an execution's steps.

    Attributes:
        steps: in the order in which they began.
        has_more: whether others began after them.
        workflow_id: whose execution it is.
        version: says what they are called.
    """

    steps: Sequence[Step]
    has_more: bool
    workflow_id: str
    version: PublishedVersion


@dataclass(frozen=True, slots=True)
class StepFilter:
    """Which steps to find: those that fit every field that is given.

    Attributes:
        workflow_id, execution_id: of this workflow, of this execution.
        step_id: of this node.
        step_type: of this type, as the definition's author wrote it.
        statuses: in one of these.
        error_code: whose last error has this code.
        started_after, started_before: begun at that time or later; before that time.
    """

    workflow_id: str | None = None
    execution_id: UUID | None = None
    step_id: str | None = None
    step_type: str | None = None
    statuses: Sequence[StepStatus] = ()
    error_code: str | None = None
    started_after: datetime | None = None
    started_before: datetime | None = None

    def fits(self, step: Step, heading: StepHeading, mask: FieldMask | None) -> bool:
        """Whether a step is one of them, for somebody who does not see what ``mask`` hides."""
        return (
            self.step_id in (None, step.node)
            and self.step_type in (None, heading.type)
            and (not self.statuses or step.status in self.statuses)
            and (self.error_code is None or _code(step, mask) == self.error_code)
            and (self.started_after is None or step.started_at >= self.started_after.timestamp())
            and (self.started_before is None or step.started_at < self.started_before.timestamp())
        )


class Hit(NamedTuple):
    """A step that was found, with its execution and its node's heading."""

    row: Execution
    step: Step
    heading: StepHeading


class Position(NamedTuple):
    """Where a search goes on.

    Attributes:
        execution_id: with this execution.
        first: after so many of its steps.
    """

    execution_id: UUID
    first: int = 0


class Found(NamedTuple):
    """What a search found.

    Attributes:
        hits: the steps.
        skipped: executions whose logs are too long to be searched.
        next: where it goes on, where it did not look at everything.
    """

    hits: Sequence[Hit]
    skipped: Sequence[UUID]
    next: Position | None


class StepReader:
    """Reads step executions.

    Args:
        database: where the logs are.
        versions: the published versions.
    """

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database = database
        self._versions = versions

    async def of_execution(self, tenant_id: UUID, execution_id: UUID, *, first: int, limit: int) -> StepPage:
        """Up to ``limit`` steps of an execution after the ``first`` ones, in the order in which they began.

        Raises:
            ExecutionNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id, snapshot=True) as session:
            connection = await driver(session)
            row = await repository.get(connection, tenant_id, execution_id)
            if row is None:
                raise ExecutionNotFound
            version = await self._versions.get(connection, tenant_id, row.workflow_id, row.version_number)
            collector = StepCollector(State(row.input), first, limit)
            await _fold(connection, tenant_id, execution_id, collector)
            return StepPage(collector.steps(), collector.has_more, row.workflow_id, version)

    async def candidates(
        self, tenant_id: UUID, wanted: StepFilter, workflow_ids: Collection[str] | None, start: UUID | None
    ) -> Sequence[Execution]:
        """Executions in which there may be such steps, the newest first: those to look at, and one more.

        Args:
            tenant_id: whose.
            wanted: which steps are looked for.
            workflow_ids: only of these workflows; None for any.
            start: where the search goes on.
        """
        async with self._database.transaction(tenant_id) as session:
            return await list_candidates(
                session,
                tenant_id,
                workflow_id=wanted.workflow_id,
                workflow_ids=workflow_ids,
                execution_id=wanted.execution_id,
                active_after=wanted.started_after,
                created_before=wanted.started_before,
                start=start,
                limit=MAX_EXECUTIONS + 1,
            )

    async def search(
        self,
        tenant_id: UUID,
        rows: Sequence[Execution],
        masks: Mapping[str, FieldMask | None],
        wanted: StepFilter,
        *,
        start: Position | None,
        limit: int,
    ) -> Found:
        """The steps of some executions that are wanted.

        Args:
            tenant_id: whose.
            rows: the executions.
            masks: what must not be seen, by workflow.
            wanted: which steps.
            start: where the search goes on.
            limit: at most so many.
        """
        hits: list[Hit] = []
        skipped: list[UUID] = []
        events = 0
        async with self._database.transaction(tenant_id, snapshot=True) as session:
            connection = await driver(session)
            for row in rows:
                if events >= MAX_EVENTS:
                    return Found(hits, skipped, Position(row.id))
                collector = StepCollector(State(row.input))
                is_whole = await _fold(connection, tenant_id, row.id, collector, LONGEST_LOG)
                events += collector.seq
                if not is_whole:
                    skipped.append(row.id)
                    continue
                version = await self._versions.get(connection, tenant_id, row.workflow_id, row.version_number)
                first = start.first if start is not None and start.execution_id == row.id else 0
                for number, step in enumerate(collector.steps()[first:], first):
                    heading = version.steps.get(step.node, UNKNOWN_STEP)
                    if not wanted.fits(step, heading, masks[row.workflow_id]):
                        continue
                    if len(hits) == limit:
                        return Found(hits, skipped, Position(row.id, number))
                    hits.append(Hit(row, step, heading))
        return Found(hits, skipped, None)


async def _fold(
    connection: asyncpg.Connection[asyncpg.Record],
    tenant_id: UUID,
    execution_id: UUID,
    collector: StepCollector,
    longest: int | None = None,
) -> bool:
    """Fold a log in; False where it is longer than ``longest`` events, and was not folded to its end."""
    while True:
        events = await events_page(connection, tenant_id, execution_id, collector.seq, EVENTS_AT_ONCE)
        collector.apply(events)
        if len(events) < EVENTS_AT_ONCE:
            return True
        if longest is not None and collector.seq >= longest:
            return False


def _code(step: Step, mask: FieldMask | None) -> object:
    error = masked(step.error, mask)
    return None if error is None else error.get("code")
