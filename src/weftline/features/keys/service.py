"""What can be done with API keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Authority, Caller
from weftline.features.access.lock import lock_access
from weftline.features.access.revocations import revoke
from weftline.features.access.roles.errors import BeyondOwnAuthority
from weftline.features.access.roles.giving import check_gift, check_permissions, rules_now
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.conditional import fingerprint, require_state
from weftline.features.http.listing import Window
from weftline.features.identity.keys import key_hash, new_key
from weftline.features.keys import repository
from weftline.features.keys.errors import (
    InvalidExpiry,
    KeyNotFound,
    KeysMakeNoKeys,
    MembersOnly,
    ServiceAccountNotFound,
    TooManyKeys,
)
from weftline.features.keys.models import ApiKey, ServiceAccount
from weftline.features.keys.permissions import MANAGE
from weftline.features.keys.repository import Owner
from weftline.model.ids import uuid7

MAX_KEYS = 50
"""Of one owner, that count."""

HINT_LENGTH = 4
"""Characters of a key's end that are kept, to tell keys apart."""


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A key that is to be.

    Attributes:
        name: for people.
        scopes: permissions that it has of its owner's; None: all of them.
        expires_at: None: as late as the tenant allows, or never.
        service_account_id: whose it is; None: the caller's own.
    """

    name: str
    scopes: tuple[str, ...] | None
    expires_at: datetime | None
    service_account_id: UUID | None


class NewKey(NamedTuple):
    """A new key, and its text, which is shown this once."""

    row: ApiKey
    text: str


class KeyService:
    """Making, finding and revoking API keys.

    Args:
        database: where they are.
        cache: what is known of them.
    """

    def __init__(self, database: Database, cache: AccessCache) -> None:
        self._database = database
        self._cache = cache

    async def list(
        self, caller: Caller, window: Window, *, service_account_id: UUID | None, everybody: bool
    ) -> Sequence[ApiKey]:
        """Keys that were not revoked.

        Args:
            caller: who asks; without ``key:manage``, only their own are shown.
            window: which part of them, in which order.
            service_account_id: only those of this service account.
            everybody: those of everybody, not only the caller's own.
        """
        owner = Owner(service_account_id=service_account_id)
        if not caller.can(MANAGE) or (service_account_id is None and not everybody):
            owner = _own(caller)
        async with self._database.transaction(caller.tenant_id) as session:
            return await repository.list_keys(session, caller.tenant_id, owner, window)

    async def get(self, caller: Caller, key_id: UUID) -> ApiKey:
        """A key.

        Raises:
            KeyNotFound: there is none of this id, or it is not for the caller to see.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            return await _existing(session, caller, key_id)

    async def create(self, caller: Caller, draft: KeyDraft) -> NewKey:
        """Make a key.

        Raises:
            KeysMakeNoKeys: the caller came with a key that may not.
            MembersOnly: the caller is no member, and names no service account.
            ServiceAccountNotFound: there is none such, or the caller may not give it keys.
            UnknownNames, InvalidExpiry: it cannot be like this.
            BeyondOwnAuthority: it would do what the caller may not.
            TooManyKeys: its owner has enough.
        """
        if caller.key_id is not None and not caller.can(MANAGE):
            raise KeysMakeNoKeys
        if draft.scopes is not None:
            check_permissions(draft.scopes, "/scopes")
        tenant_id = caller.tenant_id
        text = new_key(tenant_id)
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            if draft.service_account_id is None:
                owner = _own(caller)
                if caller.kind not in ("user", "service") or tenant_id == PLATFORM:
                    raise MembersOnly
            else:
                owner = Owner(service_account_id=draft.service_account_id)
                await self._check_account(session, caller, draft.service_account_id)
            if await repository.count_valid(session, tenant_id, owner) >= MAX_KEYS:
                raise TooManyKeys(MAX_KEYS)
            row = ApiKey(
                tenant_id=tenant_id,
                id=uuid7(),
                name=draft.name,
                hint=text[-HINT_LENGTH:],
                key_hash=key_hash(text),
                user_id=owner.user_id,
                service_account_id=owner.service_account_id,
                scopes=_scopes(caller, draft),
                created_by=caller.id,
                expires_at=await self._expiry(tenant_id, draft.expires_at),
            )
            session.add(row)
            await session.flush()
            await session.refresh(row)
            await record(session, "api_key.created", "api_key", row.id, after=_told(row))
        return NewKey(row, text)

    async def remove(self, caller: Caller, key_id: UUID, *, expected_etag: str | None = None) -> ApiKey:
        """Revoke a key, at once and for good.

        Args:
            caller: who revokes it.
            key_id: which.
            expected_etag: only if it is still in this state, see :func:`state_of`.

        Raises:
            KeyNotFound: there is none of this id, or it is not for the caller to revoke.
            PreconditionFailed: it is not in the expected state.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            row = await _existing(session, caller, key_id)
            require_state(expected_etag, state_of(row), "The API key")
            row.revoked_at = func.now()
            await session.flush()
            await session.refresh(row)
            await revoke(session, "key", key_id)
            await record(session, "api_key.revoked", "api_key", key_id, before=_told(row))
        self._cache.forget("key", key_id)
        return row

    async def _check_account(self, session: AsyncSession, caller: Caller, account_id: UUID) -> None:
        """Let the caller make keys of a service account: whoever has one may do what it may."""
        account = await session.get(ServiceAccount, (caller.tenant_id, account_id)) if caller.can(MANAGE) else None
        if account is None:
            raise ServiceAccountNotFound
        rules = await rules_now(session, self._cache, caller.tenant_id)
        await check_gift(session, rules, caller, account.roles, [("service_account", str(account_id))])

    async def _expiry(self, tenant_id: UUID, wanted: datetime | None) -> datetime | None:
        now = datetime.now(UTC)
        if wanted is not None and wanted <= now:
            raise InvalidExpiry("must be in the future")
        rules = await self._cache.rules(tenant_id)
        days = None if rules is None else rules.configuration.security.api_key_max_days
        if days is None:
            return wanted
        latest = now + timedelta(days=days)
        if wanted is not None and wanted > latest:
            raise InvalidExpiry(f"must be within {days} days: your tenant wants it so")
        return wanted or latest


def state_of(row: ApiKey) -> str:
    """A key's state. Of a key that was not revoked nothing changes but when it was last used."""
    return fingerprint(row.last_used_at)


