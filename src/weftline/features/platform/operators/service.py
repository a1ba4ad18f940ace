"""What can be done with operators."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.conditional import fingerprint
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity.models import User
from weftline.features.platform.errors import OperatorChanged, OperatorNotFound, OwnOperatorship, UnknownTenant
from weftline.features.platform.operators.models import PlatformOperator
from weftline.features.platform.reach import reach_of
from weftline.features.tenancy.models import Tenant

ORDER = Ordering(
    SortKey("createdAt", PlatformOperator.created_at, datetime),
    SortKey("email", User.email),
    SortKey("name", User.name),
    tie=SortKey("userId", PlatformOperator.user_id, UUID),
    default="createdAt",
)


class Operator(NamedTuple):
    """An operator.

    Attributes:
        row: which tenants they see.
        email, name: theirs.
    """

    row: PlatformOperator
    email: str
    name: str

    @property
    def user_id(self) -> UUID:
        """The person's id."""
        return self.row.user_id

    @property
    def tenants(self) -> list[UUID] | None:
        """Those that they see; None for all."""
        return self.row.tenants

    @property
    def created_at(self) -> datetime:
        """Since when."""
        return self.row.created_at

    @property
    def etag(self) -> str:
        """The state of all this."""
        return fingerprint(self.tenants, self.email, self.name)


class OperatorService:
    """Says who operates the platform. For operators who see every tenant.

    Args:
        operators: under the role of operators.
        cache: what follows from it.
    """

    def __init__(self, operators: Database, cache: AccessCache) -> None:
        self._operators = operators
        self._cache = cache

    async def list(self, caller: Caller, window: Window, *, reason: str) -> Sequence[Operator]:
        """A part of the operators.

        Raises:
            EveryTenantNeeded: the caller does not see every tenant.
        """
        (await reach_of(self._cache, caller)).require_all()
        statement = select(PlatformOperator, User.email, User.name).join(User, User.id == PlatformOperator.user_id)
        async with self._operators.unbound() as session:
            rows = (await session.execute(window.of(statement))).all()
            await record(session, "operator.listed", "operator", reason=reason, tenant_id=PLATFORM)
        return [Operator(*row) for row in rows]

    async def get(self, caller: Caller, user_id: UUID, *, reason: str) -> Operator:
        """An operator.

        Raises:
            EveryTenantNeeded: the caller does not see every tenant.
            OperatorNotFound: there is none of this id.
        """
        (await reach_of(self._cache, caller)).require_all()
        async with self._operators.unbound() as session:
            row = await session.get(PlatformOperator, user_id)
            if row is None:
                raise OperatorNotFound("operator")
            person = await session.get_one(User, user_id)
            await record(session, "operator.read", "user", user_id, reason=reason, tenant_id=PLATFORM)
        return Operator(row, person.email, person.name)

    async def put(
        self,
        caller: Caller,
        user_id: UUID,
        tenants: Sequence[UUID] | None,
        *,
        reason: str,
        expected_etag: str | None = None,
    ) -> Operator:
        """Make a person an operator, or say anew which tenants they see.

        Args:
            caller: who says so.
            user_id: the person.
            tenants: those that they see; None for all.
            reason: why; recorded.
            expected_etag: only if they are an operator in this state.

        Raises:
            EveryTenantNeeded: the caller does not see every tenant.
            OwnOperatorship: it is the caller.
            OperatorNotFound: there is no such person.
            OperatorChanged: they are not in the expected state.
            UnknownTenant: there is no such tenant.
        """
        await self._check(caller, user_id)
        async with self._operators.unbound() as session:
            person = await session.get(User, user_id)
            if person is None:
                raise OperatorNotFound("person")
            await _check_tenants(session, tenants or ())
            row = await session.get(PlatformOperator, user_id, with_for_update=True)
            _check_etag(None if row is None else Operator(row, person.email, person.name), expected_etag)
            before = None if row is None else _told(row)
            if row is None:
                row = PlatformOperator(user_id=user_id)
                session.add(row)
            row.tenants = None if tenants is None else sorted(set(tenants))
            await session.flush()
            await session.refresh(row)
            await revoke(session, "user", user_id)
            action = "operator.appointed" if before is None else "operator.changed"
            await record(
                session, action, "user", user_id, before=before, after=_told(row), reason=reason, tenant_id=PLATFORM
            )
        self._cache.forget("user", user_id)
        return Operator(row, person.email, person.name)

    async def remove(self, caller: Caller, user_id: UUID, *, reason: str, expected_etag: str | None = None) -> Operator:
        """Let a person be an operator no more, and return what they were.

        Raises:
            EveryTenantNeeded: the caller does not see every tenant.
            OwnOperatorship: it is the caller.
            OperatorNotFound: they are none.
            OperatorChanged: they are not in the expected state.
        """
        await self._check(caller, user_id)
        async with self._operators.unbound() as session:
            row = await session.get(PlatformOperator, user_id, with_for_update=True)
            if row is None:
                raise OperatorNotFound("operator")
            person = await session.get_one(User, user_id)
            operator = Operator(row, person.email, person.name)
            _check_etag(operator, expected_etag)
            await session.delete(row)
            await session.flush()
            await revoke(session, "user", user_id)
            await record(
                session, "operator.removed", "user", user_id, before=_told(row), reason=reason, tenant_id=PLATFORM
            )
        self._cache.forget("user", user_id)
        return operator

    async def _check(self, caller: Caller, user_id: UUID) -> None:
        (await reach_of(self._cache, caller)).require_all()
        # so there is always one left
        if caller.id == user_id:
            raise OwnOperatorship


def _check_etag(operator: Operator | None, expected_etag: str | None) -> None:
    if expected_etag is not None and (operator is None or operator.etag != expected_etag):
        raise OperatorChanged


async def _check_tenants(session: AsyncSession, tenants: Sequence[UUID]) -> None:
    known = set(await session.scalars(select(Tenant.id).where(Tenant.id.in_(tenants))))
    for place, tenant_id in enumerate(tenants):
        if tenant_id not in known:
            raise UnknownTenant(place, tenant_id)


def _told(row: PlatformOperator) -> dict[str, Any]:
    """The operator as the audit log keeps it."""
    return {"tenants": row.tenants}
