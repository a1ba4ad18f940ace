"""The template library over HTTP: what is in it, and what becomes of a template that is installed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.api.client import Client, problem, running
from tests.api.conftest import api_options
from tests.api.people import People
from weftline.api.app import Application
from weftline.authoring import load_actions
from weftline.library import shipped_entries

PURCHASES = "purchase-approval"


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API of a platform whose workers have every connector."""
    app = Application(replace(api_options(database), actions=load_actions().names()))
    async with running(app):
        yield app


async def connect(api: Client, name: str = "team-chat") -> None:
    body = {
        "integrationId": "slack",
        "name": name,
        "authType": "BEARER",
        "credentials": {"token": "xoxb-calm-otters-weave"},
        "test": False,
    }
    answer = await api.post("/connections", body)
    assert answer.status_code == 201, answer.text


async def install(api: Client, template: str = PURCHASES, **body: Any) -> dict[str, Any]:
    answer = await api.post(f"/library/{template}/install", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def listed(api: Client, **params: Any) -> list[str]:
    answer = await api.get("/library", params={"limit": 200, **params})
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


async def test_the_library_is_found_through_by_words_category_and_integration(api: Client) -> None:
    assert await listed(api) == sorted(shipped_entries())
    assert await listed(api, query="zählerstand") == ["meter-reading"]
    energy = await listed(api, category="energy")
    assert set(energy) == {"meter-reading", "supplier-switch", "grid-connection"}
    assert "gateway-consumer" in await listed(api, integration="kong")
    featured = await listed(api, isFeatured=True, sort="-isFeatured")
    assert PURCHASES in featured and "leave-request" not in featured


async def test_a_template_is_told_in_the_language_that_is_asked_for(api: Client) -> None:
    shown = (await api.get(f"/library/{PURCHASES}", params={"language": "de"})).json()
    assert shown["name"] == "Einkauf freigeben"
    assert shown["variables"][0]["title"] == "Grenze ohne Freigabe"
    assert shown["requiredIntegrations"] == ["slack"]
    assert shown["templateData"]["id"] == PURCHASES
    assert (await api.get(f"/library/{PURCHASES}", params={"language": "fr"})).json()["name"] == "Purchase approval"


async def test_what_is_installed_is_a_draft_with_its_connection_and_variables(api: Client) -> None:
    await connect(api, "berlin-slack")
    made = await install(api, name="Purchases in Berlin", variables={"PURCHASE_LIMIT": 400})
    assert made == {
        "workflowId": PURCHASES,
        "name": "Purchases in Berlin",
        "connections": {"team-chat": "berlin-slack"},
        "variables": ["PURCHASE_FINANCE_LIMIT", "PURCHASE_LIMIT"],
        "isDryRun": False,
    }
    workflow = (await api.get(f"/workflows/{PURCHASES}")).json()
    assert (workflow["status"], workflow["name"]) == ("DRAFT", "Purchases in Berlin")
    tell = next(node for node in workflow["definition"]["nodes"] if node["id"] == "tell")
    assert tell["connection"] == "berlin-slack"
    variables = (await api.get(f"/workflows/{PURCHASES}/variables")).json()["items"]
    assert {each["key"]: each["value"] for each in variables if not each["isSystem"]} == {
        "PURCHASE_LIMIT": 400,
        "PURCHASE_FINANCE_LIMIT": 5000,
    }
    entries = (await api.get("/audit", params={"action": "library.installed"})).json()["items"]
    assert entries[0]["resourceId"] == PURCHASES


async def test_a_template_can_be_installed_again_under_a_number(api: Client) -> None:
    await connect(api)
    assert [(await install(api))["workflowId"] for _ in range(3)] == [PURCHASES, f"{PURCHASES}-2", f"{PURCHASES}-3"]
    answer = await api.post(f"/library/{PURCHASES}/install", {"workflowId": PURCHASES})
    assert problem(answer, 409, "workflow_exists")


async def test_a_dry_run_tells_what_would_be_made_and_makes_nothing(api: Client) -> None:
    await connect(api)
    answer = await api.post(f"/library/{PURCHASES}/install?dryRun=true", {})
    assert (answer.status_code, answer.json()["isDryRun"]) == (200, True)
    assert (await api.get(f"/workflows/{PURCHASES}")).status_code == 404


async def test_everything_that_is_missing_is_told_at_once_and_nothing_is_made(api: Client) -> None:
    answer = await api.post(
        "/library/incident-response/install",
        {"connections": {"code": "nowhere", "fax": "x"}, "variables": {"INCIDENT_OWNER": 5, "COLOUR": "red"}},
    )
    told = problem(answer, 422, "template_incomplete")
    assert {each["pointer"] for each in told["errors"]} == {
        "/connections/team-chat",
        "/connections/code",
        "/connections/fax",
        "/variables/INCIDENT_OWNER",
        "/variables/INCIDENT_REPO",
        "/variables/COLOUR",
    }
    assert (await api.get("/workflows/incident-response")).status_code == 404


async def test_of_several_connections_one_has_to_be_chosen(api: Client) -> None:
    for name in ("berlin", "madrid"):
        await connect(api, name)
    told = problem(await api.post(f"/library/{PURCHASES}/install", {}), 422, "template_incomplete")
    assert told["errors"][0]["hint"] == "Choose one of berlin, madrid."
    made = await install(api, connections={"team-chat": "madrid"})
    assert made["connections"] == {"team-chat": "madrid"}


async def test_a_template_that_is_not_there_is_told(api: Client) -> None:
    assert problem(await api.get("/library/nothing"), 404, "template_not_found")


async def test_who_may_only_look_installs_nothing(api: Client, people: People) -> None:
    viewer = await people.join("ann", "viewer")
    assert (await viewer.get("/library")).status_code == 200
    assert problem(await viewer.post(f"/library/{PURCHASES}/install", {}), 403, "permission_denied")
