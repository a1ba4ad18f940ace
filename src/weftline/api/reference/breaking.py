"""What a new OpenAPI document takes away from those who call by the old one.

Within a version the API only grows (``docs/reference/versioning.md``): callers may go on sending what they send, and
find in answers what they found. What they send may be accepted more widely, and answers may hold more; a new value of
an answer's enumeration is no break, since callers must expect it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from weftline.api.sharing import operations_in, resolved

Document = Mapping[str, Any]
Direction = Literal["sent", "answered"]

_LOWER_IS_NARROWER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_HIGHER_IS_NARROWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_ANY = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


def breaking_changes(old: Document, new: Document) -> list[str]:
    """Everything that somebody who calls by the old document would trip over, a sentence each.

    Args:
        old: the OpenAPI document that callers know.
        new: the one that is to take its place.
    """
    return list(_Comparison(old, new).paths())


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self._old = old
        self._new = new
        self._compared: set[tuple[str, str, str]] = set()

    def paths(self) -> Iterator[str]:
        successors = {(method, path): operation for method, path, operation in operations_in(self._new)}
        for method, path, operation in operations_in(self._old):
            name = f"{method.upper()} {path}"
            successor = successors.get((method, path))
            if successor is None:
                yield f"{name}: the operation is gone"
            else:
                yield from self._operation(name, operation, successor)

    def _operation(self, name: str, old: Document, new: Document) -> Iterator[str]:
        yield from self._parameters(name, _parameters(old), _parameters(new))
        yield from self._body(name, old.get("requestBody"), new.get("requestBody"))
        for status, answer in old["responses"].items():
            if not status.startswith("2"):
                continue
            successor = new["responses"].get(status)
            if successor is None:
                yield f"{name}: the answer {status} is gone"
                continue
            yield from self._media(
                f"{name}: the answer {status}", answer.get("content", {}), successor.get("content", {}), "answered"
            )

    def _parameters(self, name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
        for place, parameter in old.items():
            successor = new.get(place)
            if successor is None:
                yield f"{name}: the {place} parameter is gone"
                continue
            if successor.get("required") and not parameter.get("required"):
                yield f"{name}: the {place} parameter is required now"
            yield from self._schema(f"{name}: the {place} parameter", parameter["schema"], successor["schema"], "sent")
        for place in new.keys() - old.keys():
            if new[place].get("required"):
                yield f"{name}: the {place} parameter is new and required"

    def _body(self, name: str, old: Document | None, new: Document | None) -> Iterator[str]:
        if old is None:
            if new is not None and new.get("required"):
                yield f"{name}: a body is required now"
            return
        if new is None:
            yield f"{name}: the body is gone"
            return
        if new.get("required") and not old.get("required"):
            yield f"{name}: the body is required now"
        yield from self._media(f"{name}: the body", old["content"], new["content"], "sent")

    def _media(self, where: str, old: Document, new: Document, direction: Direction) -> Iterator[str]:
        for kind, media in old.items():
            successor = new.get(kind)
            if successor is None:
                yield f"{where} cannot be {kind} any more"
            elif "schema" in media and "schema" in successor:
                yield from self._schema(where, media["schema"], successor["schema"], direction)

    def _schema(self, where: str, old: Any, new: Any, direction: Direction) -> Iterator[str]:
        references = _reference(old), _reference(new)
        if all(references):
            # what refers to itself is looked at once, and so is what many operations share
            key = (*references, direction)
            if key in self._compared:
                return
            self._compared.add(key)
            where = references[0].rpartition("/")[2]
        old, new = _resolved(self._old, old), _resolved(self._new, new)
        yield from self._types(where, old, new, direction)
        if direction == "sent":
            yield from _bounds(where, old, new)
        yield from self._fields(where, old, new, direction)
        for keyword in ("items", "additionalProperties"):
            parts = old.get(keyword), new.get(keyword)
            if not any(part in (None, True, False) for part in parts):
                yield from self._schema(f"{where}[]", *parts, direction)
        if direction == "sent" and new.get("additionalProperties") is False and old.get("additionalProperties", True):
            yield f"{where}: takes no further fields any more"
        yield from self._alternatives(where, old, new, direction)

    def _types(self, where: str, old: Any, new: Any, direction: Direction) -> Iterator[str]:
        before, after = _types(self._old, old), _types(self._new, new)
        lost = before - after if direction == "sent" else after - before
        if lost:
            what = "cannot be" if direction == "sent" else "can now be"
            yield f"{where}: {what} {', '.join(sorted(lost))}" + (" any more" if direction == "sent" else "")

    def _fields(self, where: str, old: Any, new: Any, direction: Direction) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        for field in before:
            if field in after:
                yield from self._schema(f"{where}.{field}", before[field], after[field], direction)
            elif after or new.get("additionalProperties") is False or direction == "answered":
                yield f"{where}.{field}: the field is gone"
        needed = set(old.get("required", ())), set(new.get("required", ()))
        if direction == "sent":
            for field in sorted(needed[1] - needed[0]):
                yield f"{where}.{field}: the field is required now"
        else:
            for field in sorted(needed[0] - needed[1] - (before.keys() - after.keys())):
                yield f"{where}.{field}: the field may be absent now"

    def _alternatives(self, where: str, old: Any, new: Any, direction: Direction) -> Iterator[str]:
        before = {_name(each): each for each in old.get("anyOf", old.get("oneOf", ()))}
        after = {_name(each): each for each in new.get("anyOf", new.get("oneOf", ()))}
        for name in before.keys() & after.keys():
            yield from self._schema(where, before[name], after[name], direction)


def _bounds(where: str, old: Any, new: Any) -> Iterator[str]:
    if "enum" in new:
        lost = [str(value) for value in old.get("enum", ()) if value not in new["enum"]]
        if lost or "enum" not in old:
            yield f"{where}: takes {'no more ' + ', '.join(lost) if lost else 'certain values only'}"
    for keyword in _LOWER_IS_NARROWER:
        if keyword in new and new[keyword] < old.get(keyword, float("inf")):
            yield f"{where}: {keyword} is {new[keyword]} now"
    for keyword in _HIGHER_IS_NARROWER:
        if keyword in new and new[keyword] > old.get(keyword, float("-inf")) and (new[keyword] or keyword in old):
            yield f"{where}: {keyword} is {new[keyword]} now"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{where}: must match another pattern now"


def _parameters(operation: Document) -> dict[str, Any]:
    return {f"{each['in']} '{each['name']}'": each for each in operation.get("parameters", ())}


def _reference(schema: Any) -> str:
    return "" if schema is True else schema.get("$ref", "")


def _resolved(document: Document, schema: Any) -> Any:
    return {} if schema is True else resolved(document, schema)


def _types(document: Document, schema: Any) -> frozenset[str]:
    """What JSON types a value may have."""
    schema = _resolved(document, schema)
    if "type" in schema:
        found = schema["type"]
        names = frozenset([found] if isinstance(found, str) else found)
        return names | {"integer"} if "number" in names else names
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            return frozenset[str]().union(*(_types(document, each) for each in schema[keyword]))
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return frozenset("string" if isinstance(value, str) else "number" for value in values)
    return _ANY


def _name(schema: Any) -> str:
    return _reference(schema) or str(schema.get("type", ""))
