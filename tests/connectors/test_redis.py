"""Keys, lists, channels and streams of a real Redis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors.conftest import failure
from tests.connectors.server import listening
from tests.connectors.servers import Certificate, directory, free_port, make_certificate, program, running
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.redis import redis, try_redis
from weftline.testing.connectors import call, connected

PASSWORD = "s3crét"


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, int, Certificate]]:
    """Its port, its port for TLS, and its certificate."""
    command = program("redis-server", "redis-server")
    with directory() as home:
        port, tls_port, certificate = free_port(), free_port(), make_certificate(home / "tls")
        options = {
            "bind": "127.0.0.1", "port": port, "tls-port": tls_port, "tls-cert-file": certificate.certificate,
            "tls-key-file": certificate.key, "tls-auth-clients": "no", "save": "", "appendonly": "no",
            "requirepass": PASSWORD, "dir": home,
        }  # fmt: skip
        arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        with running([command, *arguments], Path(home), tls_port):
            yield port, tls_port, certificate


def to(
    server: tuple[int, int, Certificate], *, password: str = PASSWORD, timeout: float = 10, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    port, tls_port, certificate = server
    is_tls = config.get("tls", True)
    given = {"host": "127.0.0.1", "port": tls_port if is_tls else port, "tls": True, "authority": certificate.pem}
    credentials = {"password": password}
    return connected(redis, auth="CUSTOM", config={**given, **config}, credentials=credentials, timeout=timeout)


@pytest.fixture
async def cache(server: tuple[int, int, Certificate]) -> AsyncIterator[OpenedConnection]:
    async with to(server) as connection:
        yield connection


@pytest.fixture
def key() -> str:
    return f"key {uuid4().hex}\r\n"


async def test_a_value_is_set_read_and_deleted(cache: OpenedConnection, key: str) -> None:
    assert await call("redis.get", cache, key=key) == {"value": None, "exists": False}
    assert await call("redis.set", cache, key=key, value="ü\r\nDEL x", expiresIn=60) == {"isSet": True}
    assert await call("redis.get", cache, key=key) == {"value": "ü\r\nDEL x", "exists": True}
    assert await call("redis.set", cache, key=key, value="other", onlyIfAbsent=True) == {"isSet": False}
    assert await call("redis.delete", cache, keys=[key, "absent"]) == {"count": 1}
    await call("redis.set", cache, key=key, value="")
    assert await call("redis.get", cache, key=key) == {"value": "", "exists": True}
    assert await call("redis.delete", cache, key=key) == {"count": 1}


async def test_numbers_are_counted(cache: OpenedConnection, key: str) -> None:
    await asyncio.gather(*(call("redis.increment", cache, key=key) for _ in range(20)))
    assert await call("redis.increment", cache, key=key, by=-5) == {"value": 15}
    await call("redis.set", cache, key=key, value="no number")
    error = await failure(call("redis.increment", cache, key=key), "redis_refused")
    assert "not an integer" in error.message and not error.retryable


async def test_a_list_gives_the_oldest_first(cache: OpenedConnection, key: str) -> None:
    assert await call("redis.push", cache, key=key, value="one") == {"length": 1}
    assert await call("redis.push", cache, key=key, value="two") == {"length": 2}
    assert [(await call("redis.pop", cache, key=key))["value"] for _ in range(3)] == ["one", "two", None]


async def test_messages_are_published(cache: OpenedConnection, server: tuple[int, int, Certificate], key: str) -> None:
    from redis.asyncio import Redis

    assert await call("redis.publish", cache, channel=key, message="lost") == {"receivers": 0}
    async with Redis(port=server[0], password=PASSWORD) as client, client.pubsub() as listener:
        await listener.subscribe(key)
        await listener.get_message(timeout=10)
        assert await call("redis.publish", cache, channel=key, message="heard") == {"receivers": 1}
        message = await listener.get_message(timeout=10)
        assert message is not None and message["data"] == b"heard"


async def test_entries_are_added_to_a_stream(
    cache: OpenedConnection, server: tuple[int, int, Certificate], key: str
) -> None:
    from redis.asyncio import Redis

    answer = await call("redis.streamAdd", cache, stream=key, fields={"order": "A-1", "ü": ""}, maxLength=100)
    async with Redis(port=server[0], password=PASSWORD) as client:
        assert await client.xrange(key) == [
            (answer["id"].encode(), {b"order": b"A-1", "ü".encode(): b""}),
        ]


async def test_what_is_no_text_or_too_large_is_refused(
    cache: OpenedConnection, server: tuple[int, int, Certificate], key: str
) -> None:
    from redis.asyncio import Redis

    async with Redis(port=server[0], password=PASSWORD) as client:
        await client.set(key, b"\xff")
        await failure(call("redis.get", cache, key=key), "invalid_input")
        await client.setrange(key, 50_000_000, b"x")
        await failure(call("redis.get", cache, key=key), "answer_too_large")
        await client.delete(key)


async def test_a_connection_is_tried(server: tuple[int, int, Certificate], cache: OpenedConnection) -> None:
    await try_redis(cache)
    async with to(server, tls=False) as connection:
        await try_redis(connection)
    async with to(server, password="wrong") as connection:
        await failure(try_redis(connection), "connection_unauthorized")
    async with connected(redis, config={"host": "127.0.0.1", "port": server[0]}) as connection:
        await failure(try_redis(connection), "connection_unauthorized")
    async with to(server, authority=None) as connection:
        await failure(try_redis(connection), "tls_failed")
    async with to(server, port=free_port(), tls=False) as connection:
        assert (await failure(try_redis(connection), "unreachable")).retryable


async def test_a_server_that_says_nothing_is_given_up() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(serve) as port:
        config = {"host": "127.0.0.1", "port": port}
        async with connected(redis, config=config, timeout=1) as connection:
            await failure(try_redis(connection), "timeout")
