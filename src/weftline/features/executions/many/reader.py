"""What can be seen of many executions at once.

However many they are, it takes a fixed number of statements; where logs are long, one more for every page of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from weftline.features.database import Database, driver
from weftline.features.errors import Invalid
from weftline.features.executions.many import repository
from weftline.features.executions.models import Execution
from weftline.features.executions.reader import Snapshot
from weftline.features.executions.step_reader import StepPage
from weftline.features.executions.steps import StepCollector
from weftline.features.executions.versions import Versions
from weftline.machine.state import State, Step
from weftline.model.event import Event
from weftline.model.status import ExecutionStatus
from weftline.store.histories import beginnings, load_states, pages

PAGE = 2_000
"""Events of one execution that are read at once."""

MAX_EVENTS = 50_000
"""Events that are looked through for the steps of many executions."""


class TooMuchToRead(Invalid):
    """The logs of the executions are too long to be read together."""

    code = "too_much_to_read"
    title = "Too much to read"

    def __init__(self) -> None:
        super().__init__(
            f"The logs of these executions have more than {MAX_EVENTS:,} events together: ask for fewer at a time."
        )


class Window(NamedTuple):
    """Which of an execution's steps or events.

    Attributes:
        execution_id: whose.
        after: those after so many steps, or after the event of this number.
        limit: at most so many.
    """

    execution_id: UUID
    after: int
    limit: int


class ManyReader:
    """Reads many executions at once.

    Args:
        database: where they are.
        versions: the published versions.
    """

    def __init__(self, database: Database, versions: Versions) -> None:
        self._database = database
        self._versions = versions

    async def newest_of_each(
        self,
        tenant_id: UUID,
        workflow_ids: Collection[str],
        *,
        statuses: Collection[ExecutionStatus] = (),
        before: UUID | None = None,
        limit: int,
        with_input: bool,
    ) -> dict[str, list[Execution]]:
        """The newest executions of each workflow; see ``repository.newest_of_each``."""
        async with self._database.transaction(tenant_id) as session:
            rows = await repository.newest_of_each(
                session, tenant_id, workflow_ids, statuses=statuses, before=before, limit=limit, with_input=with_input
            )
        found: dict[str, list[Execution]] = {id: [] for id in workflow_ids}
        for row in rows:
            found[row.workflow_id].append(row)
        return found

    async def snapshots(self, tenant_id: UUID, execution_ids: Collection[UUID]) -> dict[UUID, Snapshot]:
        """Those of the executions that exist, as they are now."""
        async with self._database.transaction(tenant_id, snapshot=True) as session:
            rows = await repository.rows_of(session, tenant_id, execution_ids)
            states = await load_states(await driver(session), tenant_id, [row.id for row in rows], PAGE)
        return {row.id: Snapshot(row, states[row.id]) for row in rows}

    async def events(self, tenant_id: UUID, windows: Collection[Window]) -> dict[Window, Sequence[Event]]:
        """Events of many executions, in order. Windows of one execution are read apart."""
        found: dict[Window, Sequence[Event]] = {}
        async with self._database.transaction(tenant_id) as session:
            connection = await driver(session)
            for group in _alike(windows):
                after = {window.execution_id: window.after for window in group}
                of_each = await pages(connection, tenant_id, after, group[0].limit)
                found |= {window: of_each.get(window.execution_id, ()) for window in group}
        return found

    async def steps(
        self, tenant_id: UUID, windows: Collection[Window], versions: Mapping[UUID, tuple[str, int]]
    ) -> dict[Window, StepPage]:
        """Steps of those of the executions that exist, in the order in which they began.

        Args:
            tenant_id: whose.
            windows: which steps.
            versions: workflow and version of each execution.

        Raises:
            TooMuchToRead: their logs are too long to be read together.
        """
        async with self._database.transaction(tenant_id, snapshot=True) as session:
            connection = await driver(session)
            begun = await beginnings(connection, tenant_id, {window.execution_id for window in windows}, PAGE)
            total = _checked(sum(len(each.events) for each in begun.values()))
            read: dict[Window, tuple[Sequence[Step], bool]] = {}
            unread: dict[Window, StepCollector] = {}

            def take(window: Window, collector: StepCollector, events: Sequence[Event]) -> None:
                collector.apply(events)
                if len(events) == PAGE:
                    unread[window] = collector
                else:
                    # a state is large: it goes as soon as its steps are known
                    read[window] = collector.steps(), collector.has_more

            for window in windows:
                if (beginning := begun.get(window.execution_id)) is not None:
                    take(window, StepCollector(State(beginning.input), window.after, window.limit), beginning.events)
            while unread:
                after = {window.execution_id: collector.seq for window, collector in unread.items()}
                found = await pages(connection, tenant_id, after, PAGE)
                total = _checked(total + sum(map(len, found.values())))
                waiting, unread = unread, {}
                for window, collector in waiting.items():
                    take(window, collector, found.get(window.execution_id, ()))
            headings = await self._versions.get_all(connection, tenant_id, {versions[id] for id in begun})
        return {
            window: StepPage(steps, has_more, version[0], headings[version])
            for window, (steps, has_more) in read.items()
            for version in (versions[window.execution_id],)
        }


def _checked(events: int) -> int:
    """A number of events that are read together.

    Raises:
        TooMuchToRead: it is too large.
    """
    if events > MAX_EVENTS:
        raise TooMuchToRead
    return events


def _alike(windows: Collection[Window]) -> list[list[Window]]:
    """The windows in groups that one statement can read: of one size, and of as many executions."""
    groups: dict[tuple[int, int], list[Window]] = {}
    seen: dict[tuple[UUID, int], int] = {}
    for window in windows:
        number = seen[window.execution_id, window.limit] = seen.get((window.execution_id, window.limit), -1) + 1
        groups.setdefault((window.limit, number), []).append(window)
    return list(groups.values())
