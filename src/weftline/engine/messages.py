"""From an inbox message to what it means to the machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson

from weftline.machine.stimulus import Cancel, Pause, Resume, Signal, Stimulus, TaskCompleted
from weftline.store.inbox import MessageKind


def stimulus_of(message: asyncpg.Record | Mapping[str, Any]) -> Stimulus:
    """The stimulus of an ``inbox`` row.

    Args:
        message: with ``kind`` and ``payload``.

    Raises:
        ValueError: the kind is unknown to this release.
    """
    payload: dict[str, Any] = orjson.loads(message["payload"])
    match MessageKind(message["kind"]):
        case MessageKind.SIGNAL:
            return Signal(payload["name"], payload.get("payload"), payload.get("step"))
        case MessageKind.TASK_COMPLETED:
            return TaskCompleted(
                payload["step"],
                payload.get("outcome"),
                payload.get("data") or {},
                payload.get("by"),
                payload.get("votes") or (),
            )
        case MessageKind.PAUSE:
            return Pause()
        case MessageKind.RESUME:
            return Resume()
        case MessageKind.CANCEL:
            return Cancel(payload.get("reason"))
