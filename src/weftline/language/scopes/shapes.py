"""What is known of a value before there is one: its type, and what is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast

ANY = "any"
MAX_DEPTH = 8
MAX_MEMBERS = 200
"""Of one object."""

_TYPES = {"string": "string", "integer": "int", "number": "double", "boolean": "bool", "null": "null"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a value.

    Attributes:
        type: ``string``, ``int``, ``double``, ``bool``, ``null``, ``list``, ``map``, or ``any`` where it is not known.
        members: of a map, those that are known.
        items: of a list, what each of its items is, where that is known.
        description: for people.
        is_certain: it is there; False where it may be absent.
        is_closed: a map has no other members than those that are known.
        is_secret: it stands for a secret.
    """

    type: str = ANY
    members: Mapping[str, Shape] = field(default_factory=dict[str, "Shape"])
    items: Shape | None = None
    description: str = ""
    is_certain: bool = True
    is_closed: bool = False
    is_secret: bool = False

    def uncertain(self) -> Shape:
        """The same, but it may be absent."""
        return replace(self, is_certain=False)

    def at(self, *keys: str | int) -> Shape | None:
        """What is known of a part of it; None where there is no such part, as far as is known."""
        shape: Shape | None = self
        for key in keys:
            if shape is None:
                return None
            shape = shape.items if isinstance(key, int) else shape.members.get(key)
        return shape


UNKNOWN = Shape()


def of_map(members: Mapping[str, Shape], description: str = "", *, is_closed: bool = False) -> Shape:
    """A map with these members."""
    return Shape("map", members, description=description, is_closed=is_closed)


def of_schema(schema: object, description: str = "") -> Shape:
    """What a JSON Schema says of values. What it says in ways that are not understood is left out."""
    shape = _Reader(schema).read(schema, 0)
    return replace(shape, description=description) if description else shape


def of_value(value: object, depth: int = 0) -> Shape:
    """What is known of what a template in a definition gives: texts with ``${ … }`` may give anything."""
    if isinstance(value, str):
        return UNKNOWN if "${" in value else Shape("string")
    if isinstance(value, bool):
        return Shape("bool")
    if isinstance(value, int | float):
        return Shape("int" if isinstance(value, int) else "double")
    if isinstance(value, list):
        return Shape("list")
    if isinstance(value, dict) and depth < MAX_DEPTH:
        fields = cast("dict[str, object]", value)
        return of_map({name: of_value(each, depth + 1) for name, each in list(fields.items())[:MAX_MEMBERS]})
    return Shape("null") if value is None else UNKNOWN


class _Reader:
    """Reads a JSON Schema.

    Args:
        root: what references lead into.
    """

    def __init__(self, root: object) -> None:
        self._root = root

    def read(self, schema: object, depth: int) -> Shape:
        told = self._followed(schema)
        if told is None or depth > MAX_DEPTH:
            return UNKNOWN
        description = told.get("description")
        shape = self._typed(told, depth)
        return replace(shape, description=description) if isinstance(description, str) else shape

    def _typed(self, told: Mapping[str, Any], depth: int) -> Shape:
        kind = _kind(told)
        if kind == "object":
            return self._object(told, depth)
        if kind == "array":
            items = told.get("items")
            return Shape("list", items=None if items is None else self.read(items, depth + 1))
        return Shape(_TYPES.get(kind or "", ANY))

    def _object(self, told: Mapping[str, Any], depth: int) -> Shape:
        properties = told.get("properties")
        fields = cast("dict[str, object]", properties) if isinstance(properties, dict) else {}
        required = told.get("required")
        needed = set(map(str, cast("list[object]", required))) if isinstance(required, list) else set[str]()
        members = {name: self.read(each, depth + 1) for name, each in list(fields.items())[:MAX_MEMBERS]}
        known = {name: each if name in needed else each.uncertain() for name, each in members.items()}
        is_closed = told.get("additionalProperties") is False and len(known) == len(fields)
        return of_map(known, is_closed=is_closed)

    def _followed(self, schema: object) -> Mapping[str, Any] | None:
        """A schema, through its references within the document; and of several of which one is null, the other."""
        for _ in range(MAX_DEPTH):
            if not isinstance(schema, dict):
                return None
            told = cast("dict[str, Any]", schema)
            target = told.get("$ref")
            alternatives = told.get("anyOf", told.get("oneOf"))
            if isinstance(target, str):
                schema = self._target(target)
            elif isinstance(alternatives, list):
                real = [each for each in cast("list[object]", alternatives) if each != {"type": "null"}]
                if len(real) != 1:
                    return {"description": told.get("description")}
                schema = real[0]
            else:
                return told
        return None

    def _target(self, reference: str) -> object:
        place, steps = self._root, reference.removeprefix("#").split("/")[1:]
        for step in steps:
            if not reference.startswith("#") or not isinstance(place, dict):
                return None
            place = cast("dict[str, object]", place).get(step.replace("~1", "/").replace("~0", "~"))
        return place


def _kind(told: Mapping[str, Any]) -> str | None:
    kind = told.get("type")
    if isinstance(kind, list):
        real = [each for each in cast("list[object]", kind) if each != "null"]
        kind = real[0] if len(real) == 1 else None
    if isinstance(kind, str):
        return kind
    if isinstance(told.get("properties"), dict):
        return "object"
    values = told.get("enum", [told["const"]] if "const" in told else None)
    if isinstance(values, list):
        kinds = {of_value(each).type for each in cast("list[object]", values)}
        names = {value: name for name, value in _TYPES.items()}
        return names.get(kinds.pop()) if len(kinds) == 1 else None
    return None
