"""The bus over Redis or Valkey: publish and subscribe. For many hosts, where NOTIFY would burden the database."""

from __future__ import annotations

from typing import Any, cast

from redis import asyncio as driver

from weftline.store.bus.base import RemoteBus

_PREFIX = "weft:bus:"
_PATTERN = f"{_PREFIX}*"
_CHECK_SECONDS = 10


class RedisBus(RemoteBus):
    """Tells processes that use the same Redis.

    Args:
        url: ``redis://``, ``rediss://`` or ``unix://``.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        # the driver's types leave much unsaid
        self._redis = cast("Any", driver).from_url(url, decode_responses=True, health_check_interval=_CHECK_SECONDS)

    async def _send(self, messages: list[tuple[str, str]]) -> None:
        async with self._redis.pipeline(transaction=False) as pipeline:
            for topic, message in messages:
                pipeline.publish(f"{_PREFIX}{topic}", message)
            await pipeline.execute()

    async def _receive(self) -> None:
        async with self._redis.pubsub() as channel:
            await channel.psubscribe(_PATTERN)
            self._tell_all_of_a_gap()
            async for message in channel.listen():
                if message["type"] == "pmessage":
                    self._tell(message["channel"].removeprefix(_PREFIX), message["data"])

    async def _disconnect(self) -> None:
        await self._redis.aclose()
