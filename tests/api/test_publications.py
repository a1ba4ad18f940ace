"""Publishing templates over HTTP: for the tenant, and for everybody once an operator agrees."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.api.client import Client, problem, running
from tests.api.conftest import api_options
from tests.api.people import Person
from tests.api.world import REASON, World
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.authoring import load_actions
from weftline.features.audit.trail import PLATFORM
from weftline.model.ids import uuid7

TRAVEL: dict[str, Any] = {
    "id": "travel",
    "name": "Travel request",
    "permissions": {"start": ["traveller"]},
    "input": {"type": "object", "properties": {"where": {"type": "string"}}},
    "nodes": [
        {
            "id": "tell",
            "type": "action",
            "action": "slack.sendMessage",
            "connection": "acme-berlin-slack",
            "input": {"channel": "${ vars.TRAVEL_CHANNEL }", "text": "${ input.where }"},
        }
    ],
}
TEMPLATE: dict[str, Any] = {
    "category": "people",
    "name": {"en": "Travel request", "de": "Reiseantrag"},
    "description": {"en": "A lead agrees to a journey."},
    "tags": ["travel"],
    "variables": [{"key": "TRAVEL_CHANNEL", "title": {"en": "Channel"}, "default": "#travel"}],
    "sampleInput": {"where": "Oslo"},
}
PUBLIC = {**TEMPLATE, "visibility": "PUBLIC", "author": "Acme Travel"}


class Licences:
    """Sells nothing to anybody."""

    async def may_install(self, tenant_id: UUID, template_id: str) -> str | None:
        return f"There is no licence for '{template_id}'."


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API of a platform whose workers have every connector, and whose licences have run out."""
    app = Application(replace(api_options(database), actions=load_actions().names(), entitlements=Licences()))
    async with running(app):
        yield app


@pytest.fixture
async def acme(world: World) -> Person:
    """The administrator of a tenant with a workflow that could be a template."""
    person = await world.found("acme")
    await person.publish(TRAVEL)
    return person


async def publish(person: Client, body: dict[str, Any] | None = None, id: str = "travel-request") -> dict[str, Any]:
    whole = {"id": id, "workflowId": "travel", **(TEMPLATE if body is None else body)}
    answer = await person.post("/publications", whole)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def pending(world: World) -> list[dict[str, Any]]:
    answer = await world.operator.get("/platform/submissions", params={"status": "PENDING"})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


async def decide(world: World, act: str, id: str, **body: Any) -> httpx.Response:
    return await world.operator.post(f"/platform/submissions/{id}/{act}", body)


async def seen_by(person: Client, **params: Any) -> dict[str, dict[str, Any]]:
    """The templates that are not Weftline's own."""
    query = {"limit": 200, "source": ["TENANT", "PUBLIC"], **params}
    return {each["id"]: each for each in (await person.get("/library", params=query)).json()["items"]}


def pointers(answer: httpx.Response) -> dict[str, str]:
    told = problem(answer, 422, "not_publishable")
    return {each["pointer"]: each["code"] for each in told["errors"]}


async def test_it_is_proposed_what_a_template_would_need(acme: Person) -> None:
    await acme.put("/variables/TRAVEL_CHANNEL", {"type": "STRING", "value": "#acme", "description": "Where to tell."})
    proposed = (await acme.get("/workflows/travel/template")).json()
    assert proposed["connections"] == [{"name": "acme-berlin-slack", "placeholder": "slack", "integration": "slack"}]
    assert proposed["variables"] == [
        {
            "key": "TRAVEL_CHANNEL",
            "type": "STRING",
            "title": {"en": "TRAVEL_CHANNEL"},
            "description": {"en": "Where to tell."},
            "default": "#acme",
        }
    ]
    assert (proposed["workflowVersion"], proposed["findings"]) == (1, [])


async def test_the_value_of_a_secret_is_never_proposed(acme: Person) -> None:
    await acme.put("/variables/TRAVEL_CHANNEL", {"type": "SECRET", "value": "calm otters"})
    answer = await acme.get("/workflows/travel/template")
    assert answer.json()["variables"][0] == {
        "key": "TRAVEL_CHANNEL",
        "type": "SECRET",
        "title": {"en": "TRAVEL_CHANNEL"},
        "description": None,
        "default": None,
    }
    assert "otters" not in answer.text


