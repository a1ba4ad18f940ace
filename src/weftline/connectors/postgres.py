"""``postgres``: statements with parameters for PostgreSQL."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import orjson

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import BASIC, Connection, Integration
from weftline.connectors.hosts import exchange, host_config, invalid, reach
from weftline.connectors.pool import Pool
from weftline.connectors.schema import given, listing, record, whole
from weftline.connectors.sql.parameters import quoted_column, quoted_name, with_parameters
from weftline.connectors.sql.shapes import (
    EXECUTE,
    INSERT,
    QUERY,
    READ_ONLY,
    ROWS,
    Taken,
    columns_of,
    distinct,
)

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.prepared_stmt import PreparedStatement

_PORT = 5432

_AS_TEXT = ("bytea", "cidr", "date", "inet", "interval", "macaddr", "money", "numeric", "time", "timetz", "uuid", "xml")
"""Types that travel as the text that PostgreSQL writes and reads."""

_CHANGED = record(
    {
        "count": whole("How many rows were changed."),
        "rows": listing("What RETURNING gives, as objects by column.", {"type": "object"}),
    },
    ["count", "rows"],
)

postgres = Integration(
    "postgres",
    title="PostgreSQL",
    description="Rows read from and written to a PostgreSQL database.",
    category="database",
    icon="database",
    auth=(BASIC,),
    config=record(
        {**host_config(_PORT), "database": given("Its name.", title="Database"), "readOnly": READ_ONLY},
        ["host", "database"],
    ),
    docs_url="https://www.postgresql.org/docs/current/sql.html",
)


@postgres.action(
    "query",
    title="Query rows",
    input=QUERY,
    output=ROWS,
    example={
        "statement": "SELECT id, total FROM orders WHERE customer = :customer AND placed >= :since",
        "parameters": {"customer": "C-17", "since": "2026-01-01"},
    },
)
async def query(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read rows, in a transaction that can change nothing.

    Dates, times, `numeric`, `uuid` and `bytea` are text, as PostgreSQL writes them, with `T` between day and time.
    Parameters: objects go as JSON, lists as arrays, text as whatever the statement needs there.
    """
    wanted = ctx.input
    text, values = _statement(wanted)
    async with _connected(connection) as client, client.transaction(readonly=True):
        rows = await _taken(await client.prepare(text), values, wanted.get("limit", 1_000))
    return {"rows": rows, "count": len(rows)}


