"""The audit log's chain in the database: how it is written, and how tampering with it is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest

from weftline.features.access.caller import almighty
from weftline.features.audit import repository, verify
from weftline.features.audit.chain import Anchor
from weftline.features.audit.diagnosis import FaultKind
from weftline.features.audit.repository import Chain
from weftline.features.audit.trail import PLATFORM, Entry, append, record
from weftline.features.audit.verify import Verification, verify_chain
from weftline.features.database import Database, driver
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import create_pool, tenant_transaction
from weftline.store.roles import ROLES

if TYPE_CHECKING:
    from tests.conftest import Connect

TENANT = DEFAULT_TENANT
OTHER_TENANT = UUID("00000000-0000-7000-8000-0000000000aa")
THIRD_TENANT = UUID("00000000-0000-7000-8000-0000000000ab")
ENTRIES = 10

DOCUMENTS: list[Any] = [
    None,
    {},
    [],
    {"name": "Zoë", "n": 1.50, "nested": {"null": None, "list": [1, "2", False]}},
    "plain",
    0,
    {"quote": 'say "hello", \\ and\nleave'},
    {"big": 10**15},
    True,
    {"empty": ""},
]


@pytest.fixture
async def writer(database: str) -> AsyncIterator[Database]:
    """The database under the API's role."""
    opened = Database(database)
    yield opened
    await opened.close()


@pytest.fixture
async def reader(database: str) -> AsyncIterator[Database]:
    """The database under the role that sees every tenant."""
    opened = Database(database, "weft_operator")
    yield opened
    await opened.close()


async def act(database: Database, name: str, tenant: UUID = TENANT, *, after: Any = None) -> None:
    """An act that leaves one entry."""
    async with database.transaction(tenant) as session:
        actor = almighty(tenant, "console", "root")
        await record(session, "thing.changed", "thing", name, before={"was": name}, after=after, actor=actor)


@pytest.fixture
async def log(writer: Database) -> None:
    """A log of ten entries."""
    for number, document in enumerate(DOCUMENTS, start=1):
        await act(writer, f"thing {number}", after=document)


@pytest.fixture
async def owner(connect: Connect) -> asyncpg.Connection:
    """The tables' owner, who has lifted what kept the rows from them."""
    connection = await connect()
    for table in ("audit_log", "audit_heads"):
        await connection.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    return connection


def faults(found: Verification) -> list[tuple[str, int, int]]:
    assert all(fault.message for fault in found.faults)
    return [(fault.kind.value, fault.seq, fault.last_seq) for fault in found.faults]


async def renumber(owner: asyncpg.Connection, first: int, by: int) -> None:
    """Give entries other numbers, through numbers that nobody has."""
    await owner.execute("UPDATE audit_log SET seq = -seq WHERE tenant_id = $1 AND seq >= $2", TENANT, first)
    await owner.execute("UPDATE audit_log SET seq = -seq + $2 WHERE tenant_id = $1 AND seq < 0", TENANT, by)


async def put_in(owner: asyncpg.Connection, seq: int) -> None:
    await owner.execute(
        """
        INSERT INTO audit_log (tenant_id, seq, occurred_at, actor_type, action, hash)
        VALUES ($1, $2, now(), 'user', 'thing.forged', sha256('forged'))
        """,
        TENANT,
        seq,
    )


@pytest.mark.usefixtures("log")
async def test_an_untouched_log_is_whole(reader: Database, owner: asyncpg.Connection) -> None:
    found = await verify_chain(reader, TENANT)
    assert found.is_whole and found.is_complete and not found.faults
    assert found.entries == ENTRIES
    last = await owner.fetchval("SELECT hash FROM audit_log WHERE tenant_id = $1 AND seq = $2", TENANT, ENTRIES)
    assert found.head == Anchor(ENTRIES, last)


async def test_an_empty_log_is_whole_and_has_no_head(reader: Database) -> None:
    found = await verify_chain(reader, TENANT)
    assert found.is_whole and found.entries == 0 and found.head is None


@pytest.mark.parametrize(
    "assignment",
    [
        "occurred_at = occurred_at + interval '1 microsecond'",
        "occurred_at = 'infinity'",
        "actor_type = 'user'",
        "actor_id = gen_random_uuid()",
        "actor_name = 'somebody else'",
        "action = 'thing.kept'",
        "resource_type = 'other'",
        "resource_id = 'other'",
        "before = NULL",
        "before = 'null'",
        """after = '{"name": "Zoe"}'""",
        "reason = 'because'",
        "reason = ''",
        "address = '192.0.2.1'",
        "user_agent = 'curl'",
        "request_id = 'r'",
        "hash = sha256('x')",
    ],
)
@pytest.mark.usefixtures("log")
async def test_a_changed_entry_is_named_whatever_was_changed_in_it(
    reader: Database, owner: asyncpg.Connection, assignment: str
) -> None:
    changed = await owner.execute(f"UPDATE audit_log SET {assignment} WHERE tenant_id = $1 AND seq = 4", TENANT)
    assert changed == "UPDATE 1"
    assert faults(await verify_chain(reader, TENANT)) == [("changed", 4, 4)]


