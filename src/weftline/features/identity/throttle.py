"""Slowing down whoever guesses, without locking out whom they guess at.

Each try is counted before it is looked at, so that a thousand at once are no better than one after the other; a
success takes the count away. Counts are kept for

- an account and the source of the try: a device that signed in to it before, else the network of the address;
- an account and everything unknown together, against guesses from many networks.

After the first few, each further try makes the next wait twice as long, up to a bound. The owner is not kept out by
others: a known device, or the network of an earlier sign-in, is counted by itself and is not held to the common count.
From somewhere new, while others guess, a password reset by mail makes the device known. Accounts that do not exist are
treated alike. What is old is forgotten.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.database import Database
from weftline.features.http.origin import current_origin
from weftline.features.identity.devices import Device, network_of
from weftline.features.identity.errors import TooManyTries

Purpose = Literal["password", "code"]

REMEMBERED = timedelta(hours=24)
"""Without another failure, a count is forgotten after so long."""

NETWORKS_REMEMBERED = timedelta(days=90)
"""How long a network counts as one from which somebody has signed in."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """How a count slows down further tries.

    Attributes:
        free: tries that wait for nothing.
        longest: seconds of the longest wait.
    """

    free: int
    longest: int


FROM_ONE_SOURCE = Bounds(5, 900)
FROM_EVERYWHERE = Bounds(50, 900)

ALARMING = 5
"""Failures of which the owner hears."""

_TRY = text(
    """
    INSERT INTO sign_in_failures AS f (key, failures, last_at, blocked_until)
    VALUES (:key, 1, now(), NULL)
    ON CONFLICT (key) DO UPDATE SET
        failures = CASE WHEN f.last_at < now() - CAST(:remembered AS interval) THEN 1 ELSE f.failures + 1 END,
        last_at = now(),
        blocked_until = CASE
            WHEN f.last_at < now() - CAST(:remembered AS interval) OR f.failures + 1 < :free THEN NULL
            ELSE now() + make_interval(secs => least(:longest, power(2, least(f.failures + 1 - :free, 20))))
        END
    WHERE f.blocked_until IS NULL OR f.blocked_until <= now()
    RETURNING failures
    """
)
_WAIT = text("SELECT extract(epoch FROM blocked_until - now())::float8 FROM sign_in_failures WHERE key = :key")
_CLEAR = text("DELETE FROM sign_in_failures WHERE key = :key")
_NETWORKS = text(
    """
    SELECT DISTINCT s.address FROM users u JOIN sessions s ON s.user_id = u.id
    WHERE u.email = :email AND s.created_at > now() - CAST(:remembered AS interval) AND s.address IS NOT NULL LIMIT 200
    """
)


@dataclass(frozen=True, slots=True)
class Try:
    """A try that was let through, and counted as a failure until :meth:`Throttle.succeeded`.

    Attributes:
        keys: its counts.
        is_alarming: if it fails, the owner should hear of it; so once in a series of failures.
    """

    keys: tuple[bytes, ...]
    is_alarming: bool


class Throttle:
    """Counts tries to sign in.

    Args:
        identity: under the role that signs people in.
    """

    def __init__(self, identity: Database) -> None:
        self._identity = identity

    async def begin(self, purpose: Purpose, account: str, device: Device | None) -> Try:
        """Count a try from where the current request comes from.

        Args:
            purpose: what is tried.
            account: the e-mail address, whether it has an account or not.
            device: the device that tries, where it is known to be this account's.

        Raises:
            TooManyTries: it comes too early.
        """
        network = network_of(current_origin().address)
        source = _key(purpose, account, "network", network.encode())
        if device is not None:
            source = _key(purpose, account, "device", device.id)
        async with self._identity.unbound() as session:
            failures = await _count(session, source, FROM_ONE_SOURCE)
            keys = (source,)
            if device is None and network not in await known_networks(session, account):
                everywhere = _key(purpose, account, "everywhere")
                failures = await _count(session, everywhere, FROM_EVERYWHERE)
                keys = (source, everywhere)
        return Try(keys, failures == ALARMING)

    async def succeeded(self, session: AsyncSession, tried: Try) -> None:
        """Take a try that succeeded off its counts, within a transaction."""
        # one after the other, in the order in which trying locks them
        for key in tried.keys:
            await session.execute(_CLEAR, {"key": key})


async def known_networks(session: AsyncSession, email: str) -> set[str]:
    """The networks from which somebody has signed in lately.

    Args:
        session: under the role that signs people in.
        email: theirs.
    """
    bound = {"email": email, "remembered": NETWORKS_REMEMBERED}
    return {network_of(address) for address in await session.scalars(_NETWORKS, bound)}


async def _count(session: AsyncSession, key: bytes, bounds: Bounds) -> int:
    """Count a try; returns how many there were, with this one.

    Raises:
        TooManyTries: it comes too early.
    """
    bound = {"key": key, "remembered": REMEMBERED, "free": bounds.free, "longest": bounds.longest}
    failures = (await session.scalars(_TRY, bound)).one_or_none()
    if failures is None:
        wait = (await session.scalars(_WAIT, {"key": key})).one_or_none()
        raise TooManyTries(max(wait or 0.0, 1.0))
    return failures


def _key(*parts: str | bytes) -> bytes:
    """What a count is stored under: addresses that have no account here are not written down."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part if isinstance(part, bytes) else part.encode()
        digest.update(len(raw).to_bytes(4) + raw)
    return digest.digest()
