"""What definitions take from Python code: names, summaries, durations, schemas."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from weftline.model.retry import RetryPolicy

Duration = str | float | int | timedelta
"""``"24h"``, ISO 8601 (``"PT24H"``), or seconds."""

Retry = int | RetryPolicy | Mapping[str, Any]
"""How many attempts in all, or a policy, or one as in a definition (camelCase)."""

_WORKFLOW_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")


def is_workflow_id(text: object) -> bool:
    """Whether a workflow may be called so."""
    return isinstance(text, str) and _WORKFLOW_ID.fullmatch(text) is not None


def summary(described: object) -> str:
    """The first paragraph of a docstring, in one line; empty where there is none."""
    return (inspect.getdoc(described) or "").split("\n\n")[0].replace("\n", " ")


def duration_json(value: Duration) -> str | float | int:
    """A duration as definitions have it."""
    return value.total_seconds() if isinstance(value, timedelta) else value


def retry_json(value: Retry) -> int | dict[str, Any]:
    """A retry policy as definitions have it."""
    if isinstance(value, int):
        return value
    if isinstance(value, Mapping):
        return dict(value)
    return {
        "maxAttempts": value.max_attempts,
        "initialInterval": value.initial_interval,
        "backoff": value.backoff,
        "maxInterval": value.max_interval,
        "jitter": value.jitter,
        "nonRetryable": sorted(value.non_retryable),
    }


def schema_json(input: object) -> dict[str, Any]:
    """The JSON Schema that is meant by itself, or by a pydantic model.

    Raises:
        TypeError: it is neither.
    """
    if isinstance(input, Mapping):
        return dict(input)  # type: ignore[reportUnknownArgumentType]
    make = getattr(input, "model_json_schema", None)
    if make is None:
        raise TypeError(f"an input is described by a JSON Schema or a pydantic model, not by {input!r}")
    return make()
