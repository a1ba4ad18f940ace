"""``redis``: keys, lists, channels and streams of Redis, Valkey and what speaks like them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import BASIC, NO_AUTH, Connection, Integration
from weftline.connectors.hosts import (
    MAX_ANSWER_BYTES,
    PASSWORD_ONLY,
    exchange,
    host_config,
    invalid,
    late,
    lost,
    reach,
    too_large,
    unreachable,
)
from weftline.connectors.pool import Pool, let_go
from weftline.connectors.schema import flag, given, listing, mapping, optional, record, text, whole

if TYPE_CHECKING:
    from redis.asyncio import Connection as Client

_PORT = 6379
_KEY = given("The key.", maxLength=1_000)
_VALUE = text("The value; objects are stored as what Write JSON makes of them.", maxLength=MAX_ANSWER_BYTES)
_COUNT = record({"length": whole("How long the list is now.")}, ["length"])

redis = Integration(
    "redis",
    title="Redis",
    description="Keys, counters, lists, channels and streams of Redis.",
    category="database",
    icon="layers",
    auth=(PASSWORD_ONLY, BASIC, NO_AUTH),
    config=record(
        {
            **host_config(_PORT, tls=False),
            "database": whole("Its number.", title="Database", default=0, minimum=0, maximum=10_000),
        },
        ["host"],
    ),
    docs_url="https://redis.io/docs/latest/commands/",
)


@redis.action(
    "get",
    title="Get a value",
    input=record({"key": _KEY}, ["key"]),
    output=record(
        {"value": optional(text("The value; null where there is none.")), "exists": flag("Whether there is one.")},
        ["value", "exists"],
    ),
    example={"key": "rate:EUR"},
)
async def get(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read the text under a key, up to 5 MB."""
    key = ctx.input["key"]
    async with _connected(connection) as client:
        # its length first: an answer is taken whole
        if cast("int", await _run(client, "STRLEN", key)) > MAX_ANSWER_BYTES:
            raise too_large("the value")
        value = await _run(client, "GETRANGE", key, 0, MAX_ANSWER_BYTES)
        exists = bool(value) or await _run(client, "EXISTS", key) == 1
    return {"value": _text(value) if exists else None, "exists": exists}


