"""Events of real servers start workflows: a mail, a message of a queue, one of a stream."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import orjson
import pytest

from tests.connectors import test_amqp, test_in_workflows, test_nats
from tests.connectors.imap_server import PASSWORD, MailboxServer
from tests.connectors.test_amqp import Server as Broker
from tests.connectors.test_imap import mail
from tests.connectors.test_in_workflows import connect
from tests.connectors.test_nats import Server as StreamServer
from tests.engine.harness import Harness, action
from tests.engine.test_integration_triggers import declare, until_state

engine = test_in_workflows.engine
broker, stream_server = test_amqp.server, test_nats.server


async def inputs(harness: Harness, count: int) -> list[dict[str, Any]]:
    """Wait until so many executions have completed; what they were started with."""

    async def look() -> list[Any]:
        rows = await harness.fetch("SELECT input::text AS input FROM executions WHERE status = 'completed' ORDER BY id")
        return rows if len(rows) >= count else []

    found = [orjson.loads(row["input"]) for row in await harness.until(look)]
    assert len(found) == count
    return found


@pytest.mark.xdist_group("imap")
async def test_a_new_mail_starts_a_workflow(engine: Harness, mailboxes: MailboxServer) -> None:
    user = f"user-{uuid4().hex}"
    mailboxes.deliver(user, mail("Was there before"))
    config = {"host": "127.0.0.1", "port": mailboxes.tls_port, "authority": mailboxes.certificate.pem}
    await connect(engine, "imap", "office", "BASIC", config, {"username": user, "password": PASSWORD})
    await engine.publish(action("a", "echo"))
    trigger = {"id": "mail", "type": "integration", "integration": "imap", "trigger": "newMail", "connection": "office"}
    condition, input = "event.payload.subject != 'Spam'", {"subject": "${ event.payload.subject }"}
    await declare(engine, {**trigger, "condition": condition, "input": input})
    async with engine.worker(poll_seconds=0.05):

        async def has_looked() -> bool:
            query = "SELECT FROM integration_triggers WHERE holder IS NULL AND cursor IS NOT NULL"
            return bool(await engine.fetch(query))

        await engine.until(has_looked)
        mailboxes.deliver(user, mail("First order"), mail("Spam"), mail("Second order"))
        await engine.advance_clock(61)
        assert await inputs(engine, 2) == [{"subject": "First order"}, {"subject": "Second order"}]
        state = await until_state(engine, "mail", holder=None, received=3)
        assert (state["duplicates"], state["failures"]) == (0, 0)


@pytest.mark.xdist_group("amqp")
async def test_a_message_of_a_queue_starts_a_workflow_and_is_settled_then(engine: Harness, broker: Broker) -> None:
    from aiormq.connection import Connection as Client
    from pamqp.commands import Basic
    from yarl import URL

    credentials, queue = test_amqp.PASSWORD, f"q{uuid4().hex}"
    config = {"host": "127.0.0.1", "port": broker[0]}
    await connect(engine, "amqp", "rabbit", "BASIC", config, credentials)
    await engine.publish(action("a", "echo"))
    url = URL.build(
        scheme="amqp", user=credentials["username"], password=credentials["password"], host="127.0.0.1", port=broker[0]
    )
    client = Client(url)
    await client.connect()
    try:
        channel = await client.channel()
        await channel.queue_declare(queue, auto_delete=False)
        trigger = {"id": "queue", "type": "integration", "integration": "amqp", "trigger": "message"}
        await declare(engine, {**trigger, "connection": "rabbit", "config": {"queue": queue}})

        async def publish(text: str) -> None:
            properties = Basic.Properties(message_id=text)
            await channel.basic_publish(text.encode(), routing_key=queue, properties=properties)

        for text in ("first", "second"):
            await publish(text)
        async with engine.worker(poll_seconds=0.05):
            assert [each["content"] for each in await inputs(engine, 2)] == ["first", "second"]
            await publish("third")
            assert (await inputs(engine, 3))[-1]["content"] == "third"
        # what was not settled any more comes again, and starts nothing
        async with engine.worker(poll_seconds=0.05):
            await publish("fourth")
            assert [each["content"] for each in await inputs(engine, 4)] == ["first", "second", "third", "fourth"]
    finally:
        await client.close()


@pytest.mark.xdist_group("nats")
async def test_a_message_of_a_stream_starts_a_workflow(engine: Harness, stream_server: StreamServer) -> None:
    from nats.aio.client import Client

    config, name = {"host": "127.0.0.1", "port": stream_server[0]}, f"s{uuid4().hex}"
    await connect(engine, "nats", "bus", "BASIC", config, test_nats.PASSWORD)
    await engine.publish(action("a", "echo"))
    client = Client()
    await client.connect(f"nats://127.0.0.1:{stream_server[0]}", user="weft", password="s3cret")
    try:
        stream = client.jetstream()
        await stream.add_stream(name=name, subjects=[f"{name}.>"])
        trigger = {"id": "stream", "type": "integration", "integration": "nats", "trigger": "streamMessage"}
        await declare(
            engine,
            {
                **trigger,
                "connection": "bus",
                "config": {"stream": name, "durable": "weft"},
                "input": {"order": "${ event.payload.content }", "id": "${ event.id }"},
            },
        )
        async with engine.worker(poll_seconds=0.05):
            await stream.publish(f"{name}.orders", b"A-17")
            assert await inputs(engine, 1) == [{"order": "A-17", "id": f"{name}.1"}]

            async def is_settled() -> bool:
                return (await stream.consumer_info(name, "weft")).num_ack_pending == 0

            await engine.until(is_settled)
    finally:
        await client.close()
