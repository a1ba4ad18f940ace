"""One person's decision on a task: a vote, and the end of the task where it was the one that mattered.

Everything about one task happens under its row's lock, so that of several people who decide at the same instant each
is counted once, and exactly one ends the task.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import driver
from weftline.features.errors import FieldError
from weftline.features.json_schema import JsonSchema
from weftline.features.rows import Connection
from weftline.features.tasks import repository
from weftline.features.tasks.errors import InvalidForm, TaskClosed, TaskNotFound, UnknownOutcome
from weftline.features.tasks.models import HumanTask, TaskVote
from weftline.features.tasks.rules import can_see, check_decider, check_undone, is_joint, voter_id
from weftline.features.tasks.sealing import keep_vote
from weftline.language.json_schema import InvalidSchema
from weftline.model.status import TaskStatus
from weftline.store.inbox import MessageKind, send


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides.

    Attributes:
        outcome: one of the task's, where it has any.
        data: what they filled in.
        comment: why.
    """

    outcome: str | None = None
    data: dict[str, Any] | None = None
    comment: str | None = None


async def decide(
    session: AsyncSession, caller: Caller, task_id: UUID, decision: Decision, *, link_id: UUID | None = None
) -> HumanTask:
    """Decide on a task; where that ends it, tell its execution, both or neither.

    Args:
        session: bound to the caller's tenant, with no lock on a task yet.
        caller: who decides; that they have the permission has been checked.
        task_id: on which.
        decision: what.
        link_id: the link that they used.

    Raises:
        TaskNotFound, TaskClosed, TaskClaimed: there is nothing for them to decide.
        NotAssigned, FourEyes, PeopleOnly, AlreadyVoted, HandedOver: they have no say.
        UnknownOutcome, InvalidForm: the task does not accept that.
    """
    connection = await driver(session)
    task = await repository.hold_to_decide(connection, caller.tenant_id, task_id)
    if task is None or not can_see(task, caller):
        raise TaskNotFound
    check_undone(task)
    votes = await repository.votes(session, task) if is_joint(task) else ()
    delegations = await repository.delegations(session, caller.tenant_id, task_id) if is_joint(task) else ()
    check_decider(task, caller, votes, delegations)
    if task.outcomes and decision.outcome not in task.outcomes:
        raise UnknownOutcome(decision.outcome, task.outcomes)
    if errors := form_errors(task.form, decision.data or {}):
        raise InvalidForm(errors)
    vote = _vote(task, caller, decision, link_id)
    task.approvals_given += vote.is_approving
    is_done = not vote.is_approving or task.approvals_given >= task.approvals_required
    if is_done:
        await _end(connection, task, caller, [*votes, vote])
    await keep_vote(connection, task, vote)
    # the audit log is not encrypted
    comment = None if task.is_sealed else decision.comment
    await record(
        session,
        "task.completed" if is_done else "task.voted",
        "task",
        task.id,
        after={"outcome": decision.outcome, "comment": comment, "linkId": link_id},
        tenant_id=caller.tenant_id,
        actor=caller,
    )
    return task


def form_errors(form: object, data: dict[str, Any]) -> Sequence[FieldError]:
    """What is wrong with ``data`` where the form is a JSON Schema; a form that is only named is not checked."""
    if not isinstance(form, dict):
        return ()
    try:
        return JsonSchema(cast("dict[str, Any]", form)).errors(data, "/data")
    except InvalidSchema:
        # a form of another kind, which only its own front end understands
        return ()


def _vote(task: HumanTask, caller: Caller, decision: Decision, link_id: UUID | None) -> TaskVote:
    return TaskVote(
        tenant_id=task.tenant_id,
        task_id=task.id,
        voter_id=voter_id(caller),
        voter=caller.name,
        outcome=decision.outcome,
        is_approving=decision.outcome in task.approving_outcomes,
        data=decision.data or {},
        comment=decision.comment,
        link_id=link_id,
        voted_at=datetime.now(UTC),
    )


async def _end(connection: Connection, task: HumanTask, caller: Caller, votes: Sequence[TaskVote]) -> None:
    """Close a task with its last vote, and send that to its execution.

    Raises:
        TaskClosed: the execution has ended meanwhile.
    """
    last = votes[-1]
    payload: dict[str, Any] = {
        "step": task.step_id,
        "data": last.data,
        "outcome": last.outcome,
        "by": caller.name,
    }
    if is_joint(task):
        payload["votes"] = [_told(vote) for vote in votes]
    kind = MessageKind.TASK_COMPLETED
    if await send(connection, task.tenant_id, task.execution_id, kind, payload, time.time()) is None:
        raise TaskClosed(TaskStatus.CANCELLED.value)
    task.status = TaskStatus.COMPLETED.value
    task.data = last.data
    task.outcome = last.outcome
    task.completed_by = caller.name
    task.completed_by_id = caller.id
    task.completed_at = last.voted_at
    task.notify_at = task.escalate_at = None


def _told(vote: TaskVote) -> dict[str, Any]:
    """A vote, as the workflow sees it."""
    told: dict[str, Any] = {"by": vote.voter, "outcome": vote.outcome}
    if vote.data:
        told["data"] = vote.data
    if vote.comment is not None:
        told["comment"] = vote.comment
    return told
