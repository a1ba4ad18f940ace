"""What can be wrong with a request about tasks.

::

    Forbidden   ├── NotAssigned
                ├── FourEyes
                ├── PeopleOnly
                └── NotHolder
    NotFound    ├── TaskNotFound
                └── LinkNotFound
    Conflict    ├── TaskClosed
                ├── TaskClaimed
                ├── NotClaimable
                ├── AlreadyVoted
                └── HandedOver
    DomainError └── LinkSpent         410
    Invalid     ├── UnknownOutcome
                ├── InvalidForm
                ├── UnknownMember
                └── CannotTakeTask
"""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import Conflict, DomainError, FieldError, Forbidden, Invalid, NotFound


class NotAssigned(Forbidden):
    """The task is for others."""

    code = "not_assigned"
    title = "Task is for others"

    def __init__(self) -> None:
        super().__init__("This task is assigned to others.")


class FourEyes(Forbidden):
    """Whoever started the execution has no say in this task."""

    code = "four_eyes"
    title = "Another person must decide"

    def __init__(self) -> None:
        super().__init__("You started this execution, so another person must decide.")


class PeopleOnly(Forbidden):
    """The task asks for the decision of a person who can be told from others."""

    code = "people_only"
    title = "For people only"

    def __init__(self) -> None:
        super().__init__("Only people who have signed in may decide this task, not services or the console.")


class NotHolder(Forbidden):
    """Somebody else has the task, or nobody."""

    code = "not_holder"
    title = "You do not hold the task"

    def __init__(self) -> None:
        super().__init__("Only whoever has claimed the task, or manages tasks, may do this.")


class TaskNotFound(NotFound):
    """There is no task of this id."""

    code = "task_not_found"
    title = "Task not found"

    def __init__(self) -> None:
        super().__init__("There is no task of this id.")


class LinkNotFound(NotFound):
    """There is no such link, or it is for somebody else."""

    code = "link_not_found"
    title = "Link not found"

    def __init__(self) -> None:
        super().__init__("There is no such link.")


class LinkSpent(DomainError):
    """The link has been used, has expired, or has nothing left to decide."""

    status = 410
    code = "link_spent"
    title = "Link does not work any more"

    def __init__(self, why: str) -> None:
        super().__init__(f"This link does not work any more: {why}.")


class TaskClosed(Conflict):
    """The task is done, or is not wanted any more."""

    code = "task_closed"
    title = "Task is closed"

    def __init__(self, status: str) -> None:
        super().__init__(f"The task is {status} already.")


class TaskClaimed(Conflict):
    """Somebody else has the task."""

    code = "task_claimed"
    title = "Task is claimed"

    def __init__(self, user: str | None) -> None:
        super().__init__(f"The task is claimed by {user or 'somebody else'}.")


class NotClaimable(Conflict):
    """The task needs several people, so that none can have it for themselves."""

    code = "not_claimable"
    title = "Task cannot be claimed"

    def __init__(self) -> None:
        super().__init__("Several people must agree on this task, so nobody can claim it.")


class AlreadyVoted(Conflict):
    """One person, one vote."""

    code = "already_voted"
    title = "Decided already"

    def __init__(self, user: str) -> None:
        super().__init__(f"{user} has decided on this task already.")


class HandedOver(Conflict):
    """The caller has handed their say to another."""

    code = "handed_over"
    title = "Handed over"

    def __init__(self, to: str) -> None:
        super().__init__(f"You have handed your say in this task to {to}.")


class UnknownOutcome(Invalid):
    """The task does not offer this outcome, or needs one and got none."""

    code = "unknown_outcome"
    title = "Unknown outcome"

    def __init__(self, outcome: str | None, outcomes: Sequence[str]) -> None:
        message = "this task needs an outcome" if outcome is None else f"'{outcome}' is no outcome of this task"
        hint = f"There are: {', '.join(outcomes)}."
        super().__init__(f"{message}.", [FieldError("/outcome", message, self.code, hint)])


class InvalidForm(Invalid):
    """The data does not satisfy the form's schema."""

    code = "invalid_form"
    title = "Form not valid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("The data does not satisfy the task's form.", errors)


class UnknownMember(Invalid):
    """There is no active member of the tenant by this id or address."""

    code = "unknown_member"
    title = "Unknown member"

    def __init__(self, pointer: str) -> None:
        message = "there is no active member by this id or e-mail address"
        super().__init__(f"{message}.", [FieldError(pointer, message, self.code)])


class CannotTakeTask(Invalid):
    """The member may not do this task."""

    code = "cannot_take_task"
    title = "Member cannot do the task"

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(f"This member cannot do the task: {why}", [FieldError(pointer, why, self.code)])
