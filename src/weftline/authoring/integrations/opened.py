"""A connection in use: requests that are signed in as it is, within what this process may reach."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import quote, urljoin, urlsplit
from uuid import UUID

from weftline.authoring.builtin.http import HttpSettings, exchange
from weftline.authoring.builtin.http_request import read_request
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations.auth import NO_AUTH, ApiKey, Auth

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

DEFAULT_TIMEOUT = 30.0

RATE_LIMITED = "rate_limited"
"""Code of the error where a connection may not be used just now: the step waits until it may."""

UNAUTHORIZED = "connection_unauthorized"
"""Code of the error where a connection's credentials are refused: the step waits until somebody renews them."""

_PLACE = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_REFUSED, _TOO_MANY = 401, 429

Renew = Callable[[], Awaitable[Mapping[str, Any]]]
"""Gets fresh credentials where the present ones were refused; raises ActionError where there are none."""


@dataclass(eq=False, slots=True, kw_only=True)
class OpenedConnection:
    """See :class:`~weftline.authoring.integrations.connection.Connection`, whose only kind this is.

    Attributes:
        id, name, integration, config, credentials, timeout: see there.
        auth: how it signs in.
        base_url: below which paths are found; credentials go nowhere else. ``{name}`` stands for a value of ``config``
            or of ``credentials``. Its way of signing in may have another.
        settings: what may be reached from here.
        resources: what is kept open for it.
        renew: see :data:`Renew`; None where there is no way.
    """

    id: UUID
    name: str
    integration: str
    auth: Auth = NO_AUTH
    config: Mapping[str, Any] = field(default_factory=dict[str, Any])
    credentials: Mapping[str, Any] = field(default_factory=dict[str, Any])
    timeout: float = DEFAULT_TIMEOUT
    base_url: str | None = None
    settings: HttpSettings = field(default_factory=HttpSettings)
    resources: Resources = field(default_factory=lambda: Resources())
    renew: Renew | None = None

    @property
    def auth_type(self) -> str:
        """Which of the integration's ways of signing in it uses."""
        return self.auth.type

    async def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = ...,
        content: bytes | None = None,
        timeout: float | None = None,
    ) -> dict[str, Any]:
        """See ``Connection.request``."""
        input = {"method": method, "url": url, "query": query, "headers": headers, "timeout": timeout}
        return await self.send(input if json is ... else {**input, "json": json}, content)

    async def send(self, input: Mapping[str, Any], content: bytes | None = None) -> dict[str, Any]:
        """Send what the action ``http`` would, signed in as the connection is.

        Args:
            input: that action's; ``url`` may be a path below the base URL.
            content: sent as it is, in the place of what the input says.

        Raises:
            ActionError: see ``Connection.request``.
        """
        url = input.get("url", "")
        if not isinstance(url, str):
            raise ActionError("http: 'url' must be text", code="invalid_input", retryable=False)
        target = self._target(url)
        try:
            try:
                return await self._send(input, target, content)
            except HttpStatusError as error:
                if error.status != _REFUSED or self.renew is None:
                    raise
            self.credentials = await self.renew()
            return await self._send(input, target, content)
        except HttpStatusError as error:
            if error.status == _TOO_MANY:
                raise self.rate_limited(error.message, error.retry_after, **error.details) from None
            if error.status != _REFUSED or self.auth.type == "NONE":
                raise
            raise self.unauthorized(error.message, **error.details) from None

    def rate_limited(self, message: str, retry_after: float | None, **details: Any) -> ActionError:
        """The error for an action to raise that was told to come back later.

        Args:
            message: what the other system said, without secrets.
            retry_after: seconds to wait; None where it did not say.
            details: more of it, JSON.
        """
        named = {"integration": self.integration, "connection": self.name, **details}
        return ActionError(message, code=RATE_LIMITED, retry_after=retry_after, details=named)

    def unauthorized(self, message: str, **details: Any) -> ActionError:
        """The error for an action to raise whose credentials were refused.

        Args:
            message: what the other system said, without secrets.
            details: more of it, JSON.
        """
        named = {"integration": self.integration, "connection": self.name, **details}
        text = f"the connection '{self.name}' was refused: {message}; renew its credentials"
        return ActionError(text, code=UNAUTHORIZED, details=named)

    async def address(self, host: str, port: int) -> str:
        """See ``Connection.address``."""
        import httpcore

        from weftline.authoring.builtin.addresses import is_named, is_public
        from weftline.authoring.builtin.http_client import resolve

        allowed = self.settings.allowed_hosts
        if allowed is not None and not is_named(host, allowed):
            message = f"{host} is not among the hosts that workflows may call here"
            raise ActionError(message, code="address_refused", retryable=False)
        try:
            found = await resolve(host, port)
        except httpcore.ConnectError as error:
            raise ActionError(str(error), code="host_unknown") from None
        for address in found:
            if self.settings.allow_private_addresses or is_public(address):
                return address
        message = f"{host} is not an address of the public internet"
        raise ActionError(message, code="address_refused", retryable=False)

    async def resource(self, key: str, open: Callable[[], Awaitable[T]], close: Callable[[T], Awaitable[None]]) -> T:
        """See ``Connection.resource``."""
        return await self.resources.get(key, open, close)

    def filled(self, text: str) -> str:
        """An address in which each ``{name}`` is a value of the configuration or of the credentials.

        At its beginning, a value is itself the beginning of an address, like ``{baseUrl}/v1``; elsewhere it is encoded
        as part of a path.

        Raises:
            ActionError: code ``invalid_connection``; a value is missing.
        """
        return filled(text, {**self.credentials, **self.config})

    def _target(self, url: str) -> str:
        base_url = self.auth.base_url or self.base_url
        if base_url is None:
            if urlsplit(url).scheme and self.auth.type == "NONE":
                return url
            message = f"the connection '{self.name}' has no base URL, to which its credentials belong"
            raise ActionError(message, code="invalid_connection", retryable=False)
        base = self.filled(base_url)
        target = url if urlsplit(url).scheme else f"{base.rstrip('/')}/{url.lstrip('/')}" if url else base
        if _origin(target) != _origin(base):
            message = f"the connection '{self.name}' is for {_origin(base)}, not for {_origin(target)}"
            raise ActionError(message, code="invalid_input", retryable=False)
        return target

    async def _send(self, input: Mapping[str, Any], target: str, content: bytes | None) -> dict[str, Any]:
        signed_headers, signed_query = self._signed()
        spec = read_request(
            {
                **input,
                "url": target,
                "query": {**_object(input, "query"), **signed_query},
                "headers": _joined(_object(input, "headers"), signed_headers),
                "timeout": input.get("timeout") or self.timeout,
            }
        )
        if content is not None:
            spec.content = content
        return await exchange(spec, self.settings, stays_at_origin=True, client=await self._client())

    def _signed(self) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and parameters that sign a request in."""
        given, auth = self.credentials, self.auth
        match auth.type:
            case "BASIC":
                pair = f"{given['username']}:{given.get('password', '')}".encode()
                return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}, {}
            case "BEARER":
                return {"Authorization": f"Bearer {given['token']}"}, {}
            case "OAUTH2":
                return {"Authorization": f"Bearer {given['accessToken']}"}, {}
            case "API_KEY" if isinstance(auth, ApiKey):
                key = f"{auth.prefix}{given['apiKey']}"
                keys = [(given.get("place", auth.place), given.get("name", auth.name), key)]
                keys += [(part.place, part.name, str(given[part.credential])) for part in auth.further]
                return _placed(keys)
            case _:
                return {}, {}

    async def _client(self) -> httpx.AsyncClient | None:
        """A client of its own where it shows a certificate; else None: the shared one does."""
        if self.auth.type != "MUTUAL_TLS":
            return None

        async def open() -> httpx.AsyncClient:
            from weftline.authoring.builtin.http_client import open_client
            from weftline.authoring.integrations.tls import client_context

            return open_client(
                allow_private=self.settings.allow_private_addresses,
                allowed_hosts=self.settings.allowed_hosts,
                tls=client_context(self.credentials),
            )

        async def close(client: httpx.AsyncClient) -> None:
            await client.aclose()

        return await self.resources.get("http", open, close)


def _object(input: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    """A field of an input that is an object, or is left out."""
    value = input.get(field)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ActionError(f"http: '{field}' must be an object", code="invalid_input", retryable=False)
    return cast("Mapping[str, Any]", value)


def _placed(keys: Sequence[tuple[str, str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and parameters of keys, each with its place and its name."""
    headers = {name: key for place, name, key in keys if place == "header"}
    cookies = [f"{name}={quote(key, safe='')}" for place, name, key in keys if place == "cookie"]
    if cookies:
        headers["Cookie"] = "; ".join(cookies)
    return headers, {name: key for place, name, key in keys if place == "query"}


