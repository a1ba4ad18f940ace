"""What people see and change of their own accounts: profile, address, sessions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text

from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.identity.addresses import checked_address
from weftline.features.identity.errors import ProfileChanged, SessionNotFound
from weftline.features.identity.models import SessionRow, User
from weftline.features.identity.person import SignedInPerson
from weftline.features.identity.proofs import Proofs
from weftline.features.identity.registration import Registrations
from weftline.features.identity.sessions import Sessions
from weftline.features.tenancy.models import Tenant

SESSIONS = Ordering(
    SortKey("createdAt", SessionRow.created_at, datetime),
    SortKey("lastUsedAt", SessionRow.last_used_at, datetime),
    SortKey("expiresAt", SessionRow.expires_at, datetime),
    tie=SortKey("id", SessionRow.id, UUID),
    default="-createdAt",
)

_OWN = text("SELECT id FROM sessions WHERE id = :id AND user_id = :user FOR UPDATE")

CHANGEABLE = ("name", "language", "time_zone", "preferences")


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not ended.

    Attributes:
        id: its id.
        address, user_agent: where it was opened.
        methods: how the person proved who they are.
        created_at, last_used_at, expires_at: times; it was used when it was last refreshed.
        tenant: slug of the tenant signed in to.
    """

    id: UUID
    address: str | None
    user_agent: str | None
    methods: Sequence[str]
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    tenant: str | None


class Profiles:
    """Shows people their accounts, and changes them.

    Args:
        identity: under the role that signs people in.
        sessions: ends them.
        proofs: asks for the password.
        registrations: confirms a new address.
    """

    def __init__(self, identity: Database, sessions: Sessions, proofs: Proofs, registrations: Registrations) -> None:
        self._identity = identity
        self._sessions = sessions
        self._proofs = proofs
        self._registrations = registrations

    async def change(
        self, person: SignedInPerson, changes: Mapping[str, Any], *, expected_etag: str | None = None
    ) -> User:
        """Change the profile.

        Args:
            person: whose.
            changes: new values of some of ``CHANGEABLE``; what ``preferences`` does not name stays.
            expected_etag: change it only if it is still in this state.

        Raises:
            ProfileChanged: it is not.
        """
        async with self._identity.unbound() as session:
            user = await session.get_one(User, person.id, with_for_update=True)
            if expected_etag is not None and expected_etag != str(user.etag):
                raise ProfileChanged
            before = {name: getattr(user, name) for name in changes}
            for name, value in changes.items():
                assert name in CHANGEABLE, name
                setattr(user, name, _merged(user.preferences, value) if name == "preferences" else value)
            after = {name: getattr(user, name) for name in changes}
            if after != before:
                user.etag += 1
                await session.flush()
                await session.refresh(user)
                await record(session, "profile.changed", "user", person.id, before=before, after=after)
        return user

    async def request_address(self, person: SignedInPerson, email: str, password: str, code: str | None) -> None:
        """Ask for another e-mail address: it is changed when the new mailbox confirms it.

        Raises:
            InvalidAddress: it is none.
            ProofRefused, TooManyTries: see ``Proofs``.
        """
        address = checked_address(email)
        await self._proofs.everything(person, password, code)
        async with self._identity.unbound() as session:
            user = await session.get_one(User, person.id)
            await self._registrations.request_address(session, person.id, user.name, address)
            await record(session, "email.change_requested", "user", person.id, after={"email": address})

    async def list_sessions(self, person: SignedInPerson, window: Window) -> Sequence[OpenSession]:
        """Sessions that have not ended.

        Args:
            person: whose.
            window: which part of them, in which order.
        """
        statement = (
            select(
                SessionRow.id,
                SessionRow.address,
                SessionRow.user_agent,
                SessionRow.methods,
                SessionRow.created_at,
                SessionRow.last_used_at,
                SessionRow.expires_at,
                Tenant.slug,
            )
            .outerjoin(Tenant, Tenant.id == SessionRow.active_tenant)
            .where(SessionRow.user_id == person.id, SessionRow.ended_at.is_(None), SessionRow.expires_at > func.now())
        )
        async with self._identity.unbound() as session:
            rows = (await session.execute(window.of(statement))).all()
        return [OpenSession(*row) for row in rows]

    async def end_session(self, person: SignedInPerson, session_id: UUID) -> None:
        """End one of the person's sessions.

        Raises:
            SessionNotFound: they have none such, or it has ended.
        """
        async with self._identity.unbound() as session:
            own = (await session.scalars(_OWN, {"id": session_id, "user": person.id})).one_or_none()
            if own is None or not await self._sessions.end(session, session_id, "ended by its owner"):
                raise SessionNotFound

    async def end_others(self, person: SignedInPerson) -> int:
        """End every session but the current one; returns how many."""
        async with self._identity.unbound() as session:
            ended = await self._sessions.end_all(session, person.id, "ended by its owner", spared=person.session_id)
            await record(session, "sessions.ended", "user", person.id, after={"sessions": len(ended)})
        return len(ended)


def _merged(preferences: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    notifications = {**preferences.get("notifications", {}), **changes.get("notifications", {})}
    return {**preferences, **changes, "notifications": notifications}
