"""Allowing access in a browser: OAuth 2.0 with an authorization code (RFC 6749, section 4.1) and PKCE (RFC 7636).

::

    POST /connections/{id}/authorize ──► authorizationUrl, and a cookie for the browser that asked
    the person allows access there   ──► GET /oauth/callback?code=…&state=…
    the code is exchanged for tokens ──► the connection is READY

The state is random, works once and for ten minutes, and belongs to a connection, a person and a browser. Somebody who
follows a link that another person began has no such cookie: they are asked before anything is stored, as what they
allowed would be used by a connection that is not theirs.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_bytes, token_urlsafe
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import UUID

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import OAuth2
from weftline.authoring.integrations.oauth import fetch_tokens
from weftline.authoring.integrations.opened import filled
from weftline.features.access.caller import Authority, Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.errors import FieldError
from weftline.features.integrations import repository
from weftline.features.integrations.directory import Directory, KnownIntegration
from weftline.features.integrations.drafts import Checked, check
from weftline.features.integrations.errors import InvalidConnection, NotAuthorizable
from weftline.features.integrations.keeping import Keeping
from weftline.features.integrations.models import Authorization, Connection
from weftline.features.integrations.revoking import revoke
from weftline.features.integrations.service import (
    DISCONNECTED,
    ConnectionService,
    Shown,
    existing,
    facts,
    note,
    person_of,
    renewed,
)
from weftline.features.integrations.telling import PAGE
from weftline.features.integrations.trying import Trial, attempt, refused
from weftline.features.mail.text import one_line
from weftline.features.tasks import members
from weftline.model.ids import uuid7
from weftline.store.keyring import Keyring

log = structlog.get_logger(__name__)

CALLBACK = "/oauth/callback"
"""Where authorization servers send people back to."""

LIFETIME = timedelta(minutes=10)
"""For how long somebody may take to allow access."""

_NONCE = 32
_MAX_TOLD = 200


class AuthorizationLost(Exception):
    """The state that came back is unknown, used, or too old. Told on a page: whoever comes back is a person."""

    def __init__(self) -> None:
        super().__init__("This way back has been used already, or has taken too long. Begin again in Weftline.")


class Begun(NamedTuple):
    """Where to allow access.

    Attributes:
        url: of the authorization server.
        browser: what the browser that goes there keeps.
        expires_at: until when it may come back.
    """

    url: str
    browser: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who has come back.

    Attributes:
        connection: what they have allowed access to.
        integration: what people call it.
        person: who has begun it.
        is_same_browser: they have come back in the browser in which it was begun.
    """

    connection: Connection
    integration: str
    person: str
    is_same_browser: bool


