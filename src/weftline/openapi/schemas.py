"""Schemas of a document as JSON Schema 2020-12.

Only keywords with a value that fits them are taken over, so what comes out can always be compiled. What several places
refer to is translated once, into ``$defs`` of the whole document, and stays recursive where it was.

Where a document's authors and their systems rarely agree, the reading is the wider one: ``oneOf`` is ``anyOf``, for
branches overlap; what is ``readOnly`` or ``writeOnly`` is never required, for one schema serves both directions.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Any, cast

import jsonschema_rs
import orjson

from weftline.openapi.bounds import MAX_ANNOTATION, MAX_ENUM, MAX_HINT, MAX_SCHEMA_NESTING, MAX_TITLE
from weftline.openapi.document import Document, below, line, mapping, normalized, prose, sequence
from weftline.openapi.reachability import settle

Schema = dict[str, Any] | bool

TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
DEFS = "#/$defs/"

_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_COUNTS = ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties")
_COUNTS_2020 = ("minContains", "maxContains")
_FLAGS = ("uniqueItems", "readOnly", "writeOnly", "deprecated")
_TEXTS = ("contentEncoding", "contentMediaType", "format")
_ANNOTATIONS = ("title", "description", "default", "readOnly", "writeOnly", "deprecated")
_NO_NAME = re.compile(r"[^A-Za-z0-9_.-]+")
_MAX_FLAWED = 100


class Schemas:
    """Translates the schemas of one document.

    Args:
        document: the document; what is left out is noted in it.

    Attributes:
        defs: what was referred to, by name; complete after :meth:`finish`.
    """

    def __init__(self, document: Document) -> None:
        self._document = document
        self._notes = document.notes
        self.defs: dict[str, Schema] = {}
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()
        self._waiting: deque[tuple[str, str, Any]] = deque()
        self._patterns: dict[str, bool] = {}
        self._roots: list[Schema] = []

    def translate(self, schema: Any, place: str) -> Schema:
        """A schema, whose references lead to ``#/$defs/<name>``.

        Args:
            schema: as the document has it.
            place: JSON pointer to it.
        """
        translated = self._schema(schema, place, 0)
        self._roots.append(translated)
        return translated

    def finish(self) -> None:
        """Translate what is referred to, and cut what would never come to an end; to be called once, at last."""
        while self._waiting:
            name, place, schema = self._waiting.popleft()
            self.defs[name] = self._schema(schema, place, 0)
        places = {name: place for place, name in self._names.items()}
        for name, why in settle(self.defs, self._roots):
            self._notes.add(places.get(name, ""), "a schema's reference", why)

    # --- one schema -------------------------------------------------------------------------------------------------

    def _schema(self, value: Any, place: str, depth: int) -> Schema:
        if isinstance(value, bool):
            return value
        if not isinstance(value, dict):
            self._notes.add(place, "a schema", "It is no object; any value is taken.")
            return True
        if depth > MAX_SCHEMA_NESTING:
            self._notes.add(place, "a schema", "It is nested too deep; any value is taken.")
            return True
        given = cast("dict[str, Any]", value)
        if isinstance(given.get("$ref"), str):
            return self._reference(given, place, depth)
        return self._plain(given, place, depth)

    def _reference(self, given: dict[str, Any], place: str, depth: int) -> Schema:
        ref: str = given["$ref"]
        name = self._name_of(ref, place)
        if name is None:
            return True
        own = {key: each for key, each in given.items() if key != "$ref"}
        if not self._document.is_2020:
            own = {key: each for key, each in own.items() if key in (*_ANNOTATIONS, "nullable")}
        target: dict[str, Any] = {"$ref": f"{DEFS}{name}"}
        if not own:
            return target
        is_nullable = own.pop("nullable", False) is True
        beside = self._plain(own, place, depth)
        if isinstance(beside, bool):
            beside = {}
        if is_nullable:
            return {**beside, "anyOf": [target, {"type": "null"}]} if "anyOf" not in beside else {"anyOf": [target]}
        return {**beside, **target}

    def _name_of(self, ref: str, place: str) -> str | None:
        """The name in ``$defs`` of what a reference leads to, None where it leads nowhere."""
        if not ref.startswith("#"):
            self._notes.add(place, "a schema", f"It is another document's: '{ref}'; any value is taken.")
            return None
        target = normalized(ref)
        known = self._names.get(target)
        if known is not None:
            return known
        found = self._document.find(target) if target.startswith("/") or not target else None
        if not isinstance(found, dict | bool):
            self._notes.add(place, "a schema", f"There is nothing at '{ref}'; any value is taken.")
            return None
        name = self._new_name(target)
        self._names[target] = name
        self._waiting.append((name, target, cast("Any", found)))
        return name

    def _new_name(self, target: str) -> str:
        last = target.rpartition("/")[2].replace("~1", "/").replace("~0", "~")
        base = _NO_NAME.sub("_", last).strip("_.-")[:80] or "schema"
        name, number = base, 2
        while name in self._taken:
            name, number = f"{base}{number}", number + 1
        self._taken.add(name)
        return name

    def _plain(self, given: dict[str, Any], place: str, depth: int) -> Schema:
        out: dict[str, Any] = {}
        self._describe(given, out)
        self._type(given, out, place)
        self._values(given, out, place)
        self._bounds(given, out, place)
        self._object(given, out, place, depth)
        self._array(given, out, place, depth)
        self._combined(given, out, place, depth)
        if given.get("nullable") is True or given.get("x-nullable") is True:
            return _nullable(out)
        return out

    def _describe(self, given: dict[str, Any], out: dict[str, Any]) -> None:
        for key, text in (("title", line(given.get("title"), MAX_TITLE)), ("description", prose_of(given))):
            if text:
                out[key] = text
        for key in _FLAGS:
            if given.get(key) is True:
                out[key] = True
        for key in _TEXTS:
            text = line(given.get(key), MAX_TITLE)
            if text:
                out[key] = text
        if "default" in given and is_small(given["default"]):
            out["default"] = given["default"]
        examples = given["examples"] if isinstance(given.get("examples"), list) else None
        if examples is None and "example" in given:
            examples = [given["example"]]
        if examples and is_small(examples):
            out["examples"] = examples

    def _type(self, given: dict[str, Any], out: dict[str, Any], place: str) -> None:
        value = given.get("type")
        if value is None:
            return
        if value == "file":
            # of Swagger 2
            out.update(type="string", format="binary")
            return
        names = [value] if isinstance(value, str) else sequence(value)
        known = list(dict.fromkeys(each for each in names if isinstance(each, str) and each in TYPES))
        if not known or len(known) < len(names):
            self._notes.add(below(place, "type"), "a type", f"There is no type {_quoted(value)}.")
        if known and len(known) == len(names):
            out["type"] = known[0] if len(known) == 1 else known

    def _values(self, given: dict[str, Any], out: dict[str, Any], place: str) -> None:
        if "const" in given and is_small(given["const"]):
            out["const"] = given["const"]
        if "enum" not in given:
            return
        values = given["enum"]
        if not isinstance(values, list) or not values:
            self._notes.add(below(place, "enum"), "an enumeration", "It lists nothing; any value is taken.")
            return
        listed = cast("list[Any]", values)
        if len(listed) > MAX_ENUM or not is_small(listed, MAX_ENUM * 100):
            self._notes.add(below(place, "enum"), "an enumeration", "It is too long; any value is taken.")
            return
        distinct = list({orjson.dumps(each): each for each in listed}.values())
        if out.get("type") == "string" and not any(isinstance(each, str) for each in distinct):
            # YAML reads values that are not quoted as numbers and the like
            distinct = [each if each is None else _as_text(each) for each in distinct]
        out["enum"] = distinct

    def _bounds(self, given: dict[str, Any], out: dict[str, Any], place: str) -> None:
        for key in _NUMBERS:
            value = given.get(key)
            if _is_number(value):
                out[key] = value
        for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
            # a flag of the bound beside it, up to OpenAPI 3.0
            if given.get(exclusive) is True and inclusive in out:
                out[exclusive] = out.pop(inclusive)
        factor = given.get("multipleOf")
        if factor is not None and _is_number(factor) and factor > 0:
            out["multipleOf"] = factor
        for key in (*_COUNTS, *_COUNTS_2020):
            value = given.get(key)
            if isinstance(value, float) and value.is_integer():
                value = int(value)
            if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
                out[key] = value
        pattern = given.get("pattern")
        if isinstance(pattern, str):
            if self._is_pattern(pattern):
                out["pattern"] = pattern
            else:
                why = "Patterns that look around or back are not understood; any text is taken."
                self._notes.add(below(place, "pattern"), "a pattern", why)

    def _is_pattern(self, pattern: str) -> bool:
        known = self._patterns.get(pattern)
        if known is None:
            try:
                jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=jsonschema_rs.RegexOptions())
            except (ValueError, jsonschema_rs.ValidationError):
                known = False
            else:
                known = True
            self._patterns[pattern] = known
        return known

    # --- schemas within schemas -------------------------------------------------------------------------------------

    def _object(self, given: dict[str, Any], out: dict[str, Any], place: str, depth: int) -> None:
        properties = self._map(given, "properties", out, place, depth)
        patterned = given.get("patternProperties")
        if isinstance(patterned, dict):
            fit = {key: each for key, each in cast("dict[str, Any]", patterned).items() if self._is_pattern(key)}
            self._map({"patternProperties": fit}, "patternProperties", out, place, depth)
        more = given.get("additionalProperties")
        if isinstance(more, dict | bool):
            out["additionalProperties"] = self._schema(more, below(place, "additionalProperties"), depth + 1)
        if isinstance(given.get("propertyNames"), dict):
            out["propertyNames"] = self._schema(given["propertyNames"], below(place, "propertyNames"), depth + 1)
        needed = [each for each in sequence(given.get("required")) if isinstance(each, str)]
        if needed:
            required = [each for each in dict.fromkeys(needed) if not self._is_one_way(properties.get(each))]
            if required:
                out["required"] = required

    def _is_one_way(self, value: Any) -> bool:
        """Whether a property goes in one direction only, as far as it says so itself or what it refers to does."""
        given = mapping(value)
        if isinstance(given.get("$ref"), str) and given["$ref"].startswith("#/"):
            given = {**mapping(self._document.find(normalized(given["$ref"]))), **given}
        return given.get("readOnly") is True or given.get("writeOnly") is True

    def _array(self, given: dict[str, Any], out: dict[str, Any], place: str, depth: int) -> None:
        items = given.get("items")
        first = given.get("prefixItems")
        if isinstance(items, list):
            # of drafts before 2020-12
            first, items = cast("Any", items), given.get("additionalItems")
        if isinstance(first, list) and first:
            out["prefixItems"] = self._list(cast("list[Any]", first), below(place, "prefixItems"), depth)
        if isinstance(items, dict | bool):
            out["items"] = self._schema(items, below(place, "items"), depth + 1)
        if isinstance(given.get("contains"), dict):
            out["contains"] = self._schema(given["contains"], below(place, "contains"), depth + 1)

    def _combined(self, given: dict[str, Any], out: dict[str, Any], place: str, depth: int) -> None:
        for key in ("allOf", "anyOf"):
            branches = given.get(key)
            if isinstance(branches, list) and branches:
                out[key] = self._list(cast("list[Any]", branches), below(place, key), depth)
        branches = given.get("oneOf")
        if isinstance(branches, list) and branches:
            found = self._one_of(given, cast("list[Any]", branches), place, depth)
            if "anyOf" in out:
                out["allOf"] = [*out.get("allOf", []), {"anyOf": found}]
            else:
                out["anyOf"] = found
        for key in ("not", "if", "then", "else"):
            if isinstance(given.get(key), dict):
                out[key] = self._schema(given[key], below(place, key), depth + 1)
        self._map(given, "dependentSchemas", out, place, depth)

    def _one_of(self, given: dict[str, Any], branches: list[Any], place: str, depth: int) -> list[Schema]:
        """Branches of which a value is to fit one; each with its values of the discriminator, where they are told."""
        found = self._list(branches, below(place, "oneOf"), depth)
        discriminator = mapping(given.get("discriminator"))
        name, told = discriminator.get("propertyName"), mapping(discriminator.get("mapping"))
        if not isinstance(name, str) or not told:
            return found
        values: dict[str, list[str]] = {}
        for value, target in told.items():
            if isinstance(target, str):
                values.setdefault(target.rpartition("/")[2], []).append(value)
        out: list[Schema] = []
        for branch, schema in zip(branches, found, strict=True):
            ref = mapping(branch).get("$ref")
            fitting = values.get(ref.rpartition("/")[2]) if isinstance(ref, str) else None
            marked: Schema = {"properties": {name: {"enum": fitting}}}
            out.append({"allOf": [schema, marked]} if fitting else schema)
        return out

    def _list(self, branches: list[Any], place: str, depth: int) -> list[Schema]:
        return [self._schema(each, below(place, number), depth + 2) for number, each in enumerate(branches)]

    def _map(self, given: dict[str, Any], key: str, out: dict[str, Any], place: str, depth: int) -> dict[str, Any]:
        """Translate an object of schemas; returns it as it is given."""
        found = given.get(key)
        if found is None:
            return {}
        if not isinstance(found, dict):
            self._notes.add(below(place, key), "properties", "They are no object; any are taken.")
            return {}
        schemas = cast("dict[str, Any]", found)
        out[key] = {
            name: self._schema(each, below(place, key, name), depth + 2)
            for name, each in schemas.items()
            # extensions stand among properties in careless documents, and are texts and the like
            if not (name.startswith("x-") and not isinstance(each, dict))
        }
        return schemas


def prose_of(given: dict[str, Any]) -> str:
    """The description of something."""
    return prose(given.get("description"), MAX_HINT)


def is_small(value: Any, limit: int = MAX_ANNOTATION) -> bool:
    """Whether a value is worth keeping in a schema."""
    pending: list[tuple[Any, int]] = [(value, 0)]
    seen = 0
    while pending:
        each, depth = pending.pop()
        seen += 1
        if seen > limit or depth > 10:
            return False
        if isinstance(each, dict):
            pending += [(child, depth + 1) for child in cast("dict[str, Any]", each).values()]
        elif isinstance(each, list):
            pending += [(child, depth + 1) for child in cast("list[Any]", each)]
    return len(orjson.dumps(value)) <= limit


def _nullable(schema: dict[str, Any]) -> Schema:
    """A schema that takes null, too."""
    enum = schema.get("enum")
    if enum is not None and None not in enum:
        schema["enum"] = [*enum, None]
    kind = schema.get("type")
    if isinstance(kind, str):
        schema["type"] = [kind, "null"] if kind != "null" else kind
    elif isinstance(kind, list):
        kinds = cast("list[str]", kind)
        schema["type"] = kinds if "null" in kinds else [*kinds, "null"]
    elif any(key in schema for key in ("allOf", "anyOf", "not", "if")):
        about = {key: schema.pop(key) for key in _ANNOTATIONS if key in schema}
        return {**about, "anyOf": [schema, {"type": "null"}]}
    return schema


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _quoted(value: Any) -> str:
    return f"'{str(value)[:60]}'"
