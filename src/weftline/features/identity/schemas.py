"""Signing in, on the wire."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field

from weftline.features.http.wire import Demand, Wire
from weftline.features.identity.passwords import MAX_PASSWORD

MAX_ADDRESS = 254
"""Characters of an e-mail address (RFC 5321)."""

Email = Annotated[str, Field(min_length=3, max_length=MAX_ADDRESS, description="E-mail address.")]
Password = Annotated[str, Field(min_length=1, max_length=MAX_PASSWORD)]
TenantName = Annotated[str, Field(min_length=1, max_length=255, description="A tenant's id, slug or domain.")]


class LoginBody(Demand):
    """Who signs in."""

    email: Email
    password: Password
    tenant: Annotated[
        TenantName | None, Field(description="Which tenant to sign in to; else the one you have belonged to longest.")
    ] = None


class RefreshBody(Demand):
    """The refresh token that was handed out last."""

    refresh_token: Annotated[str, Field(min_length=1, max_length=512)]
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


class MeOut(Wire):
    """Who is signed in."""

    id: UUID | None
    email: str
    name: str
    tenant: TenantRef | None
    roles: list[str]
    permissions: list[str]
    methods: Annotated[list[str], Field(description="How you proved who you are (`amr` of RFC 8176).")]
    is_platform_operator: bool


class SignedOut(Wire):
    """The session has ended."""

    signed_out: bool = True
