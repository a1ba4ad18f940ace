"""What people do with connections."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import OAuth2
from weftline.authoring.integrations.oauth import Tokens, fetch_tokens, needs_person, renewal
from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.policies.request import Resource
from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.errors import FieldError
from weftline.features.executions.held import wake_held
from weftline.features.executions.hints import WorkHints
from weftline.features.http.listing import Window
from weftline.features.integrations import repository
from weftline.features.integrations.directory import Directory, KnownIntegration
from weftline.features.integrations.drafts import Checked, ConnectionChange, ConnectionDraft, check, targets
from weftline.features.integrations.errors import (
    ConnectionChanged,
    ConnectionExists,
    ConnectionInUse,
    ConnectionNotFound,
    IntegrationNotFound,
    InvalidConnection,
    TooManyConnections,
)
from weftline.features.integrations.keeping import Keeping
from weftline.features.integrations.models import Connection, ConnectionState
from weftline.features.integrations.permissions import MANAGE
from weftline.features.integrations.revoking import revoke
from weftline.features.integrations.trying import Trial, attempt, refused
from weftline.model.ids import uuid7
from weftline.store.connections import begin_refresh
from weftline.store.keyring import CannotOpen
from weftline.store.vault import WrongMasterKey

REFRESH_SECONDS = 30.0
"""For how long workers leave it to a test to get new tokens."""

MAX_CONNECTIONS = 2_000
"""Of a tenant and its members."""

NAMED = 10
"""Workflows that are named where a connection is in use."""

NOT_DEFAULT = "Only a connection of the tenant can be the default."
NOT_YET = "Nobody has allowed access yet: authorize the connection."
EXPIRED = "The access token has expired, and there is nothing to renew it with: authorize the connection again."
DISCONNECTED = "Disconnected: authorize the connection to use it again."


class Shown(NamedTuple):
    """A connection, and its circuit breaker where workers have left something of it."""

    connection: Connection
    state: ConnectionState | None


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of trying a connection before it is stored.

    Attributes:
        trial: how it stands.
        tokens: those that it was given meanwhile.
    """

    trial: Trial
    tokens: Tokens | None = None


