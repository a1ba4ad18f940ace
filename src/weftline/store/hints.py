"""Hints between processes: "there is work". They may be lost; polling is the truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

WORK = "weft_work"
"""The channel of hints that some execution became ready or got a message."""


async def hint_work(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
) -> None:
    """Wake idle workers. To be called after the transaction that made the work, not within it: a transaction that
    notifies holds a database-wide lock while it commits."""
    await connection.execute(f"NOTIFY {WORK}")
