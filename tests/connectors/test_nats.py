"""Messages over a real NATS server, and over its streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors.conftest import failure
from tests.connectors.servers import Certificate, directory, free_port, make_certificate, program, running
from weftline.authoring.integrations import OpenedConnection, Poll
from weftline.connectors.nats import nats, stream_message, try_nats
from weftline.testing.connectors import call, connected

PASSWORD = {"username": "weft", "password": "s3cret"}
Server = tuple[int, Certificate | None]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    command = program("nats-server", "nats-server")
    with directory() as home:
        port = free_port()
        options = ["-a", "127.0.0.1", "-p", str(port), "-js", "-sd", str(home / "store")]
        with running([command, *options, "--user", "weft", "--pass", "s3cret"], home, port):
            yield port, None


@pytest.fixture(scope="module")
def secure_server() -> Iterator[Server]:
    command = program("nats-server", "nats-server")
    with directory() as home:
        port, certificate = free_port(), make_certificate(home / "tls")
        options = ["-a", "127.0.0.1", "-p", str(port), "--tls", f"--tlscert={certificate.certificate}"]
        with running([command, *options, f"--tlskey={certificate.key}"], home, port):
            yield port, certificate


def to(
    server: Server, *, auth: str = "BASIC", credentials: dict[str, str] = PASSWORD, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    given = {"host": "127.0.0.1", "port": server[0], **config}
    return connected(nats, auth=auth, config=given, credentials=credentials, timeout=5)


@pytest.fixture
async def bus(server: Server) -> AsyncIterator[OpenedConnection]:
    async with to(server) as connection:
        yield connection


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Any]:
    from nats.aio.client import Client

    client = Client()
    await client.connect(f"nats://127.0.0.1:{server[0]}", user="weft", password="s3cret")
    yield client
    await client.close()


@pytest.fixture
async def stream(client: Any) -> str:
    name = f"s{uuid4().hex}"
    await client.jetstream().add_stream(name=name, subjects=[f"{name}.>"])
    return name


async def test_a_message_reaches_whoever_listens(bus: OpenedConnection, client: Any) -> None:
    subscription = await client.subscribe("orders.created")
    await client.flush()
    await call("nats.publish", bus, subject="orders.created", content="ü", headers={"Kind": "new"})
    message = await subscription.next_msg(timeout=10)
    assert (message.data.decode(), message.headers) == ("ü", {"Kind": "new"})


async def test_a_question_is_answered(bus: OpenedConnection, client: Any) -> None:
    async def answer(message: Any) -> None:
        await message.respond(message.data + b"!")

    await client.subscribe("stock.check", cb=answer)
    await client.flush()
    answered = await call("nats.request", bus, subject="stock.check", content="pen")
    assert answered == {"content": "pen!", "encoding": "text", "headers": {}}
    assert (await failure(call("nats.request", bus, subject="nobody.there", content=""), "no_responders")).retryable


async def test_a_stream_stores_a_step_once(bus: OpenedConnection, stream: str) -> None:
    first = await call("nats.publishToStream", bus, subject=f"{stream}.a", content="1")
    assert first == {"stream": stream, "sequence": 1, "isDuplicate": False}
    again = await call("nats.publishToStream", bus, subject=f"{stream}.a", content="1")
    assert again == {"stream": stream, "sequence": 1, "isDuplicate": True}
    await failure(call("nats.publishToStream", bus, subject="nobody.there", content=""), "not_found")


async def test_what_comes_into_a_stream_is_noticed_and_settled(bus: OpenedConnection, client: Any, stream: str) -> None:
    config = {"stream": stream, "subject": f"{stream}.orders", "durable": "weft"}
    js = client.jetstream()
    for number in range(3):
        await js.publish(f"{stream}.orders", b"%d" % number)
        await js.publish(f"{stream}.other", b"not this")

    async def first(count: int, *, settle: bool) -> list[Any]:
        found: list[Any] = []
        async with aclosing(stream_message(bus, config, None)) as polls:
            async for poll in polls:
                assert isinstance(poll, Poll)
                found += poll.items
                if len(found) >= count and not settle:
                    break
                if len(found) > count:
                    break
                if settle and len(found) == count:
                    await js.publish(f"{stream}.orders", b"last")
        return found

    async with asyncio.timeout(30):
        items = await first(3, settle=True)
    assert [item.payload["content"] for item in items] == ["0", "1", "2", "last"]
    assert [item.id for item in items] == [f"{stream}.{number}" for number in (1, 3, 5, 7)]
    state = await js.consumer_info(stream, "weft")
    # the last was not settled, as nobody asked for the next: it comes again
    assert state.num_ack_pending == 1


async def test_a_stream_that_is_not_there_is_told(bus: OpenedConnection) -> None:
    polls = stream_message(bus, {"stream": "nowhere", "durable": "weft"}, None)
    await failure(anext(aiter(polls)), "not_found")


async def test_inputs_stay_in_their_places(bus: OpenedConnection) -> None:
    for hostile in (
        {"subject": "a\r\nPUB b 0\r\n"},
        {"subject": "a b"},
        {"subject": "a", "headers": {"A": "x\r\nB: y"}},
        {"subject": "a", "headers": {"A: x\r\nB": "y"}},
    ):
        await failure(call("nats.publish", bus, **{"content": "", **hostile}), "invalid_input")


async def test_a_connection_is_tried(server: Server, secure_server: Server) -> None:
    async with to(server) as connection:
        assert await try_nats(connection) == "weft"
    async with to(server, credentials={**PASSWORD, "password": "wrong"}) as connection:
        await failure(try_nats(connection), "connection_unauthorized")
    async with to(server, tls=True) as connection:
        await failure(try_nats(connection), "tls_failed")
    certificate = secure_server[1]
    assert certificate is not None
    async with to(secure_server, auth="NONE", credentials={}, tls=True, authority=certificate.pem) as connection:
        await try_nats(connection)
    async with to(secure_server, auth="NONE", credentials={}, tls=True) as connection:
        await failure(try_nats(connection), "tls_failed")
    async with to((free_port(), None)) as connection:
        assert (await failure(try_nats(connection), "unreachable")).retryable