class ConnectionService:
    """Sets up connections.

    Args:
        database: where they are.
        directory: the integrations.
        keeping: seals credentials.
        gate: knows what callers may do.
        hints: wakes workers whose steps go on.
    """

    def __init__(
        self, database: Database, directory: Directory, keeping: Keeping, gate: Gate, hints: WorkHints
    ) -> None:
        self._database = database
        self._directory = directory
        self._keeping = keeping
        self._gate = gate
        self._hints = hints

    def hint(self) -> None:
        """Wake the workers: steps may go on."""
        self._hints.send()

    async def get(self, caller: Caller, connection_id: UUID) -> Shown:
        """A connection.

        Raises:
            ConnectionNotFound: there is none of this id that the caller may see.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            return await _shown(session, await existing(session, caller, connection_id))

    async def list(
        self, caller: Caller, window: Window, **filters: Any
    ) -> tuple[Sequence[Connection], dict[UUID, Any]]:
        """Those of the connections that fit, and their circuit breakers; see ``repository.list_connections``."""
        async with self._database.transaction(caller.tenant_id) as session:
            owner = person_of(caller)
            found = await repository.list_connections(session, caller.tenant_id, window, owner=owner, **filters)
            return found, await repository.states(session, caller.tenant_id, [each.id for each in found])

    async def create(self, caller: Caller, draft: ConnectionDraft, *, is_tested: bool = True) -> Shown:
        """Set up a connection. One whose test fails is stored all the same, and says so.

        Args:
            caller: who asks.
            draft: what it is to be.
            is_tested: try it.

        Raises:
            InvalidConnection: it cannot be like this; says everything that is wrong.
            PermissionDenied: the caller may not set up the tenant's.
            ConnectionExists, TooManyConnections: there is no room for it.
        """
        owner = person_of(caller) if draft.is_personal else None
        if draft.is_personal and owner is None:
            raise InvalidConnection([FieldError("/isPersonal", "Only people have connections of their own.")])
        if draft.is_personal and draft.is_default:
            raise InvalidConnection([FieldError("/isDefault", NOT_DEFAULT)])
        if owner is None:
            await self._gate.require(caller, MANAGE, _tenant(caller))
        async with self._database.transaction(caller.tenant_id) as session:
            known = await self._known(session, caller.tenant_id, draft.integration)
            await _check_room(session, caller.tenant_id, owner, draft.name)
        checked = check(known, draft.auth_type, draft.config, draft.credentials)
        connection = Connection(
            tenant_id=caller.tenant_id,
            id=uuid7(),
            integration=known.name,
            name=draft.name,
            owner_user_id=owner,
            auth_type=checked.auth.type,
            config=checked.config,
            scopes=list(draft.scopes),
            is_default=draft.is_default,
            limits=dict(draft.limits),
            created_by=caller.name,
        )
        # outside of any transaction: another system has the time it takes
        tried = await self._try(known, connection, checked, is_tested=is_tested)
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.begin_change(session, caller.tenant_id)
            await _check_room(session, caller.tenant_id, owner, draft.name)
            await self._keeping.seal(session, connection, checked.credentials)
            await self._keeping.seal_tokens(session, connection, tried.tokens)
            note(connection, tried.trial, is_tested=is_tested)
            if connection.is_default:
                await repository.drop_default(session, caller.tenant_id, connection.integration, connection.id)
            session.add(connection)
            await session.flush()
            await session.refresh(connection)
            await record(session, "connection.created", "connection", connection.id, after=facts(connection))
        return Shown(connection, None)

    async def change(
        self,
        caller: Caller,
        connection_id: UUID,
        change: ConnectionChange,
        *,
        is_tested: bool = True,
        expected_etag: str | None = None,
    ) -> Shown:
        """Change some of a connection, and let the steps go on that wait for it.

        Credentials that are not given stay as they are, unless the connection leads elsewhere now: then all of them are
        needed, as those who do not know them must not have them sent to an address of their choice.

        Raises:
            ConnectionNotFound, ConnectionChanged: there is none of this id, or not in this state.
            ConnectionInUse: it is to have another name, and published workflows name it.
            InvalidConnection, PermissionDenied, ConnectionExists: see :meth:`create`.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            connection = await existing(session, caller, connection_id, expected_etag)
            await self.require(caller, connection)
            known = await self._known(session, caller.tenant_id, connection.integration)
            kept = await self._keeping.credentials(session, connection)
            tokens = await self._keeping.tokens(session, connection)
        checked, is_elsewhere = _changed(known, connection, change, kept)
        seen = connection.etag
        before = facts(connection)
        anew = is_elsewhere or "credentials" in change.fields or "scopes" in change.fields
        draft = _with(connection, change, checked)
        must_test = is_tested and bool(change.fields & {"auth_type", "config", "credentials", "scopes"})
        tried = await self._try(known, draft, checked, is_tested=must_test, tokens={} if anew else tokens)
        async with self.changing(caller, connection_id, "connection.changed", before) as (session, connection):
            if connection.etag != seen:
                raise ConnectionChanged
            if "name" in change.fields and change.name != connection.name:
                await _check_unused(session, connection)
                await _check_free(session, caller.tenant_id, connection.owner_user_id, change.name)
            if change.is_default and connection.owner_user_id is not None:
                raise InvalidConnection(
                    [FieldError("/isDefault", "Only a connection of the tenant can be the default.")]
                )
            for name in ("name", "auth_type", "config", "scopes", "is_default", "limits"):
                setattr(connection, name, getattr(draft, name))
            if connection.is_default:
                await repository.drop_default(session, caller.tenant_id, connection.integration, connection.id)
            if "credentials" in change.fields or is_elsewhere or "auth_type" in change.fields:
                await self._keeping.seal(session, connection, checked.credentials)
            if anew or tried.tokens is not None:
                await self._keeping.seal_tokens(session, connection, tried.tokens)
            if must_test or anew:
                note(connection, tried.trial, is_tested=must_test)
        return await self.get(caller, connection_id)

    async def remove(
        self, caller: Caller, connection_id: UUID, *, force: bool = False, expected_etag: str | None = None
    ) -> Shown:
        """Remove a connection, and return what it was.

        Raises:
            ConnectionInUse: published workflows name it, and nobody says ``force``.
            ConnectionNotFound, ConnectionChanged, PermissionDenied: see :meth:`change`.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.begin_change(session, caller.tenant_id)
            connection = await existing(session, caller, connection_id, expected_etag, lock=True)
            await self.require(caller, connection)
            if not force:
                await _check_unused(session, connection)
            shown = await _shown(session, connection)
            given_back = await self._to_give_back(session, connection)
            # they fail now, rather than wait for what is gone
            await wake_held(session, caller.tenant_id, connection.id)
            await session.delete(connection)
            await session.flush()
            await record(session, "connection.removed", "connection", connection.id, before=facts(connection))
        self.hint()
        if given_back is not None:
            await revoke(*given_back, self._keeping.http)
        return shown

    async def test(self, caller: Caller, connection_id: UUID) -> Shown:
        """Try a connection, note how it stands, and let steps go on that wait for it where it works.

        Raises:
            ConnectionNotFound, PermissionDenied: see :meth:`change`.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            connection = await existing(session, caller, connection_id)
            await self.require(caller, connection)
            known = await self._known(session, caller.tenant_id, connection.integration)
            credentials = await self._keeping.credentials(session, connection)
            tokens = await self._keeping.tokens(session, connection)
            seen, seen_tokens = connection.etag, connection.tokens
            is_due = tokens.get("refreshToken") is not None and is_expired(connection)
            if is_due and not await begin_refresh(
                await driver(session), caller.tenant_id, connection.id, seen_tokens, REFRESH_SECONDS
            ):
                # a worker gets new ones at this moment; a refresh token often works but once
                return await _shown(session, connection)
        checked = check(known, connection.auth_type, connection.config, credentials)
        tried = await self._try(known, connection, checked, is_tested=True, tokens=tokens)
        async with self.changing(caller, connection_id, "connection.tested", facts(connection)) as (session, current):
            if current.etag == seen and current.tokens == seen_tokens:
                if tried.tokens is not None:
                    await self._keeping.seal_tokens(session, current, tried.tokens)
                current.refreshing_until = None
                note(current, tried.trial, is_tested=True)
        return await self.get(caller, connection_id)

    async def reset(self, caller: Caller, connection_id: UUID) -> Shown:
        """Close a connection's circuit breaker, and let the steps go on that wait for it.

        Raises:
            ConnectionNotFound, PermissionDenied: see :meth:`change`.
        """
        async with self.changing(caller, connection_id, "connection.reset") as (session, connection):
            await repository.reset_breaker(session, caller.tenant_id, connection.id)
        return await self.get(caller, connection_id)

    async def enable(self, caller: Caller, connection_id: UUID) -> Shown:
        """Let steps use a connection again. Nothing happens where they may.

        Raises:
            ConnectionNotFound, PermissionDenied: see :meth:`change`.
        """
        async with self.changing(caller, connection_id, "connection.enabled") as (_, connection):
            connection.is_active = True
        return await self.get(caller, connection_id)

    async def disable(self, caller: Caller, connection_id: UUID) -> Shown:
        """Let no step use a connection. Nothing happens where none may.

        Raises:
            ConnectionNotFound, PermissionDenied: see :meth:`change`.
        """
        async with self.changing(caller, connection_id, "connection.disabled") as (_, connection):
            connection.is_active = False
        return await self.get(caller, connection_id)

    async def require(self, caller: Caller, connection: Connection) -> None:
        """See that the caller may change a connection that they see: it is their own, or they manage the tenant's."""
        if connection.owner_user_id is None:
            await self._gate.require(caller, MANAGE, _tenant(caller))

    async def _to_give_back(
        self, session: AsyncSession, connection: Connection
    ) -> tuple[OAuth2, dict[str, Any], dict[str, Any], dict[str, Any]] | None:
        """What there is to give back of a connection's tokens."""
        if connection.tokens is None:
            return None
        try:
            known = await self._known(session, connection.tenant_id, connection.integration)
            credentials = await self._keeping.credentials(session, connection)
            tokens = await self._keeping.tokens(session, connection)
        except (IntegrationNotFound, CannotOpen, WrongMasterKey):
            # what nobody can use any more must still go
            return None
        auth = known.auth_of(connection.auth_type)
        return (auth, connection.config, credentials, tokens) if isinstance(auth, OAuth2) else None

    async def _known(self, session: AsyncSession, tenant_id: UUID, name: str) -> KnownIntegration:
        return await self._directory.get(await driver(session), tenant_id, name)

    async def _try(
        self,
        known: KnownIntegration,
        connection: Connection,
        checked: Checked,
        *,
        is_tested: bool,
        tokens: Mapping[str, Any] | None = None,
    ) -> Tried:
        """Try a connection, with tokens that it is given for it where it needs some."""
        auth, tokens = checked.auth, tokens or {}
        access_token: str | None = tokens.get("accessToken")
        given: Tokens | None = None
        if isinstance(auth, OAuth2):
            if access_token is None and needs_person(auth, {**checked.credentials, **checked.config}):
                return Tried(Trial("UNAUTHORIZED", NOT_YET))
            if is_tested and (access_token is None or is_expired(connection)):
                form = renewal(auth, checked.config, {**checked.credentials, **tokens}, connection.scopes)
                if form is None:
                    return Tried(Trial("UNAUTHORIZED", EXPIRED))
                try:
                    given = await fetch_tokens(auth, checked.config, checked.credentials, form, self._keeping.http)
                except ActionError as error:
                    return Tried(refused(error, checked.auth, checked.credentials))
                # the one that there is goes on working where no other was given (RFC 6749, section 6)
                given = replace(given, refresh_token=given.refresh_token or tokens.get("refreshToken"))
                access_token = given.access_token
        if not is_tested:
            return Tried(Trial("UNTESTED"))
        trial = await attempt(known, self._keeping.opened(known, connection, auth, checked.credentials, access_token))
        if given is not None and trial.status == "UNTESTED":
            trial = Trial("READY")
        return Tried(trial, given)

    @asynccontextmanager
    async def changing(
        self, caller: Caller, connection_id: UUID, action: str, before: dict[str, Any] | None = None
    ) -> AsyncGenerator[tuple[AsyncSession, Connection]]:
        """A transaction in which a connection is changed, the audit log told, and waiting steps go on."""
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.begin_change(session, caller.tenant_id)
            connection = await existing(session, caller, connection_id, lock=True)
            await self.require(caller, connection)
            before = before or facts(connection)
            yield session, connection
            await renewed(session, connection)
            await record(session, action, "connection", connection.id, before=before, after=facts(connection))
        self.hint()


