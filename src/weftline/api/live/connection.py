"""One client's WebSocket, from when it was accepted until it is closed, whatever is spoken over it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import Any

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from weftline.api.live.ending import SEND_SECONDS
from weftline.features.live.hub import LiveHub

log = structlog.get_logger(__name__)

# codes from 4000 on are an application's own (RFC 6455, section 7.4.2)
TOO_SLOW = 4408
SERVICE_RESTART = 1012
INTERNAL_ERROR = 1011

CLOSE_SECONDS = 2.0
MAX_REASON = 120
"""Bytes; RFC 6455 allows 123."""


class Connection(ABC):
    """Reads what a client says, feeds its subscriptions, and tells it why that ends.

    Args:
        websocket: the client's.
        hub: feeds it.
    """

    def __init__(self, websocket: WebSocket, hub: LiveHub) -> None:
        self._websocket = websocket
        self._hub = hub
        self._subscriptions: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._reading: asyncio.Task[None] | None = None
        self._end: tuple[int, str] | None = None

    @abstractmethod
    async def _read(self) -> None:
        """Take what the client says until it leaves, or has to: then the end is set."""

    async def _serve(self) -> None:
        """Serve a client that was accepted until one of both leaves."""
        with self._hub.stream():
            reading = self._reading = asyncio.create_task(self._read_on(), name="live-socket")
            stopping = asyncio.create_task(self._hub.stopping.wait(), name="live-socket-stop")
            tasks: list[asyncio.Task[Any]] = [reading, stopping]
            try:
                await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not reading.done():
                    # each subscription tells its own end first
                    await asyncio.gather(*self._subscriptions.values(), return_exceptions=True)
                    self._end = self._end or (SERVICE_RESTART, "the server is about to stop")
            finally:
                tasks += self._subscriptions.values()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            # the server closes nothing while somebody still receives
            if self._end is not None:
                code, reason = self._end
                with suppress(RuntimeError, TimeoutError, WebSocketDisconnect):
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await self._websocket.close(code, reason[:MAX_REASON])

    async def _read_on(self) -> None:
        try:
            await self._read()
        except WebSocketDisconnect:
            return
        except TimeoutError:
            self._end = TOO_SLOW, "too slow"
        except Exception:
            log.exception("a client's WebSocket cannot be read")
            self._end = INTERNAL_ERROR, "internal error"

    def _give_up(self) -> None:
        """The client takes nothing any more."""
        self._end = TOO_SLOW, "too slow"
        if self._reading is not None:
            self._reading.cancel()

    async def _send_text(self, text: bytes) -> None:
        """Send a message.

        Raises:
            TimeoutError: the client takes nothing any more.
            WebSocketDisconnect: it is gone.
        """
        async with self._sending, asyncio.timeout(SEND_SECONDS):
            await self._websocket.send_text(text.decode())
