"""Parameters of operations: what people enter, and where it goes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from weftline.openapi.bounds import MAX_HINT, MAX_PARAMETERS
from weftline.openapi.document import Document, below, mapping, prose, sequence
from weftline.openapi.schemas import Schemas
from weftline.openapi.security import Security

PATH_PLACE = re.compile(r"\{([^{}/]+)\}")

_PLACES = ("path", "query", "header", "cookie")
_DEFAULT_STYLES = {"path": "simple", "query": "form", "header": "simple", "cookie": "form"}
_STYLES = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_COLLECTIONS: dict[str, tuple[str, bool]] = {
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "tsv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
    "multi": ("form", True),
}
_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN_HEADERS = frozenset({"accept", "content-type", "authorization"})
"""Headers that parameters do not describe, as the specification says."""
_STEPS_HEADER = "idempotency-key"
"""Which every step sends; its input may name another key."""
_CLIENT_HEADERS = frozenset({"host", "connection", "content-length", "transfer-encoding", "cookie"})


@dataclass(slots=True)
class Parameters:
    """The parameters of one operation.

    Attributes:
        properties: their schemas, by the name that the input has for each.
        required: those without which nothing is sent.
        places: where each goes; see :mod:`weftline.authoring.integrations.operation`.
        body: of Swagger 2: the parameter that is the body, with the pointer to it.
        form: of Swagger 2: those that are fields of the body, likewise.
    """

    properties: dict[str, Any] = field(default_factory=dict[str, Any])
    required: list[str] = field(default_factory=list[str])
    places: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    body: tuple[dict[str, Any], str] | None = None
    form: list[tuple[dict[str, Any], str]] = field(default_factory=list["tuple[dict[str, Any], str]"])


class ParameterReader:
    """Reads them.

    Args:
        document: the document.
        schemas: translates their schemas.
        security: what connections add by themselves.
    """

    def __init__(self, document: Document, schemas: Schemas, security: Security) -> None:
        self._document = document
        self._schemas = schemas
        self._given = security.parameters

    def read(self, path: str, groups: list[tuple[Any, str]], *, has_body: bool) -> Parameters:
        """The parameters of an operation.

        Args:
            path: of the operation.
            groups: lists of parameters with the pointer to each, those of the path before those of the operation.
            has_body: the name ``body`` is taken.
        """
        found: dict[tuple[str, str], tuple[dict[str, Any], str]] = {}
        read = Parameters()
        for listed, place in groups:
            for number, value in enumerate(sequence(listed)[:MAX_PARAMETERS]):
                parameter, at = self._document.resolve(value, below(place, number))
                if parameter is not None:
                    self._sort(parameter, at, found, read)
            if len(sequence(listed)) > MAX_PARAMETERS:
                self._document.notes.add(place, "parameters", f"There are more than {MAX_PARAMETERS}.")
        names = PATH_PLACE.findall(path)
        taken = {"body"} if has_body or read.body or read.form else set[str]()
        for name in names:
            if ("path", name) not in found:
                self._document.notes.add(
                    groups[-1][1], "a parameter", f"The path's '{name}' is not told; any text is taken."
                )
                found["path", name] = ({"in": "path", "name": name, "schema": {"type": "string"}}, "")
        for place in _PLACES:
            for (where, name), (parameter, at) in found.items():
                if where != place:
                    continue
                if where == "path" and name not in names:
                    self._document.notes.add(at, "a parameter", f"There is no '{name}' in the path.")
                    continue
                self._add(read, taken, where, name, parameter, at)
        return read

    def _sort(
        self,
        parameter: dict[str, Any],
        at: str,
        found: dict[tuple[str, str], tuple[dict[str, Any], str]],
        read: Parameters,
    ) -> None:
        name, where = parameter.get("name"), parameter.get("in")
        if self._document.is_swagger and where == "body":
            read.body = (parameter, at)
            return
        if not isinstance(name, str) or not name:
            self._document.notes.add(at, "a parameter", "It has no name.")
            return
        if self._document.is_swagger and where == "formData":
            read.form.append((parameter, at))
            return
        if where not in _PLACES:
            self._document.notes.add(at, "a parameter", f"It is in '{str(where)[:40]}', where parameters cannot be.")
            return
        folded = name.lower() if where == "header" else name
        if (where, folded) in self._given or (where == "header" and folded in _OWN_HEADERS):
            # the connection's, or the client's own
            return
        if where in ("header", "cookie") and (_HEADER.fullmatch(name) is None or folded in _CLIENT_HEADERS):
            self._document.notes.add(at, "a parameter", f"'{name[:60]}' is no {where} that can be set.")
            return
        found[where, name] = (parameter, at)

    def _add(
        self, read: Parameters, taken: set[str], where: str, name: str, parameter: dict[str, Any], at: str
    ) -> None:
        key = name
        if key in taken:
            key = f"{where}{name[:1].upper()}{name[1:]}"
        while key in taken:
            key += "_"
        taken.add(key)
        schema, is_json = self._schema(parameter, at)
        read.properties[key] = described(schema, parameter)
        is_given = where == "header" and name.lower() == _STEPS_HEADER
        if where == "path" or (parameter.get("required") is True and not is_given):
            read.required.append(key)
        style, is_exploded = self._style(parameter, where, at)
        target: dict[str, Any] = {"input": key, "name": name, "in": where, "style": style, "explode": is_exploded}
        if is_json:
            target["json"] = True
        read.places.append(target)

    def _schema(self, parameter: dict[str, Any], at: str) -> tuple[dict[str, Any] | bool, bool]:
        """A parameter's schema, and whether it is sent as JSON."""
        content = mapping(parameter.get("content"))
        if content:
            media_type = next(iter(content))
            media = mapping(content[media_type])
            inner = media.get("schema", True)
            return self._schemas.translate(inner, below(at, "content", media_type, "schema")), True
        if "schema" in parameter:
            return self._schemas.translate(parameter["schema"], below(at, "schema")), False
        if self._document.is_swagger or "type" in parameter:
            # the parameter is its own schema
            return self._schemas.translate(own_schema(parameter), at), False
        return True, False

    def _style(self, parameter: dict[str, Any], where: str, at: str) -> tuple[str, bool]:
        if self._document.is_swagger:
            style, is_exploded = _COLLECTIONS.get(str(parameter.get("collectionFormat", "csv")), ("form", False))
            return (style, is_exploded) if where == "query" else (_DEFAULT_STYLES[where], False)
        default = _DEFAULT_STYLES[where]
        style = parameter.get("style", default)
        if style not in _STYLES[where]:
            self._document.notes.add(below(at, "style"), "a style", f"There is no '{str(style)[:40]}' in a {where}.")
            style = default
        exploded = parameter.get("explode")
        return style, exploded if isinstance(exploded, bool) else style in ("form", "deepObject")


def own_schema(parameter: dict[str, Any]) -> dict[str, Any]:
    """The schema that a parameter of Swagger 2 is itself."""
    about = ("name", "in", "required", "description", "collectionFormat", "allowEmptyValue", "readOnly", "writeOnly")
    schema = {key: value for key, value in parameter.items() if key not in about}
    items = schema.get("items")
    if isinstance(items, dict):
        schema["items"] = own_schema(mapping(items))
    return schema


def described(schema: dict[str, Any] | bool, parameter: dict[str, Any]) -> dict[str, Any] | bool:
    """A schema with what its parameter says of itself."""
    about: dict[str, Any] = {}
    text = prose(parameter.get("description"), MAX_HINT)
    if text:
        about["description"] = text
    if parameter.get("deprecated") is True:
        about["deprecated"] = True
    if not about or schema is False:
        return schema
    return {**(schema if isinstance(schema, dict) else {}), **about}
