"""People's accounts."""

from __future__ import annotations

from dataclasses import dataclass
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.permissions import ADMIN
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.identity.addresses import checked_address
from weftline.features.identity.models import Membership, User
from weftline.features.identity.passwords import Passwords
from weftline.model.ids import DEFAULT_TENANT, uuid7

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('weftline.first_administrator'))")
_OPERATOR = text("INSERT INTO platform_operators (user_id) VALUES (:user)")
CREDENTIAL = text("INSERT INTO credentials (user_id, password_hash) VALUES (:user, :hash)")
# scope: all tenants, because a person may belong to several, and the query names the person
_TENANTS = text("SELECT tenant_id FROM memberships WHERE user_id = :user AND status <> 'disabled' ORDER BY tenant_id")


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """The account that a new platform begins with.

    Attributes:
        email: its address.
        password: the one that was made up for it; None where one was given.
    """

    email: str
    password: str | None


async def tenants_of(session: AsyncSession, user_id: UUID) -> list[UUID]:
    """The tenants that somebody belongs to, or is invited to.

    Args:
        session: under the role that signs people in.
        user_id: whose.
    """
    return list(await session.scalars(_TENANTS, {"user": user_id}))


class Accounts:
    """Finds and makes accounts.

    Args:
        identity: under the role that signs people in.
        passwords: hashes theirs.
    """

    def __init__(self, identity: Database, passwords: Passwords) -> None:
        self._identity = identity
        self._passwords = passwords

    async def get(self, user_id: UUID) -> User | None:
        """A person."""
        async with self._identity.unbound() as session:
            return await session.get(User, user_id)

    async def create_first(self, email: str, password: str | None) -> FirstAdministrator | None:
        """Make the first account: administrator of the default tenant and operator of the platform.

        Args:
            email: its address.
            password: its password; one is made up where None.

        Returns:
            None where there is an account already.

        Raises:
            InvalidAddress: ``email`` is no address.
        """
        address = checked_address(email)
        made_up = token_urlsafe(18) if password is None else None
        async with self._identity.unbound() as session:
            await session.execute(_LOCK)
            if (await session.scalars(select(func.count()).select_from(User))).one():
                return None
            user_id = uuid7()
            hashed = await self._passwords.hash(password or made_up or "")
            session.add(User(id=user_id, email=address, name="Administrator", status="active"))
            await session.flush()
            await session.execute(CREDENTIAL, {"user": user_id, "hash": hashed})
            session.add(Membership(tenant_id=DEFAULT_TENANT, user_id=user_id, roles=[ADMIN], status="active"))
            await session.flush()
            await session.execute(_OPERATOR, {"user": user_id})
            await record(session, "user.created", "user", user_id, after={"email": address}, tenant_id=PLATFORM)
        return FirstAdministrator(address, made_up)
