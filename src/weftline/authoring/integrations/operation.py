"""Actions of imported integrations: one HTTP request each, as an operation of an OpenAPI document describes it.

An operation is stored as JSON, which :mod:`weftline.openapi` makes::

    {"method": "POST", "path": "/pets/{petId}/tags", "accept": "application/json", "full": "fullResponse",
     "parameters": [{"input": "petId", "name": "petId", "in": "path", "style": "simple", "explode": false}],
     "body": {"kind": "json", "mediaType": "application/json"}}

Each parameter is taken from the field ``input`` of the step's input and goes where ``in`` says, in the ``style`` of
OpenAPI (form, spaceDelimited, pipeDelimited, deepObject; simple, label, matrix), or as JSON text with ``json``. Bodies
are of the kinds ``json``, ``form``, ``multipart``, ``text`` and ``binary``; ``parts`` tells of single fields of forms.
``base`` is an address of the operation's own. The output is the answer's body, or all of the answer where the field
that ``full`` names is true.

Whatever comes from an input is encoded: it can lead to no other path, and end no header.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Iterator, Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

import orjson

from weftline.authoring.action import ActionDefinition, ActionFacts
from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations.opened import OpenedConnection
from weftline.authoring.result import Result
from weftline.authoring.schema_check import SchemaCheck
from weftline.model.errors import WorkflowError

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_DELIMITERS = {"spaceDelimited": " ", "pipeDelimited": "|"}
_MAX_MESSAGE = 500


def operation_action(
    integration: str,
    name: str,
    operation: Mapping[str, Any],
    input: dict[str, Any],
    output: dict[str, Any],
    *,
    title: str,
    description: str,
    needs_connection: bool,
) -> ActionDefinition:
    """An operation as an action.

    Its input has to fit its schema. An answer that does not fit is passed on all the same, and the step's report says
    so, for documents are seldom exact.

    Args:
        integration: name of the integration.
        name: of the action, behind it and a dot.
        operation: see the module.
        input, output: JSON Schemas that refer to nothing outside themselves.
        title, description: for people.
        needs_connection: False: it can be called without one.
    """
    whole = f"{integration}.{name}"
    gives = SchemaCheck(output)

    async def run(ctx: Context) -> Result:
        async with ctx.connected(integration, is_needed=needs_connection) as connection:
            answer = await call(connection, operation, ctx.input, idempotency_key=ctx.idempotency_key)
        is_full = bool(ctx.input.get(operation.get("full", "")))
        problem = None if answer["body"] is None else gives.problem(answer["body"])
        notes: list[WorkflowError] = []
        if problem is not None:
            text = f"{whole}: the answer is not what the document announces: output{problem}"
            notes.append(WorkflowError("unexpected_answer", text[:_MAX_MESSAGE]))
        return Result(answer if is_full else answer["body"], errors=notes)

    facts = ActionFacts(title, input, output, None, integration)
    return ActionDefinition(whole, run, True, description, facts, SchemaCheck(input))


async def call(
    connection: OpenedConnection, operation: Mapping[str, Any], input: Mapping[str, Any], *, idempotency_key: str
) -> dict[str, Any]:
    """Send the request that an operation and an input come to.

    Args:
        connection: sends it.
        operation: see the module.
        input: the step's; null counts as absent.
        idempotency_key: goes along with whatever may change something, as ``Idempotency-Key``.

    Returns:
        ``{status, headers, body}``.

    Raises:
        ActionError: it was not sent, or its answer is an error.
    """
    request = _Request(operation["method"], operation["path"])
    if operation["method"] not in _SAFE_METHODS:
        request.headers["Idempotency-Key"] = idempotency_key
    if "accept" in operation:
        request.headers["Accept"] = operation["accept"]
    for parameter in operation["parameters"]:
        value = input.get(parameter["input"])
        if value is not None:
            request.place(parameter, value)
        elif parameter["in"] == "path":
            raise _invalid(f"'{parameter['input']}' is missing")
    # several parameters may stand in one segment
    if any(segment in (".", "..") for segment in request.path.partition("?")[0].split("/")):
        raise _invalid("the path would lead out of where the operation is")
    body = input.get("body")
    if body is not None and "body" in operation:
        request.fill(operation["body"], body)
    return await connection.request(
        request.method,
        operation.get("base", "") + request.path,
        query=request.query,
        headers=request.all_headers(),
        content=request.content,
    )


class _Request:
    """A request as it grows."""

    def __init__(self, method: str, path: str) -> None:
        self.method = method
        self.path = path
        self.query: dict[str, list[str]] = {}
        self.headers: dict[str, str] = {}
        self.cookies: list[str] = []
        self.content: bytes | None = None

    def all_headers(self) -> dict[str, str]:
        """Headers, with the cookies."""
        return {**self.headers, "Cookie": "; ".join(self.cookies)} if self.cookies else self.headers

    def place(self, parameter: Mapping[str, Any], value: Any) -> None:
        """Put a parameter where it belongs."""
        name, style, is_exploded = parameter["name"], parameter["style"], parameter["explode"]
        if parameter.get("json"):
            value = orjson.dumps(value).decode()
        match parameter["in"]:
            case "path":
                self.path = self.path.replace(
                    f"{{{name}}}", _in_path(parameter["input"], name, value, style, is_exploded)
                )
            case "query":
                for key, each in spread(name, value, style, is_exploded):
                    self.query.setdefault(key, []).append(each)
            case "header":
                # one that the client sets too is said once
                for known in [each for each in self.headers if each.lower() == name.lower()]:
                    del self.headers[known]
                self.headers[name] = _joined(value, is_exploded)
            case _:
                self.cookies += [
                    f"{key}={quote(each, safe='')}" for key, each in spread(name, value, style, is_exploded)
                ]

    def fill(self, encoding: Mapping[str, Any], body: Any) -> None:
        """Make the body."""
        media_type: str = encoding["mediaType"]
        match encoding["kind"]:
            case "json":
                self.content = orjson.dumps(body)
            case "form":
                pairs = list(_form(encoding, body))
                self.content = urlencode(pairs).encode()
            case "multipart":
                boundary = secrets.token_hex(16)
                self.content = b"".join(_parts(encoding, body, boundary))
                media_type = f"{media_type}; boundary={boundary}"
            case "text":
                self.content = (body if isinstance(body, str) else orjson.dumps(body).decode()).encode()
                media_type = f"{media_type}; charset=utf-8"
            case _:
                self.content = _file(body)[0]
        self.headers["Content-Type"] = media_type


# --- parameters -------------------------------------------------------------------------------------------------------


def spread(name: str, value: Any, style: str, is_exploded: bool) -> Iterator[tuple[str, str]]:
    """Names and texts that a value comes to in a query or a form.

    Args:
        name: of the parameter.
        value: JSON; nulls within it are left out.
        style: ``form``, ``spaceDelimited``, ``pipeDelimited`` or ``deepObject``.
        is_exploded: several values stand under the name several times, not behind each other.
    """
    if style == "deepObject":
        yield from _deep(name, value)
    elif isinstance(value, list):
        items = [text_of(each) for each in cast("list[Any]", value) if each is not None]
        if is_exploded:
            yield from ((name, item) for item in items)
        elif items:
            yield name, _DELIMITERS.get(style, ",").join(items)
    elif isinstance(value, dict):
        pairs = [(key, text_of(each)) for key, each in cast("dict[str, Any]", value).items() if each is not None]
        if is_exploded:
            yield from pairs
        elif pairs:
            yield name, _DELIMITERS.get(style, ",").join(part for pair in pairs for part in pair)
    else:
        yield name, text_of(value)


def _deep(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in cast("dict[str, Any]", value).items():
            yield from _deep(f"{name}[{key}]", each)
    elif isinstance(value, list):
        items = cast("list[Any]", value)
        is_plain = not any(isinstance(each, dict | list) for each in items)
        for number, each in enumerate(items):
            yield from _deep(f"{name}[]" if is_plain else f"{name}[{number}]", each)
    elif value is not None:
        yield name, text_of(value)


def _in_path(field: str, name: str, value: Any, style: str, is_exploded: bool) -> str:
    """A value as part of a path, encoded."""

    def part(each: Any) -> str:
        return quote(text_of(each), safe="")

    if isinstance(value, dict):
        pairs = [(part(key), part(each)) for key, each in cast("dict[str, Any]", value).items()]
        parts = [f"{key}={each}" for key, each in pairs] if is_exploded else [each for pair in pairs for each in pair]
    else:
        parts = [part(each) for each in cast("list[Any]", value if isinstance(value, list) else [value])]
    if style == "label":
        text = "." + ("." if is_exploded else ",").join(parts)
    elif style == "matrix":
        named = parts if isinstance(value, dict) else [f"{name}={each}" for each in parts]
        text = ";" + (";".join(named) if is_exploded else f"{name}={','.join(parts)}")
    else:
        text = ",".join(parts)
    if text in ("", ".", ".."):
        raise _invalid(f"'{field}' is '{text}', which is no part of a path")
    return text


def _joined(value: Any, is_exploded: bool) -> str:
    """A value as a header has it."""
    if isinstance(value, list):
        return ",".join(text_of(each) for each in cast("list[Any]", value))
    if isinstance(value, dict):
        pairs = [(key, text_of(each)) for key, each in cast("dict[str, Any]", value).items()]
        return ",".join(f"{key}={each}" if is_exploded else f"{key},{each}" for key, each in pairs)
    return text_of(value)


def text_of(value: Any) -> str:
    """A value as text: a text as it is, anything else as JSON."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


