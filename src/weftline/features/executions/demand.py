"""What a caller asks for when starting an execution. Read by hand: this is the hot path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from weftline.features.errors import FieldError
from weftline.features.executions.errors import InvalidStart
from weftline.language.json_values import Json, pointer
from weftline.store.starts import DEFAULT_PRIORITY

MAX_KEY = 255
MAX_TAGS = 32
MAX_TAG = 128
MAX_PRIORITY = 9

FIELDS = ("input", "idempotencyKey", "tags", "priority")


@dataclass(slots=True)
class StartDemand:
    """How to start an execution.

    Attributes:
        input: its input.
        idempotency_key: a second start under the same key finds the first.
        tags: free labels.
        priority: 0 (last) to 9 (first).
    """

    input: dict[str, Any]
    idempotency_key: str | None = None
    tags: list[str] | None = None
    priority: int = DEFAULT_PRIORITY


def read_start(body: Json, key_from_header: str | None = None) -> StartDemand:
    """The demand that a JSON body makes.

    Args:
        body: what was sent; None where nothing was.
        key_from_header: the ``Idempotency-Key`` header.

    Raises:
        InvalidStart: with everything that is wrong.
    """
    if body is None:
        body = {}
    if not isinstance(body, dict):
        raise InvalidStart([FieldError("", "the body must be an object", "type_mismatch")])
    errors = [
        FieldError(pointer((name,)), f"unknown field; there are {', '.join(FIELDS)}", "unknown_field")
        for name in sorted(body.keys() - FIELDS)
    ]
    input = body.get("input", {})
    if not isinstance(input, dict):
        errors.append(FieldError("/input", "must be an object", "type_mismatch"))
        input = {}
    demand = StartDemand(
        input,
        _key(body.get("idempotencyKey", key_from_header), key_from_header, errors),
        _tags(body.get("tags"), errors),
        _priority(body.get("priority", DEFAULT_PRIORITY), errors),
    )
    if errors:
        raise InvalidStart(errors)
    return demand


def _key(value: Json, key_from_header: str | None, errors: list[FieldError]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= MAX_KEY:
        message = f"must be a text of 1 to {MAX_KEY} characters"
        errors.append(FieldError("/idempotencyKey", message, "type_mismatch"))
        return None
    if key_from_header is not None and value != key_from_header:
        message = "differs from the Idempotency-Key header"
        errors.append(FieldError("/idempotencyKey", message, "contradiction"))
    return value


def _tags(value: Json, errors: list[FieldError]) -> list[str] | None:
    if value is None:
        return None
    given = value if isinstance(value, list) else [None]
    tags = [tag for tag in given if isinstance(tag, str) and 0 < len(tag) <= MAX_TAG]
    if len(tags) < len(given) or len(tags) > MAX_TAGS:
        message = f"must be at most {MAX_TAGS} texts of 1 to {MAX_TAG} characters"
        errors.append(FieldError("/tags", message, "type_mismatch"))
    return tags


def _priority(value: Json, errors: list[FieldError]) -> int:
    if type(value) is int and 0 <= value <= MAX_PRIORITY:
        return value
    message = f"must be a whole number from 0 (last) to {MAX_PRIORITY} (first)"
    errors.append(FieldError("/priority", message, "type_mismatch"))
    return DEFAULT_PRIORITY
