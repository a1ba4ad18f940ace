"""Tokens as answers."""

from __future__ import annotations

from fastapi import Response

from weftline.features.access.cache import AccessCache
from weftline.features.identity.schemas.signing_in import TenantRef, TokensOut
from weftline.features.identity.sessions import SignedIn


def keep_secret(response: Response) -> None:
    """Let nobody on the way store the answer (RFC 6749, section 5.1)."""
    response.headers["Cache-Control"] = "no-store"


async def tokens_out(signed_in: SignedIn, cache: AccessCache, response: Response) -> TokensOut:
    """The tokens on the wire."""
    keep_secret(response)
    rules = None if signed_in.tenant_id is None else await cache.rules(signed_in.tenant_id)
    return TokensOut(
        access_token=signed_in.access_token,
        refresh_token=signed_in.refresh_token,
        expires_in=signed_in.expires_in,
        tenant=None if rules is None else TenantRef.model_validate(rules),
        device_token=signed_in.device_token,
    )
