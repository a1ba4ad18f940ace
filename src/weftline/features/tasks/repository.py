"""Reading and locking human tasks, and what belongs to them, within a transaction of the caller's.

Locks are taken in the order in which workers take them: an execution before its tasks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true, tuple_, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.executions.models import Execution
from weftline.features.tasks.models import (
    HumanTask,
    TaskAssignee,
    TaskComment,
    TaskDelegation,
    TaskLink,
    TaskVote,
)
from weftline.features.tasks.rules import UNIDENTIFIED, Viewpoint
from weftline.model.status import TaskStatus


@dataclass(frozen=True, slots=True)
class Filter:
    """Which tasks to list: those that fit every field that is given.

    Attributes:
        statuses: in one of these.
        assignee: that are assigned to this user, group or role by name.
        execution_id: of this execution.
        workflow_id: of this workflow.
        mine: only those that wait for the caller.
    """

    statuses: Sequence[TaskStatus] = ()
    assignee: str | None = None
    execution_id: UUID | None = None
    workflow_id: str | None = None
    mine: bool = False


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task with what policies may ask about its execution; see ``access.resources.RunRow``."""

    task: HumanTask
    tags: Sequence[str] | None
    input: dict[str, Any]

    @property
    def id(self) -> UUID:
        """The task's."""
        return self.task.id

    @property
    def workflow_id(self) -> str:
        """The workflow's id."""
        return self.task.workflow_id

    @property
    def started_by(self) -> UUID | None:
        """Who started the execution."""
        return self.task.started_by

    @property
    def status(self) -> str:
        """The task's."""
        return self.task.status


async def get(session: AsyncSession, tenant_id: UUID, task_id: UUID) -> HumanTask | None:
    """A task."""
    return await session.get(HumanTask, (tenant_id, task_id))


