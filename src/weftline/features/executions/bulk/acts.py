"""What can be done to many executions at once. This is the one place that names it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.access.permissions import Permission
from weftline.features.audit.trail import Entry
from weftline.features.database import driver
from weftline.features.errors import DomainError
from weftline.features.executions.commands import Command
from weftline.features.executions.operating.retry import Retry, plan_retry
from weftline.features.executions.operating.rollback import Rollback, plan_rollback, rollback_command
from weftline.features.executions.permissions import CANCEL, PAUSE, RETRY, ROLL_BACK
from weftline.features.executions.steering import send_to_each
from weftline.store.inbox import MessageKind


class Act(StrEnum):
    """What is done to each execution."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RETRY = "retry"
    ROLL_BACK = "rollback"


class Performed(NamedTuple):
    """What came of an act on some executions.

    Attributes:
        failures: why it could not be done to some of them.
        entries: what the audit log is to tell of the others.
    """

    failures: Mapping[UUID, DomainError]
    entries: Sequence[Entry]


Perform = Callable[[AsyncSession, UUID, Sequence[UUID], str | None, Caller], Awaitable[Performed]]
"""Does an act within the caller's transaction, given the tenant, the executions in the order of their ids, why, who."""


@dataclass(frozen=True, slots=True)
class BulkAct:
    """An act that can be done to many executions.

    Attributes:
        permission: what one needs on each of them.
        perform: does it.
    """

    permission: Permission
    perform: Perform


async def _send(
    kind: MessageKind,
    session: AsyncSession,
    tenant_id: UUID,
    execution_ids: Sequence[UUID],
    reason: str | None,
    actor: Caller,
) -> Performed:
    payload = {"by": actor.name}
    if kind is MessageKind.CANCEL and reason is not None:
        payload["reason"] = reason
    commands = dict.fromkeys(execution_ids, Command(kind, payload))
    return await _ask_each(session, tenant_id, commands, reason, actor)


Plan = Callable[[AsyncSession, UUID, UUID, str | None, Caller], Awaitable[Command]]
"""Finds out what to ask of one execution, given the tenant, the execution, why, who."""


async def _retry(
    session: AsyncSession, tenant_id: UUID, execution_id: UUID, reason: str | None, actor: Caller
) -> Command:
    return (await plan_retry(session, tenant_id, execution_id, Retry(reason=reason), actor.name)).command


async def _roll_back(
    session: AsyncSession, tenant_id: UUID, execution_id: UUID, reason: str | None, actor: Caller
) -> Command:
    wanted = Rollback(reason=reason)
    _, point = await plan_rollback(session, tenant_id, execution_id, wanted)
    return rollback_command(point, wanted, actor.name)


async def _plan_each(
    plan: Plan,
    session: AsyncSession,
    tenant_id: UUID,
    execution_ids: Sequence[UUID],
    reason: str | None,
    actor: Caller,
) -> Performed:
    commands: dict[UUID, Command] = {}
    failures: dict[UUID, DomainError] = {}
    for execution_id in execution_ids:
        try:
            commands[execution_id] = await plan(session, tenant_id, execution_id, reason, actor)
        except DomainError as error:
            failures[execution_id] = error
    unreached, entries = await _ask_each(session, tenant_id, commands, reason, actor)
    return Performed({**failures, **unreached}, entries)


async def _ask_each(
    session: AsyncSession, tenant_id: UUID, commands: Mapping[UUID, Command], reason: str | None, actor: Caller
) -> Performed:
    failures = await send_to_each(await driver(session), tenant_id, commands)
    asked = [(id, command) for id, command in commands.items() if id not in failures]
    return Performed(failures, [command.entry(id, actor)._replace(reason=reason) for id, command in asked])


BULK_ACTS: Mapping[Act, BulkAct] = MappingProxyType(
    {
        Act.CANCEL: BulkAct(CANCEL, partial(_send, MessageKind.CANCEL)),
        Act.PAUSE: BulkAct(PAUSE, partial(_send, MessageKind.PAUSE)),
        Act.RESUME: BulkAct(PAUSE, partial(_send, MessageKind.RESUME)),
        Act.RETRY: BulkAct(RETRY, partial(_plan_each, _retry)),
        Act.ROLL_BACK: BulkAct(ROLL_BACK, partial(_plan_each, _roll_back)),
    }
)
