"""How people come to belong to a tenant: invited by mail, or with a password that an operator gives them.

An account is not one tenant's alone, so no tenant gives passwords, or learns whether an address has an account
already: everybody is invited alike, and belongs to the tenant once they accept.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.identity import one_time
from weftline.features.identity.addresses import checked_address
from weftline.features.identity.invitations import Invitations
from weftline.features.identity.models import Membership
from weftline.features.identity.password_policy import PasswordPolicy
from weftline.features.identity.passwords import Passwords
from weftline.features.members.errors import MemberExists, TooManyInvitations
from weftline.features.members.repository import MemberStatus
from weftline.model.ids import uuid7

_ADD = text("INSERT INTO users (id, email, name) VALUES (:id, :email, :name) ON CONFLICT (email) DO NOTHING")
_USER = text("SELECT id FROM users WHERE email = :email")
# whoever has a password keeps it
_FIRST_PASSWORD = text(
    """
    WITH added AS (
        INSERT INTO credentials (user_id, password_hash) VALUES (:user, :hash) ON CONFLICT DO NOTHING RETURNING user_id
    )
    UPDATE users SET email_verified_at = coalesce(email_verified_at, now())
    WHERE id IN (SELECT user_id FROM added)
    """
)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody who is to belong to a tenant.

    Attributes:
        email: their address.
        name: what a new account is called until its owner says.
        roles: theirs in the tenant; checked by the caller.
        department: where they work.
        password: for an account that has none; None: they are invited by mail.
    """

    email: str
    name: str | None = None
    roles: tuple[str, ...] = ()
    department: str | None = None
    password: str | None = None


class Joining:
    """Lets people join tenants.

    Args:
        passwords: hashes theirs.
        policy: refuses weak ones.
        invitations: sends them.
    """

    def __init__(self, passwords: Passwords, policy: PasswordPolicy, invitations: Invitations) -> None:
        self._passwords = passwords
        self._policy = policy
        self._invitations = invitations

    async def hashed(self, newcomer: Newcomer, pointer: str, tenant_id: UUID | None = None) -> str | None:
        """The hash of the password that they are given; None where they are given none.

        Apart from the transaction, for it takes its time.

        Args:
            newcomer: who.
            pointer: where the password stands in the request.
            tenant_id: which tenant has a say about it; None for one that is just being made.

        Raises:
            WeakPassword: it is too easy to guess.
        """
        if newcomer.password is None:
            return None
        words = [newcomer.email, newcomer.name or ""]
        tenants = [] if tenant_id is None else [tenant_id]
        await self._policy.check(newcomer.password, pointer, words=words, tenants=tenants)
        return await self._passwords.hash(newcomer.password)

    async def add(
        self,
        session: AsyncSession,
        newcomer: Newcomer,
        hashed: str | None,
        *,
        tenant_id: UUID,
        tenant_name: str,
        inviter: str,
    ) -> Membership:
        """Add somebody to a tenant, within a transaction under ``weft_identity``. The caller records it.

        Args:
            session: the transaction.
            newcomer: who.
            hashed: what :meth:`hashed` made of their password.
            tenant_id, tenant_name: where.
            inviter: who invites them, as the message says it.

        Raises:
            InvalidAddress: their address is none.
            MemberExists: they belong to it, or are invited.
            TooManyInvitations: the address was sent several within the hour.
        """
        address = checked_address(newcomer.email)
        if hashed is None:
            await _check_mailbox(session, address)
            user_id = await self._invitations.invite(
                session, address, tenant_id=tenant_id, tenant_name=tenant_name, inviter=inviter, name=newcomer.name
            )
        else:
            user_id = await _account(session, address, newcomer.name, hashed)
        statement = (
            insert(Membership)
            .values(
                tenant_id=tenant_id,
                user_id=user_id,
                roles=sorted(set(newcomer.roles)),
                department=newcomer.department,
                status=(MemberStatus.INVITED if hashed is None else MemberStatus.ACTIVE).value,
            )
            .on_conflict_do_nothing()
            .returning(Membership)
        )
        membership = (await session.scalars(statement)).one_or_none()
        if membership is None:
            raise MemberExists
        return membership

    async def invite_again(
        self, session: AsyncSession, user_id: UUID, email: str, *, tenant_id: UUID, tenant_name: str, inviter: str
    ) -> None:
        """Send an invitation anew; see :meth:`add`.

        Raises:
            TooManyInvitations: the address was sent several within the hour.
        """
        if not await one_time.may_mail(session, "invitation", user_id=user_id):
            raise TooManyInvitations
        await self._invitations.invite(session, email, tenant_id=tenant_id, tenant_name=tenant_name, inviter=inviter)


async def _check_mailbox(session: AsyncSession, email: str) -> None:
    """See that nobody is flooded by being invited and removed in turns.

    Raises:
        TooManyInvitations: the address was sent several within the hour.
    """
    user_id = (await session.scalars(_USER, {"email": email})).one_or_none()
    if user_id is not None and not await one_time.may_mail(session, "invitation", user_id=user_id):
        raise TooManyInvitations


async def _account(session: AsyncSession, email: str, name: str | None, hashed: str) -> UUID:
    """The account of an address, made where there is none; it has a password then."""
    await session.execute(_ADD, {"id": uuid7(), "email": email, "name": name or email.partition("@")[0]})
    user_id = (await session.scalars(_USER, {"email": email})).one()
    await session.execute(_FIRST_PASSWORD, {"user": user_id, "hash": hashed})
    return user_id