async def test_the_tenant_installs_its_own_template_and_nobody_else_sees_it(world: World, acme: Person) -> None:
    published = await publish(acme)
    assert published["version"]["status"] == "NOT_NEEDED"
    entry = published["template"]
    assert entry["connections"] == {
        "slack": {"integration": "slack", "purpose": {"en": "Access to Slack.", "de": "Zugang zu Slack."}}
    }
    assert entry["definition"]["nodes"][0]["connection"] == "slack"
    assert "permissions" not in entry["definition"]
    assert "acme-berlin" not in str(entry)

    listed = (await seen_by(acme))["travel-request"]
    assert (listed["source"], listed["version"], listed["author"]) == ("TENANT", 1, "admin@acme.example")
    other = await world.found("borealis")
    assert await seen_by(other) == {}
    problem(await other.get("/library/travel-request"), 404, "template_not_found")
    problem(await other.get("/publications/travel-request"), 404, "publication_not_found")

    slack = {"integrationId": "slack", "name": "chat", "authType": "BEARER", "credentials": {"token": "xoxb-1-otters"}}
    assert (await acme.post("/connections", {**slack, "test": False})).status_code == 201
    made = await acme.post("/library/travel-request/install", {"workflowId": "copy"})
    assert made.status_code == 201, made.text
    assert made.json()["connections"] == {"slack": "chat"}
    assert (await acme.get("/publications/travel-request")).json()["usageCount"] == 1
    assert (await seen_by(acme))["travel-request"]["usageCount"] == 1


async def test_a_dry_run_tells_what_would_be_published_and_publishes_nothing(acme: Person) -> None:
    body = {"id": "travel-request", "workflowId": "travel", **TEMPLATE}
    answer = await acme.post("/publications?dryRun=true", body)
    assert (answer.status_code, answer.json()["isDryRun"]) == (200, True)
    assert answer.json()["template"]["definition"]["id"] == "travel-request"
    assert (await acme.get("/publications")).json()["items"] == []


async def test_everything_that_is_missing_or_would_leak_is_told_at_once(acme: Person) -> None:
    leaky = {
        **TRAVEL,
        "id": "leaky",
        "nodes": [
            {**TRAVEL["nodes"][0], "next": "call"},
            {
                "id": "call",
                "type": "http",
                "url": "https://example.com",
                "headers": {"Authorization": "Bearer calm-otters-weave"},
            },
        ],
    }
    await acme.publish(leaky)
    body = {"id": "leaky-one", "workflowId": "leaky", **TEMPLATE, "variables": []}
    answer = await acme.post("/publications", {**body, "connections": {"fax": {}}})
    assert pointers(answer) == {"/connections/fax": "unknown_field", "/variables": "required"}
    answer = await acme.post("/publications", {**body, "variables": TEMPLATE["variables"]})
    assert pointers(answer) == {"/definition/nodes/1/headers/Authorization": "credential"}
    assert "otters" not in answer.text
    assert (await acme.get("/workflows/leaky/template")).json()["findings"][0]["code"] == "credential"
    assert (await acme.get("/publications")).json()["items"] == []


async def test_variables_that_do_not_fit_are_told_in_their_place(acme: Person) -> None:
    wrong = [
        {"key": "TRAVEL_CHANNEL", "type": "NUMBER", "title": {"en": "C"}, "default": "many"},
        {"key": "TRAVEL_CHANNEL", "title": {"en": "C"}},
        {"key": "TENANT_ID", "title": {"en": "C"}},
    ]
    answer = await acme.post(
        "/publications", {"id": "travel-request", "workflowId": "travel", **TEMPLATE, "variables": wrong}
    )
    assert pointers(answer).keys() == {"/variables/0/default", "/variables/1/key", "/variables/2/key"}


async def test_a_public_template_names_nobody_and_nothing_of_its_tenant(acme: Person) -> None:
    nodes = [
        {"id": "ask", "type": "approval", "assignTo": "admin@acme.example", "next": "sub"},
        {"id": "sub", "type": "subworkflow", "workflow": "travel", "input": {"of": str(uuid7())}},
    ]
    await acme.publish({"id": "private", "name": "Private", "nodes": nodes})
    body = {**TEMPLATE, "id": "private-one", "workflowId": "private", "variables": []}
    assert pointers(await acme.post("/publications", {**body, "visibility": "PUBLIC"})) == {
        "/author": "required",
        "/definition/nodes/1/workflow": "not_portable",
    }
    nodes[1] = {"id": "sub", "type": "set", "values": {"of": str(uuid7())}}
    await acme.put("/workflows/private", {"id": "private", "name": "Private", "nodes": nodes})
    await acme.post("/workflows/private/publish")
    answer = await acme.post("/publications", {**body, "visibility": "PUBLIC", "author": "Acme"})
    assert pointers(answer) == {
        "/definition/nodes/0/assignTo": "private_text",
        "/definition/nodes/1/values/of": "private_id",
    }
    # at home they are at home
    assert (await acme.post("/publications", body)).status_code == 201


