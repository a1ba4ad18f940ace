"""What can be wrong with a request about executions.

::

    Forbidden  └── OwnSubmission
    NotFound   └── ExecutionNotFound
    Conflict   ├── ExecutionEnded
               ├── ConcurrencyLimit
               ├── NotNow
               └── AmbiguousStep
    Invalid    ├── InvalidStart
               ├── InvalidInput
               ├── InvalidSettings
               ├── UnknownStep
               └── UnknownVersion
    TooLarge   ├── TooManyLines
               └── TooManyToMigrate
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from weftline.features.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, TooLarge
from weftline.language.hints import nearest


class OwnSubmission(Forbidden):
    """Whoever submitted an execution does not approve it."""

    code = "four_eyes"
    title = "Another person must decide"

    def __init__(self) -> None:
        super().__init__("You submitted this execution, so another person must approve it.")


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


class ConcurrencyLimit(Conflict):
    """As many executions run as the workflow's settings allow, and these refuse one more."""

    code = "concurrency_limit"
    title = "Too many executions at once"

    def __init__(self, workflow_id: str, key: str, limit: int) -> None:
        of = f"workflow '{workflow_id}'" + (f" with the key '{key}'" if key else "")
        super().__init__(f"No more than {limit} executions of {of} may run at once.")


class NotNow(Conflict):
    """An execution cannot do what is asked of it, where it stands.

    Args:
        code: stable, in snake_case.
        message: a sentence for the person who asked.
        errors: what stands in the way, place by place.
    """

    title = "Not possible now"

    def __init__(self, code: str, message: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(f"{message[0].upper()}{message[1:].rstrip('.')}.", errors)
        self.code = code


class AmbiguousStep(Conflict):
    """The node runs several times at once."""

    code = "ambiguous_step"
    title = "Several steps are meant"

    def __init__(self, name: str, keys: Sequence[str]) -> None:
        super().__init__(f"{name} is open several times; name one by its 'stepKey': {', '.join(keys)}.")


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


class InvalidSettings(Invalid):
    """The workflow's settings cannot be applied to the input."""

    code = "invalid_settings"
    title = "Settings do not fit the input"

    def __init__(self, workflow_id: str, code: str, message: str) -> None:
        error = FieldError("/input", message, code)
        super().__init__(f"The settings of workflow '{workflow_id}' cannot be applied to the input.", [error])


class UnknownStep(Invalid):
    """The workflow has no such node."""

    code = "unknown_step"
    title = "Unknown step"

    def __init__(self, pointer: str, step_id: str, known: Iterable[str]) -> None:
        close = nearest(step_id, known)
        hint = None if close is None else f"did you mean '{close}'?"
        error = FieldError(pointer, f"there is no step '{step_id}'", "unknown_step", hint)
        super().__init__(f"The workflow has no step '{step_id}'.", [error])


class UnknownVersion(Invalid):
    """The workflow has no such version that was published."""

    code = "unknown_version"
    title = "Unknown version"

    def __init__(self, pointer: str, workflow_id: str, number: int) -> None:
        message = f"version {number} of workflow '{workflow_id}' is not published"
        error = FieldError(pointer, message, "unknown_version")
        super().__init__(f"V{message[1:]}.", [error])


class TooManyLines(TooLarge):
    """A batch holds more executions than one request may start."""

    code = "too_many_lines"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A batch may have {limit:,} lines.")


class TooManyToMigrate(TooLarge):
    """More executions run the version than one request migrates."""

    code = "too_many_executions"

    def __init__(self, limit: int) -> None:
        super().__init__(f"More than {limit:,} executions run this version; choose some by their status.")
