"""Transactions as the features see them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import uuid4

import pytest
from sqlalchemy import text

from weftline.features.database import Database, driver
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.errors import StoreUnavailable

TENANT = text("SELECT current_setting('app.current_tenant', true)")


async def test_a_transaction_is_bound_to_its_tenant_from_its_first_statement_on(database: str) -> None:
    here = Database(database)
    other = uuid4()
    for tenant in (DEFAULT_TENANT, other, DEFAULT_TENANT):
        async with here.transaction(tenant) as session:
            connection = await driver(session)
            assert connection.is_in_transaction()
            assert await connection.fetchval(TENANT.text) == str(tenant)
            assert await session.scalar(TENANT) == str(tenant)
    await here.close()


@pytest.mark.parametrize("fails", [False, True])
async def test_no_tenant_stays_with_a_connection(database: str, fails: bool) -> None:
    here = Database(database, "weft_identity", size=1)
    with suppress(ZeroDivisionError):
        async with here.transaction(DEFAULT_TENANT) as session:
            pid = await session.scalar(text("SELECT pg_backend_pid()"))
            if fails:
                raise ZeroDivisionError
    async with here.unbound() as session:
        assert await session.scalar(text("SELECT pg_backend_pid()")) == pid
        assert not await session.scalar(TENANT)
    await here.close()


async def test_a_snapshot_sees_one_state_of_the_database_throughout(database: str) -> None:
    here = Database(database)
    async with here.transaction(DEFAULT_TENANT, snapshot=True) as session:
        assert await session.scalar(text("SELECT current_setting('transaction_isolation')")) == "repeatable read"
    async with here.transaction(DEFAULT_TENANT) as session:
        assert await session.scalar(text("SELECT current_setting('transaction_isolation')")) == "read committed"
    await here.close()


async def test_whoever_waits_for_a_connection_gets_one_in_turn(database: str) -> None:
    here = Database(database, size=1)
    served: list[int] = []
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def ask(number: int) -> None:
        async with here.transaction(DEFAULT_TENANT) as session:
            served.append(number)
            has_begun.set()
            await may_end.wait()
            await session.scalar(TENANT)

    first = [asyncio.create_task(ask(number)) for number in range(5)]
    await has_begun.wait()
    may_end.set()
    # these come while others wait
    later = [asyncio.create_task(ask(number)) for number in range(5, 10)]
    await asyncio.gather(*first, *later)
    assert served == list(range(10))
    await here.close()


async def test_a_connection_whose_transaction_could_not_be_ended_serves_nobody_else(database: str) -> None:
    here = Database(database, size=1)
    async with here.transaction(DEFAULT_TENANT) as session:
        connection = await driver(session)
    await connection.execute("BEGIN")
    async with here.transaction(DEFAULT_TENANT) as session:
        assert await driver(session) is not connection
        assert await session.scalar(TENANT) == str(DEFAULT_TENANT)
    await here.close()


async def test_what_has_no_connection_in_time_fails_as_unavailable(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weftline.features.database.POOL_TIMEOUT", 0.01)
    here = Database(database, size=1)
    async with here.transaction(DEFAULT_TENANT):
        with pytest.raises(StoreUnavailable, match="busy"):
            async with here.transaction(DEFAULT_TENANT):
                pass
    async with here.transaction(DEFAULT_TENANT) as session:
        assert await session.scalar(TENANT) == str(DEFAULT_TENANT)
    await here.close()
