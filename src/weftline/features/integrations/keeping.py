"""Sealing what people entered and what authorization servers gave, and opening it to use it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.authoring.builtin import HttpSettings
from weftline.authoring.integrations import Auth, OpenedConnection
from weftline.authoring.integrations.oauth import Tokens
from weftline.features.database import driver
from weftline.features.integrations.directory import KnownIntegration
from weftline.features.integrations.limits import full_limits
from weftline.features.integrations.models import Connection
from weftline.store.connections import credentials_context, tokens_context
from weftline.store.keyring import Keyring


class Keeping:
    """Seals and opens.

    Args:
        keyring: holds the tenants' keys.
        http: what connections may reach.
    """

    def __init__(self, keyring: Keyring, http: HttpSettings) -> None:
        self._keyring = keyring
        self.http = http

    async def seal(self, session: AsyncSession, connection: Connection, credentials: Mapping[str, Any]) -> None:
        """Give a connection its credentials."""
        cipher = await self._keyring.cipher(await driver(session), connection.tenant_id)
        connection.sealed = cipher.seal(orjson.dumps(dict(credentials)), credentials_context(connection.id))

    async def seal_tokens(self, session: AsyncSession, connection: Connection, tokens: Tokens | None) -> None:
        """Give a connection its tokens, or take them away."""
        if tokens is None:
            connection.tokens = connection.token_expires_at = None
            return
        cipher = await self._keyring.cipher(await driver(session), connection.tenant_id)
        connection.tokens = cipher.seal(orjson.dumps(tokens.to_json()), tokens_context(connection.id))
        connection.token_expires_at = expiry(tokens)

    async def credentials(self, session: AsyncSession, connection: Connection) -> dict[str, Any]:
        """What somebody entered.

        Raises:
            CannotOpen, WrongMasterKey: it was sealed under another key.
        """
        return await self._open(session, connection, connection.sealed, credentials_context(connection.id))

    async def tokens(self, session: AsyncSession, connection: Connection) -> dict[str, Any]:
        """What the authorization server gave; nothing where it gave nothing.

        Raises:
            CannotOpen, WrongMasterKey: it was sealed under another key.
        """
        return await self._open(session, connection, connection.tokens, tokens_context(connection.id))

    async def _open(
        self, session: AsyncSession, connection: Connection, sealed: bytes | None, context: str
    ) -> dict[str, Any]:
        if sealed is None:
            return {}
        cipher = await self._keyring.cipher(await driver(session), connection.tenant_id)
        return orjson.loads(cipher.open(sealed, context))

    def opened(
        self,
        known: KnownIntegration,
        connection: Connection,
        auth: Auth,
        credentials: Mapping[str, Any],
        access_token: str | None,
    ) -> OpenedConnection:
        """A connection in use.

        Args:
            known: to what.
            connection: whose configuration counts; it need not be stored yet.
            auth: how it signs in.
            credentials: what somebody entered.
            access_token: by OAuth 2.0.
        """
        given = {**credentials} if access_token is None else {**credentials, "accessToken": access_token}
        return OpenedConnection(
            id=connection.id,
            name=connection.name,
            integration=known.name,
            auth=auth,
            config=connection.config,
            credentials=given,
            timeout=float(full_limits(connection.limits)["timeoutSeconds"]),
            base_url=known.base_url,
            settings=self.http,
        )


def expiry(tokens: Tokens) -> datetime | None:
    """When tokens that were given just now expire; None: never."""
    return None if tokens.expires_in is None else datetime.now(UTC) + timedelta(seconds=tokens.expires_in)
