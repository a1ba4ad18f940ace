"""Sessions: opened by signing in, kept alive by refresh tokens that each work once, ended for good.

A refresh token that comes a second time was stolen, or its answer was; whichever, its whole session ends (RFC 9700,
section 4.14.2).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from secrets import token_urlsafe
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Authority, Caller
from weftline.features.access.permissions import ADMIN
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.origin import current_origin
from weftline.features.identity.errors import NoMembership, SessionOver
from weftline.features.identity.person import SignedInPerson
from weftline.features.identity.tokens import Tokens
from weftline.features.tenancy.configuration import Security
from weftline.model.ids import uuid7

EXTERNAL = "ext"
"""Among the methods of a session: a provider of a plugin has vouched for whoever opened it, in this tenant alone."""

OPERATOR_MINUTES = 60
"""Minutes that an operator may stay in a tenant without giving a reason again."""

_OPEN = text(
    """
    INSERT INTO sessions (id, user_id, active_tenant, methods, reason, address, user_agent, expires_at, came_from)
    VALUES (:id, :user_id, :tenant, :methods, :reason, :address, :user_agent, now() + make_interval(mins => :minutes),
            -- whoever goes from one visit to the next comes home from both
            coalesce((SELECT v.came_from FROM sessions v WHERE v.id = CAST(:came_from AS uuid)), :came_from))
    """
)
_ADD_TOKEN = text("INSERT INTO refresh_tokens (token_hash, session_id) VALUES (:hash, :session)")
_FIND = text(
    """
    SELECT s.id, s.user_id, s.active_tenant, s.methods, s.reason, t.used_at IS NOT NULL AS is_used,
           s.ended_at IS NULL AND s.expires_at > now() AND u.status = 'active' AS is_alive,
           extract(epoch FROM now() - s.last_used_at)::float8 AS idle_seconds,
           extract(epoch FROM now() - s.created_at)::float8 AS age_seconds
    FROM refresh_tokens t
    JOIN sessions s ON s.id = t.session_id
    JOIN users u ON u.id = s.user_id
    WHERE t.token_hash = :hash
    FOR UPDATE OF s, t
    """
)
_FIND_HOME = text(
    """
    SELECT h.id, h.user_id, h.active_tenant, h.methods,
           h.ended_at IS NULL AND h.expires_at > now() AND u.status = 'active' AS is_alive,
           extract(epoch FROM now() - greatest(h.last_used_at, v.last_used_at))::float8 AS idle_seconds,
           extract(epoch FROM now() - h.created_at)::float8 AS age_seconds
    FROM sessions v
    JOIN sessions h ON h.id = v.came_from AND h.user_id = v.user_id AND h.reason IS NULL
    JOIN users u ON u.id = h.user_id
    WHERE v.id = :visit AND v.ended_at IS NULL
    FOR UPDATE OF v, h
    """
)
_USE = text("UPDATE refresh_tokens SET used_at = now() WHERE token_hash = :hash")
_TOUCH = text("UPDATE sessions SET last_used_at = now(), active_tenant = :tenant, methods = :methods WHERE id = :id")
_DROP_TOKENS = text("DELETE FROM refresh_tokens WHERE session_id = :id AND used_at IS NULL")
_END = text(
    """
    UPDATE sessions SET ended_at = now(), end_reason = :reason
    WHERE id = :id AND ended_at IS NULL RETURNING user_id, active_tenant
    """
)
_END_ALL = text(
    """
    UPDATE sessions SET ended_at = now(), end_reason = :reason
    WHERE user_id = :user AND ended_at IS NULL AND id IS DISTINCT FROM :spared RETURNING id
    """
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What signing in, or refreshing, gives.

    Attributes:
        session_id: the session.
        access_token: for every request, until it expires.
        refresh_token: for one refresh.
        expires_in: seconds that the access token lives.
        tenant_id: the tenant that it is for; None where the person belongs to none.
        device_token: for signing in from this device again; None where it was handed out before.
    """

    session_id: UUID
    access_token: str
    refresh_token: str
    expires_in: int
    tenant_id: UUID | None
    device_token: str | None = None


