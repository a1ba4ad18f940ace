"""Telling people of their tasks, and escalating tasks that are overdue.

Any number of processes may do it at a time: whoever has a task's row lock deals with it, and the others pass it by.
What is to be done stands in the row (``notify_at``, ``escalate_at``) until it is done, in the transaction that also
writes the mail.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import case, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller, almighty
from weftline.features.access.rules import TenantRules
from weftline.features.audit.trail import record
from weftline.features.background import Background
from weftline.features.database import Database
from weftline.features.mail.outbox import post
from weftline.features.mail.rendering import TemplateName
from weftline.features.tasks import members
from weftline.features.tasks.links import Address, asks_too_much, has_say, send_link
from weftline.features.tasks.members import Access, Member
from weftline.features.tasks.models import HumanTask
from weftline.features.tasks.rules import UNDONE
from weftline.model.status import TaskStatus
from weftline.store.errors import StoreError

log = structlog.get_logger(__name__)

POLL_SECONDS = 5.0
BATCH = 100
"""Tasks of one turn."""

SECOND_TRY = timedelta(minutes=10)
"""When a task is looked at again that could not be dealt with."""

PAGE = "/tasks/"
"""Where people find a task, before its id."""


class TaskNotices:
    """The loop that tells people of tasks.

    Args:
        database: under the workers' role, which sees every tenant's tasks.
        access: what people may do.
        address: makes public addresses of paths.
        interval: seconds between two turns that found nothing to do.
    """

    def __init__(self, database: Database, access: Access, address: Address, *, interval: float = POLL_SECONDS) -> None:
        self._database = database
        self._access = access
        self._address = address
        self._loop = Background("task notices", interval, self.run_once)

    def start(self) -> None:
        """Begin; does nothing where it runs already."""
        self._loop.start()

    async def stop(self) -> None:
        """End; does nothing where it does not run."""
        await self._loop.stop()

    async def run_once(self, now: datetime | None = None) -> int:
        """Deal with one batch of what is due; returns how many tasks it was.

        Args:
            now: what counts as due; the current time where not given.

        Raises:
            StoreError: the database cannot be used.
        """
        now = now or datetime.now(UTC)
        done = 0
        for tenant_id, task_id in await self._due(now):
            try:
                done += await self._attend(tenant_id, task_id, now)
            except StoreError:
                raise
            except Exception:
                # a defect that one task brings to light must not keep the others from being dealt with
                log.exception("task not attended to", tenant_id=str(tenant_id), task_id=str(task_id))
                await self._postpone(tenant_id, task_id, now)
        return done

    async def _due(self, now: datetime) -> Sequence[tuple[UUID, UUID]]:
        found: dict[tuple[UUID, UUID], None] = {}
        async with self._database.unbound() as session:
            for column in (HumanTask.notify_at, HumanTask.escalate_at):
                # scope: all tenants, because one loop serves them all; both columns have an index of what is left
                statement = select(HumanTask.tenant_id, HumanTask.id).where(column <= now).order_by(column).limit(BATCH)
                found |= dict.fromkeys((row[0], row[1]) for row in (await session.execute(statement)).all())
        return list(found)

    async def _attend(self, tenant_id: UUID, task_id: UUID, now: datetime) -> bool:
        """Whether it was for this process to do, and is done."""
        rules = await self._access.rules(tenant_id)
        statement = (
            select(HumanTask)
            .where(
                HumanTask.tenant_id == tenant_id,
                HumanTask.id == task_id,
                or_(HumanTask.notify_at <= now, HumanTask.escalate_at <= now),
            )
            .with_for_update(skip_locked=True)
        )
        async with self._database.unbound() as session:
            task = (await session.scalars(statement)).one_or_none()
            if task is None:
                return False
            must_ask = task.notify_at is not None and task.notify_at <= now
            must_escalate = task.escalate_at is not None and task.escalate_at <= now
            task.notify_at = None if must_ask else task.notify_at
            task.escalate_at = None if must_escalate else task.escalate_at
            if rules is not None and task.status in UNDONE:
                if must_ask:
                    await self._ask(session, rules, task)
                if must_escalate:
                    await self._escalate(session, rules, task, now)
            return True

    async def _ask(self, session: AsyncSession, rules: TenantRules, task: HumanTask) -> None:
        """Tell those who are asked, with a link where they can decide by one."""
        too_much = asks_too_much(task)
        for member, person in await self._deciders(session, rules, task, task.assign_to):
            if too_much or person.authority.requires_mfa:
                await self._tell(session, "task_assigned", task, [member])
            else:
                await send_link(session, task, member, self._address)

    async def _escalate(self, session: AsyncSession, rules: TenantRules, task: HumanTask, now: datetime) -> None:
        """Assign an overdue task to more people, take it from whoever has claimed it, and tell."""
        asked = task.escalation or {"assignTo": [], "notify": []}
        before = {"assignTo": task.assign_to, "claimedBy": task.claimed_by}
        if asked["assignTo"] and task.assign_to:
            # whoever had it keeps a say, even if it was only delegated to them
            holder = [] if task.claimed_by_id is None else [str(task.claimed_by_id)]
            task.assign_to = list(dict.fromkeys([*task.assign_to, *holder, *asked["assignTo"]]))
        if asked["assignTo"]:
            task.status = TaskStatus.OPEN.value
            task.claimed_by_id = task.claimed_by = task.claimed_at = None
        task.escalated_at = now
        await session.flush()
        heirs = [member for member, _ in await self._deciders(session, rules, task, asked["assignTo"])]
        await self._tell(session, "task_escalated", task, heirs)
        others = await members.named(session, rules, asked["notify"])
        await self._tell(session, "task_overdue", task, _without(others, heirs))
        after = {"assignTo": task.assign_to, "told": [member.email for member in {*heirs, *others}]}
        system = almighty(task.tenant_id, "system", "weftline")
        await record(
            session,
            "task.escalated",
            "task",
            task.id,
            before=before,
            after=after,
            tenant_id=task.tenant_id,
            actor=system,
        )

    async def _deciders(
        self, session: AsyncSession, rules: TenantRules, task: HumanTask, names: Collection[str]
    ) -> list[tuple[Member, Caller]]:
        """Those of the named who may decide on the task."""
        found: list[tuple[Member, Caller]] = []
        for member in await members.named(session, rules, names):
            person = await members.as_caller(self._access, task.tenant_id, member.id)
            if person is not None and await has_say(session, task, person):
                found.append((member, person))
        return found

    async def _tell(
        self, session: AsyncSession, template: TemplateName, task: HumanTask, people: Iterable[Member]
    ) -> None:
        for member in people:
            values = {
                "name": member.name,
                "task": task.name,
                "workflow": task.workflow_id,
                "due_at": task.due_at,
                "link": self._address(f"{PAGE}{task.id}"),
            }
            await post(session, template, member.email, values)

    async def _postpone(self, tenant_id: UUID, task_id: UUID, now: datetime) -> None:
        later = now + SECOND_TRY
        statement = (
            update(HumanTask)
            .where(HumanTask.tenant_id == tenant_id, HumanTask.id == task_id)
            .values(
                notify_at=case((HumanTask.notify_at <= now, later), else_=HumanTask.notify_at),
                escalate_at=case((HumanTask.escalate_at <= now, later), else_=HumanTask.escalate_at),
            )
        )
        async with self._database.unbound() as session:
            await session.execute(statement)


def _without(people: Sequence[Member], others: Collection[Member]) -> list[Member]:
    return [member for member in people if member not in others]
