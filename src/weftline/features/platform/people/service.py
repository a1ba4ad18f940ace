"""What operators can do with people's accounts."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity import one_time
from weftline.features.identity.addresses import normal_address
from weftline.features.identity.models import User
from weftline.features.identity.sessions import Sessions
from weftline.features.platform.errors import OperatorNotFound, OwnOperatorship
from weftline.features.platform.reach import reach_of

DISABLED = "disabled"

ORDER = Ordering(
    # ids are in the order in which accounts were made, and have the index
    SortKey("createdAt", User.id, UUID),
    SortKey("email", User.email),
    tie=SortKey("id", User.id, UUID),
    default="createdAt",
)


class PeopleService:
    """Sees to people's accounts. For operators who see every tenant.

    Args:
        identity: under the role that signs people in.
        cache: what people may do.
        sessions: ends theirs.
    """

    def __init__(self, identity: Database, cache: AccessCache, sessions: Sessions) -> None:
        self._identity = identity
        self._cache = cache
        self._sessions = sessions

    async def list(self, caller: Caller, window: Window, *, reason: str, email: str | None = None) -> Sequence[User]:
        """People of all tenants, or who has an e-mail address.

        Raises:
            EveryTenantNeeded: the caller does not see every tenant.
        """
        (await reach_of(self._cache, caller)).require_all()
        statement = select(User)
        if email is not None:
            statement = statement.where(User.email == normal_address(email))
        async with self._identity.unbound() as session:
            found = (await session.scalars(window.of(statement))).all()
            await record(session, "user.listed", "user", reason=reason, tenant_id=PLATFORM)
        return found

    async def disable(self, caller: Caller, user_id: UUID, *, reason: str) -> User:
        """Keep a person out of every tenant, from now on: their sessions end, and so does what was mailed to them.

        Raises:
            EveryTenantNeeded: the caller does not see every tenant.
            OwnOperatorship: it is the caller.
            OperatorNotFound: there is no such person.
        """
        return await self._set_status(caller, user_id, DISABLED, reason)

    async def enable(self, caller: Caller, user_id: UUID, *, reason: str) -> User:
        """Let a person in again; raises like :meth:`disable`."""
        return await self._set_status(caller, user_id, "active", reason)

    async def end_sessions(self, caller: Caller, user_id: UUID, *, reason: str) -> int:
        """Sign a person out everywhere; returns how many sessions ended. Raises like :meth:`disable`."""
        (await reach_of(self._cache, caller)).require_all()
        async with self._identity.unbound() as session:
            await self._person(session, user_id)
            ended = await self._sessions.end_all(session, user_id, "ended by an operator")
            after = {"sessions": len(ended)}
            await record(session, "user.signed_out", "user", user_id, after=after, reason=reason, tenant_id=PLATFORM)
        return len(ended)

    async def _set_status(self, caller: Caller, user_id: UUID, status: str, reason: str) -> User:
        (await reach_of(self._cache, caller)).require_all()
        if caller.id == user_id:
            raise OwnOperatorship
        async with self._identity.unbound() as session:
            person = await self._person(session, user_id)
            if person.status == status:
                return person
            before, person.status = person.status, status
            person.etag += 1
            person.updated_at = func.now()
            await session.flush()
            await session.refresh(person)
            if status == DISABLED:
                await one_time.void(session, user_id, "change_email", "reset_password", "invitation", "second_step")
                await self._sessions.end_all(session, user_id, "the account was disabled")
            await revoke(session, "user", user_id)
            await record(
                session,
                "user.disabled" if status == DISABLED else "user.enabled",
                "user",
                user_id,
                before={"status": before},
                after={"status": status},
                reason=reason,
                tenant_id=PLATFORM,
            )
        self._cache.forget("user", user_id)
        return person

    async def _person(self, session: AsyncSession, user_id: UUID) -> User:
        person = await session.get(User, user_id, with_for_update=True)
        if person is None:
            raise OperatorNotFound("person")
        return person