@redis.action(
    "set",
    title="Set a value",
    input=record(
        {
            "key": _KEY,
            "value": _VALUE,
            "expiresIn": whole("Seconds until it is gone; absent: never.", minimum=1, maximum=10**9),
            "onlyIfAbsent": flag("Leave a value that is there.", default=False),
        },
        ["key", "value"],
    ),
    output=record({"isSet": flag("False where there was one that had to be left.")}, ["isSet"]),
    example={"key": "rate:EUR", "value": "1.08", "expiresIn": 3600},
    compensate="delete",
)
async def set_value(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Store a text under a key."""
    wanted = ctx.input
    words: list[Any] = ["SET", wanted["key"], wanted["value"]]
    if "expiresIn" in wanted:
        words += ["EX", wanted["expiresIn"]]
    if wanted.get("onlyIfAbsent", False):
        words.append("NX")
    async with _connected(connection) as client:
        return {"isSet": await _run(client, *words) is not None}


@redis.action(
    "delete",
    title="Delete keys",
    input=record(
        {"keys": listing("The keys.", _KEY, minItems=1, maxItems=1_000), "key": _KEY},
        anyOf=[{"required": ["keys"]}, {"required": ["key"]}],
    ),
    output=record({"count": whole("How many were there.")}, ["count"]),
    example={"keys": ["rate:EUR"]},
)
async def delete(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete one key or several."""
    wanted = ctx.input
    keys = [*wanted.get("keys", ()), *([wanted["key"]] if "key" in wanted else [])]
    async with _connected(connection) as client:
        return {"count": await _run(client, "DEL", *keys)}


@redis.action(
    "increment",
    title="Count up",
    input=record({"key": _KEY, "by": whole("How much; negative counts down.", default=1)}, ["key"]),
    output=record({"value": whole("The number now.")}, ["value"]),
    example={"key": "orders:today"},
)
async def increment(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Add to the number under a key, from 0 where there is none.

    If the answer gets lost, the next attempt adds once more.
    """
    wanted = ctx.input
    async with _connected(connection) as client:
        return {"value": await _run(client, "INCRBY", wanted["key"], wanted.get("by", 1))}


@redis.action(
    "publish",
    title="Publish to a channel",
    input=record({"channel": given("The channel.", maxLength=1_000), "message": _VALUE}, ["channel", "message"]),
    output=record({"receivers": whole("How many listened.")}, ["receivers"]),
    example={"channel": "orders", "message": "A-1001"},
)
async def publish(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Send a message to whoever listens to a channel right now."""
    wanted = ctx.input
    async with _connected(connection) as client:
        return {"receivers": await _run(client, "PUBLISH", wanted["channel"], wanted["message"])}


@redis.action(
    "push",
    title="Append to a list",
    input=record({"key": _KEY, "value": _VALUE}, ["key", "value"]),
    output=_COUNT,
    example={"key": "jobs", "value": "A-1001"},
)
async def push(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Put a text in front of a list (`LPUSH`); Take from a list takes the other end."""
    wanted = ctx.input
    async with _connected(connection) as client:
        return {"length": await _run(client, "LPUSH", wanted["key"], wanted["value"])}


@redis.action(
    "pop",
    title="Take from a list",
    input=record({"key": _KEY}, ["key"]),
    output=record({"value": optional(text("The text; null where the list is empty."))}, ["value"]),
    example={"key": "jobs"},
)
async def pop(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Take the oldest text of a list (`RPOP`).

    If the answer gets lost, the text is lost with it: streams are for what must not.
    """
    async with _connected(connection) as client:
        value = await _run(client, "RPOP", ctx.input["key"])
    return {"value": None if value is None else _text(value)}


@redis.action(
    "streamAdd",
    title="Add to a stream",
    input=record(
        {
            "stream": _KEY,
            "fields": mapping("What the entry says.", text("The value."), minProperties=1, maxProperties=1_000),
            "maxLength": whole("Trim the stream to about so many entries.", minimum=1),
        },
        ["stream", "fields"],
    ),
    output=record({"id": text("Of the entry.")}, ["id"]),
    example={"stream": "orders", "fields": {"order": "A-1001"}},
)
async def stream_add(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Append an entry to a stream.

    If the answer gets lost, the next attempt adds another one.
    """
    wanted = ctx.input
    words: list[Any] = ["XADD", wanted["stream"]]
    if "maxLength" in wanted:
        words += ["MAXLEN", "~", wanted["maxLength"]]
    words.append("*")
    for name, value in cast("Mapping[str, str]", wanted["fields"]).items():
        words += [name, value]
    async with _connected(connection) as client:
        return {"id": _text(await _run(client, *words))}


@redis.test
async def try_redis(connection: Connection) -> str | None:
    """Sign in, and ping."""
    async with _connected(connection) as client:
        await _run(client, "PING")
    return connection.credentials.get("username")


async def _run(client: Client, *words: Any) -> Any:
    await client.send_command(*words)
    return await cast("Any", client).read_response()


def _text(value: Any) -> str:
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise invalid("the value is no text")
    return text


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
    from redis.asyncio import Connection as Plain
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    host = await reach(connection, _PORT, tls=False)

    class Reached(Plain):
        """To the address that was checked, under the name of the server."""

        def _connection_arguments(self) -> Mapping[str, Any]:
            more = {} if host.tls is None else {"ssl": host.tls}
            return {"host": host.address, "port": host.port, **more}

    given = connection.credentials
    client = Reached(
        host=host.address,
        port=host.port,
        db=connection.config.get("database", 0),
        username=given.get("username"),
        password=given.get("password"),
        socket_timeout=connection.timeout,
        retry=Retry(NoBackoff(), 0),
        client_name="weftline",
        protocol=2,
    )
    try:
        await client.connect()
    except BaseException:
        await _close(client)
        raise
    return client


async def _close(client: Client) -> None:
    await let_go(client.disconnect())


def _failure(connection: Connection, error: Exception) -> ActionError | None:
    from redis import exceptions

    where = connection.config["host"]
    match error:
        case exceptions.AuthenticationError() | exceptions.AuthorizationError():
            return connection.unauthorized(str(error))
        case exceptions.NoPermissionError():
            return ActionError(str(error), code="permission_denied", retryable=False)
        case exceptions.TimeoutError():
            return late(where, connection.timeout)
        case exceptions.ReadOnlyError() | exceptions.BusyLoadingError() | exceptions.ConnectionError():
            return lost(error, where)
        case exceptions.ResponseError():
            if str(error).startswith(("NOAUTH", "WRONGPASS")):
                return connection.unauthorized(str(error))
            return ActionError(f"the server refuses: {error}", code="redis_refused", retryable=False)
        case exceptions.RedisError():
            return unreachable(where, error)
        case _:
            return None
