"""Messages through a real RabbitMQ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors.conftest import failure
from tests.connectors.servers import Certificate, directory, free_port, make_certificate, program, running
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.amqp import amqp, message, try_amqp
from weftline.testing.connectors import call, connected

PASSWORD = {"username": "weft@shop", "password": "s3:c/r@t"}
Server = tuple[int, int, Certificate]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Its port, its port for TLS, and its certificate."""
    program("rabbitmq-server", "rabbitmq-server")
    epmd = program("epmd", "rabbitmq-server")
    with directory() as home:
        port, tls_port, names, peers = (free_port() for _ in range(4))
        certificate = make_certificate(home / "tls")
        (home / "rabbitmq.conf").write_text(f"""
listeners.tcp.default = 127.0.0.1:{port}
listeners.ssl.default = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {certificate.certificate}
ssl_options.certfile = {certificate.certificate}
ssl_options.keyfile = {certificate.key}
ssl_options.verify = verify_none
default_user = {PASSWORD["username"]}
default_pass = {PASSWORD["password"]}
loopback_users = none
log.file = false
log.console = true
""")
        (home / "plugins").write_text("[].")
        environment = {
            "HOME": str(home),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(peers),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_NODENAME": f"weft{port}@localhost",
            "RABBITMQ_PID_FILE": str(home / "pid"),
        }
        (home / "names").mkdir()
        # Erlang would start this one by itself, and leave it behind
        with (
            running([epmd, "-address", "127.0.0.1", "-port", str(names)], home / "names", names),
            running(["/usr/lib/rabbitmq/bin/rabbitmq-server"], home, tls_port, environment),
        ):
            yield port, tls_port, certificate


def to(
    server: Server, *, credentials: dict[str, str] = PASSWORD, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    given = {"host": "127.0.0.1", "port": server[0], **config}
    return connected(amqp, auth="BASIC", config=given, credentials=credentials, timeout=10)


@pytest.fixture
async def broker(server: Server) -> AsyncIterator[OpenedConnection]:
    async with to(server) as connection:
        yield connection


@pytest.fixture
async def channel(server: Server) -> AsyncIterator[Any]:
    import aiormq

    client = await aiormq.connect(f"amqp://weft%40shop:s3%3Ac%2Fr%40t@127.0.0.1:{server[0]}//")
    yield await client.channel()
    await client.close()


@pytest.fixture
async def queue(channel: Any) -> str:
    declared = await channel.queue_declare(f"q{uuid4().hex}", auto_delete=False)
    return declared.queue


async def test_a_message_is_published_and_confirmed(broker: OpenedConnection, channel: Any, queue: str) -> None:
    answer = await call(
        "amqp.publish", broker, routingKey=queue, content="ü", contentType="text/x", headers={"a": "b"},
        correlationId="c", replyTo="r", expiresIn=60,
    )  # fmt: skip
    assert answer == {"messageId": "execution/step"}
    got = await channel.basic_get(queue)
    properties = got.header.properties
    assert got.body.decode() == "ü"
    assert (properties.content_type, properties.headers, properties.message_id) == (
        "text/x",
        {"a": "b"},
        "execution/step",
    )
    assert (properties.correlation_id, properties.reply_to, properties.expiration) == ("c", "r", "60000")
    assert properties.delivery_mode == 2


async def test_a_message_that_nobody_takes_is_told(broker: OpenedConnection) -> None:
    error = await failure(call("amqp.publish", broker, routingKey="nowhere", content=""), "unroutable")
    assert not error.retryable
    await call("amqp.publish", broker, routingKey="nowhere", content="", mandatory=False)
    await failure(call("amqp.publish", broker, exchange="nowhere", routingKey="a", content=""), "not_found")
    await call("amqp.publish", broker, routingKey="nowhere", content="", mandatory=False)


async def test_what_comes_into_a_queue_is_noticed_and_settled(
    broker: OpenedConnection, channel: Any, queue: str
) -> None:
    for number in range(3):
        await channel.basic_publish(b"%d" % number, routing_key=queue)
    await call("amqp.publish", broker, routingKey=queue, content="3")
    found: list[Any] = []
    async with asyncio.timeout(20), aclosing(message(broker, {"queue": queue}, None)) as polls:
        async for poll in polls:
            found += poll.items
            if len(found) == 4:
                break
    assert [item.payload["content"] for item in found] == ["0", "1", "2", "3"]
    assert len({item.id for item in found}) == 4 and found[3].id == f"{queue}.execution/step"
    # the last was not settled, as nobody asked for the next: it comes again
    async with asyncio.timeout(20), aclosing(message(broker, {"queue": queue}, None)) as polls:
        again: list[Any] = []
        async for poll in polls:
            again += [item for item in poll.items if item.id == found[3].id]
            if again:
                break
    assert again[0].payload["isRedelivered"]


async def test_a_queue_that_is_not_there_or_goes_is_told(broker: OpenedConnection, channel: Any, queue: str) -> None:
    await failure(anext(aiter(message(broker, {"queue": "nowhere"}, None))), "not_found")


async def test_a_connection_is_tried(server: Server) -> None:
    _, tls_port, certificate = server
    async with to(server) as connection:
        assert await try_amqp(connection) == PASSWORD["username"]
    async with to(server, credentials={**PASSWORD, "password": "wrong"}) as connection:
        assert "wrong" not in (await failure(try_amqp(connection), "connection_unauthorized")).message
    async with to(server, port=tls_port, tls=True, authority=certificate.pem) as connection:
        await try_amqp(connection)
    async with to(server, port=tls_port, tls=True) as connection:
        await failure(try_amqp(connection), "tls_failed")
    async with to(server, virtualHost="nowhere") as connection:
        await failure(try_amqp(connection), "invalid_connection")
    async with to((free_port(), 0, certificate)) as connection:
        error = await failure(try_amqp(connection), "unreachable")
        assert error.retryable and PASSWORD["password"] not in error.message
