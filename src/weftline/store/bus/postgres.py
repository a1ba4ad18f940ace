"""The bus over the database that is there anyway: LISTEN and NOTIFY.

Poolers in transaction mode swallow LISTEN; messages then do not come, and whoever listens finds out by looking.
"""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from weftline.store.bus.base import RemoteBus
from weftline.store.connect import Role, connect

_CHANNEL = "weft_bus"
_SEPARATOR = "/"


class PostgresBus(RemoteBus):
    """Tells processes on the same database.

    Args:
        url: a PostgreSQL URL.
        role: of its two connections.
    """

    def __init__(self, url: str, role: Role) -> None:
        super().__init__()
        self._url = url
        self._role: Role = role
        self._sender: asyncpg.Connection[asyncpg.Record] | None = None
        self._receiver: asyncpg.Connection[asyncpg.Record] | None = None

    async def _send(self, messages: list[tuple[str, str]]) -> None:
        if self._sender is None or self._sender.is_closed():
            self._sender = await connect(self._url, self._role, name="weftline-bus")
        texts = [f"{topic}{_SEPARATOR}{message}" for topic, message in messages]
        await self._sender.execute("SELECT pg_notify($1, text) FROM unnest($2::text[]) AS text", _CHANNEL, texts)

    async def _receive(self) -> None:
        connection = await connect(self._url, self._role, name="weftline-bus")
        self._receiver = connection
        ended = asyncio.Event()

        def on_end(_: object) -> None:
            ended.set()

        connection.add_termination_listener(on_end)
        await connection.add_listener(_CHANNEL, self._hear)
        self._tell_all_of_a_gap()
        await ended.wait()

    async def _disconnect(self) -> None:
        for connection in (self._sender, self._receiver):
            if connection is not None:
                connection.terminate()
        self._sender = self._receiver = None

    def _hear(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        topic, _, message = str(payload).partition(_SEPARATOR)
        self._tell(topic, message)