# --- bodies -----------------------------------------------------------------------------------------------------------


def _form(encoding: Mapping[str, Any], body: Any) -> Iterator[tuple[str, str]]:
    parts = encoding.get("parts", {})
    for name, value in _fields(body):
        part = parts.get(name, {})
        if isinstance(value, dict) and "style" not in part:
            yield name, text_of(value)
        else:
            yield from spread(name, value, part.get("style", "form"), part.get("explode", True))


def _parts(encoding: Mapping[str, Any], body: Any, boundary: str) -> Iterator[bytes]:
    parts = encoding.get("parts", {})
    for name, value in _fields(body):
        part = parts.get(name, {})
        for each in cast("list[Any]", value) if isinstance(value, list) else [value]:
            disposition = f'form-data; name="{_quoted(name)}"'
            media_type = part.get("mediaType", "").partition(",")[0]
            if part.get("file"):
                content, file_name, own_type = _file(each)
                disposition += f'; filename="{_quoted(file_name or name)}"'
                media_type = own_type or media_type or "application/octet-stream"
            else:
                content = text_of(each).encode()
                media_type = media_type or ("application/json" if isinstance(each, dict | list) else "")
            head = f"--{boundary}\r\nContent-Disposition: {disposition}\r\n"
            if media_type:
                head += f"Content-Type: {_quoted(media_type)}\r\n"
            yield head.encode() + b"\r\n" + content + b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _fields(body: Any) -> list[tuple[str, Any]]:
    if not isinstance(body, dict):
        raise _invalid("'body' must be an object")
    return [(name, value) for name, value in cast("dict[str, Any]", body).items() if value is not None]


def _file(value: Any) -> tuple[bytes, str, str]:
    """Content, name and media type of a file; '' for what is not told."""
    if not isinstance(value, dict):
        return text_of(value).encode(), "", ""
    given = cast("dict[str, Any]", value)
    try:
        content = base64.b64decode(given["base64"], validate=True)
    except (binascii.Error, ValueError):
        raise _invalid("a file's 'base64' is not base64") from None
    return content, given.get("fileName", ""), given.get("mediaType", "")


def _quoted(text: str) -> str:
    """A text within quotes of a header (as browsers write it, by the WHATWG's standard)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _invalid(message: str) -> ActionError:
    return ActionError(message, code="invalid_input", retryable=False)
