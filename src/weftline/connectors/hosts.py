"""Reaching hosts over protocols other than HTTP: what a connection configures, and what can go wrong."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import Auth, Connection
from weftline.connectors.schema import Schema, flag, given, text, whole

MAX_ANSWER_BYTES = 5_000_000
"""The most that an action takes from another system."""

UNREACHABLE = "unreachable"
TIMEOUT = "timeout"
TOO_LARGE = "answer_too_large"

_BROKEN = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
"""What TLS says where a connection breaks."""

PASSWORD_ONLY = Auth(
    type="CUSTOM",
    title="Password",
    credentials={
        "type": "object",
        "additionalProperties": False,
        "required": ["password"],
        "properties": {"password": {"type": "string", "title": "Password", "minLength": 1}},
    },
)


def host_config(port: int, *, tls: bool = True, **more: Schema) -> dict[str, Schema]:
    """Properties of a configuration that names a server.

    Args:
        port: the usual one.
        tls: whether the usual server is reached by TLS.
        more: other properties.
    """
    return {
        "host": given("Name or address of the server.", title="Host"),
        "port": whole("Where it listens.", title="Port", default=port, minimum=1, maximum=65_535),
        "tls": flag("Encrypt what is exchanged, and check who the server is.", title="TLS", default=tls),
        "authority": text(
            "PEM of the authority that signed the server's certificate; absent: those that this machine trusts.",
            title="Authority of the server",
            **{"x-lines": 8},
        ),
        **more,
    }


def given_host(port: int) -> dict[str, Schema]:
    """Properties of a configuration that names a server which no TLS is spoken to.

    Args:
        port: the usual one.
    """
    return {name: schema for name, schema in host_config(port).items() if name in ("host", "port")}


@dataclass(frozen=True, slots=True)
class Host:
    """A server that may be reached.

    Attributes:
        name, port: as the connection configures them.
        address: the IP address to connect to, which was checked.
        tls: for the server's name, whatever the address; None where nothing is encrypted.
    """

    name: str
    port: int
    address: str
    tls: ssl.SSLContext | None


async def reach(connection: Connection, port: int, *, tls: bool = True) -> Host:
    """The server that a connection configures.

    Args:
        connection: configured as :func:`host_config` says.
        port, tls: the usual ones.

    Raises:
        ActionError: it may not be reached from here, or its authority is no PEM.
    """
    config = connection.config
    name, port = config["host"], config.get("port", port)
    address = await connection.address(name, port)
    context = server_tls(connection) if config.get("tls", tls) else None
    return Host(name, port, address, context)


def server_tls(connection: Connection) -> ssl.SSLContext:
    """The context of TLS to the server that a connection configures."""
    from weftline.authoring.integrations.tls import server_context

    return server_context(connection.config["host"], connection.config.get("authority") or None)


@asynccontextmanager
async def exchange(
    connection: Connection, translate: Callable[[Exception], ActionError | None] = lambda _: None
) -> AsyncGenerator[None]:
    """What happens within takes no longer than the connection allows, and fails with errors of actions.

    Args:
        connection: with which the server is reached.
        translate: a library's error into one of actions; None where it is none that it knows.

    Raises:
        ActionError: code ``timeout``, ``unreachable``, ``tls_failed``, or as translated.
    """
    where = connection.config.get("host", connection.name)
    try:
        async with asyncio.timeout(connection.timeout):
            yield
    except ActionError:
        raise
    except Exception as error:
        known = translate(error) or _network_error(error, where, connection.timeout)
        if known is None:
            raise
        raise known from None


def _network_error(error: BaseException, where: str, timeout: float) -> ActionError | None:
    unsafe = tls_failure(error, where)
    if unsafe is not None:
        return unsafe
    for each in _causes(error):
        if isinstance(each, TimeoutError):
            return late(where, timeout)
        if isinstance(each, OSError | EOFError):
            return unreachable(where, str(each) or type(each).__name__)
    return None


def tls_failure(error: BaseException, where: str) -> ActionError | None:
    """The error where TLS to a server did not come about; None where that is not what happened.

    Args:
        error: a library's, however it wraps the cause.
        where: the server.
    """
    for each in _causes(error):
        if isinstance(each, ssl.SSLError) and not isinstance(each, _BROKEN):
            message = f"there is no safe way to {where}: {getattr(each, 'verify_message', '') or each}"
            return ActionError(message, code="tls_failed", retryable=False)
    return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def late(where: str, seconds: float) -> ActionError:
    """The error where a server has not answered in time.

    Args:
        where: the server.
        seconds: that it had.
    """
    return ActionError(f"no answer of {where} within {seconds:g} s", code=TIMEOUT)


def lost(error: BaseException, where: str, said: object = None) -> ActionError:
    """The error where the way to a server has failed, with TLS or without.

    Args:
        error: a library's, however it wraps the cause.
        where: the server.
        said: why, in the place of the error's own words.
    """
    return tls_failure(error, where) or unreachable(where, error if said is None else said)


def unreachable(where: str, why: object) -> ActionError:
    """The error where a server does not answer as one of its kind, or no longer."""
    return ActionError(f"{where} cannot be reached: {why}", code=UNREACHABLE)


def too_large(what: str) -> ActionError:
    """The error where an answer has more than :data:`MAX_ANSWER_BYTES`."""
    message = f"{what} is longer than {MAX_ANSWER_BYTES} bytes"
    return ActionError(message, code=TOO_LARGE, retryable=False)


def invalid(message: str, **details: Any) -> ActionError:
    """The error where an input does not make sense."""
    return ActionError(message, code="invalid_input", retryable=False, details=details)
