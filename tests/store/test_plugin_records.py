"""Documents that plugins keep for tenants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any
from uuid import UUID

import orjson
import pytest
from tests.conftest import Connect

from weftline.authoring.plugin import RecordChanged, RecordInvalid
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.plugin_records import RecordPool, StoredRecords

OTHER_TENANT = UUID("00000000-0000-7000-8000-0000000000aa")


@pytest.fixture
async def pool(database: str) -> AsyncIterator[RecordPool]:
    pool = RecordPool(database)
    yield pool
    await pool.close()


@pytest.fixture
def roles(pool: RecordPool) -> StoredRecords:
    return StoredRecords(pool, "market-roles", "roles")


async def keys(records: StoredRecords, **wanted: Any) -> list[str]:
    return [each.key for each in (await records.list(DEFAULT_TENANT, **wanted)).items]


async def test_what_is_put_is_got_again_and_counts_its_versions(roles: StoredRecords) -> None:
    assert await roles.get(DEFAULT_TENANT, "BRP") is None
    first = await roles.put(DEFAULT_TENANT, "BRP", {"status": "pending", "contract": None})
    second = await roles.put(DEFAULT_TENANT, "BRP", {"status": "active"})
    assert (first.version, second.version) == (1, 2)
    assert await roles.get(DEFAULT_TENANT, "BRP") == second
    assert (second.data, second.created_at) == ({"status": "active"}, first.created_at)
    assert second.updated_at > first.updated_at


async def test_a_version_that_is_not_the_expected_one_changes_nothing(roles: StoredRecords) -> None:
    made = await roles.put(DEFAULT_TENANT, "BRP", {"n": 1}, if_version=0)
    with pytest.raises(RecordChanged, match="it is version 1, and none was expected"):
        await roles.put(DEFAULT_TENANT, "BRP", {"n": 2}, if_version=0)
    with pytest.raises(RecordChanged, match="there is none, and version 3 was expected"):
        await roles.put(DEFAULT_TENANT, "ESP", {"n": 2}, if_version=3)
    with pytest.raises(RecordChanged) as told:
        await roles.delete(DEFAULT_TENANT, "BRP", if_version=7)
    assert (told.value.key, told.value.version) == ("BRP", 1)
    assert await roles.get(DEFAULT_TENANT, "BRP") == made
    assert await roles.delete(DEFAULT_TENANT, "BRP", if_version=1) is True
    assert await roles.delete(DEFAULT_TENANT, "BRP") is False


async def test_of_many_who_count_at_once_none_is_lost(roles: StoredRecords) -> None:
    async def count() -> None:
        while True:
            found = await roles.get(DEFAULT_TENANT, "counter")
            data, version = ({"n": 0}, 0) if found is None else (found.data, found.version)
            try:
                await roles.put(DEFAULT_TENANT, "counter", {"n": data["n"] + 1}, if_version=version)
            except RecordChanged:
                continue
            return

    await asyncio.gather(*(count() for _ in range(8)))
    found = await roles.get(DEFAULT_TENANT, "counter")
    assert found is not None and (found.data, found.version) == ({"n": 8}, 8)


async def test_of_many_who_make_the_same_at_once_all_are_served(roles: StoredRecords) -> None:
    made = await asyncio.gather(*(roles.put(DEFAULT_TENANT, "BRP", {"n": n}) for n in range(8)))
    assert sorted(each.version for each in made) == list(range(1, 9))


async def test_a_list_is_read_page_by_page_by_key(roles: StoredRecords) -> None:
    for key in ("b", "a%", "a_1", "a", "ä", "Z", "a\\x"):
        await roles.put(DEFAULT_TENANT, key, {"key": key})
    in_order = ["Z", "a", "a%", "a\\x", "a_1", "b", "ä"]
    assert await keys(roles) == in_order
    found: list[str] = []
    page = await roles.list(DEFAULT_TENANT, limit=2)
    while True:
        found += [each.key for each in page.items]
        if page.next_cursor is None:
            break
        page = await roles.list(DEFAULT_TENANT, limit=2, cursor=page.next_cursor)
    assert found == in_order
    assert await keys(roles, prefix="a") == ["a", "a%", "a\\x", "a_1"]
    assert await keys(roles, prefix="a%") == ["a%"]
    assert await keys(roles, prefix="x") == []


async def test_plugins_collections_and_tenants_do_not_see_each_others(
    pool: RecordPool, roles: StoredRecords, connect: Connect
) -> None:
    await (await connect("weft_operator")).execute(
        "INSERT INTO tenants (id, slug, name) VALUES ($1, 'other', 'Other')", OTHER_TENANT
    )
    await roles.put(DEFAULT_TENANT, "BRP", {"whose": "default"})
    assert await roles.get(OTHER_TENANT, "BRP") is None
    assert (await roles.put(OTHER_TENANT, "BRP", {"whose": "other"})).version == 1
    for others in (StoredRecords(pool, "market-roles", "points"), StoredRecords(pool, "other-plugin", "roles")):
        assert await others.get(DEFAULT_TENANT, "BRP") is None
        assert await keys(others) == []
    assert await roles.delete(OTHER_TENANT, "BRP")
    found = await roles.get(DEFAULT_TENANT, "BRP")
    assert found is not None and found.data == {"whose": "default"}


@pytest.mark.parametrize(
    ("key", "data", "said"),
    [
        ("", {}, "1 to 255 characters"),
        ("k" * 256, {}, "this one has 256"),
        ("a\0", {}, "neither NUL"),
        ("\ud800", {}, "surrogate"),
        ("k", {"text": "\0"}, "NUL character"),
        ("k", {"text": "\ud800"}, "no JSON object"),
        ("k", {"n": 2**70}, "no JSON object"),
        ("k", {"what": object()}, "no JSON object"),
        ("k", {"text": "x" * 262_144}, "262,144 are the most"),
    ],
)
async def test_what_cannot_be_kept_is_refused_and_nothing_is_stored(
    roles: StoredRecords, key: str, data: Mapping[str, Any], said: str
) -> None:
    with pytest.raises(RecordInvalid, match=said):
        await roles.put(DEFAULT_TENANT, key, data)
    assert await keys(roles) == []


async def test_bad_pages_and_collections_are_refused(pool: RecordPool, roles: StoredRecords) -> None:
    for wanted in ({"limit": 0}, {"limit": 501}, {"cursor": "ÿ"}, {"cursor": "!"}, {"prefix": "\0"}):
        with pytest.raises(RecordInvalid):
            await roles.list(DEFAULT_TENANT, **wanted)
    for name in ("", "Roles", "a/b", "a" * 64):
        with pytest.raises(RecordInvalid):
            StoredRecords(pool, "market-roles", name)


async def test_every_change_is_in_the_tenants_audit_log(roles: StoredRecords, connect: Connect) -> None:
    await roles.put(DEFAULT_TENANT, "BRP", {"status": "pending", "since": 1})
    await roles.put(DEFAULT_TENANT, "BRP", {"status": "secret-status", "since": 1})
    await roles.delete(DEFAULT_TENANT, "BRP")
    rows = await (await connect("weft_api", DEFAULT_TENANT)).fetch(
        "SELECT actor_type, actor_name, action, resource_type, resource_id, after::text FROM audit_log ORDER BY seq"
    )
    told = [(row["action"], orjson.loads(row["after"])) for row in rows]
    assert told == [
        ("plugin_record.created", {"version": 1, "fields": ["since", "status"]}),
        ("plugin_record.changed", {"version": 2, "fields": ["status"]}),
        ("plugin_record.deleted", {"version": 2}),
    ]
    assert {(row["actor_type"], row["actor_name"], row["resource_type"], row["resource_id"]) for row in rows} == {
        ("plugin", "market-roles", "plugin_record", "market-roles/roles/BRP")
    }
    assert not any("secret-status" in row["after"] for row in rows)
