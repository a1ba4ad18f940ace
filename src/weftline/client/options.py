"""What a client is told when it is made, and what the environment says where it is not."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import TypedDict

import httpx

from weftline.client.errors import InvalidRequest
from weftline.client.session import RETRIES, SILENCE, Retrying, Session
from weftline.client.sign_in import Password, SignIn, Token
from weftline.model.address import (
    API_PATH,
    TENANT_HEADER,
    TENANT_VARIABLE,
    TOKEN_VARIABLE,
    URL_VARIABLE,
    NotAnAddress,
    normalized,
)
from weftline.model.retry import RetryPolicy


class Options(TypedDict, total=False):
    """Who asks, and how.

    Attributes:
        token: an API key or an access token; absent: that of ``WEFT_TOKEN``, where no e-mail address is given.
        email, password: sign in with these instead, when the first request is made.
        code: asks for a code of the account's second factor.
        tenant: slug or id of the tenant to work in; absent: that of ``WEFT_TENANT``, or the token's own.
        timeout: seconds of silence after which the server is given up.
        retries: how often a request is sent where the server does not answer, or says "not now".
        on_retry: told whenever a request is about to be sent again.
    """

    token: str
    email: str
    password: str
    code: Callable[[], str]
    tenant: str
    timeout: float
    retries: RetryPolicy
    on_retry: Callable[[Retrying], None]


def open_session(url: str | None, http: httpx.Client | httpx.AsyncClient | None, options: Options) -> Session:
    """What the requests of a client have in common.

    Args:
        url: the server's address, as far as it is given.
        http: what sends the requests, where that is given.
        options: who asks, and how.

    Raises:
        InvalidRequest: the options contradict each other, or there is no address, or it is none.
    """
    environment: Mapping[str, str] = os.environ if http is None else {}
    tenant = options.get("tenant") or environment.get(TENANT_VARIABLE)
    headers = {} if http is not None else {"User-Agent": f"weftline-python/{version('weftline')}"}
    if tenant:
        headers[TENANT_HEADER] = tenant
    return Session(
        _api(url or environment.get(URL_VARIABLE), http),
        headers,
        _sign_in(options, environment.get(TOKEN_VARIABLE), tenant),
        options.get("retries", RETRIES),
        options.get("timeout", SILENCE),
        options.get("on_retry"),
        _can_stream(http),
    )


def _can_stream(http: httpx.Client | httpx.AsyncClient | None) -> bool:
    """Whether answers come piece by piece; those of an application in this process come when they are whole."""
    return not isinstance(getattr(http, "_transport", None), (httpx.ASGITransport, httpx.WSGITransport))


def _api(url: str | None, http: httpx.Client | httpx.AsyncClient | None) -> str:
    """The address of the API."""
    if url:
        try:
            return normalized(url) + API_PATH
        except NotAnAddress as error:
            raise InvalidRequest(str(error)) from None
    base = "" if http is None else str(http.base_url).rstrip("/")
    if not base:
        raise InvalidRequest(f"name the server: Client('https://weft.example.com'), or set {URL_VARIABLE}")
    return base


def _sign_in(options: Options, environment: str | None, tenant: str | None) -> SignIn | None:
    token, email, password = options.get("token"), options.get("email"), options.get("password")
    if (email is None) != (password is None) or (email is not None and token is not None):
        raise InvalidRequest("say who asks by a token, or by e-mail and password")
    if email is not None and password is not None:
        return Password(email, password, tenant=tenant, code=options.get("code"))
    token = token or environment
    return None if not token else Token(token)
