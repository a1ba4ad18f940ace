"""Access tokens of connections, renewed ahead of their end; of all workers that want a new one, one gets it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from weftline.store.connections import begin_refresh, end_refresh, store_tokens

if TYPE_CHECKING:
    from weftline.authoring.integrations import OAuth2
    from weftline.engine.clock import Clock
    from weftline.engine.connection import WorkerConnection
    from weftline.store.keyring import Connection as Database
    from weftline.store.keyring import Keyring

REFRESH_SECONDS = 40.0
"""How long whoever gets new tokens has for it; then somebody else does."""

REFRESH_LOOK_SECONDS = 0.05
"""Between looks whether another worker has got new tokens."""

REFRESH_AHEAD, REFRESH_PART = 60.0, 0.2
"""Tokens are renewed so many seconds before they end, or when this part of their time is left, whichever is later."""


class TokenRenewals:
    """Renews the tokens of a worker's connections.

    Args:
        database: lends a connection to the database.
        keyring: seals tokens.
        clock: decides what ends soon.
        reload: gives a connection as it is now.
    """

    def __init__(
        self,
        database: Callable[[], AbstractAsyncContextManager[Database]],
        keyring: Keyring,
        clock: Clock,
        reload: Callable[[WorkerConnection], Awaitable[WorkerConnection]],
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._clock = clock
        self._reload = reload
        self._under_way: dict[UUID, asyncio.Task[WorkerConnection]] = {}

    def is_due(self, known: WorkerConnection) -> bool:
        """Whether its access token ends soon."""
        if known.auth.type != "OAUTH2":
            return False
        expires_at = known.stored.token_expires_at
        if "accessToken" not in known.credentials:
            return True
        if expires_at is None:
            return False
        lasts = float(known.credentials.get("expiresIn", REFRESH_AHEAD / REFRESH_PART))
        return expires_at - self._clock.now() < min(REFRESH_AHEAD, lasts * REFRESH_PART)

    async def after_refusal(self, known: WorkerConnection) -> WorkerConnection:
        """The connection with other credentials than those that were just refused.

        Raises:
            ActionError: there are none.
        """
        fresh = await self._reload(known)
        if fresh.credentials != known.credentials:
            return fresh
        if known.auth.type == "OAUTH2":
            return await self.renewed(fresh)
        raise known.opened(None).unauthorized("it answered that nobody is let in with its credentials")

    async def renewed(self, known: WorkerConnection) -> WorkerConnection:
        """The connection with a new access token; of all that want it, one gets it."""
        task = self._under_way.get(known.stored.id)
        if task is None:
            # a task of its own: whoever asked first may be cancelled, and the tokens must not be lost then
            task = self._under_way[known.stored.id] = asyncio.create_task(self._refresh(known), name="weft-refresh")
            task.add_done_callback(lambda ended: self._ended(known.stored.id, ended))
        return await asyncio.shield(task)

    def _ended(self, id: UUID, task: asyncio.Task[WorkerConnection]) -> None:
        del self._under_way[id]
        if not task.cancelled():
            # whoever waited for it is told; it is no surprise where nobody does any more
            task.exception()

    async def _refresh(self, known: WorkerConnection) -> WorkerConnection:
        """Get new tokens, or wait until another worker has got them."""
        tenant_id, id, seen = known.tenant_id, known.stored.id, known.stored.tokens
        while True:
            async with self._database() as database:
                if await begin_refresh(database, tenant_id, id, seen, REFRESH_SECONDS):
                    break
            fresh = await self._reload(known)
            if fresh.stored.tokens != seen or fresh.obstacle is not None:
                return fresh
            await asyncio.sleep(REFRESH_LOOK_SECONDS)
        try:
            tokens, expires_in = await _new_tokens(known)
        except BaseException:
            async with self._database() as database:
                await end_refresh(database, tenant_id, id)
            raise
        async with self._database() as database:
            cipher = await self._keyring.cipher(database, tenant_id)
            await store_tokens(database, cipher, tenant_id, id, seen, tokens, expires_in)
        return await self._reload(known)

    async def close(self) -> None:
        """Wait for those that are under way."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)


async def _new_tokens(known: WorkerConnection) -> tuple[dict[str, Any], float | None]:
    """Ask for new tokens: JSON, and seconds that they last.

    Raises:
        ActionError: there are none.
    """
    from weftline.authoring.builtin.http import http_settings
    from weftline.authoring.integrations.oauth import fetch_tokens, renewal

    auth, credentials = cast("OAuth2", known.auth), known.credentials
    form = renewal(auth, known.config, credentials, known.stored.scopes)
    if form is None:
        raise known.opened(None).unauthorized("the access that was allowed has ended")
    tokens = await fetch_tokens(auth, known.config, credentials, form, http_settings())
    # a server that gives no new refresh token goes on taking the old one
    kept = {"refreshToken": form["refresh_token"]} if "refresh_token" in form else {}
    return {**kept, **tokens.to_json()}, tokens.expires_in
