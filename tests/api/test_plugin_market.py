"""Operators install plugins from a signed index, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.api.client import Client, problem, running
from tests.api.conftest import MASTER_KEY, api_options
from tests.api.people import People
from tests.conftest import Connect
from tests.plugin_packages import KEY, TRUSTED, facts_of, packed
from weftline.api.app import Application
from weftline.authoring import registry
from weftline.plugins import InstalledPackages
from weftline.plugins.index import entries_of, write_index
from weftline.plugins.market import PluginMarket
from weftline.plugins.modules import unload
from weftline.plugins.running import RunningPlugins
from weftline.store.keyring import Keyring


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """A folder of packages with its index."""
    place = tmp_path / "shelf"
    packed(place, facts_of("shop-bells", "1.0", description="Rings."))
    packed(place, facts_of("shop-bells", "1.1", asks=("network",), description="Rings."))
    packed(place, facts_of("shop-tower", needs={"shop-bells": ">=1"}))
    packed(place, facts_of("shop-later", requires=">=99"))
    (place / "index.json").write_bytes(write_index(entries_of(place, TRUSTED), KEY, datetime.now(UTC)))
    return place


@pytest.fixture
def packages(tmp_path: Path) -> InstalledPackages:
    return InstalledPackages(tmp_path / "plugins")


@pytest.fixture
async def application(database: str, shelf: Path, packages: InstalledPackages) -> AsyncIterator[Application]:
    market = PluginMarket(str(shelf / "index.json"), TRUSTED, packages, "1.0")
    plugins = RunningPlugins((), "1.0", database, Keyring(MASTER_KEY), "server", registry, packages, market)
    options = api_options(database, plugins=plugins)
    object.__setattr__(options, "actions", registry.current_names())
    app = Application(options)
    async with running(app):
        yield app
    for each in packages.all():
        packages.remove(each.id)
    await plugins.follow()
    for path in packages.directory.glob(".packages/*/*"):
        unload(path)


async def test_what_the_index_has_is_listed_with_what_fits(api: Client) -> None:
    items = (await api.get("/platform/plugins/index")).json()["items"]
    told = [(each["id"], each["version"], each["versions"], each["installedVersion"]) for each in items]
    assert told == [
        ("shop-bells", "1.1", ["1.1", "1.0"], None),
        ("shop-later", "1.0", ["1.0"], None),
        ("shop-tower", "1.0", ["1.0"], None),
    ]
    assert items[0]["capabilities"] == ["network"] and items[0]["reason"] is None
    assert "it is for Weftline >=99; this is 1.0" in items[1]["reason"]
    assert "it needs the plugin 'shop-bells' >=1, which is not installed" in items[2]["reason"]
    found = await api.get("/platform/plugins/index", params={"text": "rings"})
    assert [each["id"] for each in found.json()["items"]] == ["shop-bells"]


async def test_what_the_index_has_is_sorted_and_read_page_by_page(api: Client) -> None:
    found = await api.get("/platform/plugins/index", params={"sort": "-name", "limit": 2})
    assert [each["id"] for each in found.json()["items"]] == ["shop-tower", "shop-later"]
    rest = {"sort": "-name", "limit": 2, "cursor": found.json()["nextCursor"]}
    found = await api.get("/platform/plugins/index", params=rest)
    assert [each["id"] for each in found.json()["items"]] == ["shop-bells"] and found.json()["nextCursor"] is None


async def test_an_operator_installs_a_plugin_and_it_runs_at_once(
    api: Client, packages: InstalledPackages, connect: Connect
) -> None:
    refused = problem(await api.post("/platform/plugins", {"id": "shop-bells"}), 409, "plugin_not_installable")
    assert "'shop-bells' asks for network, which 'grants' does not name" in refused["detail"]
    assert packages.all() == []
    answer = await api.post("/platform/plugins", {"id": "shop-bells", "grants": ["network"]})
    assert answer.status_code == 201, answer.text
    assert answer.json() == {
        "id": "shop-bells",
        "name": "Shop-bells",
        "version": "1.1",
        "granted": ["network"],
        "state": "STARTED",
        "reason": None,
    }
    assert "shop-bells.say" in registry.names()
    assert (await api.get("/plugins/shop-bells")).json()["state"] == "STARTED"
    rows = await (await connect("weft_worker")).fetch(
        "SELECT after::text FROM audit_log WHERE action = 'plugin.installed'"
    )
    assert len(rows) == 1 and TRUSTED[0] in rows[0]["after"], "what was refused is not recorded"
    older = {"id": "shop-bells", "version": "1.0"}
    assert "1.1 is installed, which is newer" in (await api.post("/platform/plugins", older)).json()["detail"]


async def test_a_plugin_is_replaced_by_its_next_version_while_the_server_runs(api: Client) -> None:
    assert (await api.post("/platform/plugins", {"id": "shop-bells", "version": "1.0"})).json()["version"] == "1.0"
    assert (await api.post("/platform/plugins", {"id": "shop-tower"})).json()["state"] == "STARTED"
    answer = await api.post("/platform/plugins", {"id": "shop-bells", "grants": ["network"]})
    assert (answer.json()["version"], answer.json()["state"]) == ("1.1", "STARTED")
    items = {each["id"]: each for each in (await api.get("/plugins")).json()["items"]}
    assert {id: (each["version"], each["state"]) for id, each in items.items()} == {
        "shop-bells": ("1.1", "STARTED"),
        "shop-tower": ("1.0", "STARTED"),
    }


async def test_an_index_that_was_changed_is_refused(api: Client, shelf: Path) -> None:
    file = shelf / "index.json"
    file.write_bytes(file.read_bytes().replace(b'"signature":"', b'"signature":"AAAA'))
    found = problem(await api.get("/platform/plugins/index"), 409, "plugin_index_unusable")
    assert "none of the trusted keys" in found["detail"]
    problem(await api.post("/platform/plugins", {"id": "shop-bells"}), 409, "plugin_index_unusable")
    file.unlink()
    found = problem(await api.get("/platform/plugins/index"), 409, "plugin_index_unusable")
    assert "No such file" in found["detail"]


async def test_a_package_that_was_exchanged_is_not_installed(
    api: Client, shelf: Path, packages: InstalledPackages
) -> None:
    packed(shelf, facts_of("shop-bells", "1.0", description="Rings."), more={"evil.py": "raise SystemExit"})
    answer = await api.post("/platform/plugins", {"id": "shop-bells", "version": "1.0"})
    problem(answer, 409, "plugin_not_installable")
    assert packages.all() == []


@pytest.mark.parametrize(
    "body", [{}, {"id": "../x"}, {"id": "shop-bells", "grants": ["everything"]}, {"id": "shop-bells", "url": "x"}]
)
async def test_a_body_that_is_not_valid_is_refused(api: Client, body: dict[str, object]) -> None:
    problem(await api.post("/platform/plugins", body), 422, "invalid_request")


async def test_who_is_no_operator_installs_nothing(people: People) -> None:
    admin = await people.join("ann", "admin")
    problem(await admin.get("/platform/plugins/index"), 403, "operators_only")
    problem(await admin.post("/platform/plugins", {"id": "shop-bells"}), 403, "operators_only")


class TestWithoutAnIndex:
    @pytest.fixture
    async def application(self, database: str) -> AsyncIterator[Application]:
        app = Application(api_options(database))
        async with running(app):
            yield app

    async def test_it_is_said_how_to_name_one(self, api: Client) -> None:
        problem(await api.get("/platform/plugins/index"), 409, "no_plugin_index")
        problem(await api.post("/platform/plugins", {"id": "shop-bells"}), 409, "no_plugin_index")
