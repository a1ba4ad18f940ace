"""Operations of a document as actions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from weftline.authoring.action import title_of
from weftline.openapi.bodies import BodyReader
from weftline.openapi.bounds import MAX_DESCRIPTION, MAX_OPERATIONS, MAX_TAGS, MAX_TITLE
from weftline.openapi.definition import ConvertedAction
from weftline.openapi.document import Document, below, line, mapping, prose, sequence
from weftline.openapi.naming import Claim, action_names
from weftline.openapi.parameters import ParameterReader
from weftline.openapi.schemas import Schemas
from weftline.openapi.security import METHODS, Security
from weftline.openapi.servers import same_origin_base

FULL = "fullResponse"
_FULL_SCHEMA: dict[str, Any] = {
    "type": "boolean",
    "default": False,
    "title": "Full response",
    "description": "The output is `{status, headers, body}` in place of the body alone.",
}


@dataclass(frozen=True, slots=True)
class _Found:
    """An operation of the document.

    Attributes:
        method, path: what to call; the path without its fragment.
        given: what the document says.
        item: what it says of the path.
        place: JSON pointer to the operation.
        item_place: to the path.
        base: where it has an address of its own, that.
    """

    method: str
    path: str
    given: dict[str, Any]
    item: dict[str, Any]
    place: str
    item_place: str
    base: str


class OperationReader:
    """Reads them.

    Args:
        document: the document.
        schemas: translates their schemas.
        security: how one gets in.
        base_url: below which the paths are.
        source_url: where the document came from.
    """

    def __init__(
        self, document: Document, schemas: Schemas, security: Security, base_url: str, source_url: str | None
    ) -> None:
        self._document = document
        self._parameters = ParameterReader(document, schemas, security)
        self._bodies = BodyReader(document, schemas)
        self._base_url = base_url
        self._source_url = source_url

    def read(self, known: Mapping[tuple[str, str], str]) -> list[ConvertedAction]:
        """All of them, in the order of the document.

        Args:
            known: names from an earlier import, by method and path.
        """
        found: list[_Found] = []
        seen: set[tuple[str, str, str]] = set()
        for each in self._found():
            operation_id = each.given.get("operationId")
            key = (each.method, each.path, operation_id if isinstance(operation_id, str) else "")
            if key in seen:
                self._document.notes.add(each.place, "an operation", "There is another one of its method and path.")
                continue
            seen.add(key)
            if len(found) >= MAX_OPERATIONS:
                self._document.notes.add("/paths", "operations", f"There are more than {MAX_OPERATIONS:,}.")
                break
            found.append(each)
        claims = [Claim(each.method, each.path, line(each.given.get("operationId"), 300)) for each in found]
        names = action_names(claims, known)
        return [self._action(each, name) for each, name in zip(found, names, strict=True)]

    def _found(self) -> Iterator[_Found]:
        notes = self._document.notes
        for path, value in mapping(self._document.root.get("paths")).items():
            if path.startswith("x-"):
                continue
            place = below("/paths", path)
            item, item_place = self._document.resolve(value, place)
            if item is None:
                continue
            called = _called(path)
            if called is None:
                notes.add(place, "a path", "It does not begin with '/', or leads out of where the system is.")
                continue
            for method in METHODS:
                if method not in item:
                    continue
                at = below(item_place, method)
                given = item[method]
                if not isinstance(given, dict):
                    notes.add(at, "an operation", "It is no object.")
                    continue
                operation = mapping(given)
                base = self._base(item, item_place, operation, at)
                if base is None:
                    notes.add(at, "an operation", "It is at another address, to which the connection does not belong.")
                    continue
                if operation.get("callbacks"):
                    notes.add(below(at, "callbacks"), "callbacks", "Nothing here is called back.")
                yield _Found(method.upper(), called, operation, item, at, item_place, base)
            for other in ("trace", "query"):
                if other in item:
                    notes.add(below(item_place, other), "an operation", f"{other.upper()} is not sent from here.")

    def _base(self, item: dict[str, Any], item_place: str, operation: dict[str, Any], at: str) -> str | None:
        servers, place = operation.get("servers"), below(at, "servers")
        if not sequence(servers):
            servers, place = item.get("servers"), below(item_place, "servers")
        if self._document.is_swagger:
            return ""
        return same_origin_base(self._document, self._base_url, servers, place, self._source_url)

    def _action(self, found: _Found, name: str) -> ConvertedAction:
        given = found.given
        has_body = "requestBody" in given and not self._document.is_swagger
        groups = [
            (found.item.get("parameters"), below(found.item_place, "parameters")),
            (given.get("parameters"), below(found.place, "parameters")),
        ]
        parameters = self._parameters.read(found.path, groups, has_body=has_body)
        if self._document.is_swagger:
            body = self._bodies.of_swagger(parameters, given.get("consumes", self._document.root.get("consumes")))
        else:
            body = (
                self._bodies.of_request(given["requestBody"], below(found.place, "requestBody")) if has_body else None
            )
        produces = given.get("produces", self._document.root.get("produces"))
        output, accept = self._bodies.of_answer(given.get("responses"), below(found.place, "responses"), produces)
        properties, required = dict(parameters.properties), list(parameters.required)
        operation: dict[str, Any] = {"method": found.method, "path": found.path, "parameters": parameters.places}
        if found.base:
            operation["base"] = found.base
        if body is not None:
            properties["body"] = body.schema
            operation["body"] = body.encoding
            if body.is_required:
                required.append("body")
        if accept is not None:
            operation["accept"] = accept
        full = FULL
        while full in properties:
            full += "_"
        properties[full] = _FULL_SCHEMA
        operation["full"] = full
        schema: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": properties}
        if required:
            schema["required"] = required
        summary = line(given.get("summary"), MAX_TITLE)
        return ConvertedAction(
            name=name,
            title=summary or title_of(name),
            description=prose(given.get("description"), MAX_DESCRIPTION) or summary,
            tags=tuple(_tags(given.get("tags"))),
            input=schema,
            output=output,
            operation=operation,
            pointer=found.place,
            is_deprecated=given.get("deprecated") is True,
        )


def _called(path: str) -> str | None:
    """A path as it is called; None where it cannot be."""
    called = path.partition("#")[0]
    segments = called.partition("?")[0].split("/")
    if not path.startswith("/") or any(each in (".", "..") for each in segments) or "\\" in called:
        return None
    return None if any(ord(char) <= 32 or ord(char) == 127 for char in called) else called


def _tags(value: Any) -> Iterator[str]:
    seen: set[str] = set()
    for each in sequence(value)[:MAX_TAGS]:
        tag = line(each, 100)
        if tag and tag not in seen:
            seen.add(tag)
            yield tag
