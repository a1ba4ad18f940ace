"""What can be wrong with a definition.

::

    ValueError
    ├── ParseError         the source is not a document
    ├── DurationError      a value is not a duration
    ├── SyntaxProblem      an expression or template cannot be compiled
    └── DefinitionError    the document is not a valid workflow; carries every problem found

:class:`weftline.language.program.ExpressionError`, raised while a workflow runs, stands beside the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class ParseError(ValueError):
    """The source is not a definition document.

    Attributes:
        message: what is wrong, without the place.
        line: from 1, where known.
        column: from 1, where known.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        place = f" (line {line}, column {column})" if line is not None else ""
        super().__init__(message + place)
        self.message = message
        self.line = line
        self.column = column


class DurationError(ValueError):
    """Not a duration, or one out of bounds. Its text is a sentence for the author."""


class SyntaxProblem(ValueError):
    """An expression or a template cannot be compiled.

    Attributes:
        code: ``syntax_error``, ``type_mismatch``, ``unknown_name``, ``unknown_function``, ``unknown_step`` or
            ``too_large``.
        message: what is wrong, with line and column inside the expression where known.
        hint: how to mend it, where that can be said.
        path: keys and indexes within the template's value; empty for a bare expression.
        place: line and column inside the expression, from 1, where known.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        path: tuple[str | int, ...] = (),
        place: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.path = path
        self.place = place


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a definition.

    Attributes:
        pointer: JSON pointer (RFC 6901) to the place; empty for the whole document.
        message: what is wrong, a sentence.
        hint: how to mend it, or the nearest valid name; None where nothing helps.
        code: stable, in snake_case, for programs.
    """

    pointer: str
    message: str
    hint: str | None
    code: str

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.pointer or '/'}: {self.message}{hint}"


class DefinitionError(ValueError):
    """The document is not a valid workflow.

    Attributes:
        problems: every problem found, at most a hundred and a last one that counts the rest.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