async def test_a_public_template_is_seen_once_an_operator_approves_it(
    world: World, acme: Person, connect: Connect
) -> None:
    other = await world.found("borealis")
    published = await publish(acme, PUBLIC)
    assert published["version"]["status"] == "PENDING"
    assert await seen_by(other) == {}
    [submitted] = await pending(world)
    assert (submitted["templateId"], submitted["tenantName"], submitted["author"]) == (
        "travel-request",
        "Acme",
        "Acme Travel",
    )
    shown = (await world.operator.get(f"/platform/submissions/{submitted['id']}")).json()
    assert shown["template"]["definition"]["nodes"][0]["connection"] == "slack"

    approved = await decide(world, "approve", submitted["id"], note="Well done.")
    assert (approved.status_code, approved.json()["status"]) == (200, "APPROVED")
    found = (await seen_by(other))["travel-request"]
    assert (found["source"], found["author"], found["version"]) == ("PUBLIC", "Acme Travel", 1)
    assert (await seen_by(acme))["travel-request"]["source"] == "TENANT"
    own = (await acme.get("/publications/travel-request")).json()["version"]
    assert (own["status"], own["note"]) == ("APPROVED", "Well done.")
    assert problem(await decide(world, "approve", submitted["id"]), 409, "wrong_review")
    assert problem(await decide(world, "reject", submitted["id"], note="Late."), 409, "wrong_review")
    entry = "SELECT tenant_id = $1 AS is_platforms, reason FROM audit_log WHERE action = 'library.approved' ORDER BY 1"
    entries = await (await connect("weft_operator")).fetch(entry, PLATFORM)
    assert [tuple(each) for each in entries] == [(False, "Well done."), (True, "Well done.")]


async def test_others_see_the_approved_version_until_a_newer_one_is_approved(world: World, acme: Person) -> None:
    other = await world.found("borealis")
    await publish(acme, PUBLIC)
    [first] = await pending(world)
    await decide(world, "approve", first["id"])
    for number in (2, 3):
        newer = {**PUBLIC, "description": {"en": f"Number {number}."}, "changeDescription": f"Change {number}."}
        answer = await acme.post("/publications/travel-request/versions", newer)
        assert (answer.status_code, answer.json()["version"]["number"]) == (201, number)
    assert (await seen_by(other))["travel-request"]["version"] == 1
    assert (await seen_by(acme))["travel-request"]["version"] == 3
    [third] = await pending(world)
    assert (third["version"], third["changeDescription"]) == (3, "Change 3.")
    rejected = await decide(world, "reject", third["id"], note="Say more.")
    assert rejected.json()["status"] == "REJECTED"
    assert (await seen_by(other))["travel-request"]["version"] == 1
    versions = (await acme.get("/publications/travel-request/versions")).json()["items"]
    assert [(each["number"], each["status"], each["note"]) for each in versions] == [
        (3, "REJECTED", "Say more."),
        (2, "SUPERSEDED", None),
        (1, "APPROVED", None),
    ]


@pytest.mark.parametrize("how", ["unpublish", "tenant only", "operator"])
async def test_what_is_taken_back_is_seen_by_nobody_else(world: World, acme: Person, how: str) -> None:
    other = await world.found("borealis")
    await publish(acme, PUBLIC)
    [submitted] = await pending(world)
    await decide(world, "approve", submitted["id"])
    assert "travel-request" in await seen_by(other)
    match how:
        case "unpublish":
            answer = await acme.post("/publications/travel-request/unpublish")
            assert answer.json()["isPublished"] is False
            assert await seen_by(acme) == {}
        case "tenant only":
            assert (await acme.post("/publications/travel-request/versions", TEMPLATE)).status_code == 201
        case _:
            assert (await decide(world, "withdraw", submitted["id"], note="It is broken.")).status_code == 200
            assert problem(await decide(world, "withdraw", submitted["id"], note="Again."), 409, "wrong_review")
    assert await seen_by(other) == {}
    problem(await other.get("/library/travel-request"), 404, "template_not_found")
    versions = (await acme.get("/publications/travel-request/versions")).json()["items"]
    assert versions[-1]["status"] == "WITHDRAWN"


async def test_what_was_taken_back_can_be_published_again(acme: Person) -> None:
    await publish(acme)
    await acme.post("/publications/travel-request/unpublish")
    problem(await acme.get("/library/travel-request"), 404, "template_not_found")
    assert (await acme.post("/publications/travel-request/versions", TEMPLATE)).status_code == 201
    assert (await seen_by(acme))["travel-request"]["version"] == 2


