"""The plugin of the page "What plugins can add" does what the page says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from tests.api.client import V1, Client, problem, running
from tests.api.conftest import api_options
from tests.api.test_plugins import plugins_of
from weftline.api.app import Application
from weftline.authoring import ActionRegistry
from weftline.authoring.plugin import PluginCaller, PluginRequest, RecordChanged
from weftline.authoring.plugin.registry import step_validators
from weftline.language.errors import DefinitionError
from weftline.model.ids import DEFAULT_TENANT
from weftline.testing.plugins import started

PAGE = Path(__file__).parents[2] / "docs/guides/plugin-parts.md"


@pytest.fixture
def page() -> dict[str, Any]:
    """What the page's blocks define."""
    names: dict[str, Any] = {"__name__": "stamps"}
    for block in re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        exec(block, names)
    return names


async def test_the_pages_tests_pass_and_leave_nothing(page: dict[str, Any]) -> None:
    tests = [test for name, test in page.items() if name.startswith("test_")]
    assert len(tests) == 4
    for test in tests:
        await test()
    assert "stamps.number" not in step_validators.names()


@pytest.fixture
async def application(page: dict[str, Any], database: str) -> AsyncIterator[Application]:
    options = api_options(database, plugins=plugins_of(database, ActionRegistry(), page["StampsPlugin"]()))
    # the page's template calls an action of Weftline's own
    app = Application(replace(options, actions=frozenset({"log"})))
    async with running(app):
        yield app


async def test_the_page_works_on_a_server(api: Client) -> None:
    path = "/plugins/stamps/routes/stamps"
    assert (await api.put(f"{path}/round", {"ink": "blue"})).json() == {"ink": "blue"}
    assert (await api.get(path)).json()["items"] == [{"name": "round", "ink": "blue"}]
    told = problem(await api.put(f"{path}/round", {"ink": "invisible"}), 409, "plugin_conflict")
    assert told["pluginCode"] == "stamps.no_such_ink"
    assert (await api.http.delete(f"{V1}{path}/round")).status_code == 204
    [panel] = (await api.get("/plugins/panels")).json()["items"]
    assert [each["title"]["de"] for each in panel["sections"][0]["rowActions"]] == ["Ändern", "Entfernen"]
    assert (await api.post("/library/stamps-request/install", {"name": "Ask"})).status_code == 201
    [policy] = (await api.get("/plugins/policies")).json()["items"]
    assert policy["name"] == "stamps.four-eyes" and policy["title"]["de"].startswith("Wer bittet")


async def test_in_tests_handlers_and_documents_work_without_a_platform(page: dict[str, Any]) -> None:
    async with started(page["StampsPlugin"]()) as plugin:
        records = plugin.app.store("stamps")
        for name in ("a", "b", "c"):
            await records.put(DEFAULT_TENANT, name, {"ink": name})
        with pytest.raises(RecordChanged):
            await records.put(DEFAULT_TENANT, "a", {}, if_version=0)
        assert await records.delete(DEFAULT_TENANT, "a", if_version=1)
        first = await records.list(DEFAULT_TENANT, limit=1)
        rest = await records.list(DEFAULT_TENANT, cursor=first.next_cursor)
        assert [each.key for each in (*first.items, *rest.items)] == ["b", "c"]
        found = plugin.app.routes.find("PUT", "/stamps/b")
        assert found is not None
        route, parameters = found
        body: type[BaseModel] = page["Stamp"]
        request = PluginRequest(DEFAULT_TENANT, PluginCaller("user", None, "ann"), parameters, {}, body(ink="red"))
        assert await route.handler(request) == {"ink": "red"}
        with pytest.raises(ValueError, match="`hours` should not exist"):
            plugin.forbidding("task:complete", context={"hours": 3})
        with pytest.raises(DefinitionError, match="there is no type of node"):
            plugin.definition({"id": "x", "nodes": [{"id": "p", "type": "stamps.pres"}]})
