"""Drafts, validation, submission, approval: executions that people fill in and others approve."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.api.client import Client, problem
from tests.api.ledger import Ledger, line, undoable
from tests.api.people import People
from weftline.engine.worker import Worker

COMPANY: dict[str, Any] = {
    "id": "company",
    "type": "form",
    "form": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "validate": [{"condition": "result.name != 'Acme'", "message": "the name is taken", "field": "name"}],
    "output": {"company": "${ result.data.name }"},
}
CONTACT: dict[str, Any] = {
    "id": "contact",
    "type": "form",
    "form": {"type": "object", "properties": {"mail": {"type": "string"}}},
    "validate": [{"condition": "has(result.mail)", "message": "a mail address is missing", "field": "mail"}],
}


def onboarding(**review: Any) -> dict[str, Any]:
    """Two forms with something undoable between them, and a review."""
    return line("onboarding", COMPANY, undoable("register"), CONTACT, settings={"review": review or True})


async def submitted(api: Client, **review: Any) -> str:
    """An execution that is submitted."""
    await api.publish(onboarding(**review))
    id = await api.start("onboarding")
    await api.when_status(id, "draft")
    await fill_in(api, id, "company", name="Engines")
    await fill_in(api, id, "contact", mail="ada@example.org")
    await api.when_status(id, "awaiting_validation")
    answer = await api.post(f"/executions/{id}/submit")
    assert (answer.status_code, answer.json()["status"]) == (200, "submitted"), answer.text
    return id


async def fill_in(api: Client, id: str, step: str, **data: str) -> None:
    """Fill in a step as soon as it opens."""
    answer = await api.post(f"/executions/{id}/steps/{step}", {"data": data})
    assert answer.status_code == 200, answer.text


async def test_a_draft_is_filled_in_validated_corrected_submitted_and_approved(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    await api.publish(onboarding())
    id = await api.start("onboarding")
    await api.when_status(id, "draft")
    document = problem(await api.post(f"/executions/{id}/steps/company", {"data": {}}), 422, "invalid_form")
    assert document["errors"]
    await fill_in(api, id, "company", name="Acme")
    await fill_in(api, id, "contact")
    await api.when_status(id, "awaiting_validation")
    wrong = [
        {"stepId": "company", "pointer": "/name", "message": "the name is taken", "scope": None},
        {"stepId": "contact", "pointer": "/mail", "message": "a mail address is missing", "scope": None},
    ]
    validated = await api.post(f"/executions/{id}/validate")
    assert (validated.status_code, validated.json()) == (200, {"valid": False, "errors": wrong})
    document = problem(await api.post(f"/executions/{id}/submit"), 409, "not_valid")
    assert [error["pointer"] for error in document["errors"]] == ["/company/name", "/contact/mail"]
    problem(await api.post(f"/executions/{id}/steps/company", {"data": {"name": 1}}), 422, "invalid_form")
    await fill_in(api, id, "company", name="Engines")
    await fill_in(api, id, "contact", mail="ada@example.org")
    assert (await api.post(f"/executions/{id}/validate")).json() == {"valid": True, "errors": []}
    assert (await api.post(f"/executions/{id}/submit")).json()["status"] == "submitted"
    approved = await api.post(f"/executions/{id}/approve", {"comment": "Welcome"})
    assert (approved.status_code, approved.json()["status"]) == (200, "completed")
    assert approved.json()["data"]["company"] == "Engines"
    assert ledger.lines == ["register"]


async def test_a_draft_can_be_started_by_itself(api: Client, worker: Worker) -> None:
    await api.publish(onboarding())
    id = await api.start("onboarding")
    await api.when_status(id, "draft")
    assert (await api.post(f"/executions/{id}/start")).status_code == 200
    await api.when(id, lambda execution: execution["currentSteps"] == ["company"])
    problem(await api.post(f"/executions/{id}/start"), 409, "wrong_status")
    problem(await api.post(f"/executions/{id}/steps/register", {"data": {}}), 409, "not_a_task")
    problem(await api.post(f"/executions/{id}/steps/contcat", {"data": {}}), 422, "unknown_step")


async def test_a_rejection_sends_back_to_validation_or_to_a_step(api: Client, worker: Worker, ledger: Ledger) -> None:
    id = await submitted(api)
    back = await api.post(f"/executions/{id}/reject", {"reason": "Not yet"})
    assert (back.status_code, back.json()["status"]) == (200, "awaiting_validation")
    await api.post(f"/executions/{id}/submit")
    answer = await api.post(f"/executions/{id}/reject", {"reason": "Another name", "toStepId": "company"})
    assert answer.status_code == 200, answer.text
    await api.when(id, lambda execution: execution["currentSteps"] == ["company"])
    assert ledger.lines == ["register", "undo register"]
    await fill_in(api, id, "company", name="Difference")
    await fill_in(api, id, "contact", mail="ada@example.org")
    await api.when_status(id, "awaiting_validation")
    await api.post(f"/executions/{id}/submit")
    assert (await api.post(f"/executions/{id}/approve")).json()["data"]["company"] == "Difference"
    types = [event["type"] for event in (await api.get(f"/executions/{id}/events")).json()["items"]]
    assert types.count("WORKFLOW_REJECTED") == 2


async def test_four_eyes_keep_whoever_submitted_from_approving(api: Client, worker: Worker, people: People) -> None:
    id = await submitted(api, fourEyes=True)
    problem(await api.post(f"/executions/{id}/approve"), 403, "four_eyes")
    author, approver = await people.join("author", "author"), await people.join("approver", "approver")
    problem(await author.post(f"/executions/{id}/approve"), 403, "permission_denied")
    problem(await approver.post(f"/executions/{id}/submit"), 403, "permission_denied")
    assert (await approver.post(f"/executions/{id}/approve")).json()["status"] == "completed"


async def test_of_an_approval_and_a_rejection_at_the_same_instant_one_takes_effect(api: Client, worker: Worker) -> None:
    id = await submitted(api)
    bodies = {"approve": None, "reject": {"reason": "no", "toStepId": "company"}}
    answers = await asyncio.gather(*(api.post(f"/executions/{id}/{act}", body) for act, body in bodies.items()))
    assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.text for answer in answers]
    [refused] = [answer.json() for answer in answers if answer.status_code == 409]
    assert refused["code"] in ("execution_ended", "wrong_status")
    types = {event["type"] for event in (await api.get(f"/executions/{id}/events")).json()["items"]}
    assert len(types & {"WORKFLOW_APPROVED", "WORKFLOW_REJECTED"}) == 1
