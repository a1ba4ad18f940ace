"""The bus within one process."""

from __future__ import annotations

import asyncio

from weftline.store.bus.base import Bus

_members: set[LocalBus] = set()


class LocalBus(Bus):
    """Tells every other such bus of this process, on their own event loops."""

    def __init__(self) -> None:
        super().__init__()
        self._loop: asyncio.AbstractEventLoop | None = None

    def publish(self, topic: str, message: str = "") -> None:
        """See :meth:`Bus.publish`."""
        for member in tuple(_members):
            if member._loop is not None:
                member._loop.call_soon_threadsafe(member._tell, topic, message)

    async def start(self) -> None:
        """See :meth:`Bus.start`."""
        self._loop = asyncio.get_running_loop()
        _members.add(self)

    async def close(self) -> None:
        """See :meth:`Bus.close`."""
        _members.discard(self)
        self._loop = None
