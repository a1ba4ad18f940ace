"""Tokens as answers."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response

from weftline.features.access.cache import AccessCache
from weftline.features.identity.cookies import SessionCookies
from weftline.features.identity.schemas.signing_in import CookiesOut, TenantRef, TokensOut
from weftline.features.identity.sessions import SignedIn
from weftline.features.tenancy.configuration import Security


def keep_secret(response: Response) -> None:
    """Let nobody on the way store the answer (RFC 6749, section 5.1)."""
    response.headers["Cache-Control"] = "no-store"


@dataclass(frozen=True, slots=True)
class Handover:
    """Hands out the tokens of sessions: to programs in the answer, to browsers in cookies.

    Attributes:
        cache: knows tenants.
        cookies: of browsers.
    """

    cache: AccessCache
    cookies: SessionCookies

    async def give(
        self, signed_in: SignedIn, request: Request, response: Response, *, in_cookies: bool | None = None
    ) -> TokensOut | CookiesOut:
        """The tokens on the wire.

        Args:
            signed_in: the tokens.
            request: what is answered.
            response: its answer.
            in_cookies: put them into cookies; None: where the request came with them.
        """
        keep_secret(response)
        rules = None if signed_in.tenant_id is None else await self.cache.rules(signed_in.tenant_id)
        tenant = None if rules is None else TenantRef.model_validate(rules)
        if in_cookies or (in_cookies is None and self.cookies.are_used(request)):
            security = Security() if rules is None else rules.configuration.security
            csrf_token = self.cookies.give(response, signed_in, 60 * security.session_idle_minutes)
            return CookiesOut(csrf_token=csrf_token, expires_in=signed_in.expires_in, tenant=tenant)
        return TokensOut(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_in=signed_in.expires_in,
            tenant=tenant,
            device_token=signed_in.device_token,
        )
