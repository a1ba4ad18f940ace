"""Rows of executions whose payloads are sealed, as everybody else wants to see them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.database import driver
from weftline.features.executions.models import Execution
from weftline.features.rows import Connection
from weftline.store.sealing import SEALED_FIELD, seal_of

PAYLOADS = ("output", "context", "error", "input")
"""In the order in which they are opened."""


async def open_payloads(connection: Connection, rows: Sequence[Execution]) -> None:
    """Open what rows that were just read hold sealed.

    Args:
        connection: with the tenants' keys, that read them.
        rows: executions that belong to no session, so that nothing is written back.

    Raises:
        CannotOpen, NotReadable, WrongMasterKey: a payload cannot be opened.
    """
    for row in rows:
        if row.is_sealed and (closed := _closed(row)):
            seal = await seal_of(connection, row.tenant_id, row.id)
            for name in closed:
                stored = getattr(row, name)
                value = seal.open_error(stored) if name == "error" else seal.open_value(stored, name)
                setattr(row, name, value)


async def open_loaded(session: AsyncSession, rows: Sequence[Execution]) -> None:
    """The same for rows that a session has loaded, and that leave it."""
    session.expunge_all()
    await open_payloads(await driver(session), rows)


def _closed(row: Execution) -> list[str]:
    """What was read and is sealed."""
    read = vars(row)
    return [name for name in PAYLOADS if read.get(name) is not None and _is_closed(row, name)]


def _is_closed(row: Execution, name: str) -> bool:
    match name:
        case "error":
            return SEALED_FIELD in (row.error or ())
        case "output":
            # it may be a string by itself; and it is never read without the input
            return isinstance(row.input, str)
        case _:
            return isinstance(getattr(row, name), str)
