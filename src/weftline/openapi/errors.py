"""What can be wrong with a document as a whole. What is wrong with parts of it is told by the definition."""

from __future__ import annotations


class DocumentError(ValueError):
    """It cannot be read, or is no OpenAPI document; the message says why.

    Attributes:
        message: one sentence for a person.
        line, column: where, from 1; None where it is the whole document.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message if line is None else f"line {line}, column {column}: {message}")
        self.message = message
        self.line = line
        self.column = column