def _own(caller: Caller) -> Owner:
    return Owner(service_account_id=caller.id) if caller.kind == "service" else Owner(user_id=caller.id)


def _scopes(caller: Caller, draft: KeyDraft) -> list[str] | None:
    """The scopes of a new key: none that the caller does not have."""
    held = _held(caller.authority)
    if draft.scopes is None:
        # without scopes it would do whatever its owner may, which is more than a key with scopes may
        return None if caller.key_id is None else sorted(held)
    missing = set(draft.scopes) - held
    if missing:
        raise BeyondOwnAuthority(missing)
    return sorted(set(draft.scopes))


def _held(authority: Authority) -> frozenset[str]:
    return authority.permissions.union(*authority.on_workflows.values())


async def _existing(session: AsyncSession, caller: Caller, key_id: UUID) -> ApiKey:
    row = await repository.get(session, caller.tenant_id, key_id)
    if row is None or not (caller.can(MANAGE) or Owner(row.user_id, row.service_account_id) == _own(caller)):
        raise KeyNotFound
    return row


def _told(row: ApiKey) -> dict[str, Any]:
    """The key as the audit log keeps it."""
    return {
        "name": row.name,
        "hint": row.hint,
        "userId": row.user_id,
        "serviceAccountId": row.service_account_id,
        "scopes": row.scopes,
        "expiresAt": row.expires_at,
    }