async def hold(session: AsyncSession, tenant_id: UUID, task_id: UUID) -> HumanTask | None:
    """A task as it is now, locked until the transaction ends."""
    statement = select(HumanTask).where(HumanTask.tenant_id == tenant_id, HumanTask.id == task_id).with_for_update()
    return (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()


async def hold_execution(session: AsyncSession, tenant_id: UUID, execution_id: UUID) -> None:
    """Lock an execution until the transaction ends."""
    statement = select(Execution.id).where(Execution.tenant_id == tenant_id, Execution.id == execution_id)
    await session.execute(statement.with_for_update(key_share=True))


async def list_tasks(
    session: AsyncSession,
    tenant_id: UUID,
    wanted: Filter,
    view: Viewpoint,
    *,
    before: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[HumanTask]:
    """Tasks, the newest first.

    Args:
        session: bound to the tenant.
        tenant_id: whose.
        wanted: which.
        view: of those that can be seen from here.
        before: only those after this one in the list: its time of creation and its id.
        limit: at most so many.
    """
    statement = select(HumanTask).where(HumanTask.tenant_id == tenant_id, _within(view.readable))
    if wanted.mine:
        statement = statement.where(_waits_for(tenant_id, view))
    elif view.watched is not None:
        statement = statement.where(or_(_within(view.watched), _own(tenant_id, view)))
    if wanted.statuses:
        statement = statement.where(HumanTask.status.in_([status.value for status in wanted.statuses]))
    if wanted.assignee is not None:
        # the array itself has no index; see the migration
        statement = statement.where(HumanTask.assign_to.contains([wanted.assignee]))
    if wanted.execution_id is not None:
        statement = statement.where(HumanTask.execution_id == wanted.execution_id)
    if wanted.workflow_id is not None:
        statement = statement.where(HumanTask.workflow_id == wanted.workflow_id)
    if before is not None:
        statement = statement.where(tuple_(HumanTask.created_at, HumanTask.id) < tuple_(*before))
    statement = statement.order_by(HumanTask.created_at.desc(), HumanTask.id.desc()).limit(limit)
    return (await session.scalars(statement)).all()


async def runs(session: AsyncSession, tenant_id: UUID, tasks: Sequence[HumanTask]) -> list[TaskRun]:
    """Tasks with what policies may ask about their executions, in the same order."""
    ids = {task.execution_id for task in tasks}
    statement = select(Execution.id, Execution.tags, Execution.input).where(
        Execution.tenant_id == tenant_id, Execution.id.in_(ids)
    )
    found = {row.id: row for row in (await session.execute(statement)).all()}
    return [
        TaskRun(task, found[task.execution_id].tags, found[task.execution_id].input)
        for task in tasks
        if task.execution_id in found
    ]


async def votes(session: AsyncSession, tenant_id: UUID, task_id: UUID) -> Sequence[TaskVote]:
    """What people decided on a task, the oldest first."""
    statement = select(TaskVote).where(TaskVote.tenant_id == tenant_id, TaskVote.task_id == task_id)
    return (await session.scalars(statement.order_by(TaskVote.voted_at, TaskVote.voter_id))).all()


async def delegations(session: AsyncSession, tenant_id: UUID, task_id: UUID) -> Sequence[TaskDelegation]:
    """Who handed a task to whom, the oldest first."""
    statement = select(TaskDelegation).where(TaskDelegation.tenant_id == tenant_id, TaskDelegation.task_id == task_id)
    return (await session.scalars(statement.order_by(TaskDelegation.id))).all()


async def comments(
    session: AsyncSession, tenant_id: UUID, task_id: UUID, *, after: UUID | None, limit: int
) -> Sequence[TaskComment]:
    """What was said about a task, the oldest first; only what stands after the comment ``after``."""
    statement = select(TaskComment).where(TaskComment.tenant_id == tenant_id, TaskComment.task_id == task_id)
    if after is not None:
        statement = statement.where(TaskComment.id > after)
    return (await session.scalars(statement.order_by(TaskComment.id).limit(limit))).all()


async def link_by_hash(session: AsyncSession, tenant_id: UUID, token_hash: bytes) -> TaskLink | None:
    """The link whose token has this hash."""
    statement = select(TaskLink).where(TaskLink.tenant_id == tenant_id, TaskLink.token_hash == token_hash)
    return (await session.scalars(statement)).one_or_none()


async def use_link(session: AsyncSession, link: TaskLink, now: datetime) -> bool:
    """Whether the link could be used up; False where it was before."""
    statement = (
        update(TaskLink)
        .where(TaskLink.tenant_id == link.tenant_id, TaskLink.id == link.id, TaskLink.used_at.is_(None))
        .values(used_at=now)
        .returning(TaskLink.id)
    )
    return (await session.scalars(statement)).one_or_none() is not None


def _within(workflows: Collection[str] | None) -> ColumnElement[bool]:
    if workflows is None:
        return true()
    return HumanTask.workflow_id.in_(workflows) if workflows else false()


def _own(tenant_id: UUID, view: Viewpoint) -> ColumnElement[bool]:
    """Tasks that the caller may do, or had a part in."""
    ids = [*_asked(tenant_id, view)]
    if view.id is not None:
        ids += [_claimed(tenant_id, view.id), _voted(tenant_id, view.id)]
    return HumanTask.id.in_(union_all(*ids))


def _waits_for(tenant_id: UUID, view: Viewpoint) -> ColumnElement[bool]:
    """Tasks that the caller can do now, without taking them from anybody."""
    is_open = HumanTask.status == TaskStatus.OPEN.value
    has_voted = HumanTask.id.in_(_voted(tenant_id, view.id or UNIDENTIFIED))
    is_barred = and_(HumanTask.four_eyes, HumanTask.started_by.is_not_distinct_from(view.id))
    ids = [*_asked(tenant_id, view)]
    is_mine = false()
    if view.id is not None:
        ids.append(_claimed(tenant_id, view.id))
        is_mine = and_(HumanTask.status == TaskStatus.CLAIMED.value, HumanTask.claimed_by_id == view.id)
    return and_(HumanTask.id.in_(union_all(*ids)), or_(and_(is_open, ~has_voted), is_mine), ~is_barred)


def _asked(tenant_id: UUID, view: Viewpoint) -> tuple[Select[UUID], Select[UUID]]:
    """Ids of tasks that are to be done, and for the caller to do."""
    named = select(TaskAssignee.task_id).where(
        TaskAssignee.tenant_id == tenant_id, TaskAssignee.assignee.in_(sorted(view.names))
    )
    open_to_all = select(HumanTask.id).where(
        HumanTask.tenant_id == tenant_id, HumanTask.is_open_to_all, _within(view.served)
    )
    return named, open_to_all


def _claimed(tenant_id: UUID, person: UUID) -> Select[UUID]:
    return select(HumanTask.id).where(HumanTask.tenant_id == tenant_id, HumanTask.claimed_by_id == person)


def _voted(tenant_id: UUID, person: UUID) -> Select[UUID]:
    return select(TaskVote.task_id).where(TaskVote.tenant_id == tenant_id, TaskVote.voter_id == person)
