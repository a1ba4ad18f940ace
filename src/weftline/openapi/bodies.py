"""Bodies of requests, and of the answers to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from weftline.openapi.document import Document, below, mapping, sequence
from weftline.openapi.parameters import Parameters, described, own_schema
from weftline.openapi.schemas import Schema, Schemas

FILE: dict[str, Any] = {
    "description": "A file: its text, or an object with its content.",
    "anyOf": [
        {"type": "string"},
        {
            "type": "object",
            "additionalProperties": False,
            "required": ["base64"],
            "properties": {
                "base64": {"type": "string", "description": "Its content."},
                "fileName": {"type": "string"},
                "mediaType": {"type": "string", "description": "Like `image/png`."},
            },
        },
    ],
}
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+*-]+/[A-Za-z0-9!#$&^_.+*-]+")
_EXPLODED = ("form", "deepObject")


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request.

    Attributes:
        schema: of what people enter.
        is_required: nothing is sent without it.
        encoding: how it becomes bytes; see :mod:`weftline.authoring.integrations.operation`.
    """

    schema: Schema
    is_required: bool
    encoding: dict[str, Any]


class BodyReader:
    """Reads them.

    Args:
        document: the document.
        schemas: translates their schemas.
    """

    def __init__(self, document: Document, schemas: Schemas) -> None:
        self._document = document
        self._schemas = schemas

    # --- requests ---------------------------------------------------------------------------------------------------

    def of_request(self, value: Any, place: str) -> Body | None:
        """The body that a ``requestBody`` describes; None, and noted, where nothing can be sent."""
        found, at = self._document.resolve(value, place)
        if found is None:
            return None
        content = mapping(found.get("content"))
        media_types = [each for each in content if media_type_of(each)]
        chosen = min(media_types, key=_preference, default=None)
        if chosen is None:
            self._document.notes.add(at, "a body", "It names no media type.")
            return None
        kind = kind_of(chosen)
        media = mapping(content[chosen])
        schema_at = below(at, "content", chosen, "schema")
        encoding: dict[str, Any] = {"kind": kind, "mediaType": _sent_type(chosen, kind)}
        schema: Schema
        if kind in ("form", "multipart"):
            schema = self._fields(media, schema_at, kind, encoding)
        elif kind == "json":
            schema = self._schemas.translate(media.get("schema", True), schema_at)
        else:
            schema = FILE if kind == "binary" else {"type": "string"}
        return Body(described(schema, found), found.get("required") is True, encoding)

    def of_swagger(self, parameters: Parameters, consumes: Any) -> Body | None:
        """The body of an operation of Swagger 2."""
        media_types = [each for each in sequence(consumes) if isinstance(each, str) and media_type_of(each)]
        if parameters.form:
            return self._swagger_form(parameters, media_types)
        if parameters.body is None:
            return None
        given, at = parameters.body
        chosen = min(media_types, key=_preference, default="application/json")
        kind = kind_of(chosen)
        if kind in ("form", "multipart"):
            chosen, kind = "application/json", "json"
        schema = (
            self._schemas.translate(given.get("schema", True), below(at, "schema"))
            if kind == "json"
            else FILE
            if kind == "binary"
            else {"type": "string"}
        )
        encoding = {"kind": kind, "mediaType": _sent_type(chosen, kind)}
        return Body(described(schema, given), given.get("required") is True, encoding)

    def _swagger_form(self, parameters: Parameters, media_types: list[str]) -> Body:
        has_files = any(given.get("type") == "file" for given, _ in parameters.form)
        is_multipart = has_files or (
            any(kind_of(each) == "multipart" for each in media_types)
            and not any(kind_of(each) == "form" for each in media_types)
        )
        kind = "multipart" if is_multipart else "form"
        properties: dict[str, Any] = {}
        parts: dict[str, Any] = {}
        required: list[str] = []
        for given, at in parameters.form:
            name = given["name"]
            is_file = given.get("type") == "file"
            field: Schema = FILE if is_file else self._schemas.translate(own_schema(given), at)
            properties[name] = described(field, given)
            parts[name] = {"file": True} if is_file else {"explode": given.get("collectionFormat") == "multi"}
            if given.get("required") is True:
                required.append(name)
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        if required:
            schema["required"] = required
        media_type = "multipart/form-data" if is_multipart else "application/x-www-form-urlencoded"
        return Body(schema, bool(required), {"kind": kind, "mediaType": media_type, "parts": parts})

    def _fields(self, media: dict[str, Any], at: str, kind: str, encoding: dict[str, Any]) -> Schema:
        """The schema of a form's fields; notes in ``encoding`` how each is sent."""
        given, at = self._document.resolve(media.get("schema", {}), at)
        if given is None:
            return {"type": "object"}
        fields = mapping(given.get("properties"))
        told = mapping(media.get("encoding"))
        parts: dict[str, Any] = {}
        files: dict[str, Any] = {}
        for name, value in fields.items():
            field, _ = self._document.resolve(value, below(at, "properties", name))
            rule = mapping(told.get(name))
            part: dict[str, Any] = {}
            if kind == "multipart" and field is not None and _is_file(field):
                files[name] = described(FILE, field)
                part["file"] = True
            if rule.get("style") in ("form", "deepObject", "spaceDelimited", "pipeDelimited"):
                part["style"] = rule["style"]
                is_exploded = rule.get("explode")
                part["explode"] = is_exploded if isinstance(is_exploded, bool) else rule["style"] in _EXPLODED
            media_type = rule.get("contentType")
            if isinstance(media_type, str) and media_type_of(media_type):
                part["mediaType"] = media_type_of(media_type)
            if part:
                parts[name] = part
        encoding["parts"] = parts
        schema = self._schemas.translate(given, at)
        if not isinstance(schema, dict):
            return {"type": "object"}
        if files:
            schema = {**schema, "properties": {**mapping(schema.get("properties")), **files}}
        return schema

    # --- answers ----------------------------------------------------------------------------------------------------

    def of_answer(self, responses: Any, place: str, produces: Any) -> tuple[Schema, str | None]:
        """The schema of the body of the first answer that is a success, and the media type to ask for."""
        told = mapping(responses)
        codes = [code for code in told if str(code)[:1] == "2"]
        chosen = min(codes, key=lambda code: (not code.isdigit(), code), default=None)
        if chosen is None:
            return True, None
        found, at = self._document.resolve(told[chosen], below(place, chosen))
        if found is None:
            return True, None
        if self._document.is_swagger:
            media_types = [each for each in sequence(produces) if isinstance(each, str) and media_type_of(each)]
            accepted = min(media_types, key=_preference, default="application/json")
            if "schema" not in found:
                return True, accepted
            schema, schema_at = found["schema"], below(at, "schema")
        else:
            content = mapping(found.get("content"))
            accepted = min((each for each in content if media_type_of(each)), key=_preference, default=None)
            if accepted is None:
                return (True if content else {"type": "null"}), None
            schema = mapping(content[accepted]).get("schema", True)
            schema_at = below(at, "content", accepted, "schema")
        kind = kind_of(accepted)
        accept = accepted if "*" not in accepted else None
        if kind != "json":
            return {"type": "string", "description": "Text, or base64 where it is none."}, accept
        return self._schemas.translate(schema, schema_at), accept


