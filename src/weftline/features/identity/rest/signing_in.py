"""Signing in and out over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import public, signed_in
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.routing import api_router
from weftline.features.identity import examples
from weftline.features.identity.errors import (
    CsrfRefused,
    NoMembership,
    NoRefreshToken,
    SessionOver,
    SignInUnavailable,
    TokenNotValid,
    TooManyTries,
    WrongCode,
    WrongCredentials,
)
from weftline.features.identity.rest.answers import Handover, keep_secret
from weftline.features.identity.schemas.second_factor import VerifyCodeBody
from weftline.features.identity.schemas.signing_in import (
    CookiesOut,
    LoginBody,
    RefreshBody,
    SecondStepOut,
    SignedOut,
    TokensOut,
)
from weftline.features.identity.sign_in import SecondStep, SignIn
from weftline.features.identity.tokens import Tokens
from weftline.features.tenancy.resolution import TenantHint, TenantResolver

JWKS_SECONDS = 60
"""How long others may keep our public keys; a new key is published long before it signs."""

SECOND_STEP_METHODS = ["totp", "recovery_code"]

Anybody = Annotated[Caller, signed_in(complete=False, takes_key=False)]
"""Passwords, codes and tokens count once as they are, and no answer that holds one is kept."""


def sign_in_routes(sign_in: SignIn, handover: Handover, resolver: TenantResolver) -> APIRouter:
    """The routes of signing in and out."""
    router = api_router("/auth", tag="Signing in")

    @router.post(
        "/login",
        summary="Sign in",
        responses=answers(examples.TOKENS, description="Signed in, or a second step is asked for.")
        | failures(NoMembership, SignInUnavailable, TooManyTries, WrongCode, WrongCredentials),
        dependencies=[public()],
    )
    async def login(
        body: Annotated[LoginBody, Body(openapi_examples={"example": {"value": examples.LOGIN}})],
        request: Request,
        response: Response,
    ) -> TokensOut | CookiesOut | SecondStepOut:
        """Opens a session with e-mail address and password; where there is a second factor, asks for a code.

        Where plugins add ways to sign in to the tenant, the password may be one that they know, and `email` whatever
        they take as a name.
        """
        hint = resolver.hint(request) if body.tenant is None else TenantHint(body.tenant.strip().lower())
        device_token = body.device_token or (handover.cookies.read(request, "device") if body.cookies else None)
        arrived = await sign_in.with_password(
            body.email, body.password, hint, code=body.code, device_token=device_token
        )
        if isinstance(arrived, SecondStep):
            keep_secret(response)
            return SecondStepOut(mfa_token=arrived.token, methods=SECOND_STEP_METHODS, expires_in=arrived.expires_in)
        return await handover.give(arrived, request, response, in_cookies=body.cookies)

    @router.post(
        "/mfa/verify",
        summary="Sign in: second step",
        responses=answers(examples.TOKENS, description="Signed in.")
        | failures(NoMembership, TokenNotValid, TooManyTries, WrongCode),
        dependencies=[public()],
    )
    async def verify_code(
        body: Annotated[VerifyCodeBody, Body(openapi_examples={"example": {"value": examples.VERIFY_CODE}})],
        request: Request,
        response: Response,
    ) -> TokensOut | CookiesOut:
        """Opens the session that `/auth/login` asked a code for."""
        signed_in = await sign_in.with_code(body.mfa_token, body.code)
        return await handover.give(signed_in, request, response, in_cookies=body.cookies)

    @router.post(
        "/refresh",
        summary="Refresh the tokens",
        responses=answers(examples.TOKENS, description="New tokens; the old refresh token counts no more.")
        | failures(CsrfRefused, NoMembership, SessionOver),
        dependencies=[public()],
    )
    async def refresh(
        body: Annotated[RefreshBody, Body(openapi_examples={"example": {"value": examples.REFRESH}})],
        request: Request,
        response: Response,
    ) -> TokensOut | CookiesOut:
        """Gives new tokens. A refresh token works once: if it comes a second time, the session ends."""
        hint = None if body.tenant is None else TenantHint(body.tenant.strip().lower())
        token = body.refresh_token
        if not token:
            token = handover.cookies.read(request, "refresh")
            if token is None:
                raise NoRefreshToken
            handover.cookies.believe(request, None)
        return await handover.give(await sign_in.refresh(token, hint), request, response)

    @router.post(
        "/leave",
        summary="Leave a tenant",
        responses=answers(examples.TOKENS, description="Tokens of the session that the tenant was entered from.")
        | failures(NoMembership, SessionOver),
    )
    async def leave(caller: Anybody, request: Request, response: Response) -> TokensOut | CookiesOut:
        """Ends an operator's visit to a tenant and goes on where it began. Sign in again if that session is over."""
        if caller.session_id is None:
            raise SessionOver
        return await handover.give(await sign_in.back(caller.session_id), request, response)

    @router.post("/logout", summary="Sign out", responses=answers({"signedOut": True}, description="Signed out."))
    async def logout(caller: Anybody, request: Request, response: Response) -> SignedOut:
        """Ends the session that the access token belongs to, and takes its cookies back."""
        if handover.cookies.are_used(request):
            handover.cookies.take_back(response)
        if caller.session_id is not None:
            await sign_in.out(caller.session_id)
        return SignedOut()

    return router


def key_routes(tokens: Tokens) -> APIRouter:
    """The public keys with which access tokens are checked."""
    router = api_router(tag="Signing in")
    _add_public_keys(router, tokens)
    return router


def public_key_routes(tokens: Tokens) -> APIRouter:
    """The same outside the API, where others look for them (RFC 8615)."""
    router = APIRouter(include_in_schema=False)
    _add_public_keys(router, tokens)
    return router


def _add_public_keys(router: APIRouter, tokens: Tokens) -> None:
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
