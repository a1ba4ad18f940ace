"""Reading and locking human tasks, and what belongs to them, within a transaction of the caller's.

Locks are taken in the order in which workers take them: an execution before its tasks.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    false,
    or_,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from weftline.features.executions.models import Execution
from weftline.features.executions.sealing import open_loaded
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.rows import Connection, Shapes, Statement
from weftline.features.tasks.models import (
    HumanTask,
    TaskAssignee,
    TaskComment,
    TaskDelegation,
    TaskLink,
    TaskVote,
)
from weftline.features.tasks.rules import UNIDENTIFIED, Viewpoint
from weftline.features.tasks.sealing import open_comments, open_read, open_tasks, open_votes
from weftline.model.status import TaskStatus
from weftline.store.queries import queries

ORDER = Ordering(
    SortKey("createdAt", HumanTask.created_at, datetime),
    SortKey("dueAt", HumanTask.due_at, datetime, nullable=True),
    SortKey("completedAt", HumanTask.completed_at, datetime, nullable=True),
    tie=SortKey("id", HumanTask.id, UUID),
    default="-createdAt",
    note="Tasks that have no such time come last.",
)

COMMENTS = Ordering(
    SortKey("createdAt", TaskComment.created_at, datetime), tie=SortKey("id", TaskComment.id, UUID), default="createdAt"
)

# of what a task has few of, and is read whole anyhow
VOTES = Ordering(
    SortKey("votedAt", TaskVote.voted_at, datetime), tie=SortKey("voterId", TaskVote.voter_id, UUID), default="votedAt"
)
DELEGATIONS = Ordering(
    SortKey("createdAt", TaskDelegation.created_at, datetime),
    tie=SortKey("id", TaskDelegation.id, UUID),
    default="createdAt",
)


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
    task = await session.get(HumanTask, (tenant_id, task_id))
    if task is not None:
        await open_tasks(session, [task])
    return task


async def hold(session: AsyncSession, tenant_id: UUID, task_id: UUID) -> HumanTask | None:
    """A task as it is now, locked until the transaction ends."""
    statement = select(HumanTask).where(HumanTask.tenant_id == tenant_id, HumanTask.id == task_id).with_for_update()
    task = (await session.scalars(statement, execution_options={"populate_existing": True})).one_or_none()
    if task is not None:
        await open_tasks(session, [task])
    return task


async def hold_to_decide(connection: Connection, tenant_id: UUID, task_id: UUID) -> HumanTask | None:
    """A task as it is now, as a row of no session; it and its execution are locked until the transaction ends."""
    await connection.execute(queries("tasks")["hold_execution"], tenant_id, task_id)
    task = await _HELD.first(connection, {"tenant_id": tenant_id, "id": task_id})
    if task is not None:
        await open_read(connection, [task])
    return task


def is_everything(wanted: Filter, view: Viewpoint) -> bool:
    """Whether every task fits."""
    is_narrowed = wanted.mine or any((*wanted.statuses, wanted.assignee, wanted.execution_id, wanted.workflow_id))
    return not is_narrowed and view.readable is None and view.watched is None


async def list_tasks(
    connection: Connection,
    tenant_id: UUID,
    wanted: Filter,
    view: Viewpoint,
    window: Window,
) -> Sequence[HumanTask]:
    """Those of the tasks that fit.

    Args:
        connection: bound to the tenant, in a transaction that plans anew unless everything is wanted.
        tenant_id: whose.
        wanted: which.
        view: of those that can be seen from here.
        window: which part of them, in which order.
    """
    values = _values(tenant_id, wanted, view) | window.values
    shape = frozenset(values), wanted.mine, view.id is None, window.shape
    statement = _PAGES.get(shape, lambda: window.of(_fitting(wanted, view)))
    tasks = await statement.all(connection, values)
    await open_read(connection, tasks)
    return tasks


async def runs(session: AsyncSession, tenant_id: UUID, tasks: Sequence[HumanTask]) -> list[TaskRun]:
    """Tasks with what policies may ask about their executions, in the same order."""
    ids = {task.execution_id for task in tasks}
    statement = (
        select(Execution)
        .where(Execution.tenant_id == tenant_id, Execution.id.in_(ids))
        .options(load_only(Execution.tags, Execution.input, Execution.is_sealed))
    )
    rows = (await session.scalars(statement)).all()
    await open_loaded(session, rows)
    found = {row.id: row for row in rows}
    return [
        TaskRun(task, found[task.execution_id].tags, found[task.execution_id].input)
        for task in tasks
        if task.execution_id in found
    ]


async def votes(session: AsyncSession, task: HumanTask) -> Sequence[TaskVote]:
    """What people decided on a task, the oldest first."""
    statement = select(TaskVote).where(TaskVote.tenant_id == task.tenant_id, TaskVote.task_id == task.id)
    found = (await session.scalars(statement.order_by(TaskVote.voted_at, TaskVote.voter_id))).all()
    await open_votes(session, found, task)
    return found


async def delegations(session: AsyncSession, tenant_id: UUID, task_id: UUID) -> Sequence[TaskDelegation]:
    """Who handed a task to whom, the oldest first."""
    statement = select(TaskDelegation).where(TaskDelegation.tenant_id == tenant_id, TaskDelegation.task_id == task_id)
    return (await session.scalars(statement.order_by(TaskDelegation.id))).all()


async def comments(session: AsyncSession, task: HumanTask, window: Window) -> Sequence[TaskComment]:
    """A part of what was said about a task."""
    statement = select(TaskComment).where(TaskComment.tenant_id == task.tenant_id, TaskComment.task_id == task.id)
    found = (await session.scalars(window.of(statement))).all()
    await open_comments(session, found, task)
    return found


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


def _values(tenant_id: UUID, wanted: Filter, view: Viewpoint) -> dict[str, Any]:
    """The values of the parameters of :func:`_fitting`."""
    values: dict[str, Any] = {
        "tenant_id": tenant_id,
        "names": view.names,
        "person": view.id or UNIDENTIFIED,
        "open": TaskStatus.OPEN.value,
        "claimed": TaskStatus.CLAIMED.value,
        "readable": view.readable,
        "watched": view.watched,
        "served": view.served,
        "statuses": [status.value for status in wanted.statuses] or None,
        "assignee": None if wanted.assignee is None else [wanted.assignee],
        "execution_id": wanted.execution_id,
        "workflow_id": wanted.workflow_id,
    }
    return {name: value for name, value in values.items() if value is not None}


def _fitting(wanted: Filter, view: Viewpoint) -> Select[HumanTask]:
    """The statement that selects all that fit; see ``weftline.features.rows``."""
    statement = select(HumanTask).where(HumanTask.tenant_id == _TENANT, _within("readable", view.readable))
    if wanted.mine:
        statement = statement.where(_waits_for(view))
    elif view.watched is not None:
        statement = statement.where(or_(_within("watched", view.watched), _own(view)))
    if wanted.statuses:
        statement = statement.where(HumanTask.status == any_(_list("statuses")))
    if wanted.assignee is not None:
        # the array itself has no index; see the migration
        statement = statement.where(HumanTask.assign_to.contains(_list("assignee")))
    if wanted.execution_id is not None:
        statement = statement.where(HumanTask.execution_id == bindparam("execution_id", type_=_UUID))
    if wanted.workflow_id is not None:
        statement = statement.where(HumanTask.workflow_id == bindparam("workflow_id", type_=TEXT))
    return statement


def _list(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=ARRAY(TEXT))


def _within(name: str, workflows: Collection[str] | None) -> ColumnElement[bool]:
    """That a task is of one of these workflows; of any where they are None."""
    return true() if workflows is None else HumanTask.workflow_id == any_(_list(name))


def _own(view: Viewpoint) -> ColumnElement[bool]:
    """Tasks that the caller may do, or had a part in."""
    ids = [*_asked(view)]
    if view.id is not None:
        ids += [_claimed(), _voted()]
    return HumanTask.id.in_(union_all(*ids))


def _waits_for(view: Viewpoint) -> ColumnElement[bool]:
    """Tasks that the caller can do now, without taking them from anybody."""
    is_open = HumanTask.status == bindparam("open", type_=TEXT)
    has_voted = HumanTask.id.in_(_voted())
    ids = [*_asked(view)]
    is_mine, is_own = false(), HumanTask.started_by.is_(None)
    if view.id is not None:
        ids.append(_claimed())
        is_claimed = HumanTask.status == bindparam("claimed", type_=TEXT)
        is_mine = and_(is_claimed, HumanTask.claimed_by_id == _PERSON)
        is_own = HumanTask.started_by.is_not_distinct_from(_PERSON)
    is_barred = and_(HumanTask.four_eyes, is_own)
    return and_(HumanTask.id.in_(union_all(*ids)), or_(and_(is_open, ~has_voted), is_mine), ~is_barred)


def _asked(view: Viewpoint) -> tuple[Select[UUID], Select[UUID]]:
    """Ids of tasks that are to be done, and for the caller to do."""
    named = select(TaskAssignee.task_id).where(
        TaskAssignee.tenant_id == _TENANT, TaskAssignee.assignee == any_(_list("names"))
    )
    open_to_all = select(HumanTask.id).where(
        HumanTask.tenant_id == _TENANT, HumanTask.is_open_to_all, _within("served", view.served)
    )
    return named, open_to_all


def _claimed() -> Select[UUID]:
    return select(HumanTask.id).where(HumanTask.tenant_id == _TENANT, HumanTask.claimed_by_id == _PERSON)


def _voted() -> Select[UUID]:
    return select(TaskVote.task_id).where(TaskVote.tenant_id == _TENANT, TaskVote.voter_id == _PERSON)


_UUID = Uuid()
_TENANT = bindparam("tenant_id", type_=_UUID)
_PERSON = bindparam("person", type_=_UUID)

_PAGES = Shapes[HumanTask]()
_HELD = Statement[HumanTask](
    select(HumanTask)
    .where(HumanTask.tenant_id == _TENANT, HumanTask.id == bindparam("id", type_=_UUID))
    .with_for_update()
)
