"""Definitions in other dialects over HTTP."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.api.client import Client, problem
from tests.api.definitions import GREETING, changed

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "dialects.md").read_text()

TEMPLATE: dict[str, Any] = {
    "templateId": "welcome",
    "name": "Welcome",
    "status": "PUBLISHED",
    "steps": [
        {"id": "known", "type": "CONDITION", "condition": "input.vip === true", "nextSteps": ["greet", "rest"]},
        {"id": "greet", "type": "ACTION", "integrationActionId": "echo", "inputMappings": {"text": "Hello"}},
        {"id": "rest", "type": "DELAY", "config": {"delayMs": 60000}},
    ],
}


async def test_a_template_is_stored_as_a_definition_and_shown_as_a_template(api: Client) -> None:
    answer = await api.post("/workflows?dialect=designer", TEMPLATE)
    assert answer.status_code == 201, answer.text
    workflow = answer.json()
    assert workflow["id"] == "welcome"
    assert [node["type"] for node in workflow["definition"]["nodes"]] == ["decision", "action", "wait"]
    assert {"pointer": "/steps/0/condition", "construct": "condition", "fate": "changed"}.items() <= (
        workflow["dialectNotes"][1].items()
    )
    shown = (await api.get("/workflows/welcome?dialect=designer")).json()
    assert shown["definition"]["steps"][2] == TEMPLATE["steps"][2]
    assert shown["definition"]["status"] == "PUBLISHED"
    replaced = await api.put("/workflows/welcome?dialect=designer", {**shown["definition"], "name": "Hello"})
    assert (replaced.status_code, replaced.json()["name"]) == (200, "Hello")


async def test_what_is_wrong_is_told_at_its_place_in_the_template(api: Client, tenant: asyncpg.Connection) -> None:
    unknown = changed(TEMPLATE, steps=[*TEMPLATE["steps"][:1], *TEMPLATE["steps"][2:], {"id": "greet", "type": "FAX"}])
    document = problem(await api.post("/workflows?dialect=designer", unknown), 422, "not_convertible")
    assert [(error["pointer"], error["code"]) for error in document["errors"]] == [("/steps/2/type", "unsupported")]

    unheard = {**TEMPLATE["steps"][1], "integrationActionId": "ekko"}
    wrong = changed(TEMPLATE, steps=[TEMPLATE["steps"][0], unheard, TEMPLATE["steps"][2]])
    document = problem(await api.post("/workflows?dialect=designer", wrong), 422, "invalid_definition")
    assert [(error["pointer"], error["code"]) for error in document["errors"]] == [("/steps/1", "unknown_action")]
    validation = (await api.post("/workflows/validate?dialect=designer", wrong)).json()
    assert [each["pointer"] for each in validation["problems"]] == ["/steps/1"]

    assert await tenant.fetchval("SELECT count(*) FROM workflow_templates") == 0


async def test_a_template_without_its_dialect_is_refused_with_the_likely_reason(api: Client) -> None:
    document = problem(await api.post("/workflows", TEMPLATE), 422, "invalid_definition")
    assert document["errors"][0]["code"] == "foreign_dialect"
    assert "?dialect=designer" in document["errors"][0]["hint"]


async def test_what_a_dialect_cannot_say_is_named(api: Client) -> None:
    await api.post("/workflows", GREETING)
    document = problem(await api.get("/workflows/greeting?dialect=nodes"), 422, "not_convertible")
    assert "/nodes/1/type" in [error["pointer"] for error in document["errors"]]
    document = problem(await api.get("/workflows/greeting?dialect=node"), 400, "unknown_dialect")
    assert "did you mean `nodes`?" in document["detail"]


async def test_a_document_is_converted_from_the_dialect_that_it_shows(api: Client, tenant: asyncpg.Connection) -> None:
    answer = await api.post("/workflows/convert", TEMPLATE)
    assert answer.status_code == 200, answer.text
    converted = answer.json()
    assert (converted["from"], converted["to"], converted["problems"]) == ("designer", "native", [])
    assert [node["type"] for node in converted["definition"]["nodes"]] == ["decision", "action", "wait"]
    assert {"pointer": "/steps/0/condition", "fate": "changed"}.items() <= converted["notes"][1].items()
    back = (await api.post("/workflows/convert?to=designer", converted["definition"])).json()
    assert (back["from"], back["definition"]["steps"][2]) == ("native", TEMPLATE["steps"][2])
    assert await tenant.fetchval("SELECT count(*) FROM workflow_templates") == 0


@pytest.mark.parametrize("dialect", ["nodes", "designer", "steps", "market"])
async def test_the_guides_document_in_each_dialect_is_recognised_and_converted(api: Client, dialect: str) -> None:
    section = GUIDE.partition(f"## `{dialect}`")[2]
    [example] = re.findall(r"```json\n(.*?)```", section, re.DOTALL)[:1]
    converted = (await api.post("/workflows/convert", json.loads(example))).json()
    assert (converted["from"], converted["problems"]) == (dialect, [])
    assert (await api.post("/workflows/convert", converted["definition"])).json()["from"] == "native"


async def test_what_cannot_be_converted_is_named_and_the_rest_is_converted_in_part(api: Client) -> None:
    unknown = changed(TEMPLATE, steps=[*TEMPLATE["steps"], {"id": "send", "type": "FAX"}])
    document = problem(await api.post("/workflows/convert", unknown), 422, "not_convertible")
    assert [(error["pointer"], error["code"]) for error in document["errors"]] == [("/steps/3/type", "unsupported")]
    converted = (await api.post("/workflows/convert?partial=true", unknown)).json()
    unsupported = [note["pointer"] for note in converted["notes"] if note["fate"] == "unsupported"]
    assert unsupported == ["/steps/3/type"]
    assert converted["definition"]["nodes"][-1]["action"].startswith("unsupported.")


async def test_a_document_that_is_no_valid_workflow_yet_is_converted_in_part_with_its_problems(api: Client) -> None:
    wrong = changed(TEMPLATE, steps=[{**TEMPLATE["steps"][0], "condition": "1 +"}, *TEMPLATE["steps"][1:]])
    document = problem(await api.post("/workflows/convert", wrong), 422, "invalid_definition")
    places = [error["pointer"] for error in document["errors"]]
    converted = (await api.post("/workflows/convert?partial=true", wrong)).json()
    assert [each["pointer"] for each in converted["problems"]] == places == ["/steps/0"]
    assert len(converted["definition"]["nodes"]) == 3
    problem(await api.post("/workflows/convert?partial=true&to=market", wrong), 422, "invalid_definition")


async def test_what_shows_no_dialect_must_be_told_which(api: Client) -> None:
    document = problem(await api.post("/workflows/convert", {"id": "x", "steps": []}), 400, "unknown_dialect")
    assert "say which" in document["detail"]
    problem(await api.post("/workflows/convert?to=klingon", GREETING), 400, "unknown_dialect")
