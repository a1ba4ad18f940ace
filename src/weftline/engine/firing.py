"""Starts what triggers start, within the transaction that notes that they have fired."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias
from uuid import UUID

import structlog

from weftline.engine.programs import Programs, UnusableVersion
from weftline.language.program import Program
from weftline.machine.firing import FiringFailed, Names, about, holds, prepare
from weftline.model.errors import WorkflowError
from weftline.model.status import TemplateStatus
from weftline.store.starts import NewExecution, Published, published_versions, start_executions
from weftline.store.triggers import (
    Connection,
    Outcome,
    StoredTrigger,
    TriggerRules,
    execution_of,
    record_outcomes,
)

log = structlog.get_logger(__name__)

Usable: TypeAlias = tuple[Program, int]
"""What a workflow's new executions run, and its number."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One firing of a trigger.

    Attributes:
        trigger: which.
        execution_id: of what it starts.
        scheduled_at: the time that its schedule named, Unix seconds.
        event: what fired it, as expressions see it; None for a schedule.
        is_late: somebody asked for what a schedule would have fired. Of several each has its turn, whatever the
            schedule says of overlaps.
    """

    trigger: StoredTrigger
    execution_id: UUID
    scheduled_at: float | None = None
    event: Mapping[str, Any] | None = None
    is_late: bool = False


@dataclass(slots=True)
class _Tally:
    """What came of one trigger's firings."""

    fired: int = 0
    failed: int = 0
    skipped: int = 0
    execution_id: UUID | None = None
    error: WorkflowError | None = None

    def fail(self, error: WorkflowError) -> None:
        self.failed += 1
        self.error = error


@dataclass(slots=True)
class _Round:
    """The firings of one tenant that are carried out together."""

    tallies: defaultdict[UUID, _Tally] = field(default_factory=lambda: defaultdict[UUID, _Tally](_Tally))
    new: list[NewExecution] = field(default_factory=list[NewExecution])


class Firings:
    """Carries firings out.

    Args:
        programs: compiled versions.
        rules: compiled triggers.
    """

    def __init__(self, programs: Programs, rules: TriggerRules) -> None:
        self._programs = programs
        self._rules = rules

    async def carry_out(
        self,
        connection: Connection,
        shots: Sequence[Shot],
        now: float,
        failures: dict[UUID, WorkflowError] | None = None,
    ) -> set[UUID]:
        """Start what triggers start, and count it. One that cannot start anything is counted as failed.

        Args:
            connection: a worker's, within a transaction that has locked the triggers.
            shots: the firings, in order.
            now: Unix seconds.
            failures: gets why executions were not started, by their ids.

        Returns:
            The executions that were started.
        """
        of_tenant: defaultdict[UUID, list[Shot]] = defaultdict(list)
        for shot in shots:
            of_tenant[shot.trigger.tenant_id].append(shot)
        started: set[UUID] = set()
        for tenant_id, each in sorted(of_tenant.items()):
            started |= await self._carry_out(connection, tenant_id, each, now, {} if failures is None else failures)
        return started

    async def _carry_out(
        self,
        connection: Connection,
        tenant_id: UUID,
        shots: Sequence[Shot],
        now: float,
        failures: dict[UUID, WorkflowError],
    ) -> set[UUID]:
        workflows = list({shot.trigger.workflow_id for shot in shots})
        published = await published_versions(connection, tenant_id, workflows)
        done = _Round()
        for shot in shots:
            try:
                usable = await self._usable(connection, shot.trigger, published)
                item = self._new(shot, usable, now)
            except FiringFailed as failure:
                log.warning("a trigger fired in vain", trigger_id=str(shot.trigger.id), code=failure.error.code)
                done.tallies[shot.trigger.id].fail(failure.error)
                failures[shot.execution_id] = failure.error
            else:
                if item is not None:
                    done.new.append(item)
        ids = await start_executions(connection, tenant_id, done.new, now) if done.new else []
        for item, id in zip(done.new, ids, strict=True):
            assert item.firing is not None
            tally = done.tallies[item.firing.trigger_id]
            if id is None:
                tally.skipped += 1
            else:
                tally.fired += 1
                tally.execution_id = id
        outcomes = [
            Outcome(tenant_id, id, tally.fired, tally.failed, tally.skipped, tally.execution_id, tally.error)
            for id, tally in sorted(done.tallies.items())
        ]
        if outcomes:
            await record_outcomes(connection, outcomes, now)
        return {id for id in ids if id is not None}

    async def _usable(
        self, connection: Connection, trigger: StoredTrigger, published: Mapping[str, Published]
    ) -> Usable:
        """What the trigger's workflow runs.

        Raises:
            FiringFailed: it runs nothing.
        """
        found = published.get(trigger.workflow_id)
        if found is None or found.number is None or found.status is TemplateStatus.ARCHIVED:
            raise FiringFailed("not_published", f"no version of workflow '{trigger.workflow_id}' can be started")
        try:
            key = (trigger.tenant_id, trigger.workflow_id, found.number)
            program, _ = await self._programs.get(connection, key)
        except UnusableVersion as unusable:
            raise FiringFailed(unusable.error.code, unusable.error.message) from unusable
        return program, found.number

    def _new(self, shot: Shot, usable: Usable, now: float) -> NewExecution | None:
        """The execution to start; None where the trigger's condition does not hold.

        Raises:
            FiringFailed: it cannot be started.
        """
        program, number = usable
        rule = self._rules.get(shot.trigger)
        values: dict[str, Any] = {"trigger": about(shot.trigger.key, shot.scheduled_at, now)}
        if shot.event is not None:
            values["event"] = shot.event
        names = Names(values)
        if not holds(rule, names, encrypts=program.encrypts):
            return None
        schema = program.input_schema
        prepared = prepare(
            rule,
            shot.trigger.id,
            names,
            None if shot.event is None else shot.event["payload"],
            program=program,
            errors_of=None if schema is None else schema.errors,
        )
        if shot.is_late and prepared.settings.slot is not None:
            slot = replace(prepared.settings.slot, policy="queue")
            prepared = replace(prepared, settings=replace(prepared.settings, slot=slot))
        return execution_of(
            shot.trigger,
            rule,
            prepared,
            number,
            encrypts=program.encrypts,
            scheduled_at=shot.scheduled_at,
            id=shot.execution_id,
        )
