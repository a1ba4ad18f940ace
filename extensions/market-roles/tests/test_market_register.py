"""What is kept of a tenant in the market survives repeated steps, and steps that are undone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

# another name would hide the fixture from those that it needs
from tests.conftest import database, database_server  # noqa: F401

from weftline.authoring.plugin import PluginApp, RecordStore
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.plugin_records import RecordPool, StoredRecords
from weftline_market_roles.kept import ChangedSince
from weftline_market_roles.register import Register
from weftline_market_roles.roles import FOLLOWING, MarketRole, NotPossible, RoleStatus, moved

BRP, DSO = MarketRole.BRP, MarketRole.DSO
T = DEFAULT_TENANT


class App(PluginApp):
    """What the register uses of a plugin's app."""

    def __init__(self, pool: RecordPool) -> None:
        self._pool = pool

    def store(self, collection: str) -> RecordStore:
        return StoredRecords(self._pool, "market-roles", collection)


@pytest.fixture
async def register(database: str) -> AsyncIterator[Register]:  # noqa: F811
    pool = RecordPool(database)
    yield Register.of(App(pool))  # type: ignore[abstract]
    await pool.close()


async def test_a_second_attempt_of_a_step_changes_nothing_and_tells_the_same(register: Register):
    first = await register.move(T, BRP, RoleStatus.PENDING, by="a", executionId="1")
    assert await register.move(T, BRP, RoleStatus.PENDING, by="a", executionId="1") == first
    active = await register.activate(T, BRP, by="b")
    assert await register.activate(T, BRP, by="b") == active
    record = await register.roles.store.get(T, BRP)
    assert record is not None and record.version == 2


async def test_steps_are_undone_in_reverse_and_leave_what_was_there(register: Register):
    before_all, _ = await register.move(T, BRP, RoleStatus.PENDING, by="a", executionId="1")
    before_active, now = await register.activate(T, BRP, by="b", companyName="Engie")
    assert (now["status"], now["companyName"]) == ("active", "Engie")
    assert await register.roles.undo(T, BRP, before_active, by="b") is True
    assert await register.roles.get(T, BRP) == {
        "role": "BRP", "status": "pending", "contractReference": None, "executionId": "1"
    }  # fmt: skip
    assert await register.roles.undo(T, BRP, before_active, by="b") is False, "a second attempt"
    assert await register.roles.undo(T, BRP, before_all, by="a") is True
    assert await register.roles.get(T, BRP) is None
    assert await register.roles.undo(T, BRP, before_all, by="a") is False


async def test_what_somebody_else_changed_since_is_not_overwritten(register: Register):
    before, _ = await register.activate(T, BRP, by="a")
    await register.move(T, BRP, RoleStatus.SUSPENDED, reason="unpaid")
    with pytest.raises(ChangedSince):
        await register.roles.undo(T, BRP, before, by="a")
    found = await register.roles.get(T, BRP)
    assert found is not None and (found["status"], found["reason"]) == ("suspended", "unpaid")


async def test_contracts_are_numbered_once_each_however_many_begin_at_once(register: Register):
    made = await asyncio.gather(*(register.activate(T, role) for role in MarketRole))
    references = {now["contractReference"] for _, now in made}
    assert len(references) == len(MarketRole)
    assert all(reference.endswith("-001") for reference in references)
    await register.move(T, BRP, RoleStatus.ENDED)
    assert (await register.activate(T, BRP))[1]["contractReference"].endswith("-002"), "a new contract"


async def test_a_contract_reference_that_is_given_is_kept(register: Register):
    await register.move(T, DSO, RoleStatus.PENDING, contractReference="OLD-7")
    assert (await register.activate(T, DSO))[1]["contractReference"] == "OLD-7"
    assert (await register.refer(T, DSO, "NEW-8"))["contractReference"] == "NEW-8"
    await register.move(T, DSO, RoleStatus.ENDED)
    with pytest.raises(NotPossible):
        await register.refer(T, DSO, "NEW-9")
    with pytest.raises(NotPossible):
        await register.refer(T, BRP, "NEW-9")


async def test_points_are_kept_as_registers_write_them(register: Register):
    portfolio: dict[str, Any] = {
        "accessPoints": [{"ean": "541448 91234567890 2", "name": "Plant"}],
        "deliveryPoints": [{"ean": "541448923456789012", "accessPoint": "5414-48912345678902"}],
        "services": ["FCR"],
    }
    _, now = await register.keep_portfolio(T, BRP, portfolio, by="a")
    assert now == {
        "accessPoints": [{"ean": "541448912345678902", "name": "Plant"}],
        "deliveryPoints": [{"ean": "541448923456789012", "accessPoint": "541448912345678902"}],
    }


@pytest.mark.parametrize("before", [None, *RoleStatus])
@pytest.mark.parametrize("wanted", RoleStatus)
def test_a_role_goes_only_where_the_table_says(before: RoleStatus | None, wanted: RoleStatus):
    found = None if before is None else {"role": "BRP", "status": before.value, "contractReference": "C"}
    if wanted in FOLLOWING[before]:
        assert moved(BRP, found, wanted)["status"] == wanted
    else:
        with pytest.raises(NotPossible, match="BRP"):
            moved(BRP, found, wanted)


def test_a_role_that_begins_anew_forgets_the_old_contract():
    ended = {"role": "BRP", "status": "ended", "contractReference": "C", "companyName": "Engie"}
    assert moved(BRP, ended, RoleStatus.PENDING) == {"role": "BRP", "status": "pending", "contractReference": None}
