"""What every transport of the bus does."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

FEED = "feed"
"""The topic of tenants whose feed has grown; a message is a tenant's id, or empty where any may have."""

WATCHED = "watched"
"""The topic of those who follow feeds: while nobody says so, nobody need be told of growth."""

ASKED = "asked"
"""The topic of those who could tell of growth: they ask whoever follows to say so."""

PAUSE_SECONDS = 0.005
"""Between two turns of sending, so that many messages travel together."""

RETRY_SECONDS = 1.0
"""Between attempts to reach what carries the messages."""

CANCEL_SECONDS = 0.5
"""Between two attempts to end what is under way."""

Hear = Callable[[str | None], None]
"""Is told each message; None: some may have been missed."""


class Bus(ABC):
    """Carries short messages between processes."""

    def __init__(self) -> None:
        self._listeners: dict[str, list[Hear]] = {}

    def listen(self, topic: str, hear: Hear) -> Callable[[], None]:
        """From now on ``hear`` is told what is published on a topic, by this process too.

        Returns:
            Call it to end that.
        """
        self._listeners.setdefault(topic, []).append(hear)
        return lambda: self._listeners[topic].remove(hear)

    @abstractmethod
    def publish(self, topic: str, message: str = "") -> None:
        """Tell everybody, soon; the same message twice at once is told once."""

    @abstractmethod
    async def start(self) -> None:
        """Begin. What carries the messages need not be there yet."""

    @abstractmethod
    async def close(self) -> None:
        """End; what was not sent yet is dropped."""

    def _tell(self, topic: str, message: str | None) -> None:
        for hear in tuple(self._listeners.get(topic, ())):
            hear(message)

    def _tell_all_of_a_gap(self) -> None:
        for topic in tuple(self._listeners):
            self._tell(topic, None)


class RemoteBus(Bus):
    """A bus over something that must be reached, and may be away for a while."""

    def __init__(self) -> None:
        super().__init__()
        self._pending: dict[tuple[str, str], None] = {}
        self._wanted = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    def publish(self, topic: str, message: str = "") -> None:
        """See :meth:`Bus.publish`."""
        self._pending[topic, message] = None
        self._wanted.set()

    async def start(self) -> None:
        """See :meth:`Bus.start`."""
        if not self._tasks:
            self._tasks = [
                asyncio.create_task(self._send_forever(), name="bus-send"),
                asyncio.create_task(self._receive_forever(), name="bus-receive"),
            ]

    async def close(self) -> None:
        """See :meth:`Bus.close`."""
        tasks, self._tasks = set(self._tasks), []
        while tasks:
            for task in tasks:
                task.cancel()
            # a driver may lose a cancellation that comes at the same time as an answer
            _, tasks = await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
        await self._disconnect()

    @abstractmethod
    async def _send(self, messages: list[tuple[str, str]]) -> None:
        """Send messages, by topic."""

    @abstractmethod
    async def _receive(self) -> None:
        """Connect, tell of a gap, and tell what comes until the connection breaks."""

    @abstractmethod
    async def _disconnect(self) -> None:
        """Let go of every connection."""

    async def _send_forever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            pending, self._pending = list(self._pending), {}
            try:
                await self._send(pending)
            except Exception as error:
                log.warning("could not tell others", error=str(error) or type(error).__name__)
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _receive_forever(self) -> None:
        while True:
            try:
                await self._receive()
            except Exception as error:
                log.warning("the bus is not to be reached", error=str(error) or type(error).__name__)
            await asyncio.sleep(RETRY_SECONDS)
