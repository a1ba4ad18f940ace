"""What can be done with service accounts."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.grants import repository as grants
from weftline.features.access.grants.models import SubjectType
from weftline.features.access.lock import lock_access
from weftline.features.access.revocations import revoke
from weftline.features.access.roles.giving import check_gift, check_roles, rules_now
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.keys.errors import (
    OwnAccount,
    ServiceAccountChanged,
    ServiceAccountNameTaken,
    ServiceAccountNotFound,
)
from weftline.features.keys.models import ServiceAccount, ServiceAccountStatus
from weftline.model.ids import uuid7


@dataclass(frozen=True, slots=True)
class ServiceAccountDraft:
    """What somebody wants a service account to be.

    Attributes:
        name: unique within the tenant.
        description: what it is for.
        roles: its.
        status: whether its keys count.
    """

    name: str
    description: str | None
    roles: tuple[str, ...]
    status: ServiceAccountStatus


ORDER = Ordering(
    SortKey("createdAt", ServiceAccount.created_at, datetime),
    SortKey("updatedAt", ServiceAccount.updated_at, datetime),
    SortKey("name", ServiceAccount.name),
    tie=SortKey("id", ServiceAccount.id, UUID),
    default="createdAt",
)


class ServiceAccountService:
    """Making, finding, changing and removing service accounts.

    Args:
        database: where they are.
        cache: what follows from them.
    """

    def __init__(self, database: Database, cache: AccessCache) -> None:
        self._database = database
        self._cache = cache

    async def list(self, tenant_id: UUID, window: Window) -> Sequence[ServiceAccount]:
        """A part of the service accounts."""
        statement = select(ServiceAccount).where(ServiceAccount.tenant_id == tenant_id)
        async with self._database.transaction(tenant_id) as session:
            return (await session.scalars(window.of(statement))).all()

    async def get(self, tenant_id: UUID, account_id: UUID) -> ServiceAccount:
        """A service account.

        Raises:
            ServiceAccountNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, account_id)

    async def create(self, caller: Caller, draft: ServiceAccountDraft) -> ServiceAccount:
        """Make a service account.

        Raises:
            ServiceAccountNameTaken: another one has its name.
            UnknownNames: there is no such role.
            BeyondOwnAuthority: it would have what the caller does not have.
        """
        account = ServiceAccount(tenant_id=caller.tenant_id, id=uuid7(), roles=[])
        async with self._changing(caller, account.id) as session:
            await self._fill(session, caller, account, draft)
            session.add(account)
            await session.flush()
            await session.refresh(account)
            await record(session, "service_account.created", "service_account", account.id, after=_told(account))
        return account

    async def replace(
        self, caller: Caller, account_id: UUID, draft: ServiceAccountDraft, *, expected_etag: str | None = None
    ) -> ServiceAccount:
        """Change a service account.

        Args:
            caller: who changes it.
            account_id: which.
            draft: what it becomes.
            expected_etag: change it only if it is still in this state.

        Raises:
            ServiceAccountNotFound, ServiceAccountChanged: there is none of this id, or not in the expected state.
            OwnAccount: it is the caller.
            ServiceAccountNameTaken, UnknownNames: it cannot become this.
            BeyondOwnAuthority: it has what the caller does not have, or would.
        """
        async with self._changing(caller, account_id) as session:
            account = await _existing(session, caller.tenant_id, account_id, expected_etag)
            await self._check_gift(session, caller, account)
            before = _told(account)
            await self._fill(session, caller, account, draft)
            account.etag += 1
            account.updated_at = func.now()
            await session.flush()
            await session.refresh(account)
            await record(
                session,
                "service_account.changed",
                "service_account",
                account_id,
                before=before,
                after=_told(account),
            )
        return account

    async def remove(self, caller: Caller, account_id: UUID, *, expected_etag: str | None = None) -> ServiceAccount:
        """Remove a service account with its keys and grants, and return what it was.

        Raises:
            ServiceAccountNotFound, ServiceAccountChanged: there is none of this id, or not in the expected state.
            OwnAccount: it is the caller.
            BeyondOwnAuthority: it has what the caller does not have.
        """
        async with self._changing(caller, account_id) as session:
            account = await _existing(session, caller.tenant_id, account_id, expected_etag)
            await self._check_gift(session, caller, account)
            await grants.drop_subject(session, caller.tenant_id, SubjectType.SERVICE_ACCOUNT, str(account_id))
            await session.delete(account)
            await session.flush()
            await record(session, "service_account.removed", "service_account", account_id, before=_told(account))
        return account

    @asynccontextmanager
    async def _changing(self, caller: Caller, account_id: UUID) -> AsyncGenerator[AsyncSession]:
        """A transaction that changes what a service account may do."""
        if caller.id == account_id:
            raise OwnAccount
        async with self._database.transaction(caller.tenant_id) as session:
            await lock_access(session, caller.tenant_id)
            # like a person, it is read anew
            await revoke(session, "user", account_id)
            yield session
        self._cache.forget("user", account_id)

    async def _fill(
        self, session: AsyncSession, caller: Caller, account: ServiceAccount, draft: ServiceAccountDraft
    ) -> None:
        taken = select(ServiceAccount.id).where(
            ServiceAccount.tenant_id == caller.tenant_id,
            ServiceAccount.name == draft.name,
            ServiceAccount.id != account.id,
        )
        if (await session.scalars(taken)).first() is not None:
            raise ServiceAccountNameTaken(draft.name)
        rules = await rules_now(session, self._cache, caller.tenant_id)
        check_roles(rules, [role for role in draft.roles if role not in account.roles])
        await check_gift(session, rules, caller, draft.roles)
        account.name = draft.name
        account.description = draft.description
        account.roles = sorted(set(draft.roles))
        account.status = draft.status.value

    async def _check_gift(self, session: AsyncSession, caller: Caller, account: ServiceAccount) -> None:
        """Insist that the caller has all that the account has: they could give themselves a key of it."""
        rules = await rules_now(session, self._cache, caller.tenant_id)
        subject = (SubjectType.SERVICE_ACCOUNT.value, str(account.id))
        await check_gift(session, rules, caller, account.roles, [subject])


async def _existing(
    session: AsyncSession, tenant_id: UUID, account_id: UUID, expected_etag: str | None = None
) -> ServiceAccount:
    account = await session.get(ServiceAccount, (tenant_id, account_id))
    if account is None:
        raise ServiceAccountNotFound
    if expected_etag is not None and expected_etag != str(account.etag):
        raise ServiceAccountChanged
    return account


def _told(account: ServiceAccount) -> dict[str, Any]:
    """The service account as the audit log keeps it."""
    return {
        "name": account.name,
        "description": account.description,
        "roles": account.roles,
        "status": account.status,
    }