async def renewed(session: AsyncSession, connection: Connection) -> None:
    """Store what was changed of a connection, and let steps go on that wait for it where it can be used."""
    connection.etag += 1
    connection.updated_at = func.now()
    await session.flush()
    await session.refresh(connection)
    if connection.is_active and connection.status != "UNAUTHORIZED":
        await wake_held(session, connection.tenant_id, connection.id)


def note(connection: Connection, trial: Trial, *, is_tested: bool) -> None:
    """Say of a connection what came of trying it. Whoever did knows: nobody is written to."""
    connection.status, connection.status_detail = trial.status, trial.detail
    connection.told_at = func.now() if trial.status == "UNAUTHORIZED" else None
    if is_tested:
        connection.tested_at = func.now()


async def existing(
    session: AsyncSession,
    caller: Caller,
    connection_id: UUID,
    expected_etag: str | None = None,
    *,
    lock: bool = False,
) -> Connection:
    """A connection that must be there, the tenant's or the caller's own.

    Raises:
        ConnectionNotFound, ConnectionChanged: there is none of this id, or not in this state.
    """
    connection = await repository.get(session, caller.tenant_id, connection_id, lock=lock)
    if connection is None or connection.owner_user_id not in (None, person_of(caller)):
        raise ConnectionNotFound
    if expected_etag is not None and expected_etag != str(connection.etag):
        raise ConnectionChanged
    return connection


