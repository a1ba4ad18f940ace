"""What people do with triggers."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.executions import repository as executions
from weftline.features.executions.hints import WorkHints
from weftline.features.http.listing import Window
from weftline.features.triggers import repository
from weftline.features.triggers.addresses import Address, address_of
from weftline.features.triggers.backfill import backfill_times, dispatch_for
from weftline.features.triggers.declaring import begin_anew, make_token, set_due
from weftline.features.triggers.errors import CannotFire, TriggerNotFound, TriggerNotReady, WrongTriggerType
from weftline.features.triggers.models import Trigger, TriggerStatus, TriggerType
from weftline.features.triggers.repository import Filter
from weftline.features.triggers.rows import declaration_of, stored
from weftline.features.triggers.sources import Source, rejected, sources
from weftline.features.triggers.standing import standing
from weftline.features.triggers.starting import Starting, count_failure
from weftline.features.workflows.errors import WorkflowNotFound
from weftline.language.trigger_rules import schedule_of
from weftline.machine.firing import FiringFailed
from weftline.store.dispatches import add
from weftline.store.triggers import TriggerRules

_AT_REST = (TriggerStatus.STOPPED, TriggerStatus.DISABLED)


class Backfill(NamedTuple):
    """What filling a span comes to.

    Attributes:
        times: what the schedule names in it.
        to_start: those of them that no execution was started for before.
    """

    times: list[datetime]
    to_start: list[datetime]


class TriggerService:
    """Reading triggers, and what can be done with them.

    Args:
        database: where they are.
        starting: starts what triggers start.
        rules: compiled triggers.
        hints: wakes workers.
        address: makes public addresses of paths.
    """

    def __init__(
        self, database: Database, starting: Starting, rules: TriggerRules, hints: WorkHints, address: Address
    ) -> None:
        self._database = database
        self._starting = starting
        self._rules = rules
        self._hints = hints
        self._address = address

    async def get(self, tenant_id: UUID, trigger_id: UUID) -> Trigger:
        """A trigger.

        Raises:
            TriggerNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, trigger_id)

    async def list(self, tenant_id: UUID, wanted: Filter, window: Window) -> Sequence[Trigger]:
        """Triggers; see ``repository.list_triggers``.

        Raises:
            WorkflowNotFound: only those of one workflow are wanted, and there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            if wanted.workflow_id is not None and not await repository.is_workflow(
                session, tenant_id, wanted.workflow_id
            ):
                raise WorkflowNotFound(wanted.workflow_id)
            return await repository.list_triggers(session, tenant_id, wanted, window)

    async def sources(self, tenant_id: UUID, triggers: Sequence[Trigger]) -> dict[UUID, Source]:
        """How those of the triggers stand that are of integrations, by their ids."""
        ids = [each.id for each in triggers if each.type == TriggerType.INTEGRATION]
        if not ids:
            return {}
        async with self._database.reading(tenant_id) as connection:
            return await sources(connection, tenant_id, ids)

    async def source(self, trigger: Trigger) -> Source | None:
        """How a trigger stands, with the last events that could start nothing; None where it is of no integration."""
        found = (await self.sources(trigger.tenant_id, [trigger])).get(trigger.id)
        if found is None:
            return None
        async with self._database.reading(trigger.tenant_id) as connection:
            return found._replace(rejected_events=await rejected(connection, trigger.tenant_id, trigger.id))

    async def url(self, trigger: Trigger) -> str | None:
        """The address of a webhook, for those who may see it; None for another trigger."""
        if trigger.token_sealed is None:
            return None
        async with self._database.transaction(trigger.tenant_id) as session:
            return await address_of(await driver(session), trigger, self._address)

    async def pause(self, caller: Caller, trigger_id: UUID, reason: str | None = None) -> Trigger:
        """Let a trigger fire no longer. Nothing happens where it is paused already.

        Raises:
            TriggerNotFound: there is none of this id.
        """
        async with self._changing(caller, trigger_id, "trigger.paused", reason) as (session, trigger):
            if trigger.paused_at is None:
                trigger.paused_at = func.now()
                trigger.paused_reason = reason
            if trigger.status not in _AT_REST:
                trigger.status = TriggerStatus.PAUSED
                trigger.next_for = trigger.next_at = None
                trigger.is_shelved = False
                await set_due(await driver(session), (trigger.tenant_id, trigger.id), is_live=False)
            await session.flush()
        return trigger

    async def resume(self, caller: Caller, trigger_id: UUID, reason: str | None = None) -> Trigger:
        """Let a paused trigger fire again, from now on: what its schedule named meanwhile is not made up for.

        Raises:
            TriggerNotFound: there is none of this id.
        """
        async with self._changing(caller, trigger_id, "trigger.resumed", reason) as (session, trigger):
            is_paused, trigger.paused_at, trigger.paused_reason = trigger.paused_at is not None, None, None
            if is_paused and trigger.status == TriggerStatus.PAUSED:
                stands = standing(declaration_of(trigger), trigger.id, time.time(), is_paused=False)
                trigger.status = stands.status
                trigger.next_for, trigger.next_at = _moment(stands.next_for), _moment(stands.next_at)
                await set_due(await driver(session), (trigger.tenant_id, trigger.id), is_live=True)
            await session.flush()
        return trigger

    async def reset(self, caller: Caller, trigger_id: UUID, reason: str | None = None) -> Trigger:
        """Let a trigger of an integration begin anew, as if it had never looked at the other system.

        Raises:
            TriggerNotFound: there is none of this id.
            WrongTriggerType: it is no integration's.
        """
        async with self._changing(caller, trigger_id, "trigger.reset", reason) as (session, trigger):
            _require(trigger, TriggerType.INTEGRATION)
            await begin_anew(await driver(session), (trigger.tenant_id, trigger.id))
        return trigger

    async def rotate(self, caller: Caller, trigger_id: UUID, reason: str | None = None) -> Trigger:
        """Give a webhook another address; the one before is nobody's from now on.

        Raises:
            TriggerNotFound: there is none of this id.
            WrongTriggerType: it has no address.
        """
        async with self._changing(caller, trigger_id, "trigger.rotated", reason) as (session, trigger):
            if trigger.token_hash is None:
                raise WrongTriggerType(trigger.type, TriggerType.WEBHOOK)
            made = await make_token(await driver(session), trigger.tenant_id, trigger.id)
            trigger.token_hash, trigger.token_sealed = made
            await session.flush()
        return trigger

    async def fire(self, caller: Caller, trigger_id: UUID, payload: Any) -> UUID | None:
        """Start what a trigger starts, now.

        Args:
            caller: who asks.
            trigger_id: which.
            payload: what fires it: an event's payload, or the body of a call.

        Returns:
            The execution; None where the trigger's condition does not hold.

        Raises:
            TriggerNotFound, TriggerNotReady: it does not fire.
            CannotFire, Overlapping: no execution can be started.
        """
        failure: FiringFailed | None = None
        execution_id: UUID | None = None
        async with self._database.transaction(caller.tenant_id) as session:
            row = await _existing(session, caller.tenant_id, trigger_id, lock=True)
            if row.status in _AT_REST:
                raise TriggerNotReady(row.status)
            connection, trigger = await driver(session), stored(row)
            try:
                rule = self._rules.get(trigger)
                values = _values(row, payload)
                execution_id = await self._starting.start(connection, trigger, rule, values, payload, caller)
            except FiringFailed as error:
                failure = error
                await count_failure(connection, trigger, error)
        if failure is not None:
            raise CannotFire(failure.error) from failure
        self._hints.send()
        return execution_id

    async def backfill(
        self, caller: Caller, trigger_id: UUID, begin: datetime, end: datetime, *, is_dry_run: bool = False
    ) -> Backfill:
        """Start what a schedule would have started in a span of the past, each time once.

        Args:
            caller: who asks.
            trigger_id: which.
            begin, end: the span, both included.
            is_dry_run: only say what would be started.

        Raises:
            TriggerNotFound, TriggerNotReady: it does not fire.
            WrongTriggerType: it is no schedule.
            InvalidBackfill: the span lies in the future, or has too many times.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            trigger = await _existing(session, caller.tenant_id, trigger_id, lock=not is_dry_run)
            _require(trigger, TriggerType.SCHEDULE)
            if trigger.status in _AT_REST:
                raise TriggerNotReady(trigger.status)
            times = backfill_times(schedule_of(declaration_of(trigger)), begin, end, time.time())
            connection = await driver(session)
            dispatches = [await dispatch_for(connection, stored(trigger), moment) for moment in times]
            ids = [each.execution_id for each in dispatches if each.execution_id is not None]
            there = await executions.statuses(connection, caller.tenant_id, ids)
            missing = [
                (moment, each) for moment, each in zip(times, dispatches, strict=True) if each.execution_id not in there
            ]
            if missing and not is_dry_run:
                await add(connection, [each for _, each in missing])
                after = {"from": begin.isoformat(), "to": end.isoformat(), "executions": len(missing)}
                await record(session, "trigger.backfilled", "trigger", trigger.id, after=after)
        if missing and not is_dry_run:
            self._hints.send(dispatches=True)
        return Backfill([_at(moment) for moment in times], [_at(moment) for moment, _ in missing])

    @asynccontextmanager
    async def _changing(
        self, caller: Caller, trigger_id: UUID, action: str, reason: str | None
    ) -> AsyncGenerator[tuple[AsyncSession, Trigger]]:
        """A transaction in which a trigger is changed, and the audit log told."""
        async with self._database.transaction(caller.tenant_id) as session:
            trigger = await _existing(session, caller.tenant_id, trigger_id, lock=True)
            before = trigger.status
            yield session, trigger
            trigger.updated_at = func.now()
            await session.flush()
            await session.refresh(trigger)
            told = {"status": trigger.status, "workflowId": trigger.workflow_id, "key": trigger.key}
            await record(session, action, "trigger", trigger.id, before={"status": before}, after=told, reason=reason)


async def _existing(session: AsyncSession, tenant_id: UUID, trigger_id: UUID, *, lock: bool = False) -> Trigger:
    trigger = await repository.get(session, tenant_id, trigger_id, lock=lock)
    if trigger is None:
        raise TriggerNotFound
    return trigger


def _require(trigger: Trigger, wanted: TriggerType) -> None:
    if trigger.type != wanted:
        raise WrongTriggerType(trigger.type, wanted)


def _values(trigger: Trigger, payload: Any) -> dict[str, Any]:
    """What expressions see of a firing that somebody asks for."""
    if trigger.type == TriggerType.EVENT:
        return {"event": {"name": declaration_of(trigger).event, "correlation": None, "payload": payload}}
    if trigger.type == TriggerType.INTEGRATION:
        declared = declaration_of(trigger)
        return {"event": {"name": f"{declared.integration}.{declared.trigger}", "id": None, "payload": payload}}
    return {"body": payload, "headers": {}, "query": {}, "method": "POST"}


def _moment(at: float | None) -> datetime | None:
    return None if at is None else _at(at)


def _at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)
