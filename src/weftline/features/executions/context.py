"""What whoever starts an execution may say of the request and the user that it runs for. Read by hand, as starts are.

``request``: the web request within which an application starts it; ``user``: on whose behalf, as the application
knows them; ``metadata``: anything else; ``crossTenant``: it is one of several, one in each of several tenants.

The platform itself adds the request that started the execution: ``requestId``, and ``traceparent`` where it had one.
"""

from __future__ import annotations

from typing import Any

import orjson

from weftline.features.access.caller import Caller
from weftline.features.errors import FieldError
from weftline.features.executions.errors import InvalidStart
from weftline.features.http.origin import Origin
from weftline.language.json_values import Json, pointer
from weftline.model.cause import Cause

MAX_BYTES = 64 * 1024
"""Of a whole context, as JSON."""

CREDENTIALS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie", "x-api-key"})
"""Headers that no context may hold."""

_TEXT, _TEXTS, _LIST, _OBJECT, _FLAG = "a text", "an object of texts", "a list of texts", "an object", "true or false"

FIELDS: dict[str, Any] = {
    "request": {"method": _TEXT, "path": _TEXT, "headers": _TEXTS, "client": _TEXT, "query": _TEXTS},
    "user": {"id": _TEXT, "role": _TEXT, "permissions": _LIST},
    "metadata": _OBJECT,
    "crossTenant": _FLAG,
}

SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "description": "What actions are told of the request and the user that the execution runs for; at most 64 KiB.",
    "properties": {
        "request": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "method": {"type": "string"},
                "path": {"type": "string"},
                "headers": {"type": "object", "additionalProperties": {"type": "string"}},
                "client": {"type": "string"},
                "query": {"type": "object", "additionalProperties": {"type": "string"}},
            },
        },
        "user": {
            "type": "object",
            "additionalProperties": False,
            "description": "On whose behalf. Only service accounts may say; a person acts for themselves.",
            "properties": {
                "id": {"type": "string"},
                "role": {"type": "string"},
                "permissions": {"type": "array", "items": {"type": "string"}},
            },
        },
        "metadata": {"type": "object"},
        "crossTenant": {"type": "boolean"},
    },
}


def read_context(value: Json, errors: list[FieldError]) -> dict[str, Any] | None:
    """A context as somebody sent it; what is wrong is added to ``errors``."""
    if value is None:
        return None
    if not isinstance(value, dict):
        errors.append(FieldError("/context", "must be an object", "type_mismatch"))
        return None
    _read(value, FIELDS, ("context",), errors)
    if len(orjson.dumps(value)) > MAX_BYTES:
        errors.append(FieldError("/context", f"must be at most {MAX_BYTES} bytes of JSON", "too_long"))
    return value


def stored_context(given: dict[str, Any] | None, origin: Origin) -> str | None:
    """What is kept with an execution of whoever started it, JSON text; None where there is nothing to keep.

    Args:
        given: a context as it was read, or as another execution has it.
        origin: the request that starts this one.
    """
    if origin.request_id is None:
        return None if given is None else orjson.dumps(given).decode()
    told = Cause(origin.request_id, origin.traceparent).to_context()
    return orjson.dumps({**given, **told} if given else told).decode()


def check_user(context: dict[str, Any] | None, caller: Caller | None) -> None:
    """Make sure that nobody says they act for somebody else who may not.

    Raises:
        InvalidStart: a person does.
    """
    if context is not None and "user" in context and caller is not None and caller.kind == "user":
        message = "only a service account says on whose behalf it acts; you act for yourself"
        raise InvalidStart([FieldError("/context/user", message, "not_allowed")])


def _read(given: dict[str, Json], fields: dict[str, Any], place: tuple[str, ...], errors: list[FieldError]) -> None:
    for name, value in given.items():
        here = (*place, name)
        wanted = fields.get(name)
        if wanted is None:
            errors.append(FieldError(pointer(here), f"unknown field; there are {', '.join(fields)}", "unknown_field"))
        elif isinstance(wanted, dict):
            if isinstance(value, dict):
                _read(value, wanted, here, errors)  # type: ignore[reportUnknownArgumentType]
            else:
                errors.append(FieldError(pointer(here), "must be an object", "type_mismatch"))
        elif not _is(value, wanted):
            errors.append(FieldError(pointer(here), f"must be {wanted}", "type_mismatch"))
        elif name == "headers":
            assert isinstance(value, dict)
            errors += (
                FieldError(pointer((*here, header)), "credentials are not kept; leave it out", "not_allowed")
                for header in value
                if header.lower() in CREDENTIALS
            )


def _is(value: Json, wanted: str) -> bool:
    if wanted == _TEXTS:
        return isinstance(value, dict) and all(isinstance(each, str) for each in value.values())
    if wanted == _LIST:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if wanted == _OBJECT:
        return isinstance(value, dict)
    return isinstance(value, bool if wanted == _FLAG else str)