def media_type_of(value: str) -> str | None:
    """A media type without its parameters, or None where it is none."""
    plain = value.partition(";")[0].strip().lower()
    return plain if plain == "*" or _MEDIA_TYPE.fullmatch(plain) else None


def kind_of(media_type: str) -> str:
    """How a body of a media type is made."""
    plain = media_type_of(media_type) or ""
    if plain in ("application/json", "*/*", "*", "application/*", "text/json") or plain.endswith("+json"):
        return "json"
    if plain == "application/x-www-form-urlencoded":
        return "form"
    if plain.startswith("multipart/"):
        return "multipart"
    if plain.startswith("text/") or plain in _TEXTS or plain.endswith("+xml"):
        return "text"
    return "binary"


_TEXTS = ("application/xml", "application/yaml", "application/x-yaml", "application/x-ndjson", "application/graphql")
_ORDER = ("json", "form", "multipart", "text", "binary")


def _preference(media_type: str) -> tuple[int, bool, str]:
    return _ORDER.index(kind_of(media_type)), media_type != "application/json", media_type


def _sent_type(media_type: str, kind: str) -> str:
    plain = media_type_of(media_type) or ""
    if "*" not in plain:
        return "multipart/form-data" if kind == "multipart" else plain
    return {"json": "application/json", "text": "text/plain"}.get(kind, "application/octet-stream")


def _is_file(schema: dict[str, Any]) -> bool:
    items = mapping(schema.get("items"))
    given = items if schema.get("type") == "array" and items else schema
    return given.get("format") == "binary" or "contentMediaType" in given or given.get("type") == "file"
