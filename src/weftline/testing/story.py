"""What happened to an execution, for people: the way that it took, and a short log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from weftline.language.program import FALLBACK_NODE
from weftline.model.event import Event, EventType
from weftline.model.stepkey import parse_key

SHOWN = 30
"""Events of a log that a failure's message shows; of a longer one the last."""

MAX_DATA = 100
"""Characters of an event's data."""

ENTERED = frozenset({EventType.STEP_STARTED, EventType.STEP_COMPLETED})
"""Events by which a step may begin: one that takes no time completes at once."""


def path_of(events: Iterable[Event]) -> list[str]:
    """The nodes that were entered, in order, each as often as it was. What was skipped is not among them."""
    path: list[str] = []
    seen: set[str] = set()
    for event in events:
        if event.type in ENTERED and event.step is not None and event.step not in seen:
            seen.add(event.step)
            node = parse_key(event.step)[0]
            if node != FALLBACK_NODE:
                path.append(node)
    return path


def undone_steps(events: Iterable[Event]) -> list[str]:
    """The nodes whose steps were compensated, in that order."""
    return [
        parse_key(event.step)[0]
        for event in events
        if event.type is EventType.STEP_COMPENSATED and event.step is not None
    ]


def story(events: Sequence[Event]) -> str:
    """A log, a line an event, with the time since the beginning."""
    if not events:
        return "  nothing"
    began = events[0].at
    lines = [] if len(events) <= SHOWN else [f"  … {len(events) - SHOWN} earlier events"]
    for event in events[-SHOWN:]:
        words = [f"+{span(event.at - began)}", event.type.value, event.step or "", _shortened(event.data)]
        lines.append("  " + "  ".join(word for word in words if word))
    return "\n".join(lines)


def span(seconds: float) -> str:
    """A duration, as a definition may write it: ``1d 2h``, ``90s`` is ``1m 30s``, none is ``0s``."""
    if seconds != int(seconds) and seconds < 60:
        return f"{round(seconds, 3):g}s"
    left = round(seconds)
    parts: list[str] = []
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts) or "0s"


def shown(value: Any) -> str:
    """A value within a message."""
    return orjson.dumps(value, default=str).decode()


def _shortened(data: dict[str, Any] | None) -> str:
    if data is None:
        return ""
    text = shown(data)
    return text if len(text) <= MAX_DATA else f"{text[:MAX_DATA]}…"
