"""Every named query is valid on the migrated schema, for a role that may run it."""

from __future__ import annotations

import pytest
from tests.conftest import Connect

from weftline.store.queries import queries, tables

API_ONLY = {"start", "send", "deliver", "by_idempotency_key", "published"}
"""Queries of those who start executions and send messages; all others are the worker's."""

ALL = [(table, name) for table in tables() for name in queries(table)]


@pytest.mark.parametrize(("table", "name"), ALL)
async def test_the_query_can_be_prepared(connect: Connect, table: str, name: str) -> None:
    connection = await connect("weft_api" if name in API_ONLY else "weft_worker")
    await connection.prepare(queries(table)[name])


async def test_looking_for_the_next_timer_reads_an_index_and_not_the_table(connect: Connect) -> None:
    connection = await connect("weft_worker")
    plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {queries('executions')['next_wake']}"))
    assert "executions_ready" in plan
    assert "Seq Scan" not in plan
