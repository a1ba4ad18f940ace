"""Requests that plugins answer, and the documents that they keep, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Any

import pytest
from pydantic import BaseModel, Field, field_validator
from structlog.typing import EventDict

from tests.api.client import V1, Client, problem, running
from tests.api.conftest import api_options
from tests.api.people import People
from tests.api.test_plugins import plugins_of
from tests.api.world import World
from weftline.api.app import Application
from weftline.authoring import ActionRegistry
from weftline.authoring.plugin import Fault, Plugin, PluginApp, PluginProblem, PluginRequest
from weftline.plugins.running import RunningPlugins


class Stamp(BaseModel):
    ink: str
    copies: int = Field(1, ge=1)

    @field_validator("ink")
    @classmethod
    def known(cls, ink: str) -> str:
        if ink == "invisible":
            raise RuntimeError("the drawer with the s3cret ink is stuck")
        return ink


class Stamps(Plugin):
    id = "stamps"
    name = "Stamps"
    version = "1.0.0"

    async def initialize(self, app: PluginApp) -> None:
        self.kept = app.store("stamps")
        app.route("GET", "/stamps", self.list)
        app.route("GET", "/stamps/{stamp}", self.read)
        app.route("GET", "/stamps/newest", self.newest)
        app.route("PUT", "/stamps/{stamp}", self.write, permission="workflow:read", body=Stamp)
        app.route("POST", "/stamps/{stamp}/press", self.press, permission="plugin:use")
        app.route("DELETE", "/stamps/{stamp}", self.remove)
        app.route("POST", "/faults/{kind}", self.fail, permission="plugin:use")

    async def list(self, request: PluginRequest) -> object:
        page = await self.kept.list(request.tenant_id, cursor=request.query.get("cursor"), limit=2)
        return {"items": [{"name": each.key, **each.data} for each in page.items], "nextCursor": page.next_cursor}

    async def read(self, request: PluginRequest) -> object:
        found = await self.kept.get(request.tenant_id, request.parameters["stamp"])
        if found is None:
            raise PluginProblem(404, "stamp_not_found", f"There is no stamp '{request.parameters['stamp']}'.")
        return asdict(found)

    async def newest(self, request: PluginRequest) -> object:
        caller = request.caller
        return {"asked": "newest", "by": caller.name, "mayManage": caller.can("plugin:manage"), "at": request.tenant_id}

    async def write(self, request: PluginRequest) -> object:
        stamp: Stamp = request.body
        await self.kept.put(request.tenant_id, request.parameters["stamp"], stamp.model_dump(), if_version=0)
        return stamp

    async def press(self, request: PluginRequest) -> object:
        found = await self.kept.get(request.tenant_id, request.parameters["stamp"])
        pressed = 1 if found is None else found.data["pressed"] + 1
        await self.kept.put(request.tenant_id, request.parameters["stamp"], {"pressed": pressed})
        return {"pressed": pressed}

    async def remove(self, request: PluginRequest) -> None:
        await self.kept.delete(request.tenant_id, request.parameters["stamp"])

    async def fail(self, request: PluginRequest) -> object:
        match request.parameters["kind"]:
            case "defect":
                raise RuntimeError("the s3cret recipe of the ink")
            case "answer":
                return {"ink": object()}
            case "record":
                await self.kept.put(request.tenant_id, "", {})
            case "large":
                raise PluginProblem(422, "too_large", "No stamp is that large.", [Fault("/copies", "at most 9")])
            case "status":
                raise PluginProblem(500, "crash", "a plugin cannot answer so")
            case status:
                raise PluginProblem(int(status), "said_so", "The plugin says so.")
        return None


@pytest.fixture
def plugins(database: str) -> RunningPlugins:
    return plugins_of(database, ActionRegistry(), Stamps())


@pytest.fixture
async def application(database: str, plugins: RunningPlugins) -> AsyncIterator[Application]:
    app = Application(api_options(database, plugins=plugins))
    async with running(app):
        yield app


STAMP: dict[str, Any] = {"ink": "blue", "copies": 2}


async def test_a_plugin_answers_with_what_it_keeps(api: Client) -> None:
    made = await api.put("/plugins/stamps/routes/stamps/round", STAMP)
    assert (made.status_code, made.json()) == (200, STAMP)
    found = (await api.get("/plugins/stamps/routes/stamps/round")).json()
    assert (found["key"], found["data"], found["version"]) == ("round", STAMP, 1)
    assert found["created_at"].endswith("Z")
    gone = await api.http.delete(V1 + "/plugins/stamps/routes/stamps/round")
    assert (gone.status_code, gone.content) == (204, b"")
    told = problem(await api.get("/plugins/stamps/routes/stamps/round"), 404, "plugin_finds_nothing")
    assert (told["pluginCode"], told["detail"]) == ("stamps.stamp_not_found", "There is no stamp 'round'.")


async def test_what_is_spelt_out_comes_before_what_takes_anything(api: Client) -> None:
    found = (await api.get("/plugins/stamps/routes/stamps/newest/")).json()
    assert (found["asked"], found["mayManage"]) == ("newest", True)


async def test_parameters_and_query_arrive_decoded(api: Client) -> None:
    for name in ("a b", "ä&?", "c"):
        path = f"/plugins/stamps/routes/stamps/{name.replace('?', '%3F')}"
        assert (await api.put(path, STAMP)).status_code == 200
    first = (await api.get("/plugins/stamps/routes/stamps")).json()
    assert [each["name"] for each in first["items"]] == ["a b", "c"]
    rest = (await api.get("/plugins/stamps/routes/stamps", params={"cursor": first["nextCursor"]})).json()
    assert ([each["name"] for each in rest["items"]], rest["nextCursor"]) == (["ä&?"], None)
    bad = problem(await api.get("/plugins/stamps/routes/stamps", params={"cursor": "!"}), 422, "plugin_refuses")
    assert bad["pluginCode"] == "stamps.invalid_record"


async def test_a_body_that_does_not_fit_is_refused_before_the_plugin_is_asked(api: Client) -> None:
    path = "/plugins/stamps/routes/stamps/round"
    told = problem(await api.put(path, {"copies": 0}), 422, "invalid_plugin_body")
    assert {(each["pointer"], each["code"]) for each in told["errors"]} == {
        ("/ink", "missing"),
        ("/copies", "greater_than_equal"),
    }
    problem(await api.put(path, None), 422, "invalid_plugin_body")
    problem(await api.post("/plugins/stamps/routes/stamps/round/press", {"x": 1}), 422, "invalid_plugin_body")
    problem(
        await api.http.put(V1 + path, content=b"{", headers={"Content-Type": "application/json"}), 400, "malformed_json"
    )
    problem(await api.put(path, ["blue"]), 422, "invalid_request")
    problem(await api.get(path), 404, "plugin_finds_nothing")


async def test_what_is_not_answered_says_what_is(api: Client) -> None:
    told = problem(await api.post("/plugins/stamps/routes/stamps", {}), 404, "plugin_route_not_found")
    assert told["detail"] == "The plugin 'stamps' does not answer POST /stamps; it answers GET there."
    problem(await api.get("/plugins/stamps/routes/stamps/round/colour"), 404, "plugin_route_not_found")
    problem(await api.get("/plugins/nobody/routes/stamps"), 404, "plugin_not_found")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (403, "plugin_forbids"),
        (404, "plugin_finds_nothing"),
        (409, "plugin_conflict"),
        (422, "plugin_refuses"),
        (503, "plugin_unavailable"),
    ],
)
async def test_what_a_plugin_refuses_says_why(api: Client, status: int, code: str) -> None:
    told = problem(await api.post(f"/plugins/stamps/routes/faults/{status}", None), status, code)
    assert (told["pluginCode"], told["detail"]) == ("stamps.said_so", "The plugin says so.")


async def test_refusals_point_at_fields_and_documents_that_were_changed_are_conflicts(api: Client) -> None:
    told = problem(await api.post("/plugins/stamps/routes/faults/large", None), 422, "plugin_refuses")
    assert told["errors"] == [{"pointer": "/copies", "message": "at most 9", "code": "invalid", "hint": None}]
    problem(await api.post("/plugins/stamps/routes/faults/record", None), 422, "plugin_refuses")
    assert (await api.put("/plugins/stamps/routes/stamps/round", STAMP)).status_code == 200
    changed = problem(await api.put("/plugins/stamps/routes/stamps/round", STAMP), 409, "plugin_conflict")
    assert changed["pluginCode"] == "stamps.record_changed"


@pytest.mark.parametrize("kind", ["defect", "answer", "status"])
async def test_a_fault_of_a_plugin_is_logged_and_leaks_nothing(api: Client, logs: list[EventDict], kind: str) -> None:
    answer = await api.post(f"/plugins/stamps/routes/faults/{kind}", None)
    problem(answer, 500, "plugin_failed")
    assert "s3cret" not in answer.text and "object" not in answer.text
    told = [each for each in logs if each["event"] == "a plugin failed to answer"]
    assert [(each["plugin"], each["route"]) for each in told] == [("stamps", "POST /faults/{kind}")]
    assert (await api.get("/plugins/stamps/routes/stamps")).status_code == 200


async def test_a_fault_of_a_plugins_model_leaks_nothing(api: Client) -> None:
    answer = await api.put("/plugins/stamps/routes/stamps/round", {"ink": "invisible"})
    problem(answer, 500, "plugin_failed")
    assert "s3cret" not in answer.text


async def test_a_post_is_carried_out_once_under_its_key(api: Client) -> None:
    headers = {"Idempotency-Key": "press-1"}
    path = "/plugins/stamps/routes/stamps/round/press"
    first, again = [await api.post(path, None, headers=headers) for _ in range(2)]
    assert first.json() == again.json() == {"pressed": 1}
    assert again.headers["idempotency-replayed"] == "true"
    assert (await api.post(path, None)).json() == {"pressed": 2}


async def test_routes_ask_for_the_permissions_that_they_name(people: People) -> None:
    viewer, author = await people.join("vic", "viewer"), await people.join("ann", "author")
    path = "/plugins/stamps/routes/stamps/round"
    assert (await author.put(path, STAMP)).status_code == 200
    for person in (viewer, author):
        assert (await person.get(path)).status_code == 200
        assert (await person.get("/plugins/stamps/routes/stamps/newest")).json()["mayManage"] is False
        # it names none, and changes something
        told = problem(await person.http.delete(V1 + path), 403, "permission_denied")
        assert "plugin:manage" in told["detail"]
    approver = await people.join("pat", "approver")
    told = problem(await approver.put(path, STAMP), 403, "permission_denied")
    assert "workflow:read" in told["detail"]


async def test_a_key_has_no_more_than_its_scopes(api: Client) -> None:
    made = (await api.post("/api-keys", {"name": "k", "scopes": ["plugin:use"]})).json()
    headers = {"Authorization": f"Bearer {made['key']}"}
    found = (await api.get("/plugins/stamps/routes/stamps/newest", headers=headers)).json()
    assert found["mayManage"] is False
    problem(
        await api.http.delete(V1 + "/plugins/stamps/routes/stamps/round", headers=headers), 403, "permission_denied"
    )
    other = (await api.post("/api-keys", {"name": "o", "scopes": ["workflow:read"]})).json()
    headers = {"Authorization": f"Bearer {other['key']}"}
    problem(await api.get("/plugins/stamps/routes/stamps", headers=headers), 403, "permission_denied")


async def test_tenants_have_documents_of_their_own_and_the_log_says_who_changed_them(world: World) -> None:
    acme, globex = await world.found("acme"), await world.found("globex")
    await acme.put("/plugins/stamps/routes/stamps/round", STAMP)
    assert (await globex.get("/plugins/stamps/routes/stamps")).json()["items"] == []
    [entry] = await acme.log("plugin_record.created")
    assert (entry["actorType"], entry["resourceId"]) == ("user", "stamps/stamps/round")
    assert entry["actorName"] == (await acme.get("/auth/me")).json()["email"]
    assert await globex.log("plugin_record.created") == []


async def test_a_plugin_that_is_disabled_answers_only_other_tenants(world: World) -> None:
    acme, globex = await world.found("acme"), await world.found("globex")
    await acme.post("/plugins/stamps/disable", None)
    problem(await acme.get("/plugins/stamps/routes/stamps"), 404, "plugin_disabled")
    assert (await globex.get("/plugins/stamps/routes/stamps")).status_code == 200
    await acme.post("/plugins/stamps/enable", None)
    assert (await acme.get("/plugins/stamps/routes/stamps")).status_code == 200


async def test_a_plugin_that_is_stopped_answers_nobody_until_it_runs_again(api: Client) -> None:
    await api.put("/plugins/stamps/routes/stamps/round", STAMP)
    await api.post("/platform/plugins/stamps/stop", None)
    problem(await api.get("/plugins/stamps/routes/stamps/round"), 404, "plugin_stopped")
    await api.post("/platform/plugins/stamps/start", None)
    assert (await api.get("/plugins/stamps/routes/stamps/round")).json()["data"] == STAMP
