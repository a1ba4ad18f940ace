"""Rows are read and written in a real MariaDB, and no input becomes part of a statement."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import pytest

from tests.connectors.conftest import failure
from tests.connectors.server import listening
from tests.connectors.servers import free_port
from tests.connectors.sql_servers import PASSWORD, USER, SqlServer
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.mysql import mysql, try_mysql
from weftline.testing.connectors import call, connected

HOSTILE = ("x'; DROP TABLE t; -- ", "' OR '1'='1", "\\'; DELETE FROM t; #", "\\", "%s", ":name", "\0", "ü\u2028🙂", "")


def to(
    server: SqlServer, *, password: str = PASSWORD, timeout: float = 20, **config: Any
) -> AbstractAsyncContextManager[OpenedConnection]:
    credentials = {"username": USER, "password": password}
    given = {**server.config, **config}
    return connected(mysql, auth="BASIC", config=given, credentials=credentials, timeout=timeout)


@pytest.fixture
async def database(mariadb_database: SqlServer) -> AsyncIterator[OpenedConnection]:
    async with to(mariadb_database) as connection:
        yield connection


@pytest.fixture
async def table(database: OpenedConnection) -> str:
    name = f"t_{uuid4().hex}"
    columns = "id int PRIMARY KEY AUTO_INCREMENT, name varchar(50) UNIQUE, total decimal(10, 2), CHECK (total >= 0)"
    await call("mysql.execute", database, statement=f"CREATE TABLE {name} ({columns})")
    return name


async def one(database: OpenedConnection, expression: str, **parameters: Any) -> Any:
    answer = await call("mysql.query", database, statement=f"SELECT (SELECT {expression}) AS v", parameters=parameters)
    return answer["rows"][0]["v"]


async def test_rows_are_inserted_changed_and_read(database: OpenedConnection, table: str) -> None:
    rows = [{"name": "Pen", "total": "19.90"}, {"name": "Ink", "total": 5}]
    assert await call("mysql.insert", database, table=f"shop.{table}", rows=rows) == {"count": 2}
    insert = f"INSERT INTO {table} (name) VALUES (:name)"
    added = await call("mysql.execute", database, statement=insert, parameters={"name": "Nib"})
    assert added == {"count": 1, "insertId": 3}
    statement = f"UPDATE {table} SET total = :total WHERE name IN :names"
    changed = await call(
        "mysql.execute", database, statement=statement, parameters={"total": 7.5, "names": ["Pen", "Ink"]}
    )
    assert changed == {"count": 2, "insertId": None}
    nothing = await call("mysql.execute", database, statement=statement, parameters={"total": 0, "names": []})
    assert nothing["count"] == 0
    found = await call("mysql.query", database, statement=f"SELECT name, total FROM {table} ORDER BY id")
    assert found["rows"] == [
        {"name": "Pen", "total": "7.50"}, {"name": "Ink", "total": "7.50"}, {"name": "Nib", "total": None},
    ]  # fmt: skip


async def test_inserting_again_can_be_harmless(database: OpenedConnection, table: str) -> None:
    rows = [{"id": 1, "name": "Pen"}, {"id": 2, "name": "Ink"}]
    await call("mysql.insert", database, table=table, rows=rows[:1])
    error = await failure(call("mysql.insert", database, table=table, rows=rows), "constraint_violated")
    assert error.details == {"number": 1062} and not error.retryable and "1" not in error.message
    assert await one(database, f"count(*) FROM {table}") == 1, "all rows or none"
    assert await call("mysql.insert", database, table=table, rows=rows, onConflict="ignore") == {"count": 1}


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_parameter_stays_a_value(database: OpenedConnection, table: str, text: str) -> None:
    assert await one(database, ":text", text=text) == text
    await call("mysql.insert", database, table=table, rows=[{"name": text}])
    assert await one(database, f"name FROM {table} WHERE name = :name", name=text) == text
    # whatever the server thinks of backslashes and quotes
    for mode in ("NO_BACKSLASH_ESCAPES", "ANSI_QUOTES"):
        await call("mysql.execute", database, statement=f"SET SESSION sql_mode = '{mode}'")
        assert await one(database, f"name FROM {table} WHERE name = :name", name=text) == text


@pytest.mark.parametrize("name", ["t`; DROP TABLE x; -- ", "a.b.c.d", "", "a..b", "x` (id) VALUES (1); -- ", "a\0b"])
async def test_a_table_or_column_stays_a_name(database: OpenedConnection, table: str, name: str) -> None:
    for input in ({"table": name, "rows": [{"id": 1}]}, {"table": table, "rows": [{name: 1}]}):
        with pytest.raises(Exception) as caught:
            await call("mysql.insert", database, **input)
        assert getattr(caught.value, "code", None) in {"invalid_input", "invalid_statement", "permission_denied"}
    assert await one(database, f"count(*) FROM {table}") == 0


async def test_there_is_one_statement_and_no_more(database: OpenedConnection, table: str) -> None:
    for action in ("mysql.query", "mysql.execute"):
        await failure(call(action, database, statement=f"SELECT 1; DROP TABLE {table}"), "invalid_statement")
    assert await one(database, f"count(*) FROM {table}") == 0


async def test_a_query_changes_nothing(database: OpenedConnection, mariadb_database: SqlServer, table: str) -> None:
    statement = f"INSERT INTO {table} (id) VALUES (1)"
    await failure(call("mysql.query", database, statement=statement), "read_only")
    async with to(mariadb_database, readOnly=True) as reading:
        await failure(call("mysql.execute", reading, statement=statement), "read_only")
    assert await one(database, f"count(*) FROM {table}") == 0


async def test_parameters_are_found_where_they_are_meant(database: OpenedConnection) -> None:
    statement = """
        SELECT ':no' AS a, ":n\\"o :no" AS b, 'it''s \\' :no' AS c, `:no` AS d, :yes AS e, 5--:yes AS f /* :no */ -- :no
        FROM (SELECT 1 AS `:no`) AS x # :no
    """
    answer = await call("mysql.query", database, statement=statement, parameters={"yes": -5})
    assert answer["rows"] == [{"a": ":no", "b": ':n"o :no', "c": "it's ' :no", "d": 1, "e": -5, "f": 0}]
    await failure(one(database, ":missing"), "invalid_input")
    await failure(one(database, "1", unused=1), "invalid_input")


async def test_types_that_json_lacks_are_text(database: OpenedConnection) -> None:
    assert await one(database, "CAST(:v AS datetime)", v="2026-01-05 10:30") == "2026-01-05T10:30:00"
    assert await one(database, "CAST(:v AS date)", v="2026-01-05") == "2026-01-05"
    assert await one(database, "CAST('10:30:00' AS time)") == "10:30:00"
    assert await one(database, "CAST(:v AS decimal(30, 2))", v="12345678901234567890.12") == "12345678901234567890.12"
    assert await one(database, "UNHEX('00ff')") == "0x00ff"
    assert await one(database, "JSON_VALUE(:v, '$.a[1]')", v={"a": ["x", "ü"]}) == "ü"
    assert await one(database, ":v", v=2**62) == 2**62
    assert await one(database, ":v", v=None) is None
    assert await one(database, "CAST(:v AS double)", v=-0.5) == -0.5
    assert await one(database, ":v", v=True) == 1


async def test_too_many_or_too_large_rows_are_refused(database: OpenedConnection) -> None:
    await failure(call("mysql.query", database, statement="SELECT seq FROM seq_1_to_1000000"), "too_many_rows")
    large = "SELECT REPEAT('x', 100000) AS v FROM seq_1_to_1000"
    await failure(call("mysql.query", database, statement=large), "answer_too_large")
    assert await one(database, "1") == 1


async def test_errors_are_told_apart(database: OpenedConnection, table: str) -> None:
    for statement, code in (
        ("SELEC 1", "invalid_statement"),
        ("SELECT * FROM nowhere", "invalid_statement"),
        ("SELECT * FROM mysql.user", "permission_denied"),
        (f"INSERT INTO {table} (total) VALUES (-1)", "constraint_violated"),
        (f"INSERT INTO {table} (total) VALUES ('x')", "invalid_input"),
        (f"INSERT INTO {table} (name) VALUES (REPEAT('x', 51))", "invalid_input"),
    ):
        await failure(call("mysql.execute", database, statement=statement), code)


async def test_a_server_cannot_ask_for_files_of_this_machine(database: OpenedConnection, table: str) -> None:
    statement = f"LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE {table} (name)"
    with pytest.raises(Exception) as caught:
        await call("mysql.execute", database, statement=statement)
    assert getattr(caught.value, "code", None) == "invalid_statement"
    assert await one(database, f"count(*) FROM {table}") == 0


async def test_a_statement_that_takes_too_long_is_given_up(mariadb_database: SqlServer) -> None:
    async with to(mariadb_database, timeout=1) as connection:
        await failure(call("mysql.query", connection, statement="SELECT SLEEP(30)"), "timeout")
        assert await one(connection, "1") == 1


async def test_many_steps_share_few_connections(database: OpenedConnection) -> None:
    ids = await asyncio.gather(*(one(database, "CONNECTION_ID()") for _ in range(40)))
    assert 1 <= len(set(ids)) <= 5


async def test_a_connection_is_tried(mariadb_database: SqlServer) -> None:
    async with to(mariadb_database) as connection:
        assert await try_mysql(connection) == f"{USER}@%"
        ssl = await call("mysql.query", connection, statement="SHOW STATUS LIKE 'Ssl_version'")
        assert ssl["rows"][0]["Value"].startswith("TLS")
    async with to(mariadb_database, password="wrong") as connection:
        await failure(try_mysql(connection), "connection_unauthorized")
    async with to(mariadb_database, database="nowhere") as connection:
        with pytest.raises(Exception) as caught:
            await try_mysql(connection)
        assert getattr(caught.value, "code", None) in {"invalid_connection", "permission_denied"}
    async with to(mariadb_database, authority=None) as connection:
        await failure(try_mysql(connection), "tls_failed")
    async with to(mariadb_database, port=free_port()) as connection:
        assert (await failure(try_mysql(connection), "unreachable")).retryable


async def test_a_server_that_offers_no_tls_gets_no_password() -> None:
    """Somebody between could have taken the offer out of the greeting."""
    got = bytearray()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = (
            b"\x0a8.0.0\0\x01\0\0\0" + b"a" * 8 + b"\0" + b"\x00\xa2" + b"\x2d\x02\0" + b"\x08\x00\x15" + b"\0" * 10
            + b"b" * 12 + b"\0mysql_native_password\0"
        )  # fmt: skip
        writer.write(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
        got.extend(await reader.read())

    credentials = {"username": USER, "password": PASSWORD}
    async with listening(serve) as port:
        config = {"host": "127.0.0.1", "port": port, "database": "shop"}
        async with connected(mysql, auth="BASIC", config=config, credentials=credentials) as connection:
            await failure(try_mysql(connection), "tls_failed")
    assert got == b""
