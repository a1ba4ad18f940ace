"""What can be wrong with a request about tasks.

::

    NotFound  └── TaskNotFound
    Conflict  ├── TaskClosed
              └── TaskClaimed
    Invalid   ├── UnknownOutcome
              └── InvalidForm
"""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import Conflict, FieldError, Invalid, NotFound


class TaskNotFound(NotFound):
    """There is no task of this id."""

    code = "task_not_found"
    title = "Task not found"

    def __init__(self) -> None:
        super().__init__("There is no task of this id.")


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

    def __init__(self, user: str) -> None:
        super().__init__(f"The task is claimed by {user}.")


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