def person_of(caller: Caller) -> UUID | None:
    """The caller's id where they can have connections of their own: members can."""
    return caller.id if caller.kind == "user" else None


def facts(connection: Connection) -> dict[str, Any]:
    """What the audit log may know."""
    return {
        "integration": connection.integration,
        "name": connection.name,
        "userId": None if connection.owner_user_id is None else str(connection.owner_user_id),
        "authType": connection.auth_type,
        "config": connection.config,
        "scopes": connection.scopes,
        "isDefault": connection.is_default,
        "isActive": connection.is_active,
        "status": connection.status,
        "limits": connection.limits,
    }


def _tenant(caller: Caller) -> Resource:
    return Resource(type="Tenant", id=str(caller.tenant_id))


def _changed(
    known: KnownIntegration, connection: Connection, change: ConnectionChange, kept: Mapping[str, Any]
) -> tuple[Checked, bool]:
    """What a connection is to be, and whether it leads elsewhere."""
    config = change.config if "config" in change.fields else connection.config
    auth_type = change.auth_type if "auth_type" in change.fields else connection.auth_type
    given: Mapping[str, Any] = change.credentials if "credentials" in change.fields else {}
    merged = {name: value for name, value in {**kept, **given}.items() if value is not None}
    if auth_type != connection.auth_type:
        return check(known, auth_type, config, {name: each for name, each in given.items() if each is not None}), True
    checked = check(known, auth_type, config, merged)
    was = targets(known, checked.auth, connection.config, kept)
    if was == targets(known, checked.auth, checked.config, checked.credentials) or not kept:
        return checked, False
    if missing := sorted(kept.keys() - given.keys()):
        message = "The connection leads elsewhere now: enter its credentials anew."
        raise InvalidConnection([FieldError(f"/credentials/{name}", message, "required") for name in missing])
    return checked, True


