"""``amqp``: messages through RabbitMQ, or whatever speaks AMQP 0-9-1, with what comes into a queue as a trigger."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import BASIC, Connection, Integration, Item, Poll
from weftline.connectors.contents import CONTENT, content_json, read_content
from weftline.connectors.hosts import Host, exchange, host_config, lost, reach, unreachable
from weftline.connectors.pool import Pool, let_go
from weftline.connectors.schema import flag, given, mapping, optional, record, text, whole

if TYPE_CHECKING:
    from aiormq.abc import AbstractChannel, DeliveredMessage
    from aiormq.connection import Connection as Client

_PORT = 5672
_PREFETCH = 20
"""Messages that the server hands over before the first of them is settled."""

_HEADERS = mapping("What goes along.", text("The value."), maxProperties=50)

amqp = Integration(
    "amqp",
    title="RabbitMQ",
    description="Messages through RabbitMQ, or another broker that speaks AMQP 0-9-1.",
    category="messaging",
    icon="rabbit",
    auth=(BASIC,),
    config=record(
        {
            **host_config(_PORT, tls=False),
            "virtualHost": given("Its name.", title="Virtual host", default="/"),
        },
        ["host"],
    ),
    docs_url="https://www.rabbitmq.com/docs",
)


@amqp.action(
    "publish",
    title="Publish a message",
    input=record(
        {
            "exchange": text(
                "The exchange; empty: straight to the queue that the routing key names.", default="", maxLength=255
            ),
            "routingKey": text("By which the exchange finds the queues.", maxLength=255),
            **CONTENT,
            "contentType": given("Like `application/json`.", default="text/plain", maxLength=255),
            "headers": _HEADERS,
            "correlationId": given("By which an answer is known to belong to it.", maxLength=255),
            "replyTo": given("The queue for an answer.", maxLength=255),
            "expiresIn": whole("Seconds after which it is dropped.", minimum=1, maximum=10**9),
            "persistent": flag("It survives a restart of the broker.", default=True),
            "mandatory": flag("Fail where no queue takes it.", default=True),
        },
        ["routingKey", "content"],
    ),
    output=record({"messageId": text("The same for every attempt of the step.")}, ["messageId"]),
    example={
        "exchange": "orders",
        "routingKey": "order.created",
        "content": '{"id": 17}',
        "contentType": "application/json",
    },
)
async def publish(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a message, and wait until the broker has confirmed it.

    The step's idempotency key goes along as the message's id, by which its consumers can drop repetitions.
    """
    from pamqp.commands import Basic

    wanted = ctx.input
    properties = Basic.Properties(
        content_type=wanted.get("contentType", "text/plain"),
        headers=dict(wanted.get("headers", {})),
        delivery_mode=2 if wanted.get("persistent", True) else 1,
        correlation_id=wanted.get("correlationId"),
        reply_to=wanted.get("replyTo"),
        expiration=str(wanted["expiresIn"] * 1_000) if "expiresIn" in wanted else None,
        message_id=ctx.idempotency_key[:255],
    )
    async with exchange(connection, lambda error: _failure(connection, error)):
        pool = await _pool(connection)
        async with pool.one() as client:
            channel = await client.channel()
            await channel.basic_publish(
                read_content(wanted),
                exchange=wanted.get("exchange", ""),
                routing_key=wanted["routingKey"],
                properties=properties,
                mandatory=wanted.get("mandatory", True),
            )
            await channel.close()
    return {"messageId": ctx.idempotency_key[:255]}


@amqp.trigger(
    "message",
    title="Message in a queue",
    type="EVENT",
    config=record({"queue": given("The queue, which has to be there.", maxLength=255)}, ["queue"]),
    output=record(
        {
            **CONTENT,
            "contentType": optional(text("As its sender says.")),
            "headers": mapping("What came along.", {"type": "string"}),
            "messageId": optional(text("As its sender says.")),
            "correlationId": optional(text("As its sender says.")),
            "replyTo": optional(text("The queue for an answer.")),
            "exchange": text("Where it was sent to."),
            "routingKey": text("By which it came into the queue."),
            "isRedelivered": flag("It has been delivered before, and was not settled."),
        },
        [
            "content",
            "encoding",
            "contentType",
            "headers",
            "messageId",
            "correlationId",
            "replyTo",
            "exchange",
            "routingKey",
            "isRedelivered",
        ],
    ),
    example={
        "content": '{"id": 17}',
        "encoding": "text",
        "contentType": "application/json",
        "headers": {},
        "messageId": "m-17",
        "correlationId": None,
        "replyTo": None,
        "exchange": "orders",
        "routingKey": "order.created",
        "isRedelivered": False,
    },
)
async def message(connection: Connection, config: Mapping[str, Any], cursor: Any) -> AsyncIterator[Poll]:
    """A message has come into a queue. It is acknowledged when the execution that it starts is stored.

    A message that its sender gave an id starts one execution, however often it is delivered.
    """
    client: Client | None = None
    waiting: asyncio.Queue[DeliveredMessage] = asyncio.Queue()
    try:
        async with exchange(connection, lambda error: _failure(connection, error)):
            client = await _opened(connection)
            channel = await client.channel(publisher_confirms=False)
            await channel.basic_qos(prefetch_count=_PREFETCH)
            await channel.basic_consume(config["queue"], waiting.put)
        while True:
            delivered = [await _next(connection, waiting, channel)]
            while not waiting.empty():
                delivered.append(waiting.get_nowait())
            yield Poll([_item(config["queue"], each) for each in delivered], None)
            async with exchange(connection, lambda error: _failure(connection, error)):
                last = delivered[-1].delivery_tag
                assert last is not None
                await channel.basic_ack(last, multiple=True)
    finally:
        if client is not None:
            await _close(client)


