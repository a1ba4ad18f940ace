"""A connection to MySQL or MariaDB: the driver, with types, and insisting on TLS where TLS is wanted."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from datetime import date
from typing import Any, cast

import aiomysql  # pyright: ignore[reportMissingTypeStubs]
import orjson

from weftline.authoring.errors import ActionError
from weftline.connectors.hosts import Host
from weftline.connectors.sql.shapes import Taken, distinct

_TLS = 1 << 11
_MULTI_STATEMENTS = 1 << 16
_JSON_TYPE = 245


class _Insisting(aiomysql.Connection):
    """aiomysql's would go on in plain text where the server, or somebody between, offers no TLS."""

    async def _request_authentication(self) -> None:
        here: Any = self
        if here._ssl_context is not None and not here.server_capabilities & _TLS:
            raise ActionError("the server offers no TLS", code="tls_failed", retryable=False)
        # one statement is one: what follows a semicolon is refused by the server
        here.client_flag &= ~_MULTI_STATEMENTS
        await super()._request_authentication()


class MysqlClient:
    """One connection; see :meth:`open`."""

    def __init__(self, driver: Any) -> None:
        self._driver = driver
        # the driver forgets it where a call is given up, and leaves it open
        self._writer = driver._writer

    @classmethod
    async def open(cls, host: Host, user: str, password: str, database: str, timeout: float) -> MysqlClient:
        """Connect and sign in.

        Args:
            host: where to.
            user, password, database: as whom, and to what.
            timeout: seconds.

        Raises:
            pymysql.MySQLError: it does not work.
            ActionError: code ``tls_failed``: the server cannot encrypt.
        """
        driver: Any = _Insisting(
            host=host.address,
            port=host.port,
            user=user,
            # the driver writes it in Latin-1, and servers compare UTF-8
            password=password.encode().decode("latin-1"),
            db=database,
            charset="utf8mb4",
            ssl=host.tls,
            autocommit=True,
            connect_timeout=timeout,
            program_name="weftline",
        )
        await driver._connect()
        client = cls(driver)
        # what does not fit is refused rather than cut
        mode = "CONCAT(@@sql_mode, ',STRICT_ALL_TABLES')"
        await client.run(f"SET SESSION sql_mode = {mode}, time_zone = '+00:00'")
        return client

    @property
    def is_closed(self) -> bool:
        """Whether it is known to be of no more use."""
        return bool(self._driver.closed)

    async def close(self) -> None:
        """Drop the connection."""
        # good-byes of TLS would take as long as the server pleases
        self._writer.transport.abort()
        self._driver.close()
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 1)

    async def run(self, text: str) -> tuple[int, int]:
        """Run a statement whose rows, if any, are not wanted.

        Returns:
            How many rows it changed, and the first key that AUTO_INCREMENT gave, or 0.
        """
        cursor = await self._driver.cursor(aiomysql.SSCursor)
        await cursor.execute(text)
        if cursor.description is not None:
            # what is left unread would be taken for the next answer
            await _taken(cursor, 1_000)
        return max(cursor.rowcount, 0), cursor.lastrowid or 0

    async def read(self, text: str, limit: int) -> list[dict[str, Any]]:
        """The rows of a statement, read one by one.

        Args:
            text: the statement.
            limit: the most rows.

        Raises:
            ActionError: there are more, or they are too large; then the connection is of no more use.
        """
        cursor = await self._driver.cursor(aiomysql.SSCursor)
        await cursor.execute(text)
        return await _taken(cursor, limit) if cursor.description is not None else []


async def _taken(cursor: Any, limit: int) -> list[dict[str, Any]]:
    columns = cast("list[tuple[str, int]]", [each[:2] for each in cursor.description])
    distinct([name for name, _ in columns])
    taken = Taken(limit)
    while True:
        row = await cursor.fetchone()
        if row is None:
            return taken.rows
        taken.add({name: _json(value, type) for (name, type), value in zip(columns, row, strict=True)})


def _json(value: Any, type: int) -> Any:
    """A value as JSON."""
    match value:
        case str() if type == _JSON_TYPE:
            with suppress(orjson.JSONDecodeError):
                return orjson.loads(value)
            return value
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else str(value)
        case bytes():
            return f"0x{value.hex()}"
        case date():
            return value.isoformat()
        case _:
            return str(value)
