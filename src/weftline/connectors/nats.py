"""``nats``: messages over NATS, and over its streams (JetStream), with what comes there as a trigger."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import BASIC, NO_AUTH, Auth, Connection, Integration, Item, Poll, secrets
from weftline.connectors.contents import CONTENT, content_json, read_content
from weftline.connectors.hosts import exchange, host_config, late, lost, reach, unreachable
from weftline.connectors.pool import Pool, let_go
from weftline.connectors.schema import flag, given, mapping, record, text, whole

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js.client import JetStreamContext

_PORT = 4222
_BATCH = 20
_WAIT = 5.0
"""Seconds that the trigger waits for something at a time."""

_SUBJECT = given("Like `orders.created`.", pattern=r"^[^\s*>]+$", maxLength=255)
_HEADERS = mapping(
    "What goes along.",
    text("The value.", pattern=r"^[^\r\n]*$"),
    maxProperties=50,
    propertyNames={"pattern": "^[A-Za-z0-9_.-]+$"},
)
_MESSAGE = {"subject": _SUBJECT, **CONTENT, "headers": _HEADERS}
_TOKEN = Auth(type="BEARER", title="Token", credentials=secrets(token="Token"))  # noqa: S106 - what people call it

nats = Integration(
    "nats",
    title="NATS",
    description="Messages over NATS and its streams.",
    category="messaging",
    icon="radio",
    auth=(BASIC, _TOKEN, NO_AUTH),
    config=record(host_config(_PORT, tls=False), ["host"]),
    docs_url="https://docs.nats.io/",
)


@nats.action(
    "publish",
    title="Publish a message",
    input=record(_MESSAGE, ["subject", "content"]),
    output=record({"subject": text("Where it went.")}, ["subject"]),
    example={"subject": "orders.created", "content": '{"id": 17}'},
)
async def publish(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a message to whoever listens right now."""
    wanted = ctx.input
    async with _connected(connection) as client:
        await client.publish(wanted["subject"], read_content(wanted), headers=_headers(ctx))
        await client.flush(_seconds(connection))
    return {"subject": wanted["subject"]}


