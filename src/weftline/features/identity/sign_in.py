"""Signing in: with e-mail address and password, and a second factor where there is one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.origin import current_origin
from weftline.features.identity import one_time
from weftline.features.identity.addresses import normal_address
from weftline.features.identity.devices import Device, Devices, network_of
from weftline.features.identity.errors import NoMembership, SignInUnavailable, TokenNotValid, WrongCredentials
from weftline.features.identity.linking import Linking
from weftline.features.identity.mfa.codes import Codes
from weftline.features.identity.notices import notify
from weftline.features.identity.passwords import Passwords
from weftline.features.identity.preferences import wants_mail
from weftline.features.identity.sessions import EXTERNAL, Sessions, SignedIn
from weftline.features.identity.throttle import Throttle, Try, known_networks
from weftline.features.identity.vouching import Vouched, Vouching
from weftline.features.tenancy.repository import tenant_named
from weftline.features.tenancy.resolution import TenantHint

SECOND_STEP = timedelta(minutes=5)
"""How long the second factor may be given after the password."""

_ACCOUNT = """
    SELECT u.id, u.email, u.status, u.preferences, u.last_sign_in_at, c.password_hash,
           f.confirmed_at IS NOT NULL AS has_factor
    FROM users u
    LEFT JOIN credentials c ON c.user_id = u.id
    LEFT JOIN totp_factors f ON f.user_id = u.id
