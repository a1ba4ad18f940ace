"""What stands between a connection and those who want to use it: its limits and its circuit breaker.

Whoever may not use it now is *held back* (:class:`HeldBack`): the step waits, and no attempt is spent. Nothing waits in
memory for longer than a second.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from enum import Enum
from typing import Any, Protocol
from uuid import UUID

import structlog

from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations.opened import RATE_LIMITED, UNAUTHORIZED
from weftline.engine.clock import Clock
from weftline.engine.limits import Limits
from weftline.store.connections import (
    Breaker,
    StoredConnection,
    breakers,
    close_breaker,
    half_open_breaker,
    open_breaker,
    take_turns,
)
from weftline.store.keyring import Connection

log = structlog.get_logger(__name__)

CIRCUIT_OPEN = "circuit_open"
"""Code of the error where the other side has failed so often that nobody tries for a while."""

PLACE_SECONDS = 1.0
"""How long an attempt waits for a place among those that use a connection at once."""

BURST_SECONDS = 1.0
"""Seconds' worth of turns under a rate limit that may be taken at once."""

TURNS_A_SECOND = 10
"""How often a worker asks the database for turns, at most, in the long run: it takes several at once."""

LONGEST_QUEUE = 300.0
"""Seconds: attempts under a rate limit are sent away one behind the other, up to so far."""

_SERVER_ERRORS = 500


class HeldBack(ActionError):
    """A connection or a plugin cannot be used now, through no fault of the step that wants to."""


class Outcome(Enum):
    """What the use of a connection says of the other side."""

    GOOD = "good"
    """It answers."""
    BAD = "bad"
    """It does not, or with an error of its own."""
    UNKNOWN = "unknown"
    """Nothing."""


def outcome_of(error: BaseException) -> Outcome:
    """What an error that the use of a connection ended with says of the other side."""
    match error:
        case HttpStatusError():
            return Outcome.BAD if error.status >= _SERVER_ERRORS else Outcome.GOOD
        case ActionError(code=code, retryable=retryable):
            if code in (UNAUTHORIZED, RATE_LIMITED):
                return Outcome.GOOD
            # what another attempt may mend is the other side's fault
            return Outcome.BAD if retryable else Outcome.UNKNOWN
        case OSError():
            return Outcome.BAD
        case _:
            return Outcome.UNKNOWN


class Database(Protocol):
    """Lends a connection to the database."""

    def __call__(self) -> AbstractAsyncContextManager[Connection]:
        """For the time of the context."""
        ...


