"""``mysql``: statements with parameters for MySQL and MariaDB."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

import orjson

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import BASIC, Connection, Integration
from weftline.connectors.hosts import exchange, host_config, lost, reach
from weftline.connectors.pool import Pool
from weftline.connectors.schema import given, optional, record, whole
from weftline.connectors.sql.mysql_literals import literal
from weftline.connectors.sql.parameters import quoted_column, quoted_name, with_parameters
from weftline.connectors.sql.shapes import EXECUTE, INSERT, QUERY, READ_ONLY, ROWS, columns_of

if TYPE_CHECKING:
    from weftline.connectors.sql.mysql_client import MysqlClient

_PORT = 3306

mysql = Integration(
    "mysql",
    title="MySQL and MariaDB",
    description="Rows read from and written to a MySQL or MariaDB database.",
    category="database",
    icon="database",
    auth=(BASIC,),
    config=record(
        {**host_config(_PORT), "database": given("Its name.", title="Database"), "readOnly": READ_ONLY},
        ["host", "database"],
    ),
    docs_url="https://dev.mysql.com/doc/refman/en/sql-statements.html",
)


@mysql.action(
    "query",
    title="Query rows",
    input=QUERY,
    output=ROWS,
    example={
        "statement": "SELECT id, total FROM orders WHERE customer = :customer AND state IN :states",
        "parameters": {"customer": "C-17", "states": ["open", "paid"]},
    },
)
async def query(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Read rows, in a transaction that can change nothing.

    Dates, times, `DECIMAL` and `BLOB` are text, `JSON` is the value. Parameters: lists go as `(a, b)`, for `IN`,
    objects as JSON.
    """
    wanted = ctx.input
    text = _statement(wanted)
    async with _connected(connection) as client:
        await client.run("START TRANSACTION READ ONLY")
        rows = await client.read(text, wanted.get("limit", 1_000))
        await client.run("ROLLBACK")
    return {"rows": rows, "count": len(rows)}


