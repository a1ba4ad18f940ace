"""How triggers of integrations stand: what workers have written of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, TypeAlias
from uuid import UUID

import orjson

from weftline.authoring.integrations import integrations
from weftline.language.integration_triggers import Offer, Offers
from weftline.store.queries import queries
from weftline.store.triggers import Connection

_SQL = queries("integration_triggers")

MAX_REJECTED = 10
"""Events that could start nothing and are shown."""

State: TypeAlias = Literal["waiting", "working", "listening", "failing", "held", "off"]


class Rejected(NamedTuple):
    """An event that could start nothing.

    Attributes:
        event_id: the other system's.
        at: when it came.
        error: why not.
    """

    event_id: str
    at: datetime
    error: dict[str, Any]


class Source(NamedTuple):
    """How a trigger of an integration stands.

    Attributes:
        kind: ``POLLING``, ``EVENT`` or ``WEBHOOK``.
        state: ``waiting`` for the next look or call, ``working``, ``listening``, ``failing``, ``held`` until somebody
            has seen to its connection, or ``off``: nobody looks.
        next_run_at: when a worker looks again; None while one does, and where none is to.
        held: why it is held.
        failures: looks in a row that came to nothing.
        last_run_at: when a worker looked the last time, or a call came.
        last_error, last_error_at: why a look came to nothing the last time.
        received, duplicates, rejected: events that came, were seen before, and could start nothing.
        has_cursor: it has come somewhere already.
        rejected_events: the last of those that could start nothing; empty where nobody asked.
    """

    kind: str
    state: State
    next_run_at: datetime | None
    held: dict[str, Any] | None
    failures: int
    last_run_at: datetime | None
    last_error: dict[str, Any] | None
    last_error_at: datetime | None
    received: int
    duplicates: int
    rejected: int
    has_cursor: bool
    rejected_events: Sequence[Rejected] = ()


def offers() -> Offers:
    """The triggers that the integrations of this process offer."""
    return {
        each.name: {name: Offer(trigger.type, trigger.config) for name, trigger in each.triggers.items()}
        for each in integrations
    }


async def sources(connection: Connection, tenant_id: UUID, ids: Collection[UUID]) -> dict[UUID, Source]:
    """How triggers stand, by their ids; nothing of those that are of no integration.

    Args:
        connection: bound to the tenant.
        tenant_id: whose.
        ids: the triggers'.
    """
    # what has been due for ever is due now
    rows, now = await connection.fetch(_SQL["states"], tenant_id, list(ids)), datetime.now(UTC)
    return {
        row["trigger_id"]: Source(
            row["kind"],
            _state(row["kind"], row["status"], row["is_at_work"], row["held"] is not None, row["failures"]),
            None if row["is_at_work"] or row["next_at"] is None else max(row["next_at"], now),
            _read(row["held"]),
            row["failures"],
            row["last_run_at"],
            _read(row["last_error"]),
            row["last_error_at"],
            row["received"],
            row["duplicates"],
            row["rejected"],
            row["has_cursor"],
        )
        for row in rows
    }


async def rejected(connection: Connection, tenant_id: UUID, trigger_id: UUID) -> list[Rejected]:
    """The last events of a trigger that could start nothing, the latest first."""
    rows = await connection.fetch(_SQL["rejected"], tenant_id, trigger_id, MAX_REJECTED)
    return [Rejected(row["delivery"], row["seen_at"], orjson.loads(row["error"])) for row in rows]


def _state(kind: str, status: str, is_at_work: bool, is_held: bool, failures: int) -> State:
    if status != "active":
        return "off"
    if is_at_work:
        return "listening" if kind == "EVENT" else "working"
    if is_held:
        return "held"
    return "failing" if failures else "waiting"


def _read(text: str | None) -> dict[str, Any] | None:
    return None if text is None else orjson.loads(text)