async def test_an_id_is_taken_once(world: World, acme: Person) -> None:
    body = {"workflowId": "travel", **TEMPLATE}
    problem(await acme.post("/publications", {"id": "purchase-approval", **body}), 409, "template_exists")
    await publish(acme)
    problem(await acme.post("/publications", {"id": "travel-request", **body}), 409, "template_exists")
    # two tenants may submit one id; the second is not approved
    other = await world.found("borealis")
    await other.publish(TRAVEL)
    for person in (acme, other):
        path = "/publications/travel-request/versions" if person is acme else "/publications"
        more = {} if person is acme else {"id": "travel-request", "workflowId": "travel"}
        assert (await person.post(path, {**PUBLIC, **more})).status_code == 201
    first, second = await pending(world)
    assert (await decide(world, "approve", first["id"])).status_code == 200
    problem(await decide(world, "approve", second["id"]), 409, "template_exists")


async def test_a_tenant_publishes_so_many_templates_and_no_more(acme: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weftline.features.library.publishing.MAX_PUBLICATIONS", 1)
    await publish(acme)
    body = {"id": "another", "workflowId": "travel", **TEMPLATE}
    problem(await acme.post("/publications", body), 409, "too_many_publications")


async def test_operators_say_what_is_featured_and_premium(world: World, acme: Person) -> None:
    path = "/platform/templates/meter-reading/marks"
    problem(await world.operator.put(path, {"isPremium": True}), 422, "reason_required")
    answer = await world.operator.put(path, {"isFeatured": True, "isPremium": True}, headers=REASON)
    assert (answer.status_code, answer.json()["isPremium"]) == (200, True)
    state = {"If-Match": (await world.operator.get(path)).headers["ETag"]}
    again = await world.operator.put(path, {"isPremium": True, "isFeatured": True}, headers={**REASON, **state})
    assert again.status_code == 200
    stale = {**REASON, "If-Match": '"0"'}
    problem(await world.operator.put(path, {}, headers=stale), 412, "precondition_failed")
    shown = (await acme.get("/library/meter-reading")).json()
    assert (shown["isFeatured"], shown["isPremium"]) == (True, True)
    assert shown["refusal"] == "There is no licence for 'meter-reading'."
    told = problem(await acme.post("/library/meter-reading/install", {}), 403, "not_entitled")
    assert "There is no licence for 'meter-reading'." in told["detail"]
    assert (await acme.get("/workflows/meter-reading")).status_code == 404
    await world.operator.put(path, {}, headers=REASON)
    assert (await acme.get("/library/meter-reading")).json()["refusal"] is None
    problem(await world.operator.put("/platform/templates/x/marks", {}, headers=REASON), 404, "template_not_found")


async def test_what_is_not_premium_is_asked_of_nobody(acme: Person) -> None:
    assert (await acme.get("/library/purchase-approval")).json()["refusal"] is None


async def test_only_operators_decide_and_only_authors_publish(world: World, acme: Person) -> None:
    published = await publish(acme, PUBLIC)
    assert published["version"]["status"] == "PENDING"
    [submitted] = await pending(world)
    problem(await acme.get("/platform/submissions"), 403, "operators_only")
    problem(await acme.post(f"/platform/submissions/{submitted['id']}/approve", {}), 403, "operators_only")
    missing = f"/platform/submissions/{uuid7()}"
    problem(await world.operator.get(missing), 404, "submission_not_found")
    problem(await world.operator.post(f"{missing}/approve", {}), 404, "submission_not_found")
    viewer = await world.join("acme", "vera", "viewer")
    assert (await viewer.get("/publications/travel-request")).status_code == 200
    problem(await viewer.post("/publications/travel-request/unpublish"), 403, "permission_denied")
    problem(await viewer.get("/workflows/travel/template"), 403, "permission_denied")


async def test_no_tenant_reads_whose_a_public_template_is(world: World, acme: Person, connect: Connect) -> None:
    await publish(acme, PUBLIC)
    [submitted] = await pending(world)
    await decide(world, "approve", submitted["id"])
    other = await connect("weft_api", uuid7())
    assert await other.fetchval("SELECT count(*) FROM public_templates") == 1
    assert await other.execute("DELETE FROM public_templates") == "DELETE 0"
    for statement in (
        "SELECT publisher_id FROM public_templates",
        "UPDATE public_templates SET author = 'mine'",
        "INSERT INTO public_templates (id, version, author, entry) VALUES ('mine', 1, 'm', '{}')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await other.execute(statement)
