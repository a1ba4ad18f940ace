"""Counts of several servers, added up in Redis or Valkey.

No request waits for it. A few times a second, a server adds what it has counted, and learns the sums. So servers
together let through at most what comes within that time above a limit; and while Redis does not answer, each holds
requests to the limits by its own counts.
"""

from __future__ import annotations

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from weftline.features.background import Background
from weftline.features.rates.counters import WINDOW_SECONDS, Counters, Delta, Key

log = structlog.get_logger(__name__)

SHARE_SECONDS = 0.25
TIMEOUT_SECONDS = 2.0
PREFIX = "weftline:rate"
BATCH = 1000
"""Keys of one round trip."""


class Sharing:
    """Shares counts with the other servers of a platform.

    Args:
        counters: this server's.
        url: of Redis or Valkey: ``redis://user:password@host:6379/0``, ``rediss://`` for TLS.
    """

    def __init__(self, counters: Counters, url: str) -> None:
        self._counters = counters
        # the library does not type what else may be given
        self._redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
        )
        self._met: set[tuple[Key, int]] = set()
        self._is_answering = True
        self._loop = Background("rates", SHARE_SECONDS, self.share)

    def start(self) -> None:
        """Begin to share."""
        self._loop.start()

    async def close(self) -> None:
        """Stop sharing."""
        await self._loop.stop()
        await self._redis.aclose()

    async def share(self) -> int:
        """Add what was counted, and learn the sums; returns 0, for there is time until the next turn."""
        deltas = self._counters.unshared()
        for start in range(0, len(deltas), BATCH):
            some = deltas[start : start + BATCH]
            try:
                await self._add(some)
            except (RedisError, OSError) as error:
                self._counters.give_back(deltas[start:])
                if self._is_answering:
                    log.warning("redis does not answer: every server limits by its own counts", error=str(error))
                self._is_answering = False
                return 0
        if deltas and not self._is_answering:
            log.info("redis answers again")
            self._is_answering = True
        return 0

    async def _add(self, deltas: list[Delta]) -> None:
        new = [delta for delta in deltas if (delta.key, delta.minute) not in self._met]
        async with self._redis.pipeline(transaction=False) as pipe:
            for delta in deltas:
                name = _name(delta.key, delta.minute)
                pipe.incrby(name, delta.times)
                pipe.expire(name, 3 * WINDOW_SECONDS)
            for delta in new:
                # what others counted in the minute before is not known to a server that meets the key only now
                pipe.get(_name(delta.key, delta.minute - 1))
            answers = await pipe.execute()
        for delta, total in zip(deltas, answers[: 2 * len(deltas) : 2], strict=True):
            self._counters.learn(delta.key, delta.minute, int(total))
        for delta, total in zip(new, answers[2 * len(deltas) :], strict=True):
            self._counters.learn(delta.key, delta.minute - 1, int(total or 0))
        latest = max(delta.minute for delta in deltas)
        self._met = {met for met in self._met if met[1] >= latest - 1}
        self._met.update((delta.key, delta.minute) for delta in new)


def _name(key: Key, minute: int) -> str:
    name, subject = key
    return f"{PREFIX}:{minute}:{name}:{subject}"