@mysql.action(
    "execute",
    title="Execute a statement",
    input=EXECUTE,
    output=record(
        {
            "count": whole("How many rows were changed."),
            "insertId": optional(whole("What AUTO_INCREMENT gave the first new row.")),
        },
        ["count", "insertId"],
    ),
    example={
        "statement": "UPDATE orders SET state = :state WHERE id = :id",
        "parameters": {"state": "shipped", "id": 17},
    },
)
async def execute(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Run one statement in a transaction of its own. What changes tables commits by itself.

    If the answer gets lost, the next attempt runs it again: write it so that the second time changes nothing.
    """
    text = _statement(ctx.input)
    async with _connected(connection) as client:
        await _begin(client, connection)
        count, insert_id = await client.run(text)
        await client.run("COMMIT")
    return {"count": count, "insertId": insert_id or None}


@mysql.action(
    "insert",
    title="Insert rows",
    input=INSERT,
    output=record({"count": whole("How many rows were inserted.")}, ["count"]),
    example={"table": "orders", "rows": [{"id": 17, "customer": "C-17", "total": "19.90"}], "onConflict": "ignore"},
)
async def insert(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Insert rows in one transaction: all of them, or none.

    With `onConflict` set to `ignore`, an attempt after a lost answer inserts nothing twice, where the rows have keys.
    """
    wanted = ctx.input
    columns = columns_of(wanted["rows"])
    names = ", ".join(quoted_column(column, "`") for column in columns)
    # not INSERT IGNORE, which lets wrong values pass too
    first = quoted_column(columns[0], "`")
    tail = f" ON DUPLICATE KEY UPDATE {first} = {first}" if wanted.get("onConflict", "fail") == "ignore" else ""
    rows = ", ".join(f"({', '.join(_cell(row[column], column) for column in columns)})" for row in wanted["rows"])
    text = f"INSERT INTO {quoted_name(wanted['table'], '`')} ({names}) VALUES {rows}{tail}"  # noqa: S608 - names are quoted, values are literals
    async with _connected(connection) as client:
        await _begin(client, connection)
        count, _ = await client.run(text)
        await client.run("COMMIT")
    return {"count": count}


@mysql.test
async def try_mysql(connection: Connection) -> str | None:
    """Sign in, and ask as whom."""
    async with _connected(connection) as client:
        rows = await client.read("SELECT CURRENT_USER() AS user", 1)
    return cast("str", rows[0]["user"])


def _statement(wanted: Mapping[str, Any]) -> str:
    values = wanted.get("parameters", {})
    return with_parameters(wanted["statement"], values, "mysql", lambda name: literal(values[name], name))[0]


def _cell(value: Any, column: str) -> str:
    return literal(orjson.dumps(value).decode() if isinstance(value, list) else value, column)


async def _begin(client: MysqlClient, connection: Connection) -> None:
    is_read_only = connection.config.get("readOnly", False)
    await client.run(f"START TRANSACTION {'READ ONLY' if is_read_only else 'READ WRITE'}")


@asynccontextmanager
async def _connected(connection: Connection) -> AsyncGenerator[MysqlClient]:
    async def open() -> Pool[MysqlClient]:
        return Pool(lambda: _opened(connection), _close, lambda client: not client.is_closed)

    async def close(pool: Pool[MysqlClient]) -> None:
        await pool.close()

    async with exchange(connection, lambda error: _failure(connection, error)):
        pool = await connection.resource("pool", open, close)
        async with pool.one() as client:
            yield client


async def _opened(connection: Connection) -> MysqlClient:
    from weftline.connectors.sql.mysql_client import MysqlClient

    host = await reach(connection, _PORT)
    given = connection.credentials
    return await MysqlClient.open(
        host, given["username"], given.get("password", ""), connection.config["database"], connection.timeout
    )


async def _close(client: MysqlClient) -> None:
    await client.close()


_CODES = {
    1021: ("unreachable", True),
    1022: ("constraint_violated", False),
    1040: ("unreachable", True),
    1044: ("permission_denied", False),
    1048: ("constraint_violated", False),
    1053: ("unreachable", True),
    1062: ("constraint_violated", False),
    1142: ("permission_denied", False),
    1143: ("permission_denied", False),
    1203: ("unreachable", True),
    1205: ("conflict", True),
    1213: ("conflict", True),
    1216: ("constraint_violated", False),
    1217: ("constraint_violated", False),
    1227: ("permission_denied", False),
    1451: ("constraint_violated", False),
    1452: ("constraint_violated", False),
    1557: ("constraint_violated", False),
    1792: ("read_only", False),
    3024: ("timeout", True),
    3819: ("constraint_violated", False),
    4025: ("constraint_violated", False),
}
"""Numbers of the servers' errors (https://mariadb.com/kb/en/mariadb-error-codes/)."""


def _failure(connection: Connection, error: Exception) -> ActionError | None:
    import pymysql  # pyright: ignore[reportMissingTypeStubs]

    if not isinstance(error, pymysql.MySQLError):
        return None
    number, message = _said(error)
    if number in (1045, 1698):
        return connection.unauthorized(message)
    if number == 1049:
        return ActionError(message, code="invalid_connection", retryable=False)
    # 2000 and above: the driver's own, about the way to the server
    if number == 0 or 2000 <= number < 3000:
        return lost(error, connection.config["host"], message)
    kind = "invalid_input" if isinstance(error, pymysql.DataError) else "invalid_statement"
    code, is_retryable = _CODES.get(number, (kind, False))
    if code == "constraint_violated":
        # the value that is there already is nobody's business
        message = message.partition("'")[0].strip() if number == 1062 else message
    return ActionError(message, code=code, retryable=is_retryable, details={"number": number})


def _said(error: Exception) -> tuple[int, str]:
    match error.args:
        case [int() as number, message, *_]:
            return number, str(message)
        case _:
            return 0, str(error) or type(error).__name__
