"""Plugins as tenants and operators see them, over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from tests.api.client import Client, problem, running
from tests.api.conftest import MASTER_KEY, api_options
from tests.api.people import People
from tests.api.world import World
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.authoring import ActionRegistry, Context
from weftline.authoring.ownership import owned_by
from weftline.authoring.plugin import Capability, Panel, Plugin, PluginApp, PluginType, Text
from weftline.model.ids import DEFAULT_TENANT
from weftline.plugins import FoundPlugin
from weftline.plugins.running import RunningPlugins
from weftline.store.keyring import Keyring

CALLS_IT: dict[str, Any] = {"id": "sealing", "nodes": [{"id": "seal", "type": "action", "action": "seals.seal"}]}


class SealsConfiguration(BaseModel):
    stamp: str = "round"
    copies: int = Field(1, ge=1)
    token: SecretStr


class Seals(Plugin):
    id = "seals"
    name = "Seals"
    version = "1.2.0"
    description = "Seals documents."
    types = frozenset({PluginType.WORKFLOW_ACTION})
    capabilities = frozenset({Capability.NETWORK})
    Configuration = SealsConfiguration

    app: PluginApp

    async def initialize(self, app: PluginApp) -> None:
        self.app = app


class Broken(Plugin):
    id = "broken"
    name = "Broken"
    version = "1.0"

    async def initialize(self, app: PluginApp) -> None:
        raise RuntimeError("no stamp in the house")


class WaxConfiguration(BaseModel):
    colour: str = "red"


class Wax(Plugin):
    """There only for tenants that enable it."""

    id = "wax"
    name = "Wax"
    version = "0.9"
    Configuration = WaxConfiguration
    is_enabled_by_default = False

    async def initialize(self, app: PluginApp) -> None:
        app.panel(Panel(id="pots", title={"en": "Pots"}, sections=(Text(paragraphs=({"en": "Warm."},)),)))


async def seal(ctx: Context) -> object:
    return ctx.input


@pytest.fixture
def seals() -> Seals:
    return Seals()


@pytest.fixture
def registry() -> ActionRegistry:
    registry = ActionRegistry()
    for plugin_id in ("seals", "wax"):
        with owned_by(plugin_id):
            registry.register(f"{plugin_id}.seal", seal)
    return registry


def plugins_of(database: str, registry: ActionRegistry, *plugins: Plugin) -> RunningPlugins:
    found = [FoundPlugin(each.id, f"weftline-{each.id}", each.version, each) for each in plugins]
    return RunningPlugins(found, "1.0", database, Keyring(MASTER_KEY), "server", registry)


@pytest.fixture
async def application(database: str, registry: ActionRegistry, seals: Seals) -> AsyncIterator[Application]:
    """The API with a plugin that works, and one that does not."""
    plugins = plugins_of(database, registry, seals, Broken(), Wax())
    options = api_options(database, plugins=plugins)
    # definitions may call what runs now
    object.__setattr__(options, "actions", registry.current_names())
    app = Application(options)
    async with running(app):
        yield app


async def test_plugins_are_listed_with_how_they_stand(api: Client) -> None:
    items = (await api.get("/plugins")).json()["items"]
    assert [(each["id"], each["state"], each["isEnabled"]) for each in items] == [
        ("broken", "FAILED", True),
        ("seals", "STARTED", True),
        ("wax", "STARTED", False),
    ]
    assert "RuntimeError: no stamp in the house" in items[0]["reason"]
    assert items[1]["capabilities"] == ["network"] and items[1]["reason"] is None


async def test_a_plugin_that_is_not_installed_is_not_found(api: Client) -> None:
    problem(await api.get("/plugins/nobody"), 404, "plugin_not_found")
    problem(await api.post("/plugins/nobody/enable", None), 404, "plugin_not_found")
    problem(await api.post("/platform/plugins/nobody/stop", None), 404, "plugin_not_found")


async def test_what_is_set_reaches_the_plugin_and_secrets_are_shown_to_nobody(
    api: Client, seals: Seals, connect: Connect
) -> None:
    assert await seals.app.configuration(DEFAULT_TENANT) is None, "it needs a token"
    wanted = {"configuration": {"stamp": "square", "token": "t-4711"}}
    answer = await api.put("/plugins/seals/configuration", wanted)
    assert answer.status_code == 200, answer.text
    assert answer.json()["configuration"] == {"stamp": "square"} and answer.json()["secrets"] == ["token"]
    assert "t-4711" not in (await api.get("/plugins/seals")).text + (await api.get("/audit")).text
    found = await seals.app.configuration(DEFAULT_TENANT)
    assert isinstance(found, SealsConfiguration)
    assert (found.stamp, found.token.get_secret_value()) == ("square", "t-4711")
    rows = await (await connect("weft_worker")).fetch("SELECT * FROM plugin_settings")
    assert len(rows) == 1 and b"t-4711" not in rows[0]["sealed"] and "t-4711" not in rows[0]["configuration"]


async def test_a_secret_that_is_left_out_stays_and_null_takes_it_away(api: Client, seals: Seals) -> None:
    await api.put("/plugins/seals/configuration", {"configuration": {"token": "t-4711"}})
    await api.put("/plugins/seals/configuration", {"configuration": {"stamp": "oval"}})
    found = await seals.app.configuration(DEFAULT_TENANT)
    assert isinstance(found, SealsConfiguration) and found.token.get_secret_value() == "t-4711"
    gone = await api.put("/plugins/seals/configuration", {"configuration": {"token": None}})
    problem(gone, 422, "invalid_plugin_configuration")
    assert (await api.get("/plugins/seals")).json()["secrets"] == ["token"], "nothing was stored"


async def test_everything_that_is_wrong_with_a_configuration_is_told_together(api: Client) -> None:
    wanted = {"configuration": {"copies": 0, "colour": "red"}}
    found = problem(await api.put("/plugins/seals/configuration", wanted), 422, "invalid_plugin_configuration")
    assert {each["pointer"] for each in found["errors"]} == {
        "/configuration/colour",
        "/configuration/copies",
        "/configuration/token",
    }


async def test_of_two_who_configure_at_once_the_second_is_told(api: Client) -> None:
    first = await api.get("/plugins/seals")
    wanted = {"configuration": {"token": "t"}}
    headers = {"If-Match": first.headers["etag"]}
    assert (await api.put("/plugins/seals/configuration", wanted, headers=headers)).status_code == 200
    second = await api.put("/plugins/seals/configuration", wanted, headers=headers)
    problem(second, 412, "plugin_changed")


async def test_what_a_tenant_has_disabled_its_definitions_cannot_call_and_others_can(world: World) -> None:
    acme, globex = await world.found("acme"), await world.found("globex")
    assert (await acme.post("/plugins/seals/disable", None)).json()["isEnabled"] is False
    found = problem(await acme.post("/workflows", CALLS_IT), 422, "invalid_definition")
    assert any("seals.seal" in each["message"] for each in found["errors"]), found
    assert (await globex.post("/workflows", CALLS_IT)).status_code == 201
    assert (await acme.post("/plugins/seals/enable", None)).json()["isEnabled"] is True
    assert (await acme.post("/workflows", CALLS_IT)).status_code == 201
    assert [each["action"] for each in await acme.log("plugin.disabled")] == ["plugin.disabled"]
    assert await globex.log("plugin.disabled") == []


async def test_a_plugin_for_few_is_there_only_for_tenants_that_enable_it(world: World) -> None:
    acme, globex = await world.found("acme"), await world.found("globex")
    calls_it = {"id": "waxing", "nodes": [{"id": "seal", "type": "action", "action": "wax.seal"}]}
    # it can be prepared before
    set_before = await acme.put("/plugins/wax/configuration", {"configuration": {"colour": "blue"}})
    assert set_before.status_code == 200, set_before.text
    for each in (acme, globex):
        assert (await each.get("/plugins/wax")).json()["isEnabled"] is False
        problem(await each.post("/workflows", calls_it), 422, "invalid_definition")
        assert (await each.get("/plugins/panels")).json()["items"] == []
    assert (await acme.post("/plugins/wax/enable", None)).json()["isEnabled"] is True
    assert (await acme.get("/plugins/wax")).json()["configuration"] == {"colour": "blue"}
    assert (await acme.post("/workflows", calls_it)).status_code == 201
    assert [each["id"] for each in (await acme.get("/plugins/panels")).json()["items"]] == ["pots"]
    problem(await globex.post("/workflows", calls_it), 422, "invalid_definition")
    assert (await acme.post("/plugins/wax/disable", None)).json()["isEnabled"] is False
    assert (await acme.get("/plugins/panels")).json()["items"] == []


async def test_operators_stop_a_plugin_for_everybody_and_start_it_again(api: Client, registry: ActionRegistry) -> None:
    stopped = (await api.post("/platform/plugins/seals/stop", None)).json()
    assert (stopped["state"], stopped["isWanted"]) == ("STOPPED", False)
    assert "seals.seal" not in registry.names()
    started = (await api.post("/platform/plugins/seals/start", None)).json()
    assert (started["state"], started["isWanted"]) == ("STARTED", True)
    assert "seals.seal" in registry.names()


async def test_another_process_follows_within_seconds(api: Client, database: str) -> None:
    other = ActionRegistry()
    with owned_by("seals"):
        other.register("seals.seal", seal)
    second = plugins_of(database, other, Seals())
    await second.start()
    try:
        assert "seals.seal" in other.names()
        await api.post("/platform/plugins/seals/stop", None)
        async with asyncio.timeout(10):
            while "seals.seal" in other.names():
                await asyncio.sleep(0.05)
    finally:
        await second.stop()


async def test_who_may_only_look_cannot_change_anything(people: People) -> None:
    author = await people.join("ann", "author")
    assert (await author.get("/plugins")).status_code == 200
    problem(await author.post("/plugins/seals/disable", None), 403, "permission_denied")
    problem(await author.put("/plugins/seals/configuration", {"configuration": {}}), 403, "permission_denied")
