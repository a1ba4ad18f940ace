"""Who makes a request: an access token, also one in a browser's cookie, an API key, or the console's own."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import replace
from uuid import UUID

from starlette.requests import HTTPConnection

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Authority, Caller, almighty
from weftline.features.access.errors import NotSignedIn, TenantMismatch
from weftline.features.access.loading import Subject
from weftline.features.audit.trail import PLATFORM
from weftline.features.identity.cookies import SessionCookies
from weftline.features.identity.keys import ApiKeys, is_api_key
from weftline.features.identity.sessions import EXTERNAL
from weftline.features.identity.tokens import Claims, Tokens
from weftline.features.tenancy.resolution import TenantResolver

CALLER_KEY = "weftline.caller"
"""Where the ASGI scope holds the caller of a request that this process makes to itself. No server puts it there."""

CACHED_TOKENS = 20_000


class Authenticator:
    """Finds out who makes a request.

    Checking a signature takes a fifth of a millisecond, so a token that was found good counts as good until it
    expires; whether its session was ended is looked up each time.

    Args:
        tokens: checks access tokens.
        keys: checks API keys.
        cache: members, and ended sessions.
        resolver: which tenant a request names.
        cookies: those that browsers send.
    """

    def __init__(
        self, tokens: Tokens, keys: ApiKeys, cache: AccessCache, resolver: TenantResolver, cookies: SessionCookies
    ) -> None:
        self._tokens = tokens
        self._keys = keys
        self._cache = cache
        self._resolver = resolver
        self._cookies = cookies
        self._known: OrderedDict[str, Claims] = OrderedDict()
        self._members: OrderedDict[str, tuple[Subject, Caller]] = OrderedDict()
        cache.on_key(tokens.forget)

    async def identify(self, request: HTTPConnection) -> Caller:
        """The caller of a request, or whoever opens a WebSocket.

        Raises:
            NotSignedIn: there is no token, or it does not count (any more).
            CsrfRefused: the token is in a cookie, and a page of another site may have sent it.
            TenantMismatch: the request names another tenant than the token.
        """
        caller = request.scope.get(CALLER_KEY)
        if isinstance(caller, Caller):
            return caller
        authorization = request.headers.get("authorization")
        if authorization is None:
            caller = await self._in_browser(request)
        else:
            scheme, _, token = authorization.partition(" ")
            if scheme.lower() != "bearer" or not token:
                raise NotSignedIn
            caller = await self._keys.identify(token) if is_api_key(token) else await self._signed_in(token)
        await self._check_tenant(request, caller.tenant_id)
        return caller

    async def _in_browser(self, request: HTTPConnection) -> Caller:
        token = self._cookies.read(request, "access")
        if token is None:
            raise NotSignedIn
        caller = await self._signed_in(token)
        self._cookies.believe(request, caller.session_id)
        return caller

    async def _signed_in(self, token: str) -> Caller:
        claims = await self._claims(token)
        if self._cache.has_ended(claims.session_id):
            self._known.pop(token, None)
            raise NotSignedIn("This session was ended: sign in again.")
        if claims.is_operator and claims.tenant_id is not None:
            return await self._operator(claims, claims.tenant_id)
        if claims.tenant_id is None:
            return await self._without_tenant(claims)
        member = await self._cache.member(claims.tenant_id, claims.subject)
        if member is None:
            raise NotSignedIn("You are no member of this tenant any more: sign in again.")
        kept = self._members.get(token)
        if kept is not None and kept[0] is member:
            return kept[1]
        caller = Caller(
            claims.tenant_id,
            "user",
            claims.subject,
            member.name,
            member.authority,
            claims.session_id,
            None,
            claims.methods,
            # a tenant's directory vouches in the tenant, and not for what is beyond
            member.is_platform_operator and EXTERNAL not in claims.methods,
        )
        self._members[token] = member, caller
        if len(self._members) > CACHED_TOKENS:
            self._members.popitem(last=False)
        return caller

    async def _operator(self, claims: Claims, tenant_id: UUID) -> Caller:
        person = await self._cache.person(claims.subject)
        visit = await self._cache.visit(claims.session_id)
        if person is None or not person.operates(tenant_id) or visit is None:
            raise NotSignedIn("You may not act in this tenant any more.")
        whole = almighty(tenant_id, "operator", person.name, id=claims.subject)
        rules = await self._cache.rules(tenant_id)
        requires_mfa = rules is not None and rules.configuration.security.require_mfa
        return Caller(
            tenant_id,
            "operator",
            claims.subject,
            person.name,
            replace(whole.authority, requires_mfa=requires_mfa),
            claims.session_id,
            None,
            claims.methods,
            is_platform_operator=True,
            reason=visit,
        )

    async def _without_tenant(self, claims: Claims) -> Caller:
        person = await self._cache.person(claims.subject)
        if person is None:
            raise NotSignedIn("This account is disabled.")
        return Caller(
            PLATFORM,
            "user",
            claims.subject,
            person.name,
            Authority(),
            claims.session_id,
            None,
            claims.methods,
            person.is_operator,
        )

    async def _claims(self, token: str) -> Claims:
        claims = self._known.get(token)
        if claims is not None and self._tokens.holds(claims.key_id):
            if claims.expires_at <= time.time():
                del self._known[token]
                raise NotSignedIn("The access token has expired: refresh it, or sign in again.")
            return claims
        claims = await self._tokens.verify(token)
        self._known[token] = claims
        if len(self._known) > CACHED_TOKENS:
            self._known.popitem(last=False)
        return claims

    async def _check_tenant(self, request: HTTPConnection, tenant_id: UUID) -> None:
        for hint in self._resolver.hints(request):
            rules = await self._cache.rules(tenant_id)
            if rules is None or not hint.names(tenant_id, rules.slug, rules.domain):
                raise TenantMismatch
