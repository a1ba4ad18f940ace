"""Migrating one execution, or all that run one version.

What would lose state is refused: once here, so that a dry run can tell, and once by the execution itself, which alone
knows where it stands when the message arrives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.audit.trail import append, record
from weftline.features.database import Database, driver
from weftline.features.executions import repository
from weftline.features.executions.commands import Command
from weftline.features.executions.errors import TooManyToMigrate
from weftline.features.executions.hints import WorkHints
from weftline.features.executions.listing import Filter, newest
from weftline.features.executions.permissions import MIGRATE
from weftline.features.executions.programs import check_published, load_program, load_run
from weftline.features.executions.rest import resource_of
from weftline.features.executions.steering import Acted, Steering, send_to_each
from weftline.features.http.listing import Window
from weftline.features.workflows.errors import WorkflowNotFound
from weftline.language.program import Program
from weftline.machine.migration import Problem, check
from weftline.machine.state import State
from weftline.model.status import TERMINAL, ExecutionStatus
from weftline.store.inbox import MessageKind
from weftline.store.log import load_state
from weftline.store.starts import published_versions

MAX_EXECUTIONS = 10_000
"""Executions that one request migrates."""

PAGE = 200
"""Executions in one transaction."""

RUNNING = tuple(status for status in ExecutionStatus if status not in TERMINAL)


@dataclass(frozen=True, slots=True)
class Migration:
    """To which version, and how.

    Attributes:
        version: its number.
        nodes: from a node's id now to its id there; one that is not named keeps its id.
        reason: why, where somebody said.
    """

    version: int
    nodes: Mapping[str, str] = field(default_factory=dict[str, str])
    reason: str | None = None

    def command(self, by: str) -> Command:
        """What to ask of an execution."""
        payload = {"version": self.version, "nodes": dict(self.nodes), "reason": self.reason, "by": by}
        return Command(MessageKind.MIGRATE, payload)


class Hindrance(NamedTuple):
    """Why one execution of many cannot be migrated."""

    execution_id: UUID
    problems: Sequence[Problem]


@dataclass(slots=True)
class Migrated:
    """What came of migrating many executions.

    Attributes:
        total: executions that run the version.
        possible: how many can go on with the other; they have been asked to, but for a dry run.
        hindered: the others.
    """

    total: int = 0
    possible: int = 0
    hindered: list[Hindrance] = field(default_factory=list[Hindrance])


class _Move(NamedTuple):
    """From which version executions go to which.

    Attributes:
        number: of the version that they run.
        old, new: the versions, compiled.
        migration: how.
    """

    number: int
    old: Program
    new: Program
    migration: Migration

    def hindrances(self, state: State) -> Sequence[Problem]:
        """What keeps an execution that stands at ``state`` from going on."""
        if state.undoing is not None:
            return [Problem("being_undone", "", "it is being undone")]
        return check(self.old, self.new, state, self.migration.nodes)


class Migrating:
    """Migrates executions. That the caller may do so has been checked, but for each of many.

    Args:
        database: where executions are.
        steering: asks them.
        gate: decides which of many executions the caller may migrate.
        hints: wakes workers.
    """

    def __init__(self, database: Database, steering: Steering, gate: Gate, hints: WorkHints) -> None:
        self._database = database
        self._steering = steering
        self._gate = gate
        self._hints = hints

    async def problems(self, caller: Caller, execution_id: UUID, migration: Migration) -> Sequence[Problem]:
        """What keeps an execution from being migrated; none where nothing does.

        Raises:
            ExecutionNotFound, UnknownVersion: there is nothing of that kind.
            NotNow: one of the versions is not valid any more.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id, snapshot=True) as session:
            run = await load_run(session, tenant_id, execution_id)
            new = await _target(session, tenant_id, run.snapshot.row.workflow_id, migration)
            return _Move(run.snapshot.version_number, run.program, new, migration).hindrances(run.snapshot.state)

    async def migrate(self, caller: Caller, execution_id: UUID, migration: Migration) -> Acted:
        """Let an execution go on with another version.

        Raises:
            ExecutionNotFound, UnknownVersion: there is nothing of that kind.
            NotNow: it would lose some of its state.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            connection = await driver(session)
            row = await repository.get(connection, tenant_id, execution_id)
            if row is not None:
                await check_published(connection, tenant_id, row.workflow_id, migration.version, "/version")
        return await self._steering.act(tenant_id, execution_id, migration.command(caller.name))

    async def migrate_all(
        self,
        caller: Caller,
        workflow_id: str,
        from_version: int,
        migration: Migration,
        *,
        statuses: Sequence[ExecutionStatus] = (),
        dry_run: bool = False,
    ) -> Migrated:
        """Let all executions that run one version of a workflow go on with another.

        Args:
            caller: who asks; only executions that they may migrate are.
            workflow_id: whose executions.
            from_version: the version that they run.
            migration: to which version, and how.
            statuses: only those that stand so; none: all that have not ended.
            dry_run: only look.

        Raises:
            WorkflowNotFound, UnknownVersion: there is nothing of that kind.
            TooManyToMigrate: there are too many.
            NotNow: one of the versions is not valid any more.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            connection = await driver(session)
            if not await published_versions(connection, tenant_id, [workflow_id]):
                raise WorkflowNotFound(workflow_id)
            await check_published(connection, tenant_id, workflow_id, from_version, "/fromVersion")
            new = await _target(session, tenant_id, workflow_id, migration, "/toVersion")
            old = await load_program(connection, tenant_id, workflow_id, from_version)
        move = _Move(from_version, old, new, migration)
        wanted = Filter(statuses=statuses or RUNNING, workflow_id=workflow_id, version_number=from_version)
        chosen = await self._chosen(caller, wanted)
        result = Migrated()
        for start in range(0, len(chosen), PAGE):
            await self._page(caller, chosen[start : start + PAGE], move, result, dry_run=dry_run)
        if not dry_run:
            after: dict[str, Any] = {"fromVersion": from_version, "toVersion": migration.version}
            after |= {"total": result.total, "asked": result.possible}
            async with self._database.transaction(tenant_id) as session:
                action, reason = "workflow.migration_requested", migration.reason
                await record(session, action, "workflow", workflow_id, after=after, reason=reason)
            self._hints.send()
        return result

    async def _chosen(self, caller: Caller, wanted: Filter) -> list[UUID]:
        """The executions that fit and that the caller may migrate, the oldest first."""
        chosen: list[UUID] = []
        window: Window | None = newest(PAGE)
        looks_at_each = await self._gate.looks_at_each(caller, MIGRATE)
        while window is not None:
            async with self._database.reading(caller.tenant_id, plan_anew=True) as connection:
                found = await repository.list_executions(
                    connection, caller.tenant_id, wanted, window, with_input=looks_at_each
                )
            page = window.cut(found)
            shown = await self._gate.visible(caller, MIGRATE, page, resource_of) if looks_at_each else page
            chosen += [row.id for row in shown]
            if len(chosen) > MAX_EXECUTIONS:
                raise TooManyToMigrate(MAX_EXECUTIONS)
            window = window.next(found)
        return chosen[::-1]

    async def _page(self, caller: Caller, ids: Sequence[UUID], move: _Move, result: Migrated, *, dry_run: bool) -> None:
        tenant_id = caller.tenant_id
        able: list[UUID] = []
        async with self._database.transaction(tenant_id) as session:
            connection = await driver(session)
            for execution_id in ids:
                state = await load_state(connection, tenant_id, execution_id)
                if state is None or state.version not in (None, move.number):
                    # it was migrated, and no worker has let it go since
                    continue
                result.total += 1
                if problems := move.hindrances(state):
                    result.hindered.append(Hindrance(execution_id, problems))
                else:
                    able.append(execution_id)
            if not dry_run:
                command = move.migration.command(caller.name)
                failures = await send_to_each(connection, tenant_id, dict.fromkeys(able, command))
                able = [id for id in able if id not in failures]
                append(connection, tenant_id, [command.entry(id, caller) for id in able])
        result.possible += len(able)


async def _target(
    session: AsyncSession, tenant_id: UUID, workflow_id: str, migration: Migration, pointer: str = "/version"
) -> Program:
    connection = await driver(session)
    await check_published(connection, tenant_id, workflow_id, migration.version, pointer)
    return await load_program(connection, tenant_id, workflow_id, migration.version)