@nats.action(
    "request",
    title="Ask and wait for the answer",
    input=record(_MESSAGE, ["subject", "content"]),
    output=record({**CONTENT, "headers": _HEADERS}, ["content", "encoding", "headers"]),
    example={"subject": "stock.check", "content": '{"sku": "pen"}'},
)
async def request(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a message, and wait for the answer to it."""
    wanted = ctx.input
    async with _connected(connection) as client:
        answer = await client.request(
            wanted["subject"], read_content(wanted), timeout=connection.timeout, headers=_headers(ctx)
        )
    return {**content_json(answer.data), "headers": dict(answer.headers or {})}


@nats.action(
    "publishToStream",
    title="Append to a stream",
    input=record(_MESSAGE, ["subject", "content"]),
    output=record(
        {
            "stream": text("The stream that keeps it."),
            "sequence": whole("Its number there."),
            "isDuplicate": flag("An attempt before had stored it already."),
        },
        ["stream", "sequence", "isDuplicate"],
    ),
    example={"subject": "orders.created", "content": '{"id": 17}'},
)
async def publish_to_stream(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a message that a stream stores, and wait until it has.

    The step's idempotency key goes along as `Nats-Msg-Id`: the stream stores it once, however many attempts it takes.
    """
    wanted = ctx.input
    headers = {"Nats-Msg-Id": f"{ctx.tenant.id}/{ctx.idempotency_key}", **(_headers(ctx) or {})}
    async with _connected(connection) as client:
        kept = await _streams(client, connection).publish(wanted["subject"], read_content(wanted), headers=headers)
    return {"stream": kept.stream, "sequence": kept.seq, "isDuplicate": bool(kept.duplicate)}


@nats.trigger(
    "streamMessage",
    title="Message in a stream",
    type="EVENT",
    config=record(
        {
            "stream": given("The stream.", pattern=r"^[^\s.*>/\\]+$"),
            "subject": given("Which messages; `*` stands for one part, `>` for the rest.", pattern=r"^\S+$"),
            "durable": given(
                "Name under which the server keeps how far the trigger has come.", pattern="^[A-Za-z0-9_-]{1,32}$"
            ),
        },
        ["stream", "durable"],
    ),
    output=record(
        {
            "subject": text("Where it was sent to."),
            **CONTENT,
            "headers": _HEADERS,
            "stream": text("The stream."),
            "sequence": whole("Its number there."),
        },
        ["subject", "content", "encoding", "headers", "stream", "sequence"],
    ),
    example={
        "subject": "orders.created",
        "content": '{"id": 17}',
        "encoding": "text",
        "headers": {},
        "stream": "orders",
        "sequence": 1,
    },
)
async def stream_message(connection: Connection, config: Mapping[str, Any], cursor: Any) -> AsyncIterator[Poll]:
    """A message has come into a stream. Each is acknowledged when the execution that it starts is stored."""
    from nats.js.api import ConsumerConfig

    client: Client | None = None
    try:
        async with exchange(connection, lambda error: _failure(connection, error)):
            client = await _opened(connection)
            subscription = await _streams(client, connection).pull_subscribe(
                config.get("subject", ""),
                durable=config["durable"],
                stream=config["stream"],
                config=ConsumerConfig(ack_wait=60, max_ack_pending=1_000),
            )
        while True:
            messages: list[Msg] = []
            async with exchange(connection, lambda error: _failure(connection, error)):
                with suppress(TimeoutError):
                    messages = await subscription.fetch(_BATCH, timeout=min(_WAIT, connection.timeout / 2))
            if messages:
                yield Poll([_item(message) for message in messages], None)
                async with exchange(connection, lambda error: _failure(connection, error)):
                    for message in messages:
                        await message.ack()
    finally:
        if client is not None:
            await _close(client)


@nats.test
async def try_nats(connection: Connection) -> str | None:
    """Sign in, and ask for an answer to a ping."""
    async with _connected(connection) as client:
        await client.flush(_seconds(connection))
    return connection.credentials.get("username")


def _streams(client: Client, connection: Connection) -> JetStreamContext:
    from nats.js.client import JetStreamContext

    return JetStreamContext(client, timeout=connection.timeout)


def _item(message: Msg) -> Item:
    about = message.metadata
    sequence = about.sequence.stream
    payload = {
        "subject": message.subject,
        **content_json(message.data),
        "headers": dict(message.headers or {}),
        "stream": about.stream,
        "sequence": sequence,
    }
    return Item(f"{about.stream}.{sequence}", payload)


def _headers(ctx: Context) -> dict[str, str] | None:
    return dict(ctx.input.get("headers", {})) or None


def _seconds(connection: Connection) -> int:
    return max(int(connection.timeout), 1)


@asynccontextmanager
async def _connected(connection: Connection) -> AsyncGenerator[Client]:
    async def open() -> Pool[Client]:
        return Pool(lambda: _opened(connection), _close, lambda client: client.is_connected)

    async def close(pool: Pool[Client]) -> None:
        await pool.close()

    async with exchange(connection, lambda error: _failure(connection, error)):
        pool = await connection.resource("pool", open, close)
        async with pool.one() as client:
            yield client


async def _opened(connection: Connection) -> Client:
    from nats.aio.client import Client
    from nats.errors import NoServersError, SecureConnWantedError

    class Insisting(Client):
        """The library would sign in over plain text where the server, or somebody between, offers no TLS."""

        async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
            # other servers that it names are left alone: nobody has checked their addresses
            if host.tls is not None and initial_connection and not info.get("tls_required", False):
                raise SecureConnWantedError

    host = await reach(connection, _PORT, tls=False)
    given = connection.credentials
    errors: list[Exception] = []

    async def note(error: Exception) -> None:
        errors.append(error)

    client = Insisting()
    address = f"[{host.address}]" if ":" in host.address else host.address
    more: dict[str, Any] = {} if host.tls is None else {"tls": host.tls, "tls_hostname": host.name}
    try:
        await client.connect(
            f"{'nats' if host.tls is None else 'tls'}://{address}:{host.port}",
            name="weftline",
            error_cb=note,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0,
            connect_timeout=_seconds(connection),
            user=given.get("username"),
            password=given.get("password"),
            token=given.get("token"),
            **more,
        )
    except NoServersError:
        raise errors[-1] if errors else unreachable(host.name, "there is no server") from None
    except BaseException:
        await _close(client)
        raise
    return client


async def _close(client: Client) -> None:
    await let_go(client.close())


def _failure(connection: Connection, error: Exception) -> ActionError | None:
    from nats import errors
    from nats.js.errors import APIError, NoStreamResponseError

    where = connection.config["host"]
    match error:
        case errors.AuthorizationError():
            return connection.unauthorized("the server refuses the credentials")
        case errors.NoRespondersError():
            return ActionError("nobody answers on this subject", code="no_responders")
        case errors.MaxPayloadError():
            return ActionError("the message is longer than the server takes", code="invalid_input", retryable=False)
        case errors.SecureConnWantedError() | errors.SecureConnRequiredError() | errors.SecureConnFailedError():
            return ActionError(f"there is no safe way to {where}: {error}", code="tls_failed", retryable=False)
        case NoStreamResponseError():
            return ActionError("no stream stores this subject", code="not_found", retryable=False)
        case APIError():
            code = "not_found" if error.code == 404 else "nats_refused"
            return ActionError(f"the server refuses: {error.description}", code=code, retryable=error.code == 503)
        case errors.TimeoutError():
            return late(where, connection.timeout)
        case errors.Error():
            said = str(error)
            if "authorization violation" in said.lower() or "authentication" in said.lower():
                return connection.unauthorized("the server refuses the credentials")
            return lost(error, where, said)
        case _:
            return None
