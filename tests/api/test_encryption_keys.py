"""Changing the keys under which secrets are sealed, while everything runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from tests.api.client import Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.ledger import Ledger
from tests.api.people import People
from tests.api.test_variables import calling, set_variable
from weftline.api.app import Application
from weftline.engine.worker import Worker, WorkerOptions
from weftline.store.keyring import Keyring, key_context, version_of
from weftline.store.master_key import read_or_make_key, read_retired_keys, replace_key
from weftline.store.vault import MasterKeys, WrongMasterKey

TOKEN = "tok-4f9c7b2e81"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the master keys are."""
    return tmp_path


def keyring(home: Path) -> Keyring:
    """The keys as a process of its own holds them."""

    def read() -> MasterKeys:
        return MasterKeys(read_or_make_key(home / "master.key"), read_retired_keys(home / "master.key.retired"))

    keys = read()
    return Keyring(keys.current, keys.others, read, active_after=0)


@pytest.fixture
async def application(database: str, home: Path) -> AsyncIterator[Application]:
    """The API, with the master key from the home, for definitions that call any action."""
    async with another_server(database, home) as app:
        yield app


@asynccontextmanager
async def another_server(database: str, home: Path) -> AsyncIterator[Application]:
    """A process that serves the API."""
    options = api_options(database)
    app = Application(replace(options, actions=None, accounts=replace(options.accounts, keyring=keyring(home))))
    async with running(app):
        yield app


@asynccontextmanager
async def visitor(database: str, home: Path) -> AsyncIterator[Client]:
    """The first administrator, signed in at another process that serves the API."""
    async with (
        another_server(database, home) as app,
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http,
    ):
        client = Client(http)
        await client.sign_in()
        yield client


@asynccontextmanager
async def another_worker(database: str, home: Path, ledger: Ledger) -> AsyncIterator[Worker]:
    """A process that runs executions."""
    worker = Worker(database, ledger.registry, WorkerOptions(poll_seconds=0.2), keyring=keyring(home))
    await worker.start()
    try:
        yield worker
    finally:
        await worker.stop()


async def rotate(api: Client, **fields: Any) -> dict[str, int]:
    """Change keys, piece after piece; what was sealed anew."""
    done: dict[str, int] = {}
    cursor: str | None = None
    while True:
        answer = await api.post("/platform/encryption-keys/rotate", {**fields, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        piece = answer.json()
        assert piece["unreadable"] == 0
        for name, count in piece["resealed"].items():
            done[name] = done.get(name, 0) + count
        if (cursor := piece["nextCursor"]) is None:
            return {name: count for name, count in done.items() if count}


async def use_secret(api: Client, ledger: Ledger) -> None:
    """Run an execution that gets the secret."""
    ledger.inputs.clear()
    await api.when_status(await api.start("w"), "completed")
    assert ledger.inputs["call"] == {"token": TOKEN}


async def test_the_master_key_is_changed_while_servers_and_workers_run(
    api: Client, database: str, home: Path, ledger: Ledger, tenant: asyncpg.Connection
) -> None:
    await set_variable(api, "TOKEN", TOKEN, "SECRET")
    await api.publish(calling("do", input={"token": "${vars.TOKEN}"}))
    old_master_key = read_or_make_key(home / "master.key")
    async with another_worker(database, home, ledger):
        await use_secret(api, ledger)
        replace_key(home / "master.key", home / "master.key.retired")
        assert await rotate(api) == {"signingKeys": 1, "dataKeys": 1}
        assert await rotate(api) == {}
        (home / "master.key.retired").unlink()
        await use_secret(api, ledger)
        await api.sign_in()
    wrapped = await tenant.fetchval("SELECT wrapped FROM tenant_keys")
    tenant_id = await tenant.fetchval("SELECT tenant_id FROM tenant_keys")
    with pytest.raises(WrongMasterKey):
        Keyring(old_master_key).vault.open(wrapped, key_context(tenant_id, 1))
    async with visitor(database, home) as restarted, another_worker(database, home, ledger):
        await use_secret(restarted, ledger)


async def test_a_tenant_gets_a_new_data_key_and_its_secrets_move_to_it(
    api: Client, database: str, home: Path, ledger: Ledger, tenant: asyncpg.Connection
) -> None:
    await set_variable(api, "TOKEN", TOKEN, "SECRET")
    await set_variable(api, "PLAIN", "text")
    await api.publish(calling("do", input={"token": "${vars.TOKEN}"}))
    async with another_worker(database, home, ledger):
        await use_secret(api, ledger)
    assert await rotate(api, tenant="default", newDataKeys=True) == {"newDataKeys": 1, "variables": 1}
    keys = (await api.get("/platform/encryption-keys")).json()["items"]
    assert [(key["version"], key["retiredAt"] is None) for key in keys] == [(1, False), (2, True)]
    assert version_of(await tenant.fetchval("SELECT sealed FROM variables WHERE key = 'TOKEN'")) == 2
    assert await rotate(api) == {}
    async with visitor(database, home) as restarted, another_worker(database, home, ledger):
        await use_secret(restarted, ledger)


async def test_only_those_who_operate_the_whole_platform_change_keys(api: Client, people: People) -> None:
    author = await people.join("author", "author")
    problem(await author.post("/platform/encryption-keys/rotate", {}), 403, "operators_only")
    problem(await author.get("/platform/encryption-keys"), 403, "operators_only")
    answer = await api.post("/platform/encryption-keys/rotate", {"tenant": "nobody"})
    problem(answer, 404, "tenant_not_found")
    assert (await api.post("/platform/encryption-keys/rotate", {"cursor": "x"})).status_code == 400
