"""What a caller asks for when starting an execution. Read by hand: this is the hot path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from weftline.features.errors import FieldError
from weftline.features.executions.context import read_context
from weftline.features.executions.errors import InvalidStart
from weftline.features.executions.labels import read_attributes, read_priority, read_tags
from weftline.language.json_values import Json, pointer
from weftline.machine.admission import Scalar

MAX_KEY = 255

FIELDS = ("input", "idempotencyKey", "tags", "attributes", "priority", "context")


@dataclass(slots=True)
class StartDemand:
    """How to start an execution.

    Attributes:
        input: its input.
        idempotency_key: a second start under the same key finds the first.
        tags: free labels.
        attributes: what it can be found by, besides what the workflow's settings say.
        priority: 0 (last) to 9 (first); None: as the workflow's settings say.
        version: the version to run; None: the one that is published. Only where another execution is repeated.
        restarted_from: that other execution.
        context: what its actions are told of the request and the user that it runs for.
    """

    input: dict[str, Any]
    idempotency_key: str | None = None
    tags: list[str] | None = None
    attributes: dict[str, Scalar] | None = None
    priority: int | None = None
    version: int | None = None
    restarted_from: UUID | None = None
    context: dict[str, Any] | None = None


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
        read_tags(body.get("tags"), errors),
        read_attributes(body.get("attributes"), errors),
        read_priority(body.get("priority"), errors),
        context=read_context(body.get("context"), errors),
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
