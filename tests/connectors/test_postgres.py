"""Rows are read and written in a real PostgreSQL, and no input becomes part of a statement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors.conftest import failure
from tests.connectors.servers import free_port
from tests.connectors.sql_servers import PASSWORD, USER, SqlServer
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.postgres import postgres, try_postgres
from weftline.testing.connectors import call, connected

HOSTILE = ("x'; DROP TABLE {table}; --", "' OR '1'='1", "\\'; DELETE FROM {table}; --", "$1", ":name", "$$", "\0")


def to(
    server: SqlServer, *, password: str = PASSWORD, timeout: float = 20, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    credentials = {"username": USER, "password": password}
    given = {**server.config, **config}
    return connected(postgres, auth="BASIC", config=given, credentials=credentials, timeout=timeout)


@pytest.fixture
async def database(postgres_database: SqlServer) -> AsyncIterator[OpenedConnection]:
    async with to(postgres_database) as connection:
        yield connection


@pytest.fixture
async def table(database: OpenedConnection) -> str:
    name = f"t_{uuid4().hex}"
    statement = (
        f"CREATE TABLE {name} (id int PRIMARY KEY, name text, total numeric, CONSTRAINT named CHECK (name <> ''))"
    )
    await call("postgres.execute", database, statement=statement)
    return name


async def one(database: OpenedConnection, expression: str, **parameters: Any) -> Any:
    answer = await call(
        "postgres.query", database, statement=f"SELECT (SELECT {expression}) AS value", parameters=parameters
    )
    return answer["rows"][0]["value"]


async def test_rows_are_inserted_changed_and_read(database: OpenedConnection, table: str) -> None:
    rows = [{"id": 1, "name": "Pen", "total": "19.90"}, {"id": 2, "name": "Ink", "total": 5}]
    assert await call("postgres.insert", database, table=f"public.{table}", rows=rows) == {"count": 2}
    changed = await call(
        "postgres.execute",
        database,
        statement=f"UPDATE {table} SET name = name || :suffix WHERE id = :id RETURNING id, name",
        parameters={"suffix": "s", "id": 1},
    )
    assert changed == {"count": 1, "rows": [{"id": 1, "name": "Pens"}]}
    deleted = await call("postgres.execute", database, statement=f"DELETE FROM {table} WHERE id = 2")
    assert deleted == {"count": 1, "rows": []}
    found = await call("postgres.query", database, statement=f"SELECT * FROM {table}")
    assert found == {"rows": [{"id": 1, "name": "Pens", "total": "19.90"}], "count": 1}


async def test_inserting_again_can_be_harmless(database: OpenedConnection, table: str) -> None:
    rows = [{"id": 1, "name": "Pen"}, {"id": 2, "name": "Ink"}]
    await call("postgres.insert", database, table=table, rows=rows[:1])
    error = await failure(call("postgres.insert", database, table=table, rows=rows), "constraint_violated")
    assert error.details == {"sqlState": "23505", "constraint": f"{table}_pkey"} and not error.retryable
    assert "(1)" not in str(error.details) + error.message
    assert await one(database, f"count(*) FROM {table}") == 1, "all rows or none"
    assert await call("postgres.insert", database, table=table, rows=rows, onConflict="ignore") == {"count": 1}


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_parameter_stays_a_value(database: OpenedConnection, table: str, text: str) -> None:
    hostile = text.format(table=table)
    if "\0" in hostile:
        await failure(one(database, ":hostile::text", hostile=hostile), "invalid_input")
        return
    assert await one(database, ":hostile::text", hostile=hostile) == hostile
    await call("postgres.insert", database, table=table, rows=[{"id": 1, "name": hostile}])
    assert await one(database, f"name FROM {table} WHERE name = :name", name=hostile) == hostile


@pytest.mark.parametrize("name", ['t"; DROP TABLE x; --', "a.b.c.d", "", "a..b", 'x" (id) VALUES (1); --', "a\0b"])
async def test_a_table_or_column_stays_a_name(database: OpenedConnection, table: str, name: str) -> None:
    for input in ({"table": name, "rows": [{"id": 1}]}, {"table": table, "rows": [{name: 1}]}):
        error = await failure_of_any(call("postgres.insert", database, **input))
        assert error in {"invalid_input", "invalid_statement"}
    assert await one(database, f"count(*) FROM {table}") == 0


async def failure_of_any(outcome: Any) -> str:
    with pytest.raises(Exception) as caught:
        await outcome
    return getattr(caught.value, "code", repr(caught.value))


async def test_there_is_one_statement_and_no_more(database: OpenedConnection, table: str) -> None:
    for statement in (f"SELECT 1; DROP TABLE {table}", f"SELECT 1; SELECT * FROM {table}"):
        for action in ("postgres.query", "postgres.execute"):
            await failure(call(action, database, statement=statement), "invalid_statement")
    assert await one(database, f"count(*) FROM {table}") == 0


async def test_a_query_changes_nothing(database: OpenedConnection, table: str) -> None:
    for statement in (
        f"INSERT INTO {table} (id) VALUES (1) RETURNING id",
        f"WITH gone AS (DELETE FROM {table} RETURNING 1) SELECT * FROM gone",
    ):
        await failure(call("postgres.query", database, statement=statement), "read_only")


async def test_a_connection_that_only_reads_changes_nothing(postgres_database: SqlServer, table: str) -> None:
    async with to(postgres_database, readOnly=True) as connection:
        statement = f"INSERT INTO {table} (id) VALUES (1)"
        for _ in range(2):
            await failure(call("postgres.execute", connection, statement=statement), "read_only")
            # a session that was talked into more forgets it
            await call("postgres.execute", connection, statement="SET default_transaction_read_only = off")
        assert await one(connection, f"count(*) FROM {table}") == 0


async def test_parameters_are_found_where_they_are_meant(database: OpenedConnection) -> None:
    statement = """
        SELECT ':no' AS a, ":x".":no" AS b, '10:30'::time AS c, /* :no /* :no */ :no */ $$:no$$ AS d, $t$:no$t$ AS e,
               E'\\':no' AS f, (ARRAY[1,2,3])[1:2] AS g, :yes::int AS h, :yes::int + 1 AS i -- :no
        FROM (SELECT 1 AS ":no") AS ":x"
    """
    answer = await call("postgres.query", database, statement=statement, parameters={"yes": 5})
    assert answer["rows"] == [
        {"a": ":no", "b": 1, "c": "10:30:00", "d": ":no", "e": ":no", "f": "':no", "g": [1, 2], "h": 5, "i": 6}
    ]
    await failure(one(database, ":missing"), "invalid_input")
    await failure(one(database, "1", unused=1), "invalid_input")


async def test_types_that_json_lacks_are_text_both_ways(database: OpenedConnection) -> None:
    values = {
        "timestamptz": ("2026-01-05T10:30:00+01:00", "2026-01-05T09:30:00Z"),
        "timestamp": ("2026-01-05 10:30", "2026-01-05T10:30:00"),
        "date": ("2026-01-05", "2026-01-05"),
        "interval": ("1 day 2 hours", "P1DT2H"),
        "numeric": (12345678901234567890, "12345678901234567890"),
        "uuid": ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        "jsonb": ({"a": [1, None]}, {"a": [1, None]}),
        "bytea": ("\\x00ff", "\\x00ff"),
        "inet": ("10.0.0.1", "10.0.0.1"),
        "int8": (2**62, 2**62),
        "bool": (True, True),
        "float8": (0.5, 0.5),
        "int[]": ([1, 2], [1, 2]),
        "date[]": (["2026-01-05"], ["2026-01-05"]),
        "text": (None, None),
    }
    for type, (given, returned) in values.items():
        assert await one(database, f":value::{type}", value=given) == returned, type
    assert await one(database, "'NaN'::float8") == "nan"
    await failure(one(database, ":value::int", value="five"), "invalid_input")
    await failure(one(database, ":value::date", value="yesterdayish"), "invalid_input")


async def test_too_many_or_too_large_rows_are_refused(database: OpenedConnection) -> None:
    many = "SELECT number FROM generate_series(1, 20000) AS number"
    await failure(call("postgres.query", database, statement=many), "too_many_rows")
    await failure(call("postgres.execute", database, statement=many), "too_many_rows")
    large = "SELECT repeat('x', 100000) FROM generate_series(1, 1000)"
    await failure(call("postgres.query", database, statement=large), "answer_too_large")
    assert (await call("postgres.query", database, statement=f"{many} LIMIT 3", limit=3))["count"] == 3


async def test_two_columns_of_one_name_are_refused(database: OpenedConnection) -> None:
    await failure(call("postgres.query", database, statement="SELECT 1 AS a, 2 AS a"), "invalid_input")


async def test_errors_are_told_apart(database: OpenedConnection, table: str) -> None:
    async def run(statement: str, code: str) -> Any:
        return await failure(call("postgres.execute", database, statement=statement), code)

    await run("SELEC 1", "invalid_statement")
    await run("SELECT * FROM nowhere", "invalid_statement")
    await run("SELECT * FROM pg_authid", "permission_denied")
    await run(f"INSERT INTO {table} (id, name) VALUES (1, '')", "constraint_violated")
    await run("SELECT 1 / 0", "invalid_input")
    assert (await run("DO $$ BEGIN RAISE serialization_failure; END $$", "conflict")).retryable


async def test_a_statement_that_takes_too_long_is_stopped(postgres_database: SqlServer) -> None:
    async with to(postgres_database, timeout=1) as connection:
        await failure(call("postgres.query", connection, statement="SELECT pg_sleep(30)::text"), "timeout")
        assert await one(connection, "1") == 1


async def test_many_steps_share_few_connections(database: OpenedConnection) -> None:
    pids = await asyncio.gather(*(one(database, "pg_backend_pid()") for _ in range(40)))
    assert 1 <= len(set(pids)) <= 5


async def test_a_broken_connection_is_replaced(database: OpenedConnection, postgres_database: SqlServer) -> None:
    pid = await one(database, "pg_backend_pid()")
    async with to(postgres_database) as other:
        assert await one(other, "pg_terminate_backend(:pid)", pid=pid)
    with_luck = [await failure_of_any_or(one(database, "1")) for _ in range(3)]
    assert with_luck[-1] == 1
    assert set(with_luck[:-1]) <= {1, "unreachable"}


async def failure_of_any_or(outcome: Any) -> Any:
    try:
        return await outcome
    except Exception as error:
        return getattr(error, "code", repr(error))


async def test_a_connection_is_tried(postgres_database: SqlServer) -> None:
    async with to(postgres_database) as connection:
        assert await try_postgres(connection) == USER
        assert await one(connection, "ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is True
    async with to(postgres_database, tls=False) as connection:
        assert await one(connection, "ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()") is False
    async with to(postgres_database, password="wrong") as connection:
        await failure(try_postgres(connection), "connection_unauthorized")
    async with to(postgres_database, database="nowhere") as connection:
        await failure(try_postgres(connection), "invalid_connection")
    async with to(postgres_database, authority=None) as connection:
        await failure(try_postgres(connection), "tls_failed")
    async with to(postgres_database, port=free_port()) as connection:
        assert (await failure(try_postgres(connection), "unreachable")).retryable
