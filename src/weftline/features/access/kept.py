"""Values that are read once and believed for a while."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from contextvars import Context
from typing import Generic, TypeVar

TTL_SECONDS = 60.0
"""How long anything is believed without having been read again, should a revocation ever be missed."""

CAPACITY = 20_000
"""Entries of each kind."""

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """The values of a loader, each kept for a while.

    What is not there is loaded once for all who ask meanwhile: when the time of a tenant's rules has run out, all its
    requests ask for them in the same moment.

    Args:
        load: reads a value.
    """

    def __init__(self, load: Callable[[K], Awaitable[V]]) -> None:
        self._load = load
        self._values: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._loading: dict[K, asyncio.Task[V]] = {}
        self._tasks: set[asyncio.Task[V]] = set()
        self._generation = 0

    async def get(self, key: K) -> V:
        """The value of a key, no older than :data:`TTL_SECONDS`.

        Raises:
            Exception: whatever the loader raises.
        """
        found = self._values.get(key)
        if found is not None and found[0] > time.monotonic():
            return found[1]
        loading = self._loading.get(key)
        if loading is None:
            # in a context of its own, for it is no part of the request that happens to be the first
            loading = asyncio.create_task(self._read(key), name="load-access", context=Context())
            self._loading[key] = loading
            self._tasks.add(loading)
            loading.add_done_callback(self._tasks.discard)
        # whoever goes away leaves the others what they wait for
        return await asyncio.shield(loading)

    def forget(self, matches: Callable[[K], bool]) -> None:
        """Believe nothing any more of the keys that match. Whoever asks from now on gets what is read from now on."""
        self._generation += 1
        for kept in (self._values, self._loading):
            for key in [key for key in kept if matches(key)]:
                del kept[key]

    async def close(self) -> None:
        """Wait for what is being read."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _read(self, key: K) -> V:
        generation, until = self._generation, time.monotonic() + TTL_SECONDS
        try:
            value = await self._load(key)
        finally:
            # one that was forgotten meanwhile may be on its way once more
            if self._loading.get(key) is asyncio.current_task():
                del self._loading[key]
        # what was read may have been withdrawn while it was being read
        if generation == self._generation:
            self._values[key] = until, value
            self._values.move_to_end(key)
            if len(self._values) > CAPACITY:
                self._values.popitem(last=False)
        return value
