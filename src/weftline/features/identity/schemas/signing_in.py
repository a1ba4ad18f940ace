"""Signing in, on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import AliasChoices, Field

from weftline.features.http.wire import Demand, Wire
from weftline.features.identity.devices import MAX_TOKEN as MAX_DEVICE_TOKEN
from weftline.features.identity.schemas.texts import Code, Email, InCookies, Password, TenantName


class LoginBody(Demand):
    """Who signs in."""

    email: Email
    password: Password
    tenant: Annotated[
        TenantName | None, Field(description="Which tenant to sign in to; else the one you have belonged to longest.")
    ] = None
    code: Annotated[Code | None, Field(description="Of your second factor, where it is at hand already.")] = None
    device_token: Annotated[
        str | None,
        Field(max_length=MAX_DEVICE_TOKEN, description="From an earlier sign-in: the device is known then."),
    ] = None
    cookies: InCookies = False


class RefreshBody(Demand):
    """The refresh token that was handed out last; a browser that holds it in a cookie leaves it out."""

    refresh_token: Annotated[
        str,
        Field(
            max_length=512,
            validation_alias=AliasChoices("refreshToken", "token", "refresh_token"),
            description="May also be called `token`.",
        ),
    ] = ""
    tenant: Annotated[TenantName | None, Field(description="Go on in this tenant instead.")] = None


class TenantRef(Wire):
    """A tenant, in short."""

    id: UUID
    slug: str
    name: str


class TokensOut(Wire):
    """What signing in, or refreshing, gives."""

    access_token: Annotated[str, Field(description="Send it as `Authorization: Bearer …`.")]
    refresh_token: Annotated[str, Field(description="For one refresh; each gives the next.")]
    token_type: str = "Bearer"  # noqa: S105
    expires_in: Annotated[int, Field(description="Seconds that the access token lives.")]
    tenant: Annotated[TenantRef | None, Field(description="The tenant signed in to.")]
    device_token: Annotated[
        str | None,
        Field(description="Send it when you sign in again from this device. Null where you have it already."),
    ] = None


class CookiesOut(Wire):
    """What signing in, or refreshing, gives a browser; the tokens are in cookies."""

    csrf_token: Annotated[
        str, Field(description="Send it as `X-CSRF-Token` with whatever changes something. It is in a cookie, too.")
    ]
    expires_in: Annotated[int, Field(description="Seconds until the session must be refreshed.")]
    tenant: Annotated[TenantRef | None, Field(description="The tenant signed in to.")]


class SecondStepOut(Wire):
    """The password was right: go on at `/auth/mfa/verify` with a code."""

    mfa_required: bool = True
    mfa_token: Annotated[str, Field(description="For `/auth/mfa/verify`.")]
    methods: Annotated[list[str], Field(description="What may be given: `totp`, `recovery_code`.")]
    expires_in: Annotated[int, Field(description="Seconds that the token is good for.")]


class SignedOut(Wire):
    """The session has ended."""

    signed_out: bool = True
