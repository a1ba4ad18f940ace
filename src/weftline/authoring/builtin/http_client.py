"""The HTTP client behind the action ``http``: one per event loop, with its pool of connections.

Addresses are checked where the connection is made, after the name was resolved and for every redirect, and
the connection goes to the very address that was checked: a name that answers differently a second time gains
nothing. Nothing is kept from one call to the next but idle connections: no cookies (two tenants would share
them), no proxy settings and no passwords from the environment.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Generator, Iterable
from contextlib import aclosing, contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.util import find_spec
from typing import Any, cast
from weakref import WeakKeyDictionary

import httpcore
import httpx

from weftline.authoring.builtin.addresses import is_named, is_public
from weftline.authoring.builtin.http_pool import ConnectionPool

MAX_REDIRECTS = 5
CONNECT_TIMEOUT = 10.0
"""Seconds for one address to accept a connection."""

if find_spec("sniffio") is None:
    # httpcore looks for it several times a request; that it is not there is then known without searching the disk
    sys.modules["sniffio"] = cast("Any", None)


class AddressRefused(Exception):
    """The host has no address that workflows may reach."""


class PublicBackend(httpcore.AsyncNetworkBackend):
    """Connects to addresses of the public internet only."""

    def __init__(self) -> None:
        self._connect = any_backend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Resolve ``host``, and connect to the first of its permitted addresses that accepts.

        Raises:
            AddressRefused: it has none that is permitted.
            httpcore.ConnectError: it has no address, or none accepts.
        """
        addresses = await resolve(host, port)
        permitted = [address for address in addresses if is_public(address)]
        if not permitted:
            raise AddressRefused(f"{host} is not an address of the public internet")
        for address in permitted[:-1]:
            try:
                return await self._connect.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._connect.connect_tcp(permitted[-1], port, timeout, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Refused: no URL leads here."""
        raise AddressRefused("unix sockets are not reachable")

    async def sleep(self, seconds: float) -> None:
        """Wait before connecting anew."""
        await self._connect.sleep(seconds)


def any_backend() -> httpcore.AsyncNetworkBackend:
    """Connects to any address."""
    # a type checker sees the stand-in that httpcore defines for where anyio is missing
    return cast("httpcore.AsyncNetworkBackend", httpcore.AnyIOBackend())


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host.

    Raises:
        httpcore.ConnectError: it has none.
    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class _Stream(httpx.AsyncByteStream):
    def __init__(self, stream: AsyncIterable[bytes]) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for part in self._stream:
                yield part

    async def aclose(self) -> None:
        if hasattr(self._stream, "aclose"):
            await cast("AsyncGenerator[bytes]", self._stream).aclose()


class PoolTransport(httpx.AsyncBaseTransport):
    """httpx over a pool and a network backend of ours, which its own transport cannot take."""

    def __init__(
        self,
        backend: httpcore.AsyncNetworkBackend | None,
        allowed_hosts: frozenset[str] | None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed_hosts = allowed_hosts
        self._pool = ConnectionPool(tls or httpx.create_ssl_context(), backend or any_backend())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; redirects come through here one by one.

        Raises:
            AddressRefused: see :class:`PublicBackend`; or the host is not among those that may be called.
            httpx.TransportError: it could not be sent or answered.
        """
        url = request.url
        host = url.raw_host.decode()
        if self._allowed_hosts is not None and not is_named(host, self._allowed_hosts):
            raise AddressRefused(f"{host} is not among the hosts that workflows may call here")
        with _translated():
            response = await self._pool.send(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=cast("AsyncIterable[bytes]", request.stream),
                    extensions=request.extensions,
                )
            )
        stream = cast("AsyncIterable[bytes]", response.stream)
        return httpx.Response(response.status, headers=response.headers, stream=_Stream(stream))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


@contextmanager
def _translated() -> Generator[None]:
    """httpcore's errors as the ones of httpx that the action tells apart."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error) or "timed out") from error
    except httpcore.LocalProtocolError as error:
        raise httpx.LocalProtocolError(str(error)) from error
    except (httpcore.NetworkError, httpcore.ProtocolError) as error:
        raise httpx.TransportError(str(error) or type(error).__name__) from error
    except httpcore.UnsupportedProtocol as error:
        raise httpx.UnsupportedProtocol(str(error)) from error


_Reach = tuple[bool, frozenset[str] | None]

_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Reach, httpx.AsyncClient]] = WeakKeyDictionary()


def shared_client(*, allow_private: bool, allowed_hosts: frozenset[str] | None) -> httpx.AsyncClient:
    """This event loop's client.

    Args:
        allow_private: whether it may reach addresses that are not public.
        allowed_hosts: the only hosts it may reach; None for any.
    """
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    reach = (allow_private, allowed_hosts)
    client = clients.get(reach)
    if client is None:
        client = clients[reach] = open_client(allow_private=allow_private, allowed_hosts=allowed_hosts)
    return client


def open_client(
    *,
    allow_private: bool,
    allowed_hosts: frozenset[str] | None,
    follow_redirects: bool = True,
    tls: ssl.SSLContext | None = None,
) -> httpx.AsyncClient:
    """A client with connections of its own, for the caller to close.

    Args:
        allow_private, allowed_hosts: see :func:`shared_client`.
        follow_redirects: else an answer that redirects is given as it is.
        tls: shows a client certificate; where absent, the authorities that this machine trusts count.
    """
    backend = None if allow_private else PublicBackend()
    return httpx.AsyncClient(
        transport=PoolTransport(backend, allowed_hosts, tls),
        follow_redirects=follow_redirects,
        max_redirects=MAX_REDIRECTS,
        timeout=httpx.Timeout(None, connect=CONNECT_TIMEOUT),
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        trust_env=False,
        headers={"User-Agent": "Weftline", "Accept-Encoding": "gzip, deflate"},
    )


async def send_at_origin(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """Send a request, and follow redirects as long as they stay at its origin; the body is still to be read.

    Raises:
        AddressRefused: one leads elsewhere.
        httpx.TooManyRedirects: there are more than :data:`MAX_REDIRECTS`.
    """
    origin = _origin(request.url)
    for _ in range(MAX_REDIRECTS + 1):
        response = await client.send(request, stream=True, follow_redirects=False)
        if response.next_request is None:
            return response
        request = response.next_request
        await response.aclose()
        if _origin(request.url) != origin:
            raise AddressRefused(f"{origin[1]} redirects to {request.url.host}, which credentials do not follow")
    raise httpx.TooManyRedirects(f"more than {MAX_REDIRECTS} redirects", request=request)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


async def close_shared_clients() -> None:
    """Close this event loop's connections. A later call opens new ones."""
    for client in _clients.pop(asyncio.get_running_loop(), {}).values():
        await client.aclose()


async def read_limited(response: httpx.Response, limit: int) -> bytes | None:
    """The whole body, decompressed, or None where it is longer than ``limit`` bytes."""
    chunks: list[bytes] = []
    size = 0
    async with aclosing(cast("AsyncGenerator[bytes]", response.aiter_bytes())) as parts:
        async for part in parts:
            size += len(part)
            if size > limit:
                return None
            chunks.append(part)
    return b"".join(chunks)
