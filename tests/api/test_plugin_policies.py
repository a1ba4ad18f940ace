"""Policies that plugins add: they forbid, in the tenants where their plugin is enabled, while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.api.client import V1, Client, problem, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from tests.api.people import People
from tests.api.test_plugins import plugins_of
from tests.api.world import World
from weftline.api.app import Application
from weftline.authoring import ActionRegistry
from weftline.authoring.plugin import Plugin, PluginApp, PluginType, Policy
from weftline.client import AsyncClient

FREEZE = 'forbid(principal, action == Action::"workflow:publish", resource);'
EVERYTHING = "forbid(principal, action, resource);"
FAILS = """
forbid(principal, action == Action::"workflow:write", resource)
when { context.hour * 9223372036854775807 * 9223372036854775807 > 3 && context.weekday + 9223372036854775807 > 0 };
"""


def forbidding(id: str, *policies: Policy) -> Plugin:
    """A plugin that adds policies."""

    class Forbidding(Plugin):
        name = f"Plugin {id}"
        version = "1.0.0"
        types = frozenset({PluginType.SECURITY})

        async def initialize(self, app: PluginApp) -> None:
            for each in policies:
                app.policy(each)

    Forbidding.id = id
    return Forbidding()


def policy(name: str, source: str) -> Policy:
    return Policy(name=name, title={"en": f"The policy {name}", "de": f"Die Regel {name}"}, source=source)


FREEZING = forbidding("seals", policy("seals.freeze", FREEZE))


@pytest.fixture
def plugins() -> list[Plugin]:
    return [FREEZING]


@pytest.fixture
async def application(database: str, plugins: list[Plugin]) -> AsyncIterator[Application]:
    app = Application(api_options(database, plugins=plugins_of(database, ActionRegistry(), *plugins)))
    async with running(app):
        yield app


async def publish(api: Client) -> Any:
    await api.post("/workflows", GREETING)
    return await api.post("/workflows/greeting/publish", None)


async def test_what_a_plugin_forbids_nobody_may_and_the_explanation_names_it(api: Client) -> None:
    problem(await publish(api), 403, "permission_denied")
    told = (await api.post("/access/explain", {"action": "workflow:publish"})).json()
    assert told["allowed"] is False
    assert [each for each in told["reasons"] if each["kind"] == "policy"] == [
        {
            "kind": "policy",
            "effect": "forbid",
            "id": "seals.freeze",
            "name": "The policy seals.freeze",
            "plugin": "seals",
            "message": None,
        }
    ]


async def test_it_counts_besides_the_tenants_own_policies(api: Client, application: Application) -> None:
    assert application.services is not None
    refresh = application.services.cache.refresh
    own = {"name": "own", "source": 'forbid(principal, action == Action::"workflow:create", resource);'}
    made = (await api.post("/policies", own)).json()
    await refresh()
    problem(await api.post("/workflows", GREETING), 403, "permission_denied")
    [reason] = [
        each
        for each in (await api.post("/access/explain", {"action": "workflow:create"})).json()["reasons"]
        if each["kind"] == "policy"
    ]
    assert (reason["id"], reason["name"], reason["plugin"]) == (made["id"], "own", None)
    assert (await api.http.delete(f"{V1}/policies/{made['id']}")).status_code == 200
    await refresh()
    problem(await publish(api), 403, "permission_denied")


async def test_it_counts_where_the_plugin_is_enabled_and_nowhere_else(world: World) -> None:
    globex = await world.found("globex")
    problem(await publish(globex), 403, "permission_denied")
    assert (await globex.post("/plugins/seals/disable", None)).status_code == 200
    assert (await publish(globex)).status_code == 200
    problem(await publish(world.operator), 403, "permission_denied")
    assert (await globex.post("/plugins/seals/enable", None)).status_code == 200
    problem(await publish(globex), 403, "permission_denied")


async def test_it_vanishes_when_the_plugin_is_stopped_and_comes_back_with_it(api: Client) -> None:
    assert (await api.post("/platform/plugins/seals/stop", None)).status_code == 200
    assert (await publish(api)).status_code == 200
    assert (await api.get("/plugins/policies")).json()["items"] == []
    assert (await api.post("/platform/plugins/seals/start", None)).status_code == 200
    problem(await publish(api), 403, "permission_denied")


async def test_policies_of_plugins_are_listed_for_those_who_may_read_policies(api: Client, people: People) -> None:
    [shown] = (await api.get("/plugins/policies")).json()["items"]
    assert shown == {
        "name": "seals.freeze",
        "plugin": "seals",
        "title": {"en": "The policy seals.freeze", "de": "Die Regel seals.freeze"},
        "description": {},
        "source": FREEZE,
    }
    assert (await api.get("/policies")).json()["items"] == [], "they are not the tenant's own"
    viewer = await people.join("vic", "viewer")
    problem(await viewer.get("/plugins/policies"), 403, "permission_denied")


@pytest.mark.parametrize("plugins", [[forbidding("seals", policy("seals.all", EVERYTHING))]])
async def test_a_plugin_that_forbids_everything_can_still_be_disabled(api: Client) -> None:
    problem(await api.get("/workflows/none"), 403, "permission_denied")
    assert (await api.get("/policies")).status_code == 200
    assert (await api.get("/plugins/seals")).status_code == 200
    assert (await api.post("/plugins/seals/disable", None)).status_code == 200
    problem(await api.get("/workflows/none"), 404, "workflow_not_found")


@pytest.mark.parametrize("plugins", [[forbidding("seals", policy("seals.sum", FAILS))]])
async def test_a_policy_that_fails_denies_and_its_plugin_is_told_of(api: Client, application: Application) -> None:
    await api.post("/workflows", GREETING)
    problem(await api.put("/workflows/greeting", GREETING), 403, "permission_denied")
    [reason] = [
        each
        for each in (await api.post("/access/explain", {"action": "workflow:write"})).json()["reasons"]
        if each["kind"] == "error"
    ]
    assert (reason["id"], reason["plugin"]) == ("seals.sum", "seals") and "overflow" in reason["message"]
    while not (faults := (await api.get("/plugins/seals")).json()["faults"]):
        pass
    [fault] = faults
    assert fault["part"] == "policy seals.sum" and "overflow" in fault["message"] and fault["times"] == 1


@pytest.mark.parametrize(
    ("plugins", "why"),
    [
        (
            [
                FREEZING,
                forbidding(
                    "broken",
                    policy("broken.open", 'permit(principal, action == Action::"workflow:publish", resource);'),
                ),
            ],
            "can only forbid",
        ),
        (
            [
                FREEZING,
                forbidding(
                    "broken", policy("broken.typo", "forbid(principal, action, resource) when { context.houre > 3 };")
                ),
            ],
            "houre",
        ),
        (
            [
                FREEZING,
                forbidding(
                    "broken", policy("broken.act", 'forbid(principal, action == Action::"workflow:publsh", resource);')
                ),
            ],
            "workflow:publish",
        ),
        (
            [
                FREEZING,
                forbidding(
                    "broken", policy("broken.lock", 'forbid(principal, action == Action::"plugin:manage", resource);')
                ),
            ],
            "No plugin has a say",
        ),
        ([FREEZING, forbidding("broken", policy("broken.half", "forbid(principal,\naction"))], "broken.half"),
        ([FREEZING, forbidding("broken", policy("seals.mine", FREEZE))], "'broken.'"),
    ],
)
async def test_a_policy_that_cannot_decide_keeps_its_plugin_alone_from_starting(
    api: Client, plugins: list[Plugin], why: str
) -> None:
    items = {each["id"]: each for each in (await api.get("/plugins")).json()["items"]}
    assert items["broken"]["state"] == "FAILED" and why in items["broken"]["reason"], items["broken"]["reason"]
    assert items["seals"]["state"] == "STARTED"
    assert [each["name"] for each in (await api.get("/plugins/policies")).json()["items"]] == ["seals.freeze"]


async def test_the_client_lists_them(application: Application, api: Client) -> None:
    headers = {"Authorization": api.http.headers["Authorization"]}
    transport = httpx.ASGITransport(application)
    async with (
        httpx.AsyncClient(transport=transport, base_url=ORIGIN + V1, headers=headers) as http,
        AsyncClient(http=http) as client,
    ):
        [shown] = [each async for each in client.plugins.policies()]
        assert shown.plugin == "seals" and shown.title["de"] == "Die Regel seals.freeze"
        explained = await client.policies.explain("workflow:publish")
        assert [each.plugin for each in explained.reasons if each.kind == "policy"] == ["seals"]
        assert (await client.plugins.get("seals")).faults == []
