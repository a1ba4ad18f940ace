"""A connection of one's own that comes back after the server was away."""

from __future__ import annotations

import asyncpg

from weftline.store.connect import connect
from weftline.store.errors import translated
from weftline.store.keyring import Keyring


class Link:
    """One connection under the worker's role, made when it is first needed and again after it broke.

    Args:
        url: a PostgreSQL URL.
        name: shown in ``pg_stat_activity``.
        keyring: the tenants' keys, where what it carries may be sealed.
    """

    def __init__(self, url: str, name: str, keyring: Keyring | None = None) -> None:
        self._url = url
        self._name = name
        self._keyring = keyring
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None

    async def get(self) -> asyncpg.Connection[asyncpg.Record]:
        """The connection.

        Raises:
            StoreUnavailable: the server cannot be reached.
        """
        connection = self._connection
        if connection is None or connection.is_closed():
            with translated():
                connection = await connect(self._url, "weft_worker", name=self._name, keyring=self._keyring)
            self._connection = connection
        return connection

    async def close(self) -> None:
        """Close it, if there is one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
