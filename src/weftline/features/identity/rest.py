"""Signing in and out over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.http import public, signed_in
from weftline.features.http.body import StrictRoute
from weftline.features.http.examples import answers
from weftline.features.identity import examples
from weftline.features.identity.accounts import Accounts
from weftline.features.identity.schemas import LoginBody, MeOut, RefreshBody, SignedOut, TenantRef, TokensOut
from weftline.features.identity.sessions import SignedIn
from weftline.features.identity.sign_in import SignIn
from weftline.features.identity.tokens import Tokens
from weftline.features.tenancy.resolution import TenantHint, TenantResolver

JWKS_SECONDS = 60
"""How long others may keep our public keys; a new key is published long before it signs."""

Anybody = Annotated[Caller, signed_in(complete=False)]


def auth_routes(sign_in: SignIn, accounts: Accounts, cache: AccessCache, resolver: TenantResolver) -> APIRouter:
    """The routes of signing in and out."""
    router = APIRouter(prefix="/auth", tags=["Signing in"], route_class=StrictRoute)

    async def tokens(signed_in: SignedIn, response: Response) -> TokensOut:
        # RFC 6749, section 5.1
        response.headers["Cache-Control"] = "no-store"
        rules = None if signed_in.tenant_id is None else await cache.rules(signed_in.tenant_id)
        return TokensOut(
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            expires_in=signed_in.expires_in,
            tenant=None if rules is None else TenantRef.model_validate(rules),
        )

    @router.post(
        "/login",
        summary="Sign in",
        responses=answers(examples.TOKENS, description="Signed in."),
        dependencies=[public()],
    )
    async def login(
        body: Annotated[LoginBody, Body(openapi_examples={"example": {"value": examples.LOGIN}})],
        request: Request,
        response: Response,
    ) -> TokensOut:
        """Opens a session with e-mail address and password."""
        hint = resolver.hint(request) if body.tenant is None else TenantHint(body.tenant.strip().lower())
        return await tokens(await sign_in.with_password(body.email, body.password, hint), response)

    @router.post(
        "/refresh",
        summary="Refresh the tokens",
        responses=answers(examples.TOKENS, description="New tokens; the old refresh token counts no more."),
        dependencies=[public()],
    )
    async def refresh(
        body: Annotated[RefreshBody, Body(openapi_examples={"example": {"value": examples.REFRESH}})],
        response: Response,
    ) -> TokensOut:
        """Gives new tokens. A refresh token works once: if it comes a second time, the session ends."""
        hint = None if body.tenant is None else TenantHint(body.tenant.strip().lower())
        return await tokens(await sign_in.refresh(body.refresh_token, hint), response)

    @router.post("/logout", summary="Sign out", responses=answers({"signedOut": True}, description="Signed out."))
    async def logout(caller: Anybody) -> SignedOut:
        """Ends the session that the access token belongs to."""
        if caller.session_id is not None:
            await sign_in.out(caller.session_id)
        return SignedOut()

    @router.get("/me", summary="Who am I?", responses=answers(examples.ME, description="Who is signed in."))
    async def me(caller: Anybody) -> MeOut:
        """Shows who is signed in, where, and what they may do there."""
        rules = await cache.rules(caller.tenant_id)
        person = None if caller.id is None or caller.kind == "service" else await accounts.get(caller.id)
        return MeOut(
            id=caller.id,
            email=caller.name,
            name=caller.name if person is None else person.name,
            tenant=None if rules is None else TenantRef.model_validate(rules),
            roles=sorted(caller.authority.roles),
            permissions=sorted(caller.authority.permissions),
            methods=sorted(caller.methods),
            is_platform_operator=caller.is_platform_operator,
        )

    return router


def key_routes(tokens: Tokens) -> APIRouter:
    """The public keys with which access tokens are checked."""
    router = APIRouter(tags=["Signing in"])

    @router.get(
        "/.well-known/jwks.json",
        summary="Public keys",
        responses=answers(examples.JWKS, description="A JSON Web Key Set (RFC 7517)."),
        dependencies=[public()],
    )
    async def jwks(response: Response) -> dict[str, Any]:
        """Shows the public keys with which access tokens can be checked."""
        response.headers["Cache-Control"] = f"public, max-age={JWKS_SECONDS}"
        return await tokens.jwks()

    return router