@amqp.test
async def try_amqp(connection: Connection) -> str | None:
    """Sign in, and open a channel."""
    async with exchange(connection, lambda error: _failure(connection, error)):
        pool = await _pool(connection)
        async with pool.one() as client:
            await (await client.channel()).close()
    return connection.credentials["username"]


async def _next(
    connection: Connection, waiting: asyncio.Queue[DeliveredMessage], channel: AbstractChannel
) -> DeliveredMessage:
    """The next message, however long that takes, as long as the channel is there."""
    coming = asyncio.ensure_future(waiting.get())
    try:
        closing = cast("asyncio.Future[Any]", cast("Any", channel).closing)
        await asyncio.wait([coming, closing], return_when=asyncio.FIRST_COMPLETED)
        if not coming.done():
            raise unreachable(connection.config["host"], "the broker has closed the channel")
        return coming.result()
    finally:
        coming.cancel()


def _item(queue: str, delivered: DeliveredMessage) -> Item:
    from uuid import uuid4

    properties, delivery = delivered.header.properties, delivered.delivery
    headers: dict[str, Any] = dict(properties.headers or {})
    payload = {
        **content_json(delivered.body),
        "contentType": properties.content_type,
        "headers": {str(name): str(value) for name, value in headers.items()},
        "messageId": properties.message_id,
        "correlationId": properties.correlation_id,
        "replyTo": properties.reply_to,
        "exchange": delivered.exchange or "",
        "routingKey": delivered.routing_key or "",
        "isRedelivered": bool(getattr(delivery, "redelivered", False)),
    }
    return Item(f"{queue}.{properties.message_id or uuid4()}", payload)


async def _pool(connection: Connection) -> Pool[Client]:
    async def open() -> Pool[Client]:
        return Pool(lambda: _opened(connection), _close, lambda client: not client.is_closed)

    async def close(pool: Pool[Client]) -> None:
        await pool.close()

    return await connection.resource("pool", open, close)


async def _opened(connection: Connection) -> Client:
    from aiormq.connection import Connection as Client
    from yarl import URL

    host = await reach(connection, _PORT, tls=False)
    client = Client(URL(_url(connection, host)), context=host.tls)
    try:
        await cast("Any", client).connect()
    except BaseException:
        await _close(client)
        raise
    return client


def _url(connection: Connection, host: Host) -> str:
    given = connection.credentials
    user, password = quote(given["username"], safe=""), quote(given.get("password", ""), safe="")
    address = f"[{host.address}]" if ":" in host.address else host.address
    scheme = "amqp" if host.tls is None else "amqps"
    virtual_host = quote(connection.config.get("virtualHost", "/"), safe="")
    return f"{scheme}://{user}:{password}@{address}:{host.port}/{virtual_host}?heartbeat=30&name=weftline"


async def _close(client: Client) -> None:
    await let_go(client.close(), 2)


def _failure(connection: Connection, error: Exception) -> ActionError | None:
    from aiormq import exceptions

    where = connection.config["host"]
    match error:
        case exceptions.AuthenticationError() | exceptions.ProbableAuthenticationError():
            return connection.unauthorized("the broker refuses the credentials")
        case exceptions.PublishError():
            return ActionError("no queue takes the message", code="unroutable", retryable=False)
        case exceptions.DeliveryError():
            return ActionError("the broker did not take the message", code="not_confirmed")
        case exceptions.ChannelNotFoundEntity():
            return ActionError(f"the broker refuses: {error}", code="not_found", retryable=False)
        case exceptions.ChannelAccessRefused():
            return ActionError(f"the broker refuses: {error}", code="permission_denied", retryable=False)
        case exceptions.AMQPChannelError():
            return ActionError(f"the broker refuses: {error}", code="amqp_refused", retryable=False)
        case exceptions.InvalidFrameError() if "OpenOk" in str(error):
            return ActionError("the broker refuses the virtual host", code="invalid_connection", retryable=False)
        case exceptions.AMQPError() | RuntimeError():
            return lost(error, where)
        case _:
            return None