class Guard:
    """Guards one connection in one worker.

    Args:
        database: where workers share what they know.
        clock: decides what is due.
        tenant_id: whose.
        stored: the connection.

    Attributes:
        breaker: where its circuit breaker stands, as far as this worker knows.
        limits: what it may be used for.
    """

    def __init__(self, database: Database, clock: Clock, tenant_id: UUID, stored: StoredConnection) -> None:
        self._database = database
        self._clock = clock
        self._tenant_id = tenant_id
        self._id: UUID = stored.id
        self._named: Mapping[str, Any] = {"integration": stored.integration, "connection": stored.name}
        self.limits = Limits.of(stored.limits)
        self.breaker = stored.breaker
        self._failures = 0
        self._held = 0
        self._looked_at = 0.0
        places = self.limits.max_concurrent
        self._places = None if places is None else asyncio.Semaphore(places)
        self._asking = asyncio.Lock()
        self._turns, self._turns_until = 0, 0.0
        self._free_at = 0.0
        self._promised_at = 0.0

    def see(self, breaker: Breaker) -> None:
        """This is where the circuit breaker stands by now."""
        is_closed_anew = breaker.state == "CLOSED" != self.breaker.state
        if is_closed_anew or breaker.resets != self.breaker.resets:
            self._failures = 0
        self.breaker = breaker

    async def enter(self, *, is_lasting: bool = False) -> bool:
        """Take a place and a turn, where there are any.

        Args:
            is_lasting: whoever enters stays, and neither takes a place and a turn nor finds out anything.

        Returns:
            Whether this attempt is to find out if the other side works again.

        Raises:
            HeldBack: it cannot be used now.
            StoreUnavailable: the database does not answer.
        """
        if is_lasting:
            if self.breaker.state != "CLOSED":
                await self._check_breaker()
            return False
        await self._take_place()
        try:
            if self.breaker.state != "CLOSED":
                await self._check_breaker()
            if self.limits.rate_per_minute is not None or self._free_at:
                await self._take_turn()
            return self.breaker.state != "CLOSED" and await self._try()
        except BaseException:
            self._give_place_back()
            raise

    async def leave(self, outcome: Outcome, error: str, *, is_trial: bool, is_lasting: bool = False) -> bool:
        """The attempt has ended.

        Args:
            outcome: what it says of the other side.
            error: what went wrong, without secrets.
            is_trial: it was to find out.
            is_lasting: as it entered.

        Returns:
            Whether the connection works again, and those that wait for it may go on.
        """
        if not is_lasting:
            self._give_place_back()
        if outcome is Outcome.GOOD:
            self._failures = 0
            if is_trial:
                async with self._database() as database:
                    await close_breaker(database, self._tenant_id, self._id)
                self.breaker = Breaker(resets=self.breaker.resets)
                self._held = 0
                log.info("circuit breaker closed", connection_id=str(self._id), **self._named)
                return True
        elif is_trial or outcome is Outcome.BAD:
            await self._count(outcome, error, is_trial=is_trial)
        return False

    def pause(self, seconds: float | None) -> None:
        """The other side wants nobody to come for a while."""
        if seconds is not None:
            self._free_at = max(self._free_at, self._clock.now() + seconds)

    # --- at once ------------------------------------------------------------------------------------------------------

    async def _take_place(self) -> None:
        if self._places is None:
            return
        try:
            async with asyncio.timeout(PLACE_SECONDS if self._places.locked() else None):
                await self._places.acquire()
        except TimeoutError:
            message = f"{self.limits.max_concurrent} attempts use the connection already"
            # spread, for they would all come back at once
            raise self._held_back(RATE_LIMITED, message, PLACE_SECONDS * (1 + random.random())) from None  # noqa: S311

    def _give_place_back(self) -> None:
        if self._places is not None:
            self._places.release()

    # --- the rate -----------------------------------------------------------------------------------------------------

    async def _take_turn(self) -> None:
        now, rate = self._clock.now(), self.limits.rate_per_minute
        if now < self._free_at:
            raise self._later(self._free_at - now)
        if rate is None:
            self._free_at = 0.0
            return
        async with self._asking:
            if self._turns and now < self._turns_until:
                self._turns -= 1
                return
            if now < self._free_at:
                raise self._later(self._free_at - now)
            interval, count = 60.0 / rate, max(1, int(rate / 60 / TURNS_A_SECOND))
            async with self._database() as database:
                wait = await take_turns(database, self._tenant_id, self._id, now, interval, BURST_SECONDS, count)
            if wait > 0:
                self._free_at = now + wait
                raise self._later(wait)
            self._turns, self._turns_until = count - 1, now + BURST_SECONDS

    def _later(self, wait: float) -> HeldBack:
        """Send an attempt away until its turn may have come: one behind the other, as turns come."""
        now, rate = self._clock.now(), self.limits.rate_per_minute
        interval = 0.0 if rate is None else 60.0 / rate
        at = max(now + wait, self._promised_at)
        if at - now > LONGEST_QUEUE:
            at = now + max(wait, random.uniform(0.5, 1.0) * LONGEST_QUEUE)  # noqa: S311
        else:
            self._promised_at = at + interval
        what = "the other side asked to come back later" if rate is None else f"it is used {rate:g} times a minute"
        return self._held_back(RATE_LIMITED, what, at - now)

    # --- the circuit breaker ------------------------------------------------------------------------------------------

    async def _check_breaker(self) -> None:
        if self._is_early():
            await self._look()
            if self._is_early():
                raise self._open()

    def _is_early(self) -> bool:
        """Whether nobody may try yet."""
        retry_at = self.breaker.retry_at
        return self.breaker.state != "CLOSED" and retry_at is not None and self._clock.now() < retry_at

    async def _look(self) -> None:
        """See whether somebody has closed the breaker meanwhile. Many who come at once look together."""
        loop = asyncio.get_running_loop()
        came_at = loop.time()
        async with self._asking:
            if self._looked_at > came_at:
                return
            self._looked_at = loop.time()
            async with self._database() as database:
                found = await breakers(database, [self._id])
            self.see(found.get(self._id, Breaker()))

    async def _try(self) -> bool:
        """Become the one who tries; where somebody else does, be held back."""
        now = self._clock.now()
        async with self._database() as database:
            won = await half_open_breaker(
                database, self._tenant_id, self._id, now, now + self.limits.breaker_seconds
            )  # fmt: skip
            if won is None:
                self.see((await breakers(database, [self._id])).get(self._id, Breaker()))
        if won is None:
            if self.breaker.state == "CLOSED":
                return False
            raise self._open()
        self.breaker = won
        return True

    def _open(self) -> HeldBack:
        self._held += 1
        wait = max(0.0, (self.breaker.retry_at or 0.0) - self._clock.now())
        # one is enough to find out: the more there are, the further apart they come
        wait += random.random() * min(self.limits.breaker_seconds / 2, self._held * 0.02)  # noqa: S311
        said = f": {self.breaker.last_error}" if self.breaker.last_error else ""
        return self._held_back(CIRCUIT_OPEN, f"the other side has failed too often{said}", wait)

    async def _count(self, outcome: Outcome, error: str, *, is_trial: bool) -> None:
        """A use ended badly, or told nothing though it was to find out."""
        now, failures = self._clock.now(), self.limits.breaker_failures
        retry_at = now + self.limits.breaker_seconds
        if outcome is Outcome.BAD:
            self._failures += 1
            # what began before it opened says nothing new
            if not is_trial and (not failures or self._failures < failures or self.breaker.state != "CLOSED"):
                return
        else:
            # the next one may find out
            retry_at, error = now, self.breaker.last_error or ""
        self.breaker = Breaker("OPEN", retry_at, self.breaker.resets, error)
        async with self._database() as database:
            await open_breaker(database, self._tenant_id, self._id, self._failures, now, retry_at, error)
        if outcome is Outcome.BAD:
            log.warning("circuit breaker open", connection_id=str(self._id), error=error, **self._named)

    def _held_back(self, code: str, message: str, retry_after: float) -> HeldBack:
        text = f"the connection '{self._named['connection']}' waits: {message}"
        details = {**self._named, "connectionId": str(self._id)}
        return HeldBack(text, code=code, retry_after=retry_after, details=details)
