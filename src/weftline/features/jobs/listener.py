"""Listens for hints that task queues have something to fetch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import asyncpg

from weftline.features.background import Background
from weftline.store.connect import connect
from weftline.store.errors import translated
from weftline.store.hints import JOBS

CHECK_SECONDS = 5.0
"""Between checks that the connection is there."""


class JobListener:
    """Passes hints on, over a connection of its own that comes back after the server was away.

    Args:
        url: a PostgreSQL URL.
        hint: called with what each hint says; None: one may have been missed.
    """

    def __init__(self, url: str, hint: Callable[[str | None], None]) -> None:
        self._url = url
        self._hint = hint
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._loop = Background("job listener", CHECK_SECONDS, self.run_once)

    def start(self) -> None:
        """Begin."""
        self._loop.start()

    async def stop(self) -> None:
        """End."""
        await self._loop.stop()
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def run_once(self) -> int:
        """Listen, where that is not done yet."""
        if self._connection is not None and not self._connection.is_closed():
            return 0
        with translated():
            connection = await connect(self._url, "weft_api", name="weftline-jobs")
            self._connection = connection
            await connection.add_listener(JOBS, self._on_hint)
        connection.add_termination_listener(lambda _: self._loop.wake())
        self._hint(None)
        return 0

    def _on_hint(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        self._hint(str(payload))
