"""Who a command is to a server: a token from the environment, or what ``weft login`` stored."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from weftline.cli.client import Refused, over_http
from weftline.cli.credentials import Credentials, CredentialsFile
from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.target import Target
from weftline.model.address import TENANT_HEADER, TOKEN_VARIABLE, URL_VARIABLE


@dataclass(frozen=True, slots=True)
class SignIn:
    """A server, and how to tell it who asks.

    Attributes:
        url: the server's address.
        auth: puts the token on each request.
        headers: sent with each request.
    """

    url: str
    auth: httpx.Auth
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def find_sign_in(target: Target) -> SignIn | None:
    """How commands reach their server; None where they work at the console.

    Raises:
        CommandFailed: a server is meant that nobody has signed in to.
    """
    if target.at_console:
        return None
    if target.token is not None:
        if target.url is None:
            raise CommandFailed(
                f"{TOKEN_VARIABLE} is set: name the server that it is for, by --url or {URL_VARIABLE}",
                exit_code=INVALID,
            )
        return SignIn(target.url, TokenAuth(target.token), _headers(target.tenant))
    file = CredentialsFile()
    stored = file.read()
    # a token is shown to the server that gave it, and to no other
    if stored is not None and target.url in (None, stored.url):
        other_tenant = None if target.tenant == stored.tenant else target.tenant
        return SignIn(stored.url, StoredAuth(file, stored), _headers(other_tenant))
    if target.url is not None:
        raise CommandFailed(f"you are not signed in to {target.url}", [f"sign in with 'weft login {target.url}'"])
    return None


class TokenAuth(httpx.Auth):
    """Sends a token as it is.

    Args:
        token: an access token or an API key.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """See ``httpx.Auth``."""
        _bear(request, self._token)
        yield request


class StoredAuth(httpx.Auth):
    """Sends the stored access token, and renews it when it ends.

    Args:
        file: where it is stored.
        credentials: what the file holds.
    """

    def __init__(self, file: CredentialsFile, credentials: Credentials) -> None:
        self._file = file
        self._credentials = credentials

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """See ``httpx.Auth``."""
        if not self._credentials.is_fresh:
            await self._renew()
        _bear(request, self._credentials.access_token)
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            # this machine's clock may be wrong, or the server's keys are new
            await self._renew()
            _bear(request, self._credentials.access_token)
            yield request

    async def _renew(self) -> None:
        """Get other tokens than those that were used; another command may have done so already.

        Raises:
            CommandFailed: the sign-in has ended.
        """
        async with self._file.locked():
            stored = self._file.read()
            if stored is None or stored.url != self._credentials.url:
                raise CommandFailed(f"you have signed out of {self._credentials.url} meanwhile")
            if stored.access_token == self._credentials.access_token or not stored.is_fresh:
                stored = await _refreshed(stored)
                self._file.write(stored)
            self._credentials = stored


async def _refreshed(held: Credentials, tenant: str | None = None) -> Credentials:
    """New tokens, for another tenant where one is named."""
    body = {"refreshToken": held.refresh_token}
    async with over_http(held.url) as api:
        try:
            answer = await api.post("auth", "refresh", body=body if tenant is None else {**body, "tenant": tenant})
        except Refused as refused:
            if refused.status != HTTPStatus.UNAUTHORIZED:
                raise
            raise CommandFailed(
                f"your sign-in to {held.url} has ended", [f"sign in again with 'weft login {held.url}'"]
            ) from refused
    return credentials_from(answer, held.url, held.email)


async def store(credentials: Credentials) -> None:
    """Let commands use this sign-in from now on.

    Raises:
        CommandFailed: it cannot be stored.
    """
    file = CredentialsFile()
    async with file.locked():
        file.write(credentials)


async def change_tenant(tenant: str) -> Credentials:
    """Let commands work in another tenant from now on, under the same sign-in.

    Args:
        tenant: its slug or id.

    Raises:
        CommandFailed: nobody is signed in, or not a member of that tenant.
    """
    file = CredentialsFile()
    async with file.locked():
        stored = file.read()
        if stored is None:
            raise CommandFailed("you are not signed in", ["sign in with 'weft login'"])
        changed = await _refreshed(stored, tenant)
        file.write(changed)
    return changed


@dataclass(frozen=True, slots=True)
class Ended:
    """A sign-in that is no more.

    Attributes:
        credentials: what was stored; None where nothing was.
        failure: why the server could not end it.
    """

    credentials: Credentials | None
    failure: str | None = None


async def sign_out() -> Ended:
    """End the stored sign-in on its server, and forget it.

    Raises:
        CommandFailed: what is stored cannot be read.
    """
    file = CredentialsFile()
    stored = file.read()
    if stored is None:
        return Ended(None)
    failure: str | None = None
    try:
        async with over_http(stored.url, auth=StoredAuth(file, stored)) as api:
            await api.post("auth", "logout")
    except CommandFailed as failed:
        failure = failed.message
    async with file.locked():
        file.delete()
    return Ended(stored, failure)


def credentials_from(answer: Any, url: str, email: str) -> Credentials:
    """What to store of the answer to a sign-in or a refresh.

    Args:
        answer: the body.
        url: the server's address.
        email: who signed in.

    Raises:
        CommandFailed: the answer is not that of a Weftline server.
    """
    try:
        tenant = answer["tenant"]
        return Credentials(
            url,
            email,
            None if tenant is None else tenant["slug"],
            answer["accessToken"],
            answer["refreshToken"],
            time.time() + answer["expiresIn"],
        )
    except (KeyError, TypeError):
        raise CommandFailed(f"what answers at {url} is not a Weftline server") from None


def _bear(request: httpx.Request, token: str) -> None:
    request.headers["Authorization"] = f"Bearer {token}"


def _headers(tenant: str | None) -> dict[str, str]:
    return {} if tenant is None else {TENANT_HEADER: tenant}
