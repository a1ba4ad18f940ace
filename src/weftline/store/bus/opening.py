"""Choosing the bus's transport."""

from __future__ import annotations

from weftline.store.bus.base import Bus
from weftline.store.bus.postgres import PostgresBus
from weftline.store.connect import Role


def open_bus(url: str, role: Role, redis: str | None = None) -> Bus:
    """The bus between processes on one database, not started yet.

    Args:
        url: of PostgreSQL.
        role: under which to connect to that.
        redis: of a Redis server, which then carries the messages instead.
    """
    if redis is None:
        return PostgresBus(url, role)
    # imported where it is wanted: it is large
    from weftline.store.bus.redis import RedisBus

    return RedisBus(redis)
