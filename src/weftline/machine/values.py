"""Reading values that a definition's expressions came to."""

from __future__ import annotations

from typing import Any, cast

from weftline.language.durations import parse_duration
from weftline.language.errors import DurationError
from weftline.language.program import Scope, Template


class Failure(Exception):
    """Something that a definition asks for cannot be done: the step fails with this error.

    Attributes:
        code, message: a WorkflowError's.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def truth(value: Any, field: str) -> bool:
    """A condition's value.

    Raises:
        Failure: it is neither true nor false; nothing counts as true here but ``true``.
    """
    if isinstance(value, bool):
        return value
    raise Failure("type_mismatch", f"{field} must be true or false, not {_kind_of(value)}")


def text(value: Any, field: str) -> str:
    """A name or correlation; numbers may serve as correlations too.

    Raises:
        Failure: it is neither text nor number, or empty.
    """
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise Failure("type_mismatch", f"{field} must be a non-empty string or a number, not {_kind_of(value)}")


def names(value: Any, field: str) -> tuple[str, ...]:
    """One name, several, or none (null).

    Raises:
        Failure: it is something else.
    """
    if value is None:
        return ()
    values = cast("list[Any]", value) if isinstance(value, list) else [value]
    if all(isinstance(name, str) for name in values):
        return tuple(values)
    raise Failure("type_mismatch", f"{field} must be a name or a list of names")


def seconds(value: float | Template, scope: Scope, field: str) -> float:
    """A duration, known beforehand or rendered now, in seconds.

    Raises:
        Failure: what was rendered is no duration.
        ExpressionError: it cannot be rendered.
    """
    if isinstance(value, float | int):
        return value
    try:
        return parse_duration(value.render(scope))
    except DurationError as error:
        raise Failure("invalid_duration", f"{field}: {error}") from None


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case str():
            return "a string" if value else "an empty string"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
