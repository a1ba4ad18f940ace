"""Looks at other systems for the triggers that integrations offer.

Every worker does. A trigger is one worker's at a time: it takes those that are due, the longest first, for as long as
it renews that, and whatever it writes of one is refused once the trigger is another's. A polling trigger is asked for
once, what was found is taken, and it goes to the end of the queue, also where there is more; a listening one stays
until its connection breaks or changes. So one that finds a hundred thousand things takes its turns like any other.

A look that fails is repeated later and later. Where somebody has to see to the connection first, the trigger is held:
it looks when that is told, and now and then by itself. Triggers of a tenant that rests are shelved, as schedules are.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

import asyncpg
import structlog

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations.opened import RATE_LIMITED
from weftline.engine.clock import Clock
from weftline.engine.guard import HeldBack
from weftline.engine.looking import Looking
from weftline.engine.loop import Loop
from weftline.machine.firing import FiringFailed
from weftline.model.errors import WorkflowError
from weftline.store.errors import StoreUnavailable
from weftline.store.integration_triggers import Claimed, LostTrigger, claim, fail, hold, let_go, renew, shelve
from weftline.store.triggers import Connection

if TYPE_CHECKING:
    from weftline.authoring.integrations import OpenedConnection

log = structlog.get_logger(__name__)

POLLS, LISTENERS = 20, 200
"""Triggers of each kind that one worker looks for at once."""

FIRST_RETRY, LAST_RETRY = 5.0, 900.0
"""Seconds after the first look that failed, doubled with each that follows, up to so many."""

HELD_SECONDS = 60.0
"""Between looks whether a connection can be used again, should nobody tell."""

STEADY_SECONDS = 60.0
"""Whoever has listened for so long has not failed when it ends."""

MAX_SAID = 500
"""Characters of an error that are kept."""


@dataclass(slots=True)
class _Look:
    """A look under way."""

    claimed: Claimed
    task: asyncio.Task[None] | None = None
    connection: OpenedConnection | None = None


class Sources(Loop):
    """Looks for triggers.

    Args:
        pool: the worker's connections.
        clock: decides what is due.
        looking: looks at other systems.
        is_current: whether a connection is still what its owner wants it to be.
        lease_seconds: how long others wait before they look for what a lost worker had.
        interval: seconds between looks for triggers that are due.
    """

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        clock: Clock,
        looking: Looking,
        is_current: Callable[[OpenedConnection], bool],
        *,
        lease_seconds: float,
        interval: float,
    ) -> None:
        super().__init__("sources", min(interval, lease_seconds / 3))
        self._pool = pool
        self._clock = clock
        self._looking = looking
        self._is_current = is_current
        self._lease_seconds = lease_seconds
        self._looks: dict[UUID, _Look] = {}
        self._renewed_at = 0.0

    async def run_once(self) -> int:
        """Keep what this worker looks for, and begin to look for what is due; returns for how much."""
        async with self._pool.acquire() as connection:
            await self._keep(connection)
            found: list[Claimed] = []
            for kind, limit in (("POLLING", POLLS), ("EVENT", LISTENERS)):
                room = limit - sum(look.claimed.kind == kind for look in self._looks.values())
                if room > 0:
                    found += await claim(connection, kind, room, self._lease_seconds, self._clock.now())
            for each in found:
                if each.is_suspended:
                    await shelve(connection, each)
                else:
                    self._begin(each)
        return len(found)

    async def stop(self) -> None:
        """End, and let go of everything."""
        await super().stop()
        tasks = [look.task for look in self._looks.values() if look.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- keeping ------------------------------------------------------------------------------------------------------

    async def _keep(self, connection: Connection) -> None:
        """Renew what this worker has, and stop looking for what it has no longer, or whose connection has changed."""
        for look in self._looks.values():
            if look.claimed.kind == "EVENT" and look.connection is not None and not self._is_current(look.connection):
                _cancel(look)
        now = self._clock.now()
        if not self._looks or 0 <= now - self._renewed_at < self._lease_seconds / 3:
            return
        self._renewed_at = now
        looks = list(self._looks.values())
        kept = await renew(connection, [look.claimed for look in looks], now + self._lease_seconds)
        for look in looks:
            is_suspended = kept.get(look.claimed.holder)
            if is_suspended:
                await shelve(connection, look.claimed)
            if is_suspended is not False:
                _cancel(look)

    def _begin(self, claimed: Claimed) -> None:
        look = self._looks[claimed.holder] = _Look(claimed)
        look.task = asyncio.create_task(self._look(look), name=f"weft-source {claimed.trigger.id}")
        look.task.add_done_callback(lambda _: self._looks.pop(claimed.holder, None))

    # --- looking ------------------------------------------------------------------------------------------------------

    async def _look(self, look: _Look) -> None:
        claimed, began = look.claimed, self._clock.now()

        def using(connection: OpenedConnection) -> None:
            look.connection = connection

        try:
            await self._looking.look(claimed, using)
            if claimed.kind == "EVENT":
                # whoever was to tell what comes has stopped without a word
                await self._fail(claimed, WorkflowError("ended", "the other system has stopped telling"), None, began)
        except LostTrigger:
            pass
        except asyncio.CancelledError:
            await self._let_go(claimed)
            raise
        except StoreUnavailable as error:
            log.warning("database unavailable", loop=self.name, error=str(error))
            await self._let_go(claimed)
        except HeldBack as error:
            await self._hold(claimed, error)
        except ActionError as error:
            told = WorkflowError(error.code, error.message[:MAX_SAID], error.details or {}, retryable=error.retryable)
            await self._fail(claimed, told, error.retry_after, began)
        except FiringFailed as failure:
            await self._fail(claimed, failure.error, None, began)
        except Exception as error:
            log.exception("an integration's trigger failed", trigger_id=str(claimed.trigger.id))
            said = f"the integration's trigger failed: {type(error).__name__}"
            await self._fail(claimed, WorkflowError("trigger_failed", said), None, began)
        self.wake()

    async def _hold(self, claimed: Claimed, error: HeldBack) -> None:
        now = self._clock.now()
        wait = HELD_SECONDS if error.retry_after is None else min(error.retry_after, HELD_SECONDS)
        if error.code == RATE_LIMITED:
            await self._told(lambda connection: let_go(connection, claimed, now + max(wait, 1.0)))
            return
        log.warning("a trigger waits for its connection", trigger_id=str(claimed.trigger.id), code=error.code)
        id = (error.details or {}).get("connectionId")
        told = WorkflowError(error.code, error.message[:MAX_SAID], error.details or {})
        await self._told(
            lambda connection: hold(connection, claimed, now + max(wait, 1.0), None if id is None else UUID(id), told)
        )

    async def _fail(self, claimed: Claimed, error: WorkflowError, retry_after: float | None, began: float) -> None:
        now = self._clock.now()
        log.warning("a trigger's look failed", trigger_id=str(claimed.trigger.id), code=error.code)
        if claimed.kind == "EVENT" and now - began >= STEADY_SECONDS:
            claimed = claimed._replace(failures=0)
        next_at = now + max(retry_seconds(claimed.failures), retry_after or 0.0)
        await self._told(lambda connection: fail(connection, claimed, next_at, error, now))

    async def _let_go(self, claimed: Claimed) -> None:
        now = self._clock.now()
        await self._told(lambda connection: let_go(connection, claimed, now))

    async def _told(self, tell: Callable[[Connection], Awaitable[None]]) -> None:
        """Note what came of a look. Where the database does not answer, it comes out when the lease runs out."""
        try:
            async with self._pool.acquire() as connection:
                await tell(connection)
        except (StoreUnavailable, OSError, asyncpg.InterfaceError) as error:
            log.warning("what came of a look could not be told", error=str(error))


def retry_seconds(failures: int) -> float:
    """Until the look after one that failed, where so many had failed before it; some more or less by chance."""
    chance = random.uniform(0.9, 1.1)  # noqa: S311 - spreads, keeps no secret
    return min(FIRST_RETRY * 2 ** min(failures, 16), LAST_RETRY) * chance


def _cancel(look: _Look) -> None:
    if look.task is not None:
        look.task.cancel()