@pytest.mark.usefixtures("log")
async def test_an_absent_document_does_not_pass_for_null(reader: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE audit_log SET after = 'null' WHERE tenant_id = $1 AND after IS NULL", TENANT)
    assert faults(await verify_chain(reader, TENANT)) == [("changed", 1, 1)]


@pytest.mark.usefixtures("log")
async def test_removed_entries_are_named(reader: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM audit_log WHERE tenant_id = $1 AND seq IN (1, 5, 6)", TENANT)
    assert faults(await verify_chain(reader, TENANT)) == [("removed", 1, 1), ("removed", 5, 6)]


@pytest.mark.usefixtures("log")
async def test_a_removed_entry_is_named_though_the_gap_was_closed(reader: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM audit_log WHERE tenant_id = $1 AND seq = 5", TENANT)
    await renumber(owner, 6, -1)
    await owner.execute("UPDATE audit_heads SET seq = seq - 1 WHERE tenant_id = $1", TENANT)
    assert faults(await verify_chain(reader, TENANT)) == [("removed", 5, 5), ("head", ENTRIES, ENTRIES)]


@pytest.mark.usefixtures("log")
async def test_entries_that_changed_places_are_named(reader: Database, owner: asyncpg.Connection) -> None:
    for seq, place in ((3, -3), (7, 3), (-3, 7)):
        await owner.execute("UPDATE audit_log SET seq = $3 WHERE tenant_id = $1 AND seq = $2", TENANT, seq, place)
    assert faults(await verify_chain(reader, TENANT)) == [("reordered", 3, 3), ("reordered", 7, 7)]


@pytest.mark.usefixtures("log")
async def test_an_entry_that_was_put_in_is_named(reader: Database, owner: asyncpg.Connection) -> None:
    await renumber(owner, 6, 1)
    await put_in(owner, 6)
    assert faults(await verify_chain(reader, TENANT)) == [("inserted", 6, 6)]


@pytest.mark.parametrize("seq", [-5, 0, ENTRIES + 1, 2**63 - 1, -(2**63)])
@pytest.mark.usefixtures("log")
async def test_an_entry_outside_of_the_chain_is_named(reader: Database, owner: asyncpg.Connection, seq: int) -> None:
    await put_in(owner, seq)
    assert faults(await verify_chain(reader, TENANT)) == [("inserted", seq, seq)]


@pytest.mark.usefixtures("log")
async def test_a_truncated_tail_is_named(reader: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM audit_log WHERE tenant_id = $1 AND seq > 7", TENANT)
    assert faults(await verify_chain(reader, TENANT)) == [("truncated", 8, ENTRIES)]


@pytest.mark.usefixtures("log")
async def test_a_missing_head_is_named(reader: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM audit_heads WHERE tenant_id = $1", TENANT)
    found = await verify_chain(reader, TENANT)
    assert faults(found) == [("head", ENTRIES, ENTRIES)] and found.head is None


@pytest.mark.parametrize("assignment", ["seq = seq - 1", "seq = seq + 1"])
@pytest.mark.usefixtures("log")
async def test_a_head_with_another_number_is_named(
    reader: Database, owner: asyncpg.Connection, assignment: str
) -> None:
    await owner.execute(f"UPDATE audit_heads SET {assignment} WHERE tenant_id = $1", TENANT)
    assert faults(await verify_chain(reader, TENANT)) == [("head", ENTRIES, ENTRIES)]


@pytest.mark.usefixtures("log")
async def test_a_last_entry_that_is_not_the_recorded_one_is_named(reader: Database, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE audit_heads SET hash = sha256(hash) WHERE tenant_id = $1", TENANT)
    assert faults(await verify_chain(reader, TENANT)) == [("changed", ENTRIES, ENTRIES)]


@pytest.mark.usefixtures("log")
async def test_only_an_anchor_tells_that_tail_and_head_were_cut_off_together(
    reader: Database, owner: asyncpg.Connection
) -> None:
    anchor = (await verify_chain(reader, TENANT)).head
    await owner.execute("DELETE FROM audit_log WHERE tenant_id = $1 AND seq > 7", TENANT)
    await owner.execute(
        """
        UPDATE audit_heads h SET (seq, hash) = (
            SELECT l.seq, l.hash FROM audit_log l WHERE l.tenant_id = h.tenant_id ORDER BY l.seq DESC LIMIT 1)
        """
    )
    assert (await verify_chain(reader, TENANT)).is_whole
    assert faults(await verify_chain(reader, TENANT, anchor)) == [("rewritten", ENTRIES, ENTRIES)]


@pytest.mark.usefixtures("log")
async def test_an_anchor_holds_as_the_log_grows(reader: Database, writer: Database) -> None:
    anchor = (await verify_chain(reader, TENANT)).head
    await act(writer, "one more")
    found = await verify_chain(reader, TENANT, anchor)
    assert found.is_whole and found.entries == ENTRIES + 1


@pytest.mark.usefixtures("log")
async def test_a_log_that_was_overwritten_throughout_is_given_up_on_and_not_whole(
    reader: Database, writer: Database, owner: asyncpg.Connection
) -> None:
    for number in range(60):
        await act(writer, f"thing {number}")
    await owner.execute("UPDATE audit_log SET hash = sha256(hash) WHERE tenant_id = $1", TENANT)
    found = await verify_chain(reader, TENANT)
    assert not found.is_complete and FaultKind.CHANGED in {fault.kind for fault in found.faults}


@pytest.mark.usefixtures("log")
async def test_functions_of_the_databases_owner_are_not_asked(
    database: str, reader: Database, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "CREATE FUNCTION public.convert_to(text, name) RETURNS bytea LANGUAGE sql AS $$ SELECT 'forged'::bytea $$"
    )
    name = database.rpartition("/")[2].partition("?")[0]
    await owner.execute(f"ALTER DATABASE {name} SET search_path = public, pg_catalog")
    assert (await verify_chain(reader, TENANT)).is_whole


async def test_a_log_is_verified_in_parts_while_it_grows(
    reader: Database, writer: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "BATCH", 2)
    await act(writer, "first")

    async def grow() -> None:
        for number in range(40):
            await act(writer, f"thing {number}")

    growing = asyncio.create_task(grow())
    while not growing.done():
        assert (await verify_chain(reader, TENANT)).is_whole
    await growing
    found = await verify_chain(reader, TENANT)
    assert found.is_whole and found.entries == 41


async def test_transactions_that_append_at_once_leave_whole_chains_without_gaps(
    reader: Database, writer: Database, owner: asyncpg.Connection
) -> None:
    tenants = (TENANT, OTHER_TENANT, THIRD_TENANT)

    async def work(number: int) -> None:
        for round in range(5):
            await act(writer, f"{number}.{round}", tenants[number % 3])

    await asyncio.gather(*(work(number) for number in range(20)))
    for tenant, expected in zip(tenants, (35, 35, 30), strict=True):
        found = await verify_chain(reader, tenant)
        assert found.is_whole and found.entries == expected
        times = await owner.fetch("SELECT occurred_at FROM audit_log WHERE tenant_id = $1 ORDER BY seq", tenant)
        assert [row[0] for row in times] == sorted(row[0] for row in times)


async def test_an_act_that_is_rolled_back_leaves_no_entry(reader: Database, writer: Database) -> None:
    await act(writer, "first")

    class Failure(Exception):
        pass

    with suppress(Failure):
        async with writer.transaction(TENANT) as session:
            await record(session, "thing.changed", actor=almighty(TENANT, "console", "root"))
            raise Failure
    await act(writer, "second")
    found = await verify_chain(reader, TENANT)
    assert found.is_whole and found.entries == 2


async def test_nobody_waits_for_an_act_that_goes_on_after_it_was_recorded(reader: Database, writer: Database) -> None:
    async with writer.transaction(TENANT) as session:
        await record(session, "thing.changed", "thing", "slow", actor=almighty(TENANT, "console", "root"))
        async with asyncio.timeout(10):
            await act(writer, "quick")
    async with reader.transaction(TENANT) as session:
        stored = await repository.list_entries(
            session, TENANT, repository.Filter(), repository.ORDER.window("occurredAt", limit=10)
        )
    assert [entry.resource_id for entry in stored] == ["quick", "slow"]
    assert (await verify_chain(reader, TENANT)).is_whole


async def test_what_was_recorded_after_a_savepoint_is_forgotten_where_that_is_gone_back_to(
    reader: Database, writer: Database
) -> None:
    async with writer.transaction(TENANT) as session:
        connection = await driver(session)
        append(connection, TENANT, [Entry("thing.changed", "thing", "before")])
        with suppress(LookupError):
            async with connection.transaction():
                append(connection, TENANT, [Entry("thing.changed", "thing", "undone")])
                raise LookupError
        async with connection.transaction():
            append(connection, TENANT, [Entry("thing.changed", "thing", "after")])
    async with reader.transaction(TENANT) as session:
        stored = await repository.list_entries(
            session, TENANT, repository.Filter(), repository.ORDER.window("occurredAt", limit=10)
        )
    assert {entry.resource_id for entry in stored} == {"before", "after"}
    assert (await verify_chain(reader, TENANT)).is_whole


async def test_an_entry_that_is_refused_undoes_its_act_and_leaves_the_connection_as_good_as_before(
    reader: Database, database: str
) -> None:
    insert = (
        "INSERT INTO variables (tenant_id, key, id, type, value) VALUES ($1, 'k', gen_random_uuid(), 'NUMBER', '1')"
    )
    count = "SELECT count(*) FROM variables WHERE key = 'k'"
    async with await create_pool(database, "weft_api", min_size=0, max_size=1) as pool:
        for is_good in (False, True):
            with nullcontext() if is_good else pytest.raises(asyncpg.DataError):
                async with tenant_transaction(pool, TENANT) as connection:
                    await connection.execute(insert, TENANT)
                    append(connection, TENANT, [Entry("thing.changed", after="fine" if is_good else "\0")])
            async with tenant_transaction(pool, TENANT) as connection:
                assert await connection.fetchval(count) == is_good
    found = await verify_chain(reader, TENANT)
    assert found.is_whole and found.entries == 1


@pytest.mark.parametrize("text", ["'); DROP TABLE audit_log; --", "$$", "$entries$", "\\'", "${", "%s $1 :x"])
async def test_what_an_entry_says_is_text_and_nothing_else(reader: Database, writer: Database, text: str) -> None:
    await act(writer, text, after=text)
    async with reader.transaction(TENANT) as session:
        window = repository.ORDER.window("occurredAt", limit=10)
        [stored] = await repository.list_entries(session, TENANT, repository.Filter(), window)
    assert stored.resource_id == text and stored.after == text
    assert (await verify_chain(reader, TENANT)).is_whole


async def test_many_entries_may_be_appended_at_once(reader: Database, writer: Database) -> None:
    entries = [Entry("thing.changed", "thing", str(number), after={"n": number}) for number in range(100)]
    async with writer.transaction(TENANT) as session:
        append(await driver(session), TENANT, entries)
    async with reader.transaction(TENANT) as session:
        window = repository.ORDER.window("occurredAt", limit=200)
        stored = await repository.list_entries(session, TENANT, repository.Filter(), window)
    assert [entry.resource_id for entry in stored] == [str(number) for number in range(100)]
    assert (await verify_chain(reader, TENANT)).is_whole


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET action = 'nothing.happened'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        "INSERT INTO audit_log SELECT * FROM audit_log",
        "UPDATE audit_heads SET seq = 0",
        "DELETE FROM audit_heads",
        "INSERT INTO audit_heads (tenant_id) VALUES (gen_random_uuid())",
        "ALTER FUNCTION append_audit SECURITY INVOKER",
    ],
)
async def test_nobody_who_writes_the_log_can_write_it_but_by_appending(
    connect: Connect, role: str, statement: str
) -> None:
    connection = await connect(role, TENANT)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement)


@pytest.mark.parametrize("tenant", [OTHER_TENANT, None])
async def test_the_api_appends_to_the_current_tenants_log_only(connect: Connect, tenant: UUID | None) -> None:
    entry = """[{"actor_type": "user", "action": "thing.forged"}]"""
    stranger = await connect("weft_api", tenant)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await stranger.execute("SELECT append_audit($1, $2::text::jsonb)", TENANT, entry)


async def test_the_api_reads_the_current_tenants_log_only(connect: Connect, writer: Database) -> None:
    await act(writer, "first")
    for tenant, expected in ((TENANT, 1), (OTHER_TENANT, 0), (None, 0)):
        connection = await connect("weft_api", tenant)
        assert await connection.fetchval("SELECT count(*) FROM audit_log") == expected
        assert await connection.fetchval("SELECT count(*) FROM audit_heads") == expected


async def test_every_chain_is_found_that_has_left_a_trace(
    reader: Database, writer: Database, owner: asyncpg.Connection
) -> None:
    await act(writer, "first", OTHER_TENANT)
    await act(writer, "first", THIRD_TENANT)
    async with reader.unbound() as session:
        await record(session, "tenant.created", actor=almighty(PLATFORM, "console", "root"))
    await owner.execute("DELETE FROM audit_heads WHERE tenant_id = $1", OTHER_TENANT)
    await owner.execute("DELETE FROM audit_log WHERE tenant_id = $1", THIRD_TENANT)
    async with reader.unbound() as session:
        found = await repository.chains(session)
    unnamed = (PLATFORM, OTHER_TENANT, THIRD_TENANT)
    assert set(found) == {Chain(TENANT, "default"), *(Chain(tenant, None) for tenant in unnamed)}
