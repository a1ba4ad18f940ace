"""The feed, on real transactions that end in every order."""

from __future__ import annotations

import itertools
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import Connect

from weftline.model.ids import DEFAULT_TENANT, uuid7
from weftline.store.feed import (
    EVENTS,
    KEPT_SECONDS,
    InvalidPosition,
    Position,
    PositionExpired,
    changes,
    current_position,
    forget,
)

ADD = "INSERT INTO feed (tenant_id, subjects, first_seqs, last_seqs) VALUES ($1, ARRAY[$2::uuid], '{1}', '{1}')"


async def follow(connection: asyncpg.Connection, since: Position, *, limit: int = 500) -> tuple[list[UUID], Position]:
    """What a follower sees, page by page."""
    found: list[UUID] = []
    while True:
        page = await changes(connection, since, [DEFAULT_TENANT], limit=limit)
        found += [entry.subjects[0] for entry in page.entries if entry.skip == 0]
        since = Position.parse(str(page.position))
        if page.is_complete:
            return found, since


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
async def test_whatever_order_transactions_end_in_each_is_seen_once(connect: Connect, order: tuple[int, ...]):
    reader, writers = await connect("weft_worker"), [await connect("weft_worker") for _ in range(3)]
    ids = [uuid7() for _ in writers]
    position = await current_position(reader)
    for writer, id in zip(writers, ids, strict=True):
        await writer.execute("BEGIN")
        await writer.execute(ADD, DEFAULT_TENANT, id)
    seen: list[UUID] = []
    for number in order:
        await writers[number].execute("COMMIT")
        found, position = await follow(reader, position)
        seen += found
    assert seen == [ids[number] for number in order]
    assert (await follow(reader, position))[0] == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
async def test_pages_miss_and_repeat_nothing_while_others_commit(connect: Connect, limit: int):
    reader, writer, slow = await connect("weft_worker"), await connect("weft_worker"), await connect("weft_worker")
    ids = [uuid7() for _ in range(10)]
    since = await current_position(reader)
    await slow.execute("BEGIN")
    await slow.execute(ADD, DEFAULT_TENANT, ids[0])
    for id in ids[1:8]:
        await writer.execute(ADD, DEFAULT_TENANT, id)
    page = await changes(reader, since, [DEFAULT_TENANT], limit=limit)
    seen = [entry.subjects[0] for entry in page.entries]
    await slow.execute("COMMIT")
    for id in ids[8:]:
        await writer.execute(ADD, DEFAULT_TENANT, id)
    rest, _ = await follow(reader, page.position, limit=limit)
    assert sorted(seen + rest) == sorted(ids)


async def test_an_order_by_commit_holds_for_a_transaction_that_began_early(connect: Connect):
    reader, early, late = [await connect("weft_worker") for _ in range(3)]
    since = await current_position(reader)
    await early.execute("BEGIN")
    await early.execute("SELECT pg_current_xact_id()")
    first, second = uuid7(), uuid7()
    await late.execute(ADD, DEFAULT_TENANT, first)
    await early.execute(ADD, DEFAULT_TENANT, second)
    await early.execute("COMMIT")
    assert (await follow(reader, since))[0] == [first, second]


async def test_who_left_in_the_middle_of_a_row_gets_the_rest_of_it(connect: Connect):
    connection = await connect("weft_worker")
    since = await current_position(connection)
    await connection.execute(
        "INSERT INTO feed (tenant_id, subjects, first_seqs, last_seqs) VALUES ($1, $2, '{1,1}', '{2,2}')",
        DEFAULT_TENANT,
        [uuid7(), uuid7()],
    )
    [entry] = (await changes(connection, since, [DEFAULT_TENANT])).entries
    [again] = (await changes(connection, entry.position(1, since.at), [DEFAULT_TENANT])).entries
    assert (again.row, again.subjects, again.skip) == (entry.row, entry.subjects, 1)


async def test_a_tenants_feed_is_its_own(connect: Connect):
    writer, api = await connect("weft_worker"), await connect("weft_api", tenant=uuid7())
    since = await current_position(api)
    await writer.execute(ADD, DEFAULT_TENANT, uuid7())
    assert (await changes(api, since, [DEFAULT_TENANT])).entries == []


async def test_an_old_position_has_expired(connect: Connect):
    connection = await connect("weft_worker")
    now = await current_position(connection)
    with pytest.raises(PositionExpired):
        await changes(connection, Position(now.at - int(KEPT_SECONDS) - 1, now.seen), [DEFAULT_TENANT])


@pytest.mark.parametrize("text", ["", "1", "1~", "1~2", "1~5:1:", "1~1:5:9,8~1:1:~0", "x" * 10_000, "1~1:1:~~1.1"])
async def test_what_is_no_position_is_refused(connect: Connect, text: str):
    connection = await connect("weft_worker")
    now = await current_position(connection)
    with pytest.raises(InvalidPosition):
        position = Position.parse(text)
        await changes(connection, Position(now.at, position.seen, position.until), [DEFAULT_TENANT])


async def test_only_what_is_too_old_is_forgotten(connect: Connect):
    connection = await connect("weft_worker")
    since = await current_position(connection)
    kept = uuid7()
    await connection.execute(
        "INSERT INTO feed (tenant_id, subjects, committed_at) VALUES ($1, '{}', now() - interval '26 hours')",
        DEFAULT_TENANT,
    )
    await connection.execute(ADD, DEFAULT_TENANT, kept)
    assert await forget(connection, since.at) == 1
    assert (await follow(connection, since))[0] == [kept]


async def test_a_page_holds_so_many_events_only_and_the_next_goes_on(connect: Connect):
    reader, writer = await connect("weft_worker"), await connect("weft_worker")
    since = await current_position(reader)
    add = ADD.replace("'{1}')", "ARRAY[$3::int])")
    ids = [uuid7() for _ in range(6)]
    for id, events in zip(ids, [EVENTS // 2, EVENTS // 2, 1, 2 * EVENTS, 1, 1], strict=True):
        await writer.execute(add, DEFAULT_TENANT, id, events)
    pages: list[list[UUID]] = []
    is_complete = False
    while not is_complete:
        page = await changes(reader, since, [DEFAULT_TENANT])
        pages.append([entry.subjects[0] for entry in page.entries])
        since, is_complete = Position.parse(str(page.position)), page.is_complete
    assert [page for page in pages if page] == [ids[:2], ids[2:3], ids[3:4], ids[4:]]