@postgres.action(
    "execute",
    title="Execute a statement",
    input=EXECUTE,
    output=_CHANGED,
    example={
        "statement": "UPDATE orders SET state = :state WHERE id = :id RETURNING id, state",
        "parameters": {"state": "shipped", "id": 17},
    },
)
async def execute(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Run one statement in a transaction of its own: all of it happens, or nothing.

    If the answer gets lost, the next attempt runs it again: write it so that the second time changes nothing.
    """
    text, values = _statement(ctx.input)
    async with _connected(connection) as client, client.transaction():
        statement = await client.prepare(text)
        if statement.get_attributes():
            rows = await _taken(statement, values, 1_000)
            return {"count": len(rows), "rows": rows}
        await statement.fetch(*values)
        return {"count": _count(statement.get_statusmsg() or ""), "rows": []}


@postgres.action(
    "insert",
    title="Insert rows",
    input=INSERT,
    output=record(
        {"count": whole("How many rows were inserted.")},
        ["count"],
    ),
    example={"table": "orders", "rows": [{"id": 17, "customer": "C-17", "total": "19.90"}], "onConflict": "ignore"},
)
async def insert(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Insert rows in one transaction: all of them, or none.

    With `onConflict` set to `ignore`, an attempt after a lost answer inserts nothing twice, where the rows have keys.
    """
    wanted = ctx.input
    columns = columns_of(wanted["rows"])
    names = ", ".join(quoted_column(column, '"') for column in columns)
    places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
    tail = " ON CONFLICT DO NOTHING" if wanted.get("onConflict", "fail") == "ignore" else ""
    text = f"INSERT INTO {quoted_name(wanted['table'], chr(34))} ({names}) VALUES ({places}){tail} RETURNING 1"  # noqa: S608 - names are quoted
    async with _connected(connection) as client, client.transaction():
        statement = await client.prepare(text)
        inserted = await statement.fetchmany([[row[column] for column in columns] for row in wanted["rows"]])
    return {"count": len(inserted)}


@postgres.test
async def try_postgres(connection: Connection) -> str | None:
    """Sign in, and ask as whom."""
    async with _connected(connection) as client:
        return cast("str", await client.fetchval("SELECT current_user::text"))


def _statement(wanted: Mapping[str, Any]) -> tuple[str, list[Any]]:
    places: list[str] = []

    def placed(name: str) -> str:
        places.append(name)
        return f"${len(places)}"

    values = wanted.get("parameters", {})
    text, names = with_parameters(wanted["statement"], values, "postgres", placed)
    return text, [values[name] for name in names]


async def _taken(statement: PreparedStatement[Any], values: Sequence[Any], limit: int) -> list[dict[str, Any]]:
    """The rows that a statement gives, fetched little by little."""
    distinct([attribute.name for attribute in statement.get_attributes()])
    taken = Taken(limit)
    async for each in statement.cursor(*values, prefetch=100):
        taken.add(_row(each))
    return taken.rows


def _row(found: asyncpg.Record) -> dict[str, Any]:
    return {name: _json(value) for name, value in found.items()}


def _json(value: Any) -> Any:
    """A value as JSON."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case list() | tuple() | set():
            return [_json(each) for each in cast("Sequence[Any]", value)]
        case dict():
            return {str(key): _json(each) for key, each in cast("dict[Any, Any]", value).items()}
        case _:
            return str(value)


def _count(status: str) -> int:
    """How many rows a command tag like ``INSERT 0 5`` speaks of."""
    last = status.rpartition(" ")[2]
    return int(last) if last.isdigit() else 0


@asynccontextmanager
async def _connected(connection: Connection) -> AsyncGenerator[asyncpg.Connection[Any]]:
    async def open() -> Pool[asyncpg.Connection[Any]]:
        return Pool(lambda: _opened(connection), _close, lambda client: not client.is_closed())

    async def close(pool: Pool[asyncpg.Connection[Any]]) -> None:
        await pool.close()

    async with exchange(connection, lambda error: _failure(connection, error)):
        pool = await connection.resource("pool", open, close)
        async with pool.one() as client:
            yield client
            # whatever a statement has set is forgotten
            await client.reset()


async def _opened(connection: Connection) -> asyncpg.Connection[Any]:
    import asyncpg

    host = await reach(connection, _PORT)
    config, given = connection.config, connection.credentials
    client = await asyncpg.connect(
        host=host.address,
        port=host.port,
        user=given["username"],
        password=given.get("password", ""),
        database=config["database"],
        ssl=host.tls or False,
        timeout=connection.timeout,
        # no passwords out of files of this machine
        passfile="/dev/null",
        server_settings={
            "application_name": "weftline",
            "datestyle": "ISO",
            "default_transaction_read_only": "on" if config.get("readOnly", False) else "off",
            "intervalstyle": "iso_8601",
            "standard_conforming_strings": "on",
            "statement_timeout": str(max(int(connection.timeout * 1000), 1)),
            "timezone": "UTC",
        },
    )
    try:
        await _speak_text(client)
    except BaseException:
        client.terminate()
        raise
    return client


async def _close(client: asyncpg.Connection[Any]) -> None:
    client.terminate()


async def _speak_text(client: asyncpg.Connection[Any]) -> None:
    """JSON has few types: let PostgreSQL read and write the others."""

    async def codec(type: str, encoder: Any, decoder: Any) -> None:
        await client.set_type_codec(type, schema="pg_catalog", encoder=encoder, decoder=decoder, format="text")

    for type in _AS_TEXT:
        await codec(type, _written, str)
    for type in ("timestamp", "timestamptz"):
        await codec(type, _written, _moment)
    for type in ("json", "jsonb"):
        await codec(type, _written, orjson.loads)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _moment(text: str) -> str:
    moment = text.replace(" ", "T", 1)
    return moment.removesuffix("+00") + "Z" if moment.endswith("+00") else moment


def _failure(connection: Connection, error: Exception) -> ActionError | None:
    import asyncpg
    from asyncpg import exceptions

    match error:
        case exceptions.InvalidAuthorizationSpecificationError():
            return connection.unauthorized(str(error))
        case exceptions.InvalidCatalogNameError():
            return ActionError(str(error), code="invalid_connection", retryable=False)
        case exceptions.QueryCanceledError():
            return ActionError(f"the statement takes longer than {connection.timeout:g} s", code="timeout")
        case asyncpg.PostgresError():
            return _refusal(error)
        case exceptions.DataError() | exceptions.UnsupportedClientFeatureError():
            return invalid(f"a parameter does not fit: {error}")
        case asyncpg.InterfaceError():
            return ActionError(f"the database cannot be used: {error}", code="unreachable")
        case _:
            return None


_CODES = {
    "08": ("unreachable", True),
    "22": ("invalid_input", False),
    "23": ("constraint_violated", False),
    "25": ("read_only", False),
    "40": ("conflict", True),
    "42": ("invalid_statement", False),
    "53": ("unreachable", True),
    "55": ("conflict", True),
    "57": ("unreachable", True),
}


def _refusal(error: asyncpg.PostgresError) -> ActionError:
    """The database's own error; what it adds beside the message may hold values, and is left out."""
    state = str(error.sqlstate)
    code, is_retryable = _CODES.get(state[:2], ("sql_error", False))
    if state == "42501":
        code = "permission_denied"
    elif state.startswith("25") and state != "25006":
        code = "invalid_statement"
    details = {"sqlState": state}
    constraint = getattr(error, "constraint_name", None)
    if constraint:
        details["constraint"] = constraint
    return ActionError(str(error).partition("\n")[0], code=code, retryable=is_retryable, details=details)