"""
_BY_EMAIL = text(f"{_ACCOUNT} WHERE u.email = :email")
_BY_ID = text(f"{_ACCOUNT} WHERE u.id = :user AND u.status = 'active'")
# scope: all tenants, because a person signs in before a tenant is chosen, and the query names the person
_TENANTS = text(
    """
    SELECT t.id, t.slug, t.domain, t.status
    FROM memberships m JOIN tenants t ON t.id = m.tenant_id
    WHERE m.user_id = :user AND m.status = 'active'
    ORDER BY t.status <> 'active', m.created_at, t.id
    """
)
_REHASH = text("UPDATE credentials SET password_hash = :hash WHERE user_id = :user AND password_hash = :old")
_SIGNED_IN = text("UPDATE users SET last_sign_in_at = now() WHERE id = :user")


@dataclass(frozen=True, slots=True)
class SecondStep:
    """The password was right, and a code is wanted.

    Attributes:
        token: to be given with the code.
        expires_in: seconds that it is good for.
    """

    token: str
    expires_in: int


class SignIn:
    """Signs people in.

    Args:
        identity: under the role that signs people in.
        passwords: checks theirs.
        sessions: opens one.
        throttle: slows down whoever guesses.
        codes: checks those of the second factor.
        devices: knows those from which somebody signed in before.
        vouching: asks the ways to sign in that plugins add.
        linking: knows the accounts of those for whom one has vouched.
    """

    def __init__(
        self,
        identity: Database,
        passwords: Passwords,
        sessions: Sessions,
        throttle: Throttle,
        codes: Codes,
        devices: Devices,
        vouching: Vouching,
        linking: Linking,
    ) -> None:
        self._identity = identity
        self._passwords = passwords
        self._sessions = sessions
        self._throttle = throttle
        self._codes = codes
        self._devices = devices
        self._vouching = vouching
        self._linking = linking

    async def with_password(
        self,
        email: str,
        password: str,
        hint: TenantHint | None,
        *,
        code: str | None = None,
        device_token: str | None = None,
    ) -> SignedIn | SecondStep:
        """Open a session, or ask for the second factor.

        Args:
            email, password: theirs.
            hint: the tenant they want to sign in to; the one they have belonged to longest where not given.
            code: of the second factor, where it is at hand already.
            device_token: handed back by an earlier sign-in.

        Raises:
            WrongCredentials: they do not belong together, or the account is disabled. Known and unknown addresses get
                the same answer after the same time.
            WrongCode: the code is wrong.
            TooManyTries: there were too many wrong ones.
            NoMembership: they do not belong to that tenant.
            SignInUnavailable: the password is none of the platform's own, and who may know it does not answer.
        """
        login, email = email, normal_address(email)
        async with self._identity.unbound() as session:
            account = (await session.execute(_BY_EMAIL, {"email": email})).mappings().one_or_none()
        device = self._device_of(account, device_token)
        # names of users are a tenant's own, addresses are anybody's
        whose = email if "@" in email else f"{'' if hint is None else hint.value}/{email}"
        tried = await self._throttle.begin("password", whose, device)
        stored = None if account is None or account["status"] != "active" else account["password_hash"]
        is_right = await self._passwords.verify(stored, password)
        if account is None or not is_right:
            try:
                vouched = await self._vouching.ask(hint, login, password)
            except SignInUnavailable:
                await self._refused(email, account if tried.is_alarming else None)
                raise
            if vouched is None:
                await self._refused(email, account if tried.is_alarming else None)
                raise WrongCredentials
            return await self._vouched_for(vouched, tried, code, device_token)
        renewed = await self._passwords.hash(password) if self._passwords.is_outdated(stored or "") else None
        async with self._identity.unbound() as session:
            await self._throttle.succeeded(session, tried)
            if renewed is not None:
                await session.execute(_REHASH, {"hash": renewed, "old": stored, "user": account["id"]})
        async with self._identity.unbound() as session:
            tenant_id = await choose_tenant(session, account["id"], hint)
        return await self._further(account, tenant_id, code, device, device_token)

    async def with_code(self, token: str, code: str) -> SignedIn:
        """Open a session for somebody who gave their password before.

        Args:
            token: of the :class:`SecondStep`; it works until the code was right.
            code: of the second factor.

        Raises:
            TokenNotValid: the password was given too long ago, or changed meanwhile.
            WrongCode: the code is wrong.
            TooManyTries: there were too many wrong ones.
            NoMembership: they do not belong to the tenant any more.
        """
        async with self._identity.unbound() as session:
            ticket = await one_time.look(session, token, "second_step")
            account = (await session.execute(_BY_ID, {"user": ticket.user_id})).mappings().one_or_none()
        if account is None or not account["has_factor"]:
            raise TokenNotValid
        device = self._device_of(account, ticket.data["device"])
        await self._codes.check(account["id"], account["email"], code, device)
        tenant = ticket.data["tenant"]
        async with self._identity.unbound() as session:
            await one_time.redeem(session, token, "second_step")
            tenant_id = None if tenant is None else UUID(tenant)
            return await self._open(session, account, tenant_id, device, ticket.data.get("provider"))

    async def refresh(self, refresh_token: str, hint: TenantHint | None = None) -> SignedIn:
        """New tokens; see ``Sessions.refresh``.

        Args:
            refresh_token: the one that was handed out last.
            hint: go on in this tenant instead.
        """
        tenant_id = None
        if hint is not None:
            async with self._identity.unbound() as session:
                tenant_id = await tenant_named(session, hint.value)
            if tenant_id is None:
                raise NoMembership
        return await self._sessions.refresh(refresh_token, tenant_id)

    async def back(self, visit_id: UUID) -> SignedIn:
        """Leave a visit; see ``Sessions.go_back``."""
        return await self._sessions.go_back(visit_id)

    async def out(self, session_id: UUID) -> None:
        """End a session."""
        async with self._identity.unbound() as session:
            await self._sessions.end(session, session_id, "signed out")

    async def _vouched_for(
        self, vouched: Vouched, tried: Try, code: str | None, device_token: str | None
    ) -> SignedIn | SecondStep:
        """Go on with somebody whom a provider knows."""
        async with self._identity.unbound() as session:
            await self._throttle.succeeded(session, tried)
        user_id = await self._linking.account_of(vouched)
        async with self._identity.unbound() as session:
            account = (await session.execute(_BY_ID, {"user": user_id})).mappings().one()
        device = self._device_of(account, device_token)
        return await self._further(account, vouched.tenant_id, code, device, device_token, vouched.provider)

    async def _further(
        self,
        account: RowMapping,
        tenant_id: UUID | None,
        code: str | None,
        device: Device | None,
        device_token: str | None,
        provider: str | None = None,
    ) -> SignedIn | SecondStep:
        """Ask for the second factor where there is one, or open the session."""
        if account["has_factor"] and code is None:
            tenant = None if tenant_id is None else str(tenant_id)
            data = {"tenant": tenant, "device": device_token, "provider": provider}
            async with self._identity.unbound() as session:
                token = await one_time.issue(session, "second_step", SECOND_STEP, user_id=account["id"], data=data)
            return SecondStep(token, int(SECOND_STEP.total_seconds()))
        if account["has_factor"] and code is not None:
            await self._codes.check(account["id"], account["email"], code, device)
        async with self._identity.unbound() as session:
            return await self._open(session, account, tenant_id, device, provider)

    async def _open(
        self,
        session: AsyncSession,
        account: RowMapping,
        tenant_id: UUID | None,
        device: Device | None,
        provider: str | None,
    ) -> SignedIn:
        user_id, email = account["id"], account["email"]
        if device is None and account["last_sign_in_at"] is not None and wants_mail(account["preferences"], "signIns"):
            is_new = network_of(current_origin().address) not in await known_networks(session, email)
            if is_new:
                await notify(session, "new_sign_in", user_id, email)
        await session.execute(_SIGNED_IN, {"user": user_id})
        methods = ["pwd" if provider is None else EXTERNAL, *(["otp"] if account["has_factor"] else [])]
        opened = await self._sessions.open(
            session, user_id=user_id, name=email, tenant_id=tenant_id, methods=methods, provider=provider
        )
        return replace(opened, device_token=self._devices.token_for(user_id, device))

    async def _refused(self, email: str, alarmed: RowMapping | None) -> None:
        async with self._identity.unbound() as session:
            if alarmed is not None and alarmed["status"] == "active":
                await notify(session, "account_locked", alarmed["id"], email)
            await record(session, "user.sign_in_refused", "user", after={"email": email}, tenant_id=PLATFORM)

    def _device_of(self, account: RowMapping | None, token: str | None) -> Device | None:
        """The device, where it is known to be this account's."""
        device = self._devices.read(token)
        return device if device is not None and account is not None and device.user_id == account["id"] else None


async def choose_tenant(session: AsyncSession, user_id: UUID, hint: TenantHint | None) -> UUID | None:
    """The tenant that somebody signs in to; None for a person who belongs to none.

    Raises:
        NoMembership: they do not belong to the one they want.
    """
    tenants = (await session.execute(_TENANTS, {"user": user_id})).mappings().all()
    if hint is None:
        return tenants[0]["id"] if tenants else None
    for tenant in tenants:
        if hint.names(tenant["id"], tenant["slug"], tenant["domain"]):
            return tenant["id"]
    raise NoMembership
