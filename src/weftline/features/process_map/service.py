"""Drawing process maps."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from weftline.features.database import Database
from weftline.features.process_map import repository
from weftline.features.process_map.folding import Fact, Flow
from weftline.features.process_map.ways import Ways, ways_of
from weftline.features.statistics.errors import InvalidPeriod
from weftline.features.workflows.errors import VersionNotFound, WorkflowNotFound
from weftline.features.workflows.repository import read_workflow

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ProcessMap:
    """How executions of a version went.

    Attributes:
        version_number: of which version.
        since, until: the period; the first is None for all that are kept.
        executions: how many there are in it, at most as many as were asked for.
        is_partial: older ones were left out, for there was too much in the log.
        flow: what went where.
    """

    version_number: int
    since: datetime | None
    until: datetime
    executions: int
    is_partial: bool
    flow: Flow


class ProcessMapService:
    """Reads how executions went.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def map(
        self,
        tenant_id: UUID,
        workflow_id: str,
        *,
        version: int | None,
        since: datetime | None,
        until: datetime | None,
        limit: int,
    ) -> ProcessMap:
        """How the latest executions of a version went.

        Args:
            tenant_id, workflow_id: which workflow.
            version: a version's number; None: the published one, or the latest where none is.
            since, until: of those made from then on, and before then; None: all, and now.
            limit: so many executions at most.

        Raises:
            WorkflowNotFound, VersionNotFound: there is no such thing.
            InvalidPeriod: it ends before it begins.
        """
        begin, end = since or BEGINNING, until or datetime.now(UTC)
        if begin >= end:
            raise InvalidPeriod
        async with self._database.reading(tenant_id) as connection:
            template, found = await read_workflow(connection, tenant_id, workflow_id, version)
            if template is None:
                raise WorkflowNotFound(workflow_id)
            if version is None and template.published_version not in (None, template.latest_version):
                _, found = await read_workflow(connection, tenant_id, workflow_id, template.published_version)
            if found is None:
                raise VersionNotFound(workflow_id, template.latest_version if version is None else version)
            number = found.version_number
            facts, executions, is_partial = await repository.facts_of(
                connection, tenant_id, workflow_id, number, begin, end, limit
            )
        # in a thread, for there may be many
        flow = await asyncio.to_thread(_folded, facts, ways_of(found.definition))
        return ProcessMap(number, since, end, executions, is_partial, flow)


def _folded(facts: list[Fact], ways: Ways) -> Flow:
    flow = Flow(ways)
    flow.add(facts)
    return flow