class Authorizing:
    """Lets people allow access.

    Args:
        database: where connections are.
        directory: the integrations.
        keeping: seals tokens.
        keyring: seals what is kept meanwhile.
        service: sets up connections.
        address: makes public addresses of paths.
    """

    def __init__(
        self,
        database: Database,
        directory: Directory,
        keeping: Keeping,
        keyring: Keyring,
        service: ConnectionService,
        address: Callable[[str], str],
    ) -> None:
        self._database = database
        self._directory = directory
        self._keeping = keeping
        self._keyring = keyring
        self._service = service
        self._callback = address(CALLBACK)
        self._address = address

    def page(self, connection_id: UUID | None) -> str:
        """Where people find a connection once they have come back; None: where the platform is."""
        return self._address("/" if connection_id is None else f"{PAGE}{connection_id}")

    async def begin(self, caller: Caller, connection_id: UUID) -> Begun:
        """Where the caller can allow access for a connection.

        Raises:
            ConnectionNotFound, PermissionDenied: see ``ConnectionService.change``.
            NotAuthorizable: it signs in otherwise, or nobody is there who could allow access.
            InvalidConnection: what it needs for that is missing.
        """
        verifier, nonce, browser, id = token_urlsafe(48), token_bytes(_NONCE), token_urlsafe(32), uuid7()
        state = _encoded(caller.tenant_id.bytes + id.bytes + nonce)
        expires_at = datetime.now(UTC) + LIFETIME
        async with self._database.transaction(caller.tenant_id) as session:
            connection = await existing(session, caller, connection_id)
            await self._service.require(caller, connection)
            user_id = person_of(caller)
            _, checked = await self._checked(session, connection)
            auth = checked.auth
            if user_id is None or not isinstance(auth, OAuth2) or "authorization_code" not in auth.grants:
                raise NotAuthorizable(connection.name)
            url = _address(auth, connection, checked, state, verifier, self._callback)
            cipher = await self._keyring.cipher(await driver(session), caller.tenant_id)
            await repository.forget_authorizations(session, caller.tenant_id, connection.id)
            session.add(
                Authorization(
                    tenant_id=caller.tenant_id,
                    id=id,
                    connection_id=connection.id,
                    user_id=user_id,
                    state_hash=_hash(state),
                    browser_hash=_hash(browser),
                    sealed=cipher.seal(orjson.dumps({"verifier": verifier}), _context(id)),
                    expires_at=expires_at,
                )
            )
        return Begun(url, browser, expires_at)

    async def arrive(self, state: str, browsers: Mapping[str, str]) -> Arrival:
        """Who has come back, and for what. Changes nothing.

        Args:
            state: that the authorization server has given back.
            browsers: the cookies of the browser.

        Raises:
            AuthorizationLost: the state is unknown, used, or too old.
        """
        tenant_id, id = _read(state)
        async with self._database.transaction(tenant_id) as session:
            found = await self._authorization(session, tenant_id, id, state)
            connection = await repository.get(session, tenant_id, found.connection_id)
            person = await members.find(session, tenant_id, str(found.user_id))
            if connection is None or person is None:
                raise AuthorizationLost
            known = await self._directory.get(await driver(session), tenant_id, connection.integration)
        is_same = any(hmac.compare_digest(_hash(each), found.browser_hash) for each in browsers.values())
        return Arrival(connection, known.title, person.name, is_same)

    async def finish(self, state: str, code: str | None, error: str | None) -> Connection:
        """Exchange the code for tokens, and let steps go on that wait for them.

        Args:
            state: that the authorization server has given back.
            code: that it has given.
            error: what it has said instead.

        Returns:
            The connection, which says by its status whether access was given.

        Raises:
            AuthorizationLost: see :meth:`arrive`.
        """
        tenant_id, id = _read(state)
        async with self._database.transaction(tenant_id) as session:
            found = await self._authorization(session, tenant_id, id, state)
            connection = await repository.get(session, tenant_id, found.connection_id)
            person = await members.find(session, tenant_id, str(found.user_id))
            if connection is None or person is None:
                raise AuthorizationLost
            cipher = await self._keyring.cipher(await driver(session), tenant_id)
            verifier: str = orjson.loads(cipher.open(found.sealed, _context(id)))["verifier"]
            known, checked = await self._checked(session, connection)
            # it counts once, whatever becomes of it
            if not await repository.end_authorization(session, tenant_id, id):
                raise AuthorizationLost
        tokens, trial = None, _said(error)
        if code is not None and error is None and isinstance(checked.auth, OAuth2):
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self._callback,
                "code_verifier": verifier,
            }
            try:
                tokens = await fetch_tokens(checked.auth, checked.config, checked.credentials, form, self._keeping.http)
            except ActionError as failure:
                trial = refused(failure, checked.auth, checked.credentials)
            else:
                opened = self._keeping.opened(known, connection, checked.auth, checked.credentials, tokens.access_token)
                trial = await attempt(known, opened)
                trial = Trial("READY") if trial.status == "UNTESTED" else trial
        actor = Caller(tenant_id, "user", person.id, person.email, Authority())
        async with self._database.transaction(tenant_id) as session:
            await repository.begin_change(session, tenant_id)
            current = await repository.get(session, tenant_id, connection.id, lock=True)
            if current is None:
                raise AuthorizationLost
            before = facts(current)
            if tokens is not None:
                await self._keeping.seal_tokens(session, current, tokens)
                if tokens.scopes:
                    current.scopes = list(tokens.scopes)
            # tokens that there were go on working where somebody has only refused new ones
            if tokens is not None or current.tokens is None:
                note(current, trial, is_tested=tokens is not None)
            await renewed(session, current)
            await record(
                session,
                "connection.authorized" if tokens is not None else "connection.refused",
                "connection",
                current.id,
                before=before,
                after=facts(current),
                tenant_id=tenant_id,
                actor=actor,
            )
        self._service.hint()
        return current

    async def disconnect(self, caller: Caller, connection_id: UUID) -> Shown:
        """Give a connection's tokens back, and forget them.

        Raises:
            ConnectionNotFound, PermissionDenied: see ``ConnectionService.change``.
            NotAuthorizable: it signs in otherwise.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            connection = await existing(session, caller, connection_id)
            await self._service.require(caller, connection)
            _, checked = await self._checked(session, connection)
            if not isinstance(checked.auth, OAuth2):
                raise NotAuthorizable(connection.name)
            tokens = await self._keeping.tokens(session, connection)
        await revoke(checked.auth, checked.config, checked.credentials, tokens, self._keeping.http)
        async with self._service.changing(caller, connection_id, "connection.disconnected") as (session, current):
            await self._keeping.seal_tokens(session, current, None)
            note(current, Trial("UNAUTHORIZED", DISCONNECTED), is_tested=False)
        return await self._service.get(caller, connection_id)

    async def _checked(self, session: AsyncSession, connection: Connection) -> tuple[KnownIntegration, Checked]:
        known = await self._directory.get(await driver(session), connection.tenant_id, connection.integration)
        credentials = await self._keeping.credentials(session, connection)
        return known, check(known, connection.auth_type, connection.config, credentials)

    async def _authorization(self, session: AsyncSession, tenant_id: UUID, id: UUID, state: str) -> Authorization:
        found = await repository.authorization(session, tenant_id, id)
        if found is None or not hmac.compare_digest(found.state_hash, _hash(state)):
            raise AuthorizationLost
        if found.expires_at <= datetime.now(UTC):
            raise AuthorizationLost
        return found


def _address(auth: OAuth2, connection: Connection, checked: Checked, state: str, verifier: str, callback: str) -> str:
    """Where somebody allows access.

    Raises:
        InvalidConnection: the address lacks something.
    """
    try:
        address = filled(auth.authorization_url or "", {**checked.credentials, **checked.config})
    except ActionError as error:
        raise InvalidConnection([FieldError("/config", error.message, "required")]) from None
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.netloc:
        raise InvalidConnection([FieldError("/config", "There is no address at which access can be allowed.")])
    scopes = connection.scopes or auth.scopes
    query: dict[str, Any] = {
        "response_type": "code",
        "client_id": checked.credentials["clientId"],
        "redirect_uri": callback,
        **({"scope": " ".join(scopes)} if scopes else {}),
        "state": state,
        "code_challenge": _encoded(sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        **auth.authorization_parameters,
    }
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, urlencode(query)))), fragment=""))


def _said(error: str | None) -> Trial:
    told = "it has given no code" if error is None else f"it said '{one_line(error, _MAX_TOLD)}'"
    return Trial("UNAUTHORIZED", f"The authorization server gave no access: {told}.")


def _read(state: str) -> tuple[UUID, UUID]:
    """The tenant and the id that a state names.

    Raises:
        AuthorizationLost: it is none of ours.
    """
    try:
        raw = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
    except (binascii.Error, ValueError):
        raise AuthorizationLost from None
    if len(raw) != 32 + _NONCE:
        raise AuthorizationLost
    return UUID(bytes=raw[:16]), UUID(bytes=raw[16:32])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _hash(text: str) -> bytes:
    return sha256(text.encode()).digest()


def _context(id: UUID) -> str:
    return f"authorization {id}"
