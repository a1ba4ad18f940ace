"""Hashing passwords: Argon2id (RFC 9106), off the event loop and a few at a time.

A hash takes tens of milliseconds and tens of megabytes on purpose. The threads that compute them are as many as may
run at once; the rest wait their turn, and everything else goes on meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

T = TypeVar("T")

MAX_PASSWORD = 256
"""Characters; more would only cost time."""


@dataclass(frozen=True, slots=True)
class HashingCost:
    """What one hash costs; the defaults are OWASP's recommendation for Argon2id.

    Attributes:
        memory_kib: memory, KiB.
        passes: times over the memory.
        at_once: hashes that are computed at the same time.
    """

    memory_kib: int = 19_456
    passes: int = 2
    at_once: int = 1


class Passwords:
    """Hashes and checks passwords.

    Args:
        cost: of one hash.
    """

    def __init__(self, cost: HashingCost = HashingCost()) -> None:
        self._hasher = PasswordHasher(time_cost=cost.passes, memory_cost=cost.memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(cost.at_once, "password")
        self._nobody = self._hasher.hash("nobody has this password")

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed.

        Takes as long where there is nothing stored (``None``): who has an account must not be found out by waiting.
        """
        is_right = await self._run(self._matches, self._nobody if stored is None else stored, password)
        return is_right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made at another cost than today's, and should be renewed at the next sign-in."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """Let the threads end."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _matches(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, compute: Callable[..., T], *arguments: str) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, compute, *arguments)
