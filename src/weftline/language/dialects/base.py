"""What a dialect is: another system's way of writing workflows, read into our definitions and written from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, cast, runtime_checkable

Document: TypeAlias = dict[str, Any]
"""A JSON object."""
Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root of a document to a place in it."""


def objects_of(value: object) -> list[Document]:
    """The objects in ``value``, where it is a list."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("Document", item) for item in items if isinstance(item, dict)]


class Fate(StrEnum):
    """What became of a construct that the other side says differently, or not at all."""

    CHANGED = "changed"
    """It means the same in other words."""
    KEPT = "kept"
    """It means nothing to how the workflow runs there; it is kept as data, and comes back when converted back."""
    UNSUPPORTED = "unsupported"
    """It cannot be said there."""


@dataclass(frozen=True, slots=True)
class Note:
    """What became of one construct.

    Attributes:
        pointer: JSON pointer (RFC 6901) to it in the source.
        construct: what it is called there.
        fate: what became of it.
        message: a sentence for people. It repeats no values, for they may be secret.
    """

    pointer: str
    construct: str
    fate: Fate
    message: str

    def __str__(self) -> str:
        named = "" if self.pointer.endswith(f"/{self.construct}") else f"{self.construct}: "
        return f"{self.pointer or '/'}: {self.fate}: {named}{self.message}"


@dataclass(frozen=True, slots=True)
class Reading:
    """A document read into a definition.

    Attributes:
        definition: ours. What is unsupported stands in it as a marked placeholder.
        notes: everything that is not the same as in the source, in the source's order.
        origins: from places in the definition (``/nodes/3``) to those in the source that they come from.
    """

    definition: Document
    notes: Sequence[Note] = ()
    origins: Mapping[str, str] = field(default_factory=dict[str, str])

    def origin_of(self, place: str) -> str:
        """Where in the source it stands that ``place`` in the definition comes from: what is around it, where known."""
        around = place
        while around not in self.origins:
            if not around:
                return place
            around = around.rpartition("/")[0]
        return self.origins[around]


@dataclass(frozen=True, slots=True)
class Writing:
    """A definition written in a dialect.

    Attributes:
        document: the dialect's.
        notes: everything that is not the same as in the definition, in its order.
    """

    document: Document
    notes: Sequence[Note] = ()


@runtime_checkable
class Dialect(Protocol):
    """Another system's way of writing workflows.

    Nothing that a document says may be lost without a note: what the other side cannot say is ``unsupported``.
    """

    @property
    def name(self) -> str:
        """What commands and calls name it by: lower case letters, digits and hyphens."""
        ...

    @property
    def description(self) -> str:
        """A sentence that says whose documents these are."""
        ...

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Whether ``document`` looks like one of this dialect and of no other."""
        ...

    def read(self, document: Document) -> Reading:
        """The definition that says what ``document`` says.

        Raises:
            DefinitionError: the document is not well formed in its own terms: the problems' places are its own.
        """
        ...

    def write(self, definition: Document) -> Writing:
        """What ``definition``, a valid one, is in this dialect."""
        ...