def _joined(headers: Mapping[str, str], signed: Mapping[str, str]) -> dict[str, str]:
    """A request's headers with those that sign it in, which count more; cookies go side by side."""
    given = {name.title() if name.lower() == "cookie" else name: value for name, value in headers.items()}
    if "Cookie" in given and "Cookie" in signed:
        signed = {**signed, "Cookie": f"{given['Cookie']}; {signed['Cookie']}"}
    return {**given, **signed}


class Resources:
    """What a connection keeps open between calls, on one event loop."""

    def __init__(self) -> None:
        self._open: dict[str, tuple[Any, Callable[[Any], Awaitable[None]]]] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    async def get(self, key: str, open: Callable[[], Awaitable[T]], close: Callable[[T], Awaitable[None]]) -> T:
        """What is open under a key; opened where there is nothing yet, by one caller alone."""
        async with self._opening.setdefault(key, asyncio.Lock()):
            known = self._open.get(key)
            if known is None:
                known = self._open[key] = (await open(), close)
            return known[0]

    async def discard(self, key: str) -> None:
        """Close what is open under a key, where something is."""
        known = self._open.pop(key, None)
        if known is not None:
            await known[1](known[0])

    async def close(self) -> None:
        """Close everything."""
        for key in list(self._open):
            await self.discard(key)


def filled(text: str, values: Mapping[str, Any]) -> str:
    """See :meth:`OpenedConnection.filled`.

    Args:
        text: the address.
        values: by name.
    """

    def value(found: re.Match[str]) -> str:
        given = _value(values, found[1])
        if found.start() == 0:
            return given.rstrip("/") if found.end() < len(text) else given
        return quote(given, safe="")

    return _PLACE.sub(value, text)


def _value(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name)
    if value is None or value == "":
        message = f"the connection lacks '{name}'"
        raise ActionError(message, code="invalid_connection", retryable=False)
    return str(value)


def _origin(url: str) -> str:
    parts = urlsplit(urljoin(url, "/"))
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname}:{port}"
