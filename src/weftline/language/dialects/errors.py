"""Why a document cannot be converted.

::

    ValueError
    ├── UnknownDialect     no dialect has this name, or none recognises the document
    └── NotConvertible     the document says what the other side cannot

A document that is not well formed raises :class:`weftline.language.errors.DefinitionError`.
"""

from __future__ import annotations

from collections.abc import Sequence

from weftline.language.dialects.base import Fate, Note


class UnknownDialect(ValueError):
    """No dialect has this name, or it cannot be told which one a document is written in. A sentence says which."""


class NotConvertible(ValueError):
    """The document says what the other side cannot.

    Args:
        dialect: the other system's dialect.
        notes: everything that was found; those that are unsupported are the reason.

    Attributes:
        notes: the unsupported ones.
    """

    def __init__(self, dialect: str, notes: Sequence[Note]) -> None:
        self.notes = [note for note in notes if note.fate is Fate.UNSUPPORTED]
        found = "1 construct" if len(self.notes) == 1 else f"{len(self.notes)} constructs"
        super().__init__(f"{found} cannot be converted (dialect `{dialect}`)")
