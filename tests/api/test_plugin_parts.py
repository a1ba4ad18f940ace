"""What plugins add beside routes: panels, templates, checks of values and types of nodes, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.api.client import Client, problem, running
from tests.api.conftest import api_options
from tests.api.people import People
from tests.api.test_plugins import plugins_of
from tests.api.world import World
from weftline.api.app import Application
from weftline.authoring import ActionRegistry
from weftline.authoring.plugin import (
    Action,
    Column,
    Details,
    Form,
    NodeType,
    Panel,
    Plugin,
    PluginApp,
    PluginRequest,
    Table,
    Text,
    Value,
)
from weftline.engine.worker import Worker
from weftline.model.ids import DEFAULT_TENANT

INK = {"type": "object", "properties": {"ink": {"type": "string"}}, "required": ["ink"]}


def is_stamp(value: Any) -> str | None:
    if value == "crash":
        raise RuntimeError("the s3cret stamp")
    return None if isinstance(value, str) and value.startswith("ST-") else "is no number of a stamp: ST-…"


def expand(node: Mapping[str, Any]) -> Mapping[str, Any]:
    if node["ink"] == "none":
        raise ValueError("a seal needs ink")
    if node["ink"] == "odd":
        return {"type": "action"}
    return {"type": "action", "action": "echo", "input": {"seal": node["ink"]}}


class Seals(Plugin):
    id = "seals"
    name = "Seals"
    version = "1.0.0"

    async def initialize(self, app: PluginApp) -> None:
        async def answer(request: PluginRequest) -> object:
            return {"items": [], "nextCursor": None}

        app.route("GET", "/seals", answer)
        app.route("POST", "/seals/{name}/break", answer)
        app.route("PUT", "/ink", answer, permission="workflow:read")
        app.panel(
            Panel(
                id="all",
                title={"en": "Seals", "de": "Siegel"},
                icon="stamp",
                sections=[
                    Text(paragraphs=[{"en": "These are the seals."}]),
                    Table(
                        source="/seals",
                        columns=[
                            Column(key="name", title={"en": "Name"}),
                            Column(
                                key="state",
                                title={"en": "State"},
                                kind="status",
                                values={"new": Value(title={"en": "New", "de": "Neu"}, tone="good")},
                            ),
                        ],
                        row_actions=[Action(title={"en": "Break"}, route="/seals/{name}/break", is_dangerous=True)],
                    ),
                    Form(schema=INK, submit="/ink", method="PUT", labels={"ink": {"en": "Ink", "de": "Tinte"}}),
                    Details(source="/seals", fields=[Column(key="name", title={"en": "Name"})]),
                ],
            )
        )
        app.panel(
            Panel(
                id="secret",
                title={"en": "Secret"},
                permission="plugin:manage",
                sections=[Text(paragraphs=[{"en": "Nobody else."}])],
            )
        )
        app.template(
            {
                "id": "seals-first",
                "category": "compliance",
                "name": {"en": "First seal"},
                "description": {"en": "Seals something."},
                "definition": {"id": "x", "nodes": [{"id": "echo", "type": "action", "action": "echo"}]},
            }
        )
        app.step_validator("seals.number", is_stamp)
        app.node_type(NodeType(name="seals.seal", title={"en": "Seal"}, schema=INK, expand=expand))


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    app = Application(api_options(database, plugins=plugins_of(database, ActionRegistry(), Seals())))
    async with running(app):
        yield app


ASKS: dict[str, Any] = {
    "id": "asking",
    "nodes": [
        {
            "id": "ask",
            "type": "human-task",
            "form": {
                "type": "object",
                "properties": {"stamp": {"type": "string", "x-validator": "seals.number"}},
            },
        }
    ],
}


def sealing(**fields: Any) -> dict[str, Any]:
    node = {"id": "seal", "type": "seals.seal", "ink": "${ input.ink }", **fields}
    return {"id": "sealing", "nodes": [node], "output": {"seal": "${ steps.seal.output.seal }"}}


# --- panels -----------------------------------------------------------------------------------------------------------


async def test_panels_are_listed_for_those_who_may_see_them(api: Client, people: People) -> None:
    items = (await api.get("/plugins/panels")).json()["items"]
    assert [each["place"] for each in items] == ["seals/all", "seals/secret"]
    text, table, form, details = items[0]["sections"]
    assert [each["type"] for each in items[0]["sections"]] == ["text", "table", "form", "details"]
    assert table["columns"][1]["values"] == {"new": {"title": {"en": "New", "de": "Neu"}, "tone": "good"}}
    assert [each["route"] for each in table["rowActions"]] == ["/seals/{name}/break"]
    assert (form["formSchema"], form["submit"], form["labels"]["ink"]["de"]) == (INK, "/ink", "Tinte")
    assert text["paragraphs"] == [{"en": "These are the seals."}] and details["fields"][0]["key"] == "name"
    viewer = await people.join("vic", "viewer")
    [seen] = (await viewer.get("/plugins/panels")).json()["items"]
    assert seen["id"] == "all"
    assert seen["sections"][1]["rowActions"] == [], "the route asks for more than a viewer may"


async def test_panels_are_read_page_by_page(api: Client) -> None:
    first = (await api.get("/plugins/panels", params={"limit": 1})).json()
    rest = (await api.get("/plugins/panels", params={"cursor": first["nextCursor"], "sort": "place"})).json()
    assert [each["id"] for each in (*first["items"], *rest["items"])] == ["all", "secret"]


async def test_what_a_plugin_adds_is_gone_while_it_is_disabled_or_stopped(world: World) -> None:
    acme, globex = await world.found("acme"), await world.found("globex")
    await acme.post("/plugins/seals/disable", None)
    assert (await acme.get("/plugins/panels")).json()["items"] == []
    problem(await acme.get("/library/seals-first"), 404, "template_not_found")
    assert len((await globex.get("/plugins/panels")).json()["items"]) == 2
    assert (await globex.get("/library/seals-first")).json()["pluginId"] == "seals"


# --- templates --------------------------------------------------------------------------------------------------------


async def test_a_plugins_template_is_listed_and_installed(api: Client) -> None:
    found = (await api.get("/library", params={"query": "first seal"})).json()["items"]
    assert [(each["id"], each["pluginId"], each["source"]) for each in found] == [("seals-first", "seals", "PLUGIN")]
    made = await api.post("/library/seals-first/install", {"name": "Mine"})
    assert made.status_code == 201, made.text
    assert (await api.get("/workflows/seals-first")).status_code == 200


# --- checks -----------------------------------------------------------------------------------------------------------


async def test_a_forms_check_refuses_an_answer_at_its_field(api: Client, worker: Worker) -> None:
    await api.publish(ASKS)
    execution = await api.start("asking")
    await api.when_status(execution, "waiting")
    [task] = (await api.get("/tasks", params={"executionId": execution})).json()["items"]
    path = f"/tasks/{task['id']}/complete"
    told = problem(await api.post(path, {"data": {"stamp": "4711"}}), 422, "invalid_form")
    assert [(each["pointer"], each["message"]) for each in told["errors"]] == [
        ("/data/stamp", "is no number of a stamp: ST-…")
    ]
    failed = await api.post(path, {"data": {"stamp": "crash"}})
    problem(failed, 422, "invalid_form")
    assert "s3cret" not in failed.text and "'seals.number' failed" in failed.text
    await api.post("/platform/plugins/seals/stop", None)
    told = problem(await api.post(path, {"data": {"stamp": "ST-1"}}), 422, "invalid_form")
    assert "the plugin 'seals' does not run" in told["errors"][0]["message"]
    await api.post("/platform/plugins/seals/start", None)
    assert (await api.post(path, {"data": {"stamp": "ST-1"}})).status_code == 200
    await api.when_status(execution, "completed")


async def test_a_check_of_the_input_refuses_a_start(api: Client) -> None:
    schema = {"type": "object", "properties": {"stamp": {"x-validator": "seals.number"}}}
    await api.publish({"id": "sealed", "input": schema, "nodes": [{"id": "e", "type": "end"}]})
    told = problem(await api.post("/workflows/sealed/executions", {"input": {"stamp": "1"}}), 422, "invalid_input")
    assert told["errors"][0]["pointer"] == "/input/stamp"
    answer = await api.post("/workflows/sealed/executions", {"input": {"stamp": "ST-1"}})
    assert answer.status_code == 202


async def test_a_check_that_is_not_there_is_named_with_the_nearest(world: World) -> None:
    acme, globex = await world.found("acme"), await world.found("globex")
    node = {**ASKS["nodes"][0], "form": {"properties": {"stamp": {"x-validator": "seals.numbr"}}}}
    told = problem(await acme.post("/workflows", {**ASKS, "nodes": [node]}), 422, "invalid_definition")
    [error] = told["errors"]
    assert error["pointer"] == "/nodes/0/form/properties/stamp/x-validator"
    assert (error["code"], error["hint"]) == ("unknown_validator", "did you mean `seals.number`?")
    await acme.post("/plugins/seals/disable", None)
    problem(await acme.post("/workflows", ASKS), 422, "invalid_definition")
    assert (await globex.post("/workflows", ASKS)).status_code == 201


async def test_a_trial_is_not_held_up_by_checks(api: Client) -> None:
    answer = await api.post("/workflows/trial", {"definition": ASKS})
    assert answer.status_code == 200, answer.text


# --- types of nodes ---------------------------------------------------------------------------------------------------


async def test_a_node_of_a_plugin_runs_as_what_it_became_though_the_plugin_is_stopped(
    api: Client, worker: Worker
) -> None:
    await api.publish(sealing(name="Seal it"))
    [kept] = (await api.get("/workflows/sealing")).json()["definition"]["nodes"]
    assert (kept["type"], kept["name"]) == ("seals.seal", "Seal it")
    assert kept["expansion"] == {"type": "action", "action": "echo", "input": {"seal": "${ input.ink }"}}
    await api.post("/platform/plugins/seals/stop", None)
    execution = await api.start("sealing", {"ink": "blue"})
    assert (await api.when_status(execution, "completed"))["output"] == {"seal": "blue"}


async def test_a_type_of_node_is_in_the_catalogue_with_what_the_plugin_says_of_it(api: Client) -> None:
    [found] = [each for each in (await api.get("/catalogue")).json()["nodeTypes"] if each["plugin"] is not None]
    assert (found["type"], found["category"], found["title"]) == ("seals.seal", "plugin", "Seal")
    assert found["plugin"] == {
        "id": "seals",
        "name": "Seals",
        "icon": "puzzle",
        "titles": {"en": "Seal"},
        "descriptions": {},
        "schema": INK,
    }
    fields = set(found["schema"]["properties"])
    assert {"id", "type", "name", "next", "onError", "retry", "timeout"} <= fields
    assert not {"action", "input", "queue", "ink", "expansion"} & fields


async def test_what_an_author_says_of_the_expansion_does_not_count(api: Client) -> None:
    made = await api.post("/workflows", sealing(expansion={"type": "http", "url": "http://127.0.0.1"}))
    assert made.json()["definition"]["nodes"][0]["expansion"]["type"] == "action"


async def test_a_node_that_is_not_filled_in_has_that_one_problem(api: Client) -> None:
    told = (
        await api.post("/workflows/validate", {**sealing(), "nodes": [{"id": "seal", "type": "seals.seal"}]})
    ).json()
    assert [(each["pointer"], each["code"]) for each in told["problems"]] == [("/nodes/0", "schema_mismatch")]


@pytest.mark.parametrize(
    ("fields", "pointer", "said"),
    [
        ({"ink": 3}, "/nodes/0/ink", "string"),
        ({"ink": "none"}, "/nodes/0", "a seal needs ink"),
        ({"ink": "odd"}, "/nodes/0", "what `seals.seal` becomes is not valid"),
        ({"next": "nowhere"}, "/nodes/0/next", "nowhere"),
        ({"type": "seals.seel"}, "/nodes/0/type", "there is no type of node `seals.seel` here"),
        ({"form": "x", "ink": None}, "/nodes/0/ink", "string"),
    ],
)
async def test_problems_point_at_the_authors_node(api: Client, fields: dict[str, Any], pointer: str, said: str) -> None:
    told = problem(await api.post("/workflows", sealing(**fields)), 422, "invalid_definition")
    errors = {each["pointer"]: each["message"] for each in told["errors"]}
    assert said in errors[pointer], told


async def test_a_type_of_node_is_not_there_where_the_plugin_is_disabled(world: World) -> None:
    acme, globex = await world.found("acme"), await world.found("globex")
    await acme.post("/plugins/seals/disable", None)
    told = problem(await acme.post("/workflows", sealing()), 422, "invalid_definition")
    assert told["errors"][0]["code"] == "unknown_type"
    assert (await globex.post("/workflows", sealing())).status_code == 201
    listed = [{each["type"] for each in (await who.get("/catalogue")).json()["nodeTypes"]} for who in (acme, globex)]
    assert ["seals.seal" in each for each in listed] == [False, True]


# --- what cannot be added ---------------------------------------------------------------------------------------------


def a_panel(**fields: Any) -> Panel:
    sections = fields.pop("sections", [Text(paragraphs=[{"en": "Text."}])])
    return Panel(**{"id": "p", "title": {"en": "P"}, "sections": sections, **fields})


async def nothing(request: PluginRequest) -> object:
    return None


@pytest.mark.parametrize(
    ("add", "said"),
    [
        (lambda app: app.panel(a_panel(title={"de": "Nur deutsch"})), "English is missing"),
        (lambda app: app.panel(a_panel(sections=[])), "1 to 20 sections"),
        (
            lambda app: app.panel(a_panel(sections=[Table(source="/x", columns=[Column(key="a", title={"en": "A"})])])),
            "no route GET /x",
        ),
        (lambda app: app.panel(a_panel(permission="seals:any")), "there is no permission 'seals:any'"),
        (lambda app: app.panel(a_panel(sections=[Form(schema={"type": 3}, submit="/x")])), "not a JSON Schema"),
        (lambda app: app.route("GET", "/x", nothing, permission="seals:any"), "there is no permission 'seals:any'"),
        (lambda app: app.route("GET", "x y", nothing), "cannot be a route"),
        (lambda app: [app.route("GET", f"/{{{each}}}", nothing) for each in "ab"], "answered by GET /{a} already"),
        (lambda app: app.template({"id": "seals-x"}), "Field required"),
        (lambda app: app.step_validator("other.number", is_stamp), "'other.number' cannot be a name here"),
        (
            lambda app: app.node_type(
                NodeType(
                    name="odd.x",
                    title={"en": "X"},
                    schema={"type": "object", "properties": {"next": {}}},
                    expand=expand,
                )
            ),
            "every node has 'next'",
        ),
        (lambda app: app.store("Not so"), "cannot be a collection"),
    ],
)
async def test_what_cannot_be_added_is_told_and_the_plugin_does_not_start(database: str, add: Any, said: str) -> None:
    class Odd(Plugin):
        id = "odd"
        name = "Odd"
        version = "1.0"

        async def initialize(self, app: PluginApp) -> None:
            add(app)

    app = Application(api_options(database, plugins=plugins_of(database, ActionRegistry(), Odd(), Seals())))
    async with running(app):
        assert app.services is not None
        odd, seals = await app.services.plugins.list(DEFAULT_TENANT)
    assert odd.state == "FAILED" and odd.reason is not None and said in odd.reason
    assert seals.state == "STARTED"


async def test_nothing_can_be_added_later(database: str) -> None:
    seen: list[PluginApp] = []

    class Late(Plugin):
        id = "late"
        name = "Late"
        version = "1.0"

        async def initialize(self, app: PluginApp) -> None:
            seen.append(app)

    plugins = plugins_of(database, ActionRegistry(), Late())
    await plugins.follow()
    with pytest.raises(ValueError, match="while it is initialized, not later"):
        seen[0].route("GET", "/x", nothing)
    await plugins.stop()
