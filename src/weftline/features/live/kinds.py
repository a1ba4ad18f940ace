"""What happens, by kind, and patterns of kinds by which people say what they want to be told.

A pattern is a kind, such as ``execution.failed``; all kinds of one thing, such as ``execution.*``; or ``*``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator, Field

from weftline.model.event import EventType

WORKFLOW_PUBLISHED = "workflow.published"

KINDS_OF_WORKFLOWS = frozenset({WORKFLOW_PUBLISHED, "workflow.changed", "workflow.edited"})

KINDS_OF_TASKS = frozenset(
    f"task.{act}" for act in ("created", "claimed", "released", "completed", "cancelled", "changed")
)


def _kind(type: EventType) -> str:
    thing, _, act = type.value.lower().partition("_")
    return f"{'execution' if thing == 'workflow' else thing}.{act}"


KIND_OF: dict[str, str] = {type.value: _kind(type) for type in EventType}
"""By the log's type."""

KINDS = frozenset({*KIND_OF.values(), *KINDS_OF_TASKS, *KINDS_OF_WORKFLOWS})

EVERYTHING = "*"

PATTERNS = frozenset({EVERYTHING, *KINDS, *(f"{kind.partition('.')[0]}.*" for kind in KINDS)})
"""Every pattern there is."""


def _check(pattern: str) -> str:
    if pattern not in PATTERNS:
        close = nearest(pattern)
        hint = f"; did you mean '{close}'?" if close else ""
        raise ValueError(f"there is no kind '{pattern}'{hint}")
    return pattern


Patterns = Annotated[
    Sequence[Annotated[str, AfterValidator(_check)]],
    Field(max_length=50, description="Only these kinds, such as `execution.failed`, or all of an area: `task.*`."),
]
"""Patterns in a request."""


def is_wanted(kind: str, patterns: Collection[str]) -> bool:
    """Whether a kind is among those that patterns name."""
    return not _covers(kind).isdisjoint(patterns)


def wanted_kinds(patterns: Iterable[str]) -> frozenset[str]:
    """The kinds that patterns name."""
    given = frozenset(patterns)
    return frozenset(kind for kind in KINDS if is_wanted(kind, given))


def nearest(pattern: str) -> str | None:
    """The pattern that somebody may have meant by one that there is not."""
    return next(iter(get_close_matches(pattern, sorted(PATTERNS), n=1)), None)


def _covers(kind: str) -> frozenset[str]:
    return frozenset({EVERYTHING, kind, f"{kind.partition('.')[0]}.*"})
