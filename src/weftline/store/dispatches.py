"""Dispatches: what an execution has decided that concerns other executions, until it is carried out.

They are written in the commit that decided them, and carried out by a transaction of their own. So a commit never locks
the rows of other executions, and what was decided is neither lost nor done twice.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import asyncpg

from weftline.store.queries import queries

if TYPE_CHECKING:
    from collections.abc import Sequence

    from asyncpg.pool import PoolConnectionProxy


class DispatchKind(StrEnum):
    """What is to be done, and the payload's keys. Members stand in the order in which those that were decided at the
    same time are carried out: an execution is started before it gets a message."""

    START_CHILD = "start_child"
    """``parent``, ``step``, ``waits``, ``workflow``, ``version``, ``input``: start execution ``execution_id``."""
    MESSAGE = "message"
    """``kind``, ``payload``: put a message into the inbox of ``execution_id``."""
    ROLL_BACK = "roll_back"
    """``parent``, ``step``: undo all that ``execution_id`` did, and let the parent's step know."""
    EVENT = "event"
    """``name``, ``correlation``, ``payload``: deliver an event."""
    TRIGGER = "trigger"
    """``trigger``, and ``event`` or ``scheduledAt``: let a trigger fire, and start execution ``execution_id``."""
    SLOT = "slot"
    """Take ``execution_id``, which has ended, out of the slot that a limit gave it, and let in whoever is next."""


class Dispatch(NamedTuple):
    """Something to be carried out.

    Attributes:
        tenant_id: whose.
        kind: what.
        execution_id: whom it concerns; None where that is not one execution.
        payload: JSON text of an object.
    """

    tenant_id: UUID
    kind: DispatchKind
    execution_id: UUID | None
    payload: str


async def add(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    dispatches: Sequence[Dispatch],
) -> None:
    """Note what is to be carried out, in order, within the caller's transaction."""
    await connection.execute(queries("dispatches")["add"], *zip(*dispatches, strict=True))
