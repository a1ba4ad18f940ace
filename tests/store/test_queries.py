"""Every named query is valid on the migrated schema, for a role that may run it."""

from __future__ import annotations

import pytest
from tests.conftest import Connect

from weftline.store.queries import queries, tables

API_ONLY = {"start", "send", "deliver", "by_idempotency_key", "published"}
"""Queries of those who start executions and send messages; all others are the worker's."""

API_TABLES = {"plugin_records"}
"""Tables that only transactions of one tenant read and write."""

ALL = [(table, name) for table in tables() for name in queries(table)]


EMPTY_TABLES_ARE_LARGE = "SET enable_seqscan = off"
"""Reading the whole of an empty table is the cheapest way to read it, which says nothing of a large one."""


@pytest.mark.parametrize(("table", "name"), ALL)
async def test_the_query_can_be_prepared(connect: Connect, table: str, name: str) -> None:
    is_for_one_tenant = name in API_ONLY or table in API_TABLES
    connection = await connect("weft_api" if is_for_one_tenant else "weft_worker")
    await connection.prepare(queries(table)[name])


async def test_looking_for_the_next_timer_reads_an_index_and_not_the_table(connect: Connect) -> None:
    connection = await connect("weft_worker")
    plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {queries('executions')['next_wake']}"))
    assert "executions_ready" in plan
    assert "Seq Scan" not in plan


async def test_looking_for_tenants_to_unshelve_reads_indexes_and_not_the_tables(connect: Connect) -> None:
    connection = await connect("weft_worker")
    # what matters is how few are shelved, which only statistics tell
    await connection.execute(
        "INSERT INTO executions (tenant_id, id, workflow_id, version_number, input)"
        " SELECT gen_random_uuid(), gen_random_uuid(), 'w', 1, '{}' FROM generate_series(1, 5000)"
    )
    await (await connect()).execute("ANALYZE executions")
    await connection.execute("PREPARE look AS " + queries("executions")["shelved_tenants"])
    explain = "EXPLAIN EXECUTE look('00000000-0000-0000-0000-000000000000', 500)"
    plan = "\n".join(row[0] for row in await connection.fetch(explain))
    assert "executions_shelved" in plan
    # there is but one tenant to look through
    assert "Seq Scan on executions" not in plan


async def test_a_claim_reads_indexes_and_not_the_tables(connect: Connect) -> None:
    connection = await connect("weft_worker")
    await connection.execute(EMPTY_TABLES_ARE_LARGE)
    await connection.execute("PREPARE claim AS " + queries("executions")["claim"])
    explain = "EXPLAIN EXECUTE claim('00000000-0000-0000-0000-000000000000', 0, 250)"
    plan = "\n".join(row[0] for row in await connection.fetch(explain))
    assert "executions_ready" in plan
    # the rows themselves are reached by their place
    assert plan.count("Tid Scan on executions") == 2
    assert "Seq Scan on executions" not in plan
