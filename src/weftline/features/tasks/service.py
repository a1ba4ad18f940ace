"""What can be done with human tasks. Deciding on one stands in ``deciding``, links from mail in ``links``."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.executions.hints import WorkHints
from weftline.features.http.listing import Window
from weftline.features.shared import alone
from weftline.features.tasks import members, repository
from weftline.features.tasks.deciding import Decision, decide
from weftline.features.tasks.errors import (
    CannotTakeTask,
    NotClaimable,
    NotHolder,
    TaskClaimed,
    TaskNotFound,
    UnknownMember,
)
from weftline.features.tasks.members import Access, Member
from weftline.features.tasks.models import HumanTask, TaskComment, TaskDelegation, TaskVote
from weftline.features.tasks.permissions import COMPLETE, MANAGE
from weftline.features.tasks.rules import (
    can_see,
    check_decider,
    check_impartial,
    check_undone,
    holds,
    is_joint,
    may_decide,
    normalised,
    viewpoint,
)
from weftline.features.tasks.sealing import keep_comment
from weftline.model.ids import uuid7
from weftline.model.status import TaskStatus


class TaskService:
    """Finding, claiming, handing on and completing tasks. That the caller has the permission has been checked.

    Args:
        database: where they are.
        hints: wakes workers.
        access: what other members may do.
    """

    def __init__(self, database: Database, hints: WorkHints, access: Access) -> None:
        self._database = database
        self._hints = hints
        self._access = access

    async def get(self, caller: Caller, task_id: UUID) -> HumanTask:
        """A task.

        Raises:
            TaskNotFound: there is none of this id that the caller can see.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            return await _seen(session, caller, task_id)

    async def list(
        self, caller: Caller, wanted: repository.Filter, window: Window, *, at_turn: Callable[[], None] = alone
    ) -> Sequence[HumanTask]:
        """Those of the tasks that the caller can see; see ``repository.list_tasks``, and ``weftline.features.shared``
        for ``at_turn``."""
        view = viewpoint(caller)
        plan_anew = not repository.is_everything(wanted, view)
        async with self._database.reading(caller.tenant_id, plan_anew=plan_anew) as connection:
            at_turn()
            return await repository.list_tasks(connection, caller.tenant_id, wanted, view, window)

    async def runs(self, caller: Caller, tasks: Sequence[HumanTask]) -> Sequence[repository.TaskRun]:
        """Tasks of the caller's tenant with what policies may ask about their executions."""
        async with self._database.transaction(caller.tenant_id) as session:
            return await repository.runs(session, caller.tenant_id, tasks)

    async def claim(self, caller: Caller, task_id: UUID) -> HumanTask:
        """Take an open task. Safe to repeat for whoever has it.

        Raises:
            TaskNotFound, TaskClosed: there is nothing to claim.
            TaskClaimed: somebody else has it.
            NotClaimable: it takes several people.
            NotAssigned, FourEyes, PeopleOnly: it is not for the caller.
        """
        async with self._held(caller, task_id) as (session, task):
            check_undone(task)
            if is_joint(task):
                raise NotClaimable
            if holds(task, caller):
                return task
            if task.status == TaskStatus.CLAIMED.value:
                raise TaskClaimed(task.claimed_by)
            check_decider(task, caller)
            _give(task, caller.id, caller.name)
            await _record(session, caller, "task.claimed", task, after={"claimedBy": caller.name})
            return task

    async def release(self, caller: Caller, task_id: UUID) -> HumanTask:
        """Give a claimed task back to those it is assigned to. Safe to repeat.

        Raises:
            TaskNotFound, TaskClosed: there is nothing to release.
            NotHolder: somebody else has it.
        """
        async with self._held(caller, task_id) as (session, task):
            check_undone(task)
            if task.status == TaskStatus.OPEN.value:
                return task
            if not holds(task, caller) and not caller.can_on(MANAGE, task.workflow_id):
                raise NotHolder
            before = {"claimedBy": task.claimed_by}
            _put_back(task)
            await _record(session, caller, "task.released", task, before=before)
            return task

    async def delegate(self, caller: Caller, task_id: UUID, to: str, reason: str | None = None) -> HumanTask:
        """Hand a task that one has claimed to another member; or one's say, where it takes several people.

        Args:
            caller, task_id: who, and which.
            to: the member's id or e-mail address.
            reason: why.

        Raises:
            TaskNotFound, TaskClosed: there is nothing to hand on.
            NotHolder: the caller has not claimed it, and does not manage tasks.
            NotAssigned, FourEyes, PeopleOnly, AlreadyVoted, HandedOver: the caller has no say to hand on.
            UnknownMember, CannotTakeTask: nor could that person have it.
        """
        async with self._held(caller, task_id) as (session, task):
            check_undone(task)
            check_impartial(task, caller)
            votes = await repository.votes(session, task) if is_joint(task) else ()
            earlier = await repository.delegations(session, caller.tenant_id, task_id) if is_joint(task) else ()
            if is_joint(task):
                check_decider(task, caller, votes, earlier)
            elif not holds(task, caller) and not caller.can_on(MANAGE, task.workflow_id):
                raise NotHolder
            heir = await self._heir(session, caller, to)
            handed = _delegation(task, caller, heir, reason)
            before = {"claimedBy": task.claimed_by, "assignTo": task.assign_to}
            if is_joint(task):
                task.assign_to = list(dict.fromkeys([*task.assign_to, str(heir.id)])) if task.assign_to else []
            else:
                _give(task, heir.id, heir.email)
            await self._check_heir(task, heir, votes, [*earlier, handed])
            session.add(handed)
            after = {"to": heir.email, "claimedBy": task.claimed_by, "assignTo": task.assign_to}
            await _record(session, caller, "task.delegated", task, before=before, after=after, reason=reason)
            return task

    async def reassign(
        self, caller: Caller, task_id: UUID, assign_to: Sequence[str], reason: str | None = None
    ) -> HumanTask:
        """Assign a task to others, whoever has it now.

        Args:
            caller, task_id: who, and which.
            assign_to: users, groups and roles; empty: anybody.
            reason: why.

        Raises:
            TaskNotFound, TaskClosed: there is nothing to assign.
            FourEyes: the caller must not choose who decides.
        """
        async with self._held(caller, task_id) as (session, task):
            check_undone(task)
            check_impartial(task, caller)
            before = {"assignTo": task.assign_to, "claimedBy": task.claimed_by}
            _put_back(task)
            task.assign_to = normalised(assign_to)
            task.notify_at = datetime.now(UTC) if task.notifies else None
            after = {"assignTo": task.assign_to}
            await _record(session, caller, "task.reassigned", task, before=before, after=after, reason=reason)
            return task

    async def complete(self, caller: Caller, task_id: UUID, decision: Decision) -> HumanTask:
        """Decide on a task; see ``deciding.decide``. It is completed unless it takes more people."""
        async with self._database.transaction(caller.tenant_id, plan_once=True) as session:
            task = await decide(session, caller, task_id, decision)
        if task.status == TaskStatus.COMPLETED.value:
            self._hints.send()
        return task

    async def votes(self, caller: Caller, task_id: UUID) -> tuple[HumanTask, Sequence[TaskVote]]:
        """A task, and what people decided on it, the oldest first.

        Raises:
            TaskNotFound: there is none of this id that the caller can see.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            task = await _seen(session, caller, task_id)
            return task, await repository.votes(session, task)

    async def delegations(self, caller: Caller, task_id: UUID) -> Sequence[TaskDelegation]:
        """Who handed a task to whom, the oldest first; raises like :meth:`votes`."""
        async with self._database.transaction(caller.tenant_id) as session:
            await _seen(session, caller, task_id)
            return await repository.delegations(session, caller.tenant_id, task_id)

    async def comments(self, caller: Caller, task_id: UUID, window: Window) -> Sequence[TaskComment]:
        """A part of what was said about a task; raises like :meth:`votes`."""
        async with self._database.transaction(caller.tenant_id) as session:
            task = await _seen(session, caller, task_id)
            return await repository.comments(session, task, window)

    async def comment(self, caller: Caller, task_id: UUID, text: str) -> TaskComment:
        """Say something about a task, open or closed; raises like :meth:`votes`."""
        async with self._database.transaction(caller.tenant_id) as session:
            task = await _seen(session, caller, task_id)
            said = TaskComment(
                tenant_id=task.tenant_id,
                task_id=task.id,
                id=uuid7(),
                author_id=caller.id,
                author=caller.name,
                text=text,
                created_at=datetime.now(UTC),
            )
            await keep_comment(session, task, said)
            await _record(session, caller, "task.commented", task, after={"commentId": str(said.id)})
            return said

    @asynccontextmanager
    async def _held(self, caller: Caller, task_id: UUID) -> AsyncGenerator[tuple[AsyncSession, HumanTask]]:
        """A transaction, and a task locked in it."""
        async with self._database.transaction(caller.tenant_id) as session:
            task = await repository.hold(session, caller.tenant_id, task_id)
            if task is None or not can_see(task, caller):
                raise TaskNotFound
            yield session, task

    async def _heir(self, session: AsyncSession, caller: Caller, name: str) -> Member:
        member = await members.find(session, caller.tenant_id, name)
        if member is None:
            raise UnknownMember("/to")
        if member.id == caller.id:
            raise CannotTakeTask("/to", "it is yours already.")
        return member

    async def _check_heir(
        self, task: HumanTask, heir: Member, votes: Sequence[TaskVote], delegations: Sequence[TaskDelegation]
    ) -> None:
        person = await members.as_caller(self._access, task.tenant_id, heir.id)
        if person is None:
            raise UnknownMember("/to")
        if not may_decide(task, person, votes, delegations):
            why = "they lack the permission." if not person.can_on(COMPLETE, task.workflow_id) else "they have no say."
            raise CannotTakeTask("/to", why)


async def _seen(session: AsyncSession, caller: Caller, task_id: UUID) -> HumanTask:
    task = await repository.get(session, caller.tenant_id, task_id)
    if task is None or not can_see(task, caller):
        raise TaskNotFound
    return task


def _give(task: HumanTask, user_id: UUID | None, name: str) -> None:
    task.status = TaskStatus.CLAIMED.value
    task.claimed_by_id = user_id
    task.claimed_by = name
    task.claimed_at = datetime.now(UTC)


def _put_back(task: HumanTask) -> None:
    task.status = TaskStatus.OPEN.value
    task.claimed_by_id = task.claimed_by = task.claimed_at = None


def _delegation(task: HumanTask, caller: Caller, heir: Member, reason: str | None) -> TaskDelegation:
    return TaskDelegation(
        tenant_id=task.tenant_id,
        task_id=task.id,
        id=uuid7(),
        from_id=caller.id,
        from_name=caller.name,
        to_id=heir.id,
        to_name=heir.email,
        reason=reason,
        created_at=datetime.now(UTC),
    )


async def _record(
    session: AsyncSession,
    caller: Caller,
    action: str,
    task: HumanTask,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    await session.flush()
    await record(
        session,
        action,
        "task",
        task.id,
        before=before,
        after=after,
        reason=reason,
        tenant_id=task.tenant_id,
        actor=caller,
    )