class Sessions:
    """Opens, renews and ends sessions.

    Args:
        identity: under the role that signs people in.
        cache: what people may do.
        tokens: issues access tokens.
    """

    def __init__(self, identity: Database, cache: AccessCache, tokens: Tokens) -> None:
        self._identity = identity
        self._cache = cache
        self._tokens = tokens

    async def open(
        self,
        session: AsyncSession,
        *,
        user_id: UUID,
        name: str,
        tenant_id: UUID | None,
        methods: Sequence[str],
        operator_reason: str | None = None,
        came_from: UUID | None = None,
        provider: str | None = None,
    ) -> SignedIn:
        """Open a session for somebody who has proved who they are.

        Args:
            session: the transaction.
            user_id, name: who, and their e-mail address.
            tenant_id: which tenant they sign in to, as a member unless ``operator_reason`` is given.
            methods: how they proved it.
            operator_reason: why an operator of the platform enters the tenant.
            came_from: the session in which the operator was; see :meth:`go_back`.
            provider: name of the provider that has vouched for them.
        """
        origin = current_origin()
        session_id = uuid7()
        minutes = OPERATOR_MINUTES if operator_reason else (await self._security(tenant_id)).session_max_minutes
        await session.execute(
            _OPEN,
            {
                "id": session_id,
                "user_id": user_id,
                "tenant": tenant_id,
                "methods": list(methods),
                "reason": operator_reason,
                "address": origin.address,
                "user_agent": origin.user_agent,
                "minutes": minutes,
                "came_from": came_from,
            },
        )
        signed_in = await self._tokens_for(session, session_id, user_id, tenant_id, methods, operator_reason)
        actor = await self._actor(user_id, name, tenant_id, session_id, operator_reason)
        action = "tenant.entered" if operator_reason else "user.signed_in"
        after = {"methods": list(methods)} | ({} if provider is None else {"provider": provider})
        await record(session, action, "session", session_id, after=after, actor=actor)
        return signed_in

    async def refresh(self, refresh_token: str, tenant_id: UUID | None = None) -> SignedIn:
        """New tokens for an old refresh token, which counts no more.

        Args:
            refresh_token: the one that was handed out last.
            tenant_id: go on in this tenant instead.

        Raises:
            SessionOver: it is unknown, its session has ended, or it was used before, which ends the session.
            NoMembership: they do not belong to that tenant, or a provider of another has vouched for them.
        """
        stolen = False
        async with self._identity.unbound() as session:
            found = (await session.execute(_FIND, {"hash": _hash(refresh_token)})).mappings().one_or_none()
            if found is None or not found["is_alive"]:
                raise SessionOver
            if found["is_used"]:
                await self.end(session, found["id"], "refresh token was replayed")
                stolen = True
            else:
                if tenant_id is None or found["reason"] is not None:
                    tenant_id = found["active_tenant"]
                elif not await self._may_go_on(found, tenant_id):
                    raise NoMembership
                await self._check_age(found, tenant_id)
                await session.execute(_USE, {"hash": _hash(refresh_token)})
                methods = list(found["methods"])
                await session.execute(_TOUCH, {"id": found["id"], "tenant": tenant_id, "methods": methods})
                return await self._tokens_for(
                    session, found["id"], found["user_id"], tenant_id, methods, found["reason"]
                )
        assert stolen
        raise SessionOver

    async def go_back(self, visit_id: UUID) -> SignedIn:
        """End an operator's visit, and go on in the session that it was entered from. Time that was spent on the visit
        counts as use of that session, which ends no later for it.

        Args:
            visit_id: the session of the visit.

        Raises:
            SessionOver: that session has ended, or this is no visit.
            NoMembership: they do not belong to the tenant any more that they were in.
        """
        async with self._identity.unbound() as session:
            home = (await session.execute(_FIND_HOME, {"visit": visit_id})).mappings().one_or_none()
            if home is None or not home["is_alive"]:
                raise SessionOver
            tenant_id, methods = home["active_tenant"], list(home["methods"])
            await self._check_age(home, tenant_id)
            await self.end(session, visit_id, "left")
            await session.execute(_DROP_TOKENS, {"id": home["id"]})
            await session.execute(_TOUCH, {"id": home["id"], "tenant": tenant_id, "methods": methods})
            return await self._tokens_for(session, home["id"], home["user_id"], tenant_id, methods, None)

    async def renew(self, session: AsyncSession, person: SignedInPerson, methods: Sequence[str]) -> SignedIn:
        """New tokens for a session in which somebody proved anew who they are; its old refresh token counts no more.

        Args:
            session: the transaction.
            person: who, in which session.
            methods: all by which they have proved it now.
        """
        await session.execute(_DROP_TOKENS, {"id": person.session_id})
        await session.execute(_TOUCH, {"id": person.session_id, "tenant": person.tenant_id, "methods": list(methods)})
        return await self._tokens_for(session, person.session_id, person.id, person.tenant_id, methods, None)

    async def end(self, session: AsyncSession, session_id: UUID, reason: str) -> bool:
        """End a session within a transaction; False where it had ended before."""
        ended = (await session.execute(_END, {"id": session_id, "reason": reason})).mappings().one_or_none()
        if ended is None:
            return False
        await revoke(session, "session", session_id)
        self._cache.forget("session", session_id)
        tenant_id = ended["active_tenant"] or PLATFORM
        await record(session, "session.ended", "session", session_id, reason=reason, tenant_id=tenant_id)
        return True

    async def end_all(
        self, session: AsyncSession, user_id: UUID, reason: str, *, spared: UUID | None = None
    ) -> list[UUID]:
        """End every session of a person, save ``spared``; returns which were ended. The caller records it."""
        bound = {"user": user_id, "reason": reason, "spared": spared}
        ended = list((await session.execute(_END_ALL, bound)).scalars())
        for session_id in ended:
            await revoke(session, "session", session_id)
            self._cache.forget("session", session_id)
        return ended

    async def _tokens_for(
        self,
        session: AsyncSession,
        session_id: UUID,
        user_id: UUID,
        tenant_id: UUID | None,
        methods: Sequence[str],
        operator_reason: str | None,
    ) -> SignedIn:
        refresh_token = f"wr_{token_urlsafe(32)}"
        await session.execute(_ADD_TOKEN, {"hash": _hash(refresh_token), "session": session_id})
        roles: Sequence[str] = (ADMIN,) if operator_reason else ()
        permissions: Sequence[str] = ("*",) if operator_reason else ()
        if tenant_id is not None and not operator_reason:
            member = await self._cache.member(tenant_id, user_id)
            if member is None:
                raise NoMembership
            roles = sorted(member.authority.roles)
            permissions = ("*",) if ADMIN in roles else sorted(member.authority.permissions)
        access_token = await self._tokens.issue(
            subject=user_id,
            tenant_id=tenant_id,
            session_id=session_id,
            methods=methods,
            roles=roles,
            permissions=permissions,
            is_operator=operator_reason is not None,
        )
        return SignedIn(session_id, access_token, refresh_token, self._tokens.lifetime, tenant_id)

    async def _check_age(self, found: RowMapping, tenant_id: UUID | None) -> None:
        """See that a session may go on in a tenant.

        Raises:
            SessionOver: it is older, or was unused for longer, than this tenant allows or the one it was in.
        """
        security = await self._security(tenant_id)
        # the way through a more patient tenant must not be a way around the one that the session was in
        before = await self._security(found["active_tenant"])
        idle_minutes = min(security.session_idle_minutes, before.session_idle_minutes)
        if found["idle_seconds"] > 60 * idle_minutes or found["age_seconds"] > 60 * security.session_max_minutes:
            raise SessionOver

    async def _may_go_on(self, found: RowMapping, tenant_id: UUID) -> bool:
        """Whether the session may go on in a tenant that was named."""
        if EXTERNAL in found["methods"] and tenant_id != found["active_tenant"]:
            return False
        return await self._cache.member(tenant_id, found["user_id"]) is not None

    async def _security(self, tenant_id: UUID | None) -> Security:
        rules = None if tenant_id is None else await self._cache.rules(tenant_id)
        return Security() if rules is None else rules.configuration.security

    async def _actor(
        self, user_id: UUID, name: str, tenant_id: UUID | None, session_id: UUID, reason: str | None
    ) -> Caller:
        member = None if tenant_id is None or reason else await self._cache.member(tenant_id, user_id)
        authority = Authority() if member is None else member.authority
        kind = "operator" if reason else "user"
        return Caller(tenant_id or PLATFORM, kind, user_id, name, authority, session_id=session_id, reason=reason)


def _hash(token: str) -> bytes:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(token.encode()).digest()
