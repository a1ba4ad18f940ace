"""What can be wrong with a request about executions.

::

    NotFound   └── ExecutionNotFound
    Conflict   └── ExecutionEnded
    Invalid    ├── InvalidStart
               └── InvalidInput
    TooLarge   └── TooManyLines
"""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import Conflict, FieldError, Invalid, NotFound, TooLarge


class ExecutionNotFound(NotFound):
    """There is no execution of this id."""

    code = "execution_not_found"
    title = "Execution not found"

    def __init__(self) -> None:
        super().__init__("There is no execution of this id.")


class ExecutionEnded(Conflict):
    """It has ended, and nothing can happen to it any more."""

    code = "execution_ended"
    title = "Execution has ended"

    def __init__(self, status: str) -> None:
        super().__init__(f"The execution has ended: it is {status}.")


class InvalidStart(Invalid):
    """What was sent does not say how to start an execution."""

    code = "invalid_request"
    title = "Request not valid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("The execution cannot be started as asked.", errors)


class InvalidInput(Invalid):
    """The input does not satisfy the workflow's schema."""

    code = "invalid_input"
    title = "Input not valid"

    def __init__(self, workflow_id: str, errors: Sequence[FieldError]) -> None:
        super().__init__(f"The input does not satisfy the schema of workflow '{workflow_id}'.", errors)


class TooManyLines(TooLarge):
    """A batch holds more executions than one request may start."""

    code = "too_many_lines"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A batch may have {limit:,} lines.")
