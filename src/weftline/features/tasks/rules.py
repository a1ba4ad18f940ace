"""Who may see and do a task: decided from the task, what happened to it, and the caller. No I/O.

- A task is for those whose id, e-mail address, group or role its ``assign_to`` names, for whoever it was delegated to,
  and for those who manage tasks. Where it names nobody, it is for everybody with ``task:complete``.
- While somebody has claimed it, it is theirs, and the managers'.
- Where it needs several votes, nobody can claim it, and nobody votes twice. Whoever hands their say to another has
  none, unless it is handed back.
- With four eyes, whoever started the execution can neither decide nor choose who decides.
- Where it takes several votes or four eyes, only people decide: a service account or the console could be anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from weftline.features.access.caller import Caller
from weftline.features.errors import DomainError
from weftline.features.tasks.errors import (
    AlreadyVoted,
    FourEyes,
    HandedOver,
    NotAssigned,
    PeopleOnly,
    TaskClaimed,
    TaskClosed,
)
from weftline.features.tasks.models import HumanTask, TaskDelegation, TaskVote
from weftline.features.tasks.permissions import COMPLETE, MANAGE, READ, READ_ALL
from weftline.model.status import TaskStatus

UNDONE = (TaskStatus.OPEN.value, TaskStatus.CLAIMED.value)

PEOPLE = ("user", "operator")
"""The kinds of callers that are persons."""

UNIDENTIFIED = UUID(int=0)
"""Stands for whoever has no id of their own: the console and the system."""


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """What a caller can see of a tenant's tasks. Sets of workflows are None where they are all of them.

    Attributes:
        id: the caller's.
        names: by which tasks may be assigned to them.
        readable: workflows whose tasks they may see at all.
        watched: workflows of which they see everybody's tasks.
        served: workflows of which they may do the tasks that are nobody's in particular.
    """

    id: UUID | None
    names: frozenset[str]
    readable: frozenset[str] | None
    watched: frozenset[str] | None
    served: frozenset[str] | None


def viewpoint(caller: Caller) -> Viewpoint:
    """What ``caller`` can see."""
    return Viewpoint(
        caller.id,
        names_of(caller),
        caller.workflows_where(READ),
        _either(caller.workflows_where(READ_ALL), caller.workflows_where(MANAGE)),
        caller.workflows_where(COMPLETE),
    )


def _either(some: frozenset[str] | None, others: frozenset[str] | None) -> frozenset[str] | None:
    return None if some is None or others is None else some | others


def names_of(caller: Caller) -> frozenset[str]:
    """The names by which a task may be assigned to a caller: id, e-mail address, groups and roles."""
    names = caller.authority.groups | caller.authority.roles
    if caller.id is not None:
        names |= {str(caller.id)}
    # a service account may be called anything, even like a group
    return names | {caller.name} if caller.kind in PEOPLE else names


def normalised(assignees: Sequence[str]) -> list[str]:
    """Assignees, each once; e-mail addresses are known in lower case."""
    return list(dict.fromkeys(name.lower() if "@" in name else name for name in assignees))


def voter_id(caller: Caller) -> UUID:
    """Whose vote it is."""
    return UNIDENTIFIED if caller.id is None else caller.id


def is_joint(task: HumanTask) -> bool:
    """Whether it takes several people."""
    return task.approvals_required > 1


def holds(task: HumanTask, caller: Caller) -> bool:
    """Whether the caller has claimed the task."""
    if task.status != TaskStatus.CLAIMED.value:
        return False
    return task.claimed_by_id == caller.id and (caller.id is not None or task.claimed_by == caller.name)


def is_asked(task: HumanTask, caller: Caller) -> bool:
    """Whether the task is for the caller, as far as assignment goes."""
    if holds(task, caller):
        return True
    if not task.assign_to:
        return caller.can_on(COMPLETE, task.workflow_id)
    return not names_of(caller).isdisjoint(task.assign_to)


def can_see(task: HumanTask, caller: Caller) -> bool:
    """Whether the task exists for the caller."""
    if caller.can_on(READ_ALL, task.workflow_id) or caller.can_on(MANAGE, task.workflow_id):
        return True
    did_it = caller.id is not None and caller.id in (task.claimed_by_id, task.completed_by_id)
    return did_it or is_asked(task, caller)


def check_undone(task: HumanTask) -> None:
    """
    Raises:
        TaskClosed: there is nothing left to do.
    """
    if task.status not in UNDONE:
        raise TaskClosed(task.status)


def check_impartial(task: HumanTask, caller: Caller) -> None:
    """
    Raises:
        FourEyes: the caller started the execution, and has neither a say nor the choice of who has.
    """
    if task.four_eyes and task.started_by == caller.id:
        raise FourEyes


def check_decider(
    task: HumanTask, caller: Caller, votes: Sequence[TaskVote] = (), delegations: Sequence[TaskDelegation] = ()
) -> None:
    """See that the caller may decide on a task.

    Args:
        task: which.
        caller: who; that they have the permission has been checked.
        votes, delegations: what happened to the task, oldest first; needed where it takes several people.

    Raises:
        TaskClosed, TaskClaimed: there is nothing for them to decide.
        NotAssigned, FourEyes, PeopleOnly: they have no say.
        AlreadyVoted, HandedOver: they have none any more.
    """
    check_undone(task)
    check_impartial(task, caller)
    if (task.four_eyes or is_joint(task)) and caller.kind not in PEOPLE:
        raise PeopleOnly
    manages = caller.can_on(MANAGE, task.workflow_id)
    if not manages and not is_asked(task, caller):
        raise NotAssigned
    if task.status == TaskStatus.CLAIMED.value and not manages and not holds(task, caller):
        raise TaskClaimed(task.claimed_by)
    if not is_joint(task):
        return
    own = voter_id(caller)
    if any(vote.voter_id == own for vote in votes):
        raise AlreadyVoted(caller.name)
    last = next((each for each in reversed(delegations) if own in (each.from_id, each.to_id)), None)
    if last is not None and last.from_id == own:
        raise HandedOver(last.to_name)


def may_decide(
    task: HumanTask, caller: Caller, votes: Sequence[TaskVote] = (), delegations: Sequence[TaskDelegation] = ()
) -> bool:
    """Whether the caller has the permission and a say; see :func:`check_decider`."""
    if not caller.can_on(COMPLETE, task.workflow_id):
        return False
    try:
        check_decider(task, caller, votes, delegations)
    except DomainError:
        return False
    return True
