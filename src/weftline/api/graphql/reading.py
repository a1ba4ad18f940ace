"""Takes selections apart: into fields that only have to be read, and others.

Most of an answer is fields without a resolver: attributes of what a resolver has handed out, down to scalars. The
library goes a long way with each of them. Where a selection has nothing else in it, one function reads all of it.
What that function does not expect, such as a null where none may be, it leaves to the library, whose errors tell the
place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias, cast

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, is_leaf_type
from strawberry.schema.schema_converter import GraphQLCoreConverter

from weftline.api.graphql.writing import PUNCTUATION, Leaves, Size, Write

Group: TypeAlias = dict[str, list[Any]]
"""The fields of a selection by their names in the answer, as the library collects them."""

Collect: TypeAlias = Callable[[GraphQLObjectType, list[Any]], Group]
"""Finds the selection within a field, given its type and what the library knows of the field."""


class Unusual(Exception):
    """The library must look at this."""


class Field(NamedTuple):
    """A field that only has to be read.

    Attributes:
        name: in the answer.
        attribute: in Python.
        write: makes the answer's value.
        is_required: it is never null.
    """

    name: str
    attribute: str
    write: Write
    is_required: bool


class Selection(NamedTuple):
    """A selection, taken apart.

    Attributes:
        fields: those that only have to be read.
        others: the rest.
        names: bytes of all names.
    """

    fields: list[Field]
    others: Group
    names: int


class Selections:
    """Takes selections of one operation apart.

    Args:
        collect: finds the selection within a field.
        leaves: write what has no fields.
        size: what the answer may come to.
    """

    def __init__(self, collect: Collect, leaves: Leaves, size: Size) -> None:
        self._collect = collect
        self._leaves = leaves
        self._size = size
        # with the groups themselves, which must not go while their ids stand for them
        self._known: dict[int, tuple[Group, Selection]] = {}

    def of(self, type: GraphQLObjectType, group: Group) -> Selection:
        """A selection of fields of a type."""
        known = self._known.get(id(group))
        if known is None:
            known = self._known[id(group)] = (group, self._taken_apart(type, group))
        return known[1]

    def _taken_apart(self, type: GraphQLObjectType, group: Group) -> Selection:
        fields: list[Field] = []
        others: Group = {}
        for name, details in group.items():
            field = self._field(type, name, details)
            if field is None:
                others[name] = details
            else:
                fields.append(field)
        return Selection(fields, others, sum(len(name) + PUNCTUATION for name in group))

    def _field(self, type: GraphQLObjectType, name: str, details: list[Any]) -> Field | None:
        field = type.fields.get(details[0].node.name.value)
        definition = None if field is None else field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if field is None or definition is None or not definition.is_basic_field:
            return None
        inner, is_required = _inner(field.type)
        write = self._write(inner, details)
        return None if write is None else Field(name, definition.python_name, write, is_required)

    def _write(self, type: Any, details: list[Any]) -> Write | None:
        """What writes values of a type; None where there is more to do than to read them."""
        if is_leaf_type(type):
            return self._leaves.of(type)
        if isinstance(type, GraphQLList):
            write = self._write(_inner(cast("Any", type).of_type)[0], details)
            return None if write is None else _all(write)
        if not isinstance(type, GraphQLObjectType):
            return None
        selection = self.of(type, self._collect(type, details))
        return None if selection.others else _object(selection, self._size)


def read(fields: list[Field], source: object, into: dict[str, Any]) -> None:
    """Read fields of an object into an answer.

    Raises:
        Exception: one of them cannot be read so.
    """
    for name, attribute, write, is_required in fields:
        value = getattr(source, attribute)
        if value is not None:
            into[name] = write(value)
        elif is_required:
            raise Unusual
        else:
            into[name] = None


def _object(selection: Selection, size: Size) -> Write:
    fields, names = selection.fields, selection.names

    def write(value: Any) -> Any:
        size.left -= names
        answer: dict[str, Any] = {}
        read(fields, value, answer)
        return answer

    return write


def _all(write: Write) -> Write:
    def write_all(values: Any) -> Any:
        if not isinstance(values, (list, tuple)) or any(value is None for value in cast("list[Any]", values)):
            raise Unusual
        return [write(value) for value in cast("list[Any]", values)]

    return write_all


def _inner(type: Any) -> tuple[Any, bool]:
    """A type without its exclamation mark, and whether it had one."""
    return (cast("Any", type).of_type, True) if isinstance(type, GraphQLNonNull) else (type, False)