def _with(connection: Connection, change: ConnectionChange, checked: Checked) -> Connection:
    """The connection as it is to be, of which the database knows nothing."""

    def value(name: str) -> Any:
        return getattr(change if name in change.fields else connection, name)

    return Connection(
        tenant_id=connection.tenant_id,
        id=connection.id,
        integration=connection.integration,
        name=value("name"),
        auth_type=checked.auth.type,
        config=checked.config,
        scopes=list(value("scopes")),
        is_default=value("is_default"),
        limits=dict(value("limits")),
    )


def is_expired(connection: Connection) -> bool:
    """Whether a connection's access token is of no use any more."""
    return connection.token_expires_at is not None and connection.token_expires_at <= datetime.now(UTC)


async def _shown(session: AsyncSession, connection: Connection) -> Shown:
    states = await repository.states(session, connection.tenant_id, [connection.id])
    return Shown(connection, states.get(connection.id))


async def _check_room(session: AsyncSession, tenant_id: UUID, owner: UUID | None, name: str) -> None:
    await _check_free(session, tenant_id, owner, name)
    if await repository.count(session, tenant_id) >= MAX_CONNECTIONS:
        raise TooManyConnections(MAX_CONNECTIONS)


async def _check_free(session: AsyncSession, tenant_id: UUID, owner: UUID | None, name: str) -> None:
    if await repository.by_name(session, tenant_id, owner, name) is not None:
        raise ConnectionExists(name)


async def _check_unused(session: AsyncSession, connection: Connection) -> None:
    if found := await repository.workflows_naming(session, connection.tenant_id, connection.name, limit=NAMED):
        raise ConnectionInUse(connection.name, found)
