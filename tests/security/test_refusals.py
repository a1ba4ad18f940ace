"""Whoever was refused stands in the logs: who, what, from where and why."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.typing import EventDict

from tests.api.client import EMAIL, V1, Client, problem
from tests.api.definitions import GREETING
from tests.security.conftest import House
from weftline.api.app import Application


def refusal(logs: list[EventDict]) -> dict[str, Any]:
    """The access log's only line."""
    (line,) = [each for each in logs if each["event"] == "request"]
    logs.clear()
    return dict(line)


async def test_whoever_may_not_is_logged_with_what_they_wanted(
    houses: tuple[House, House], logs: list[EventDict]
) -> None:
    acme, _ = houses
    answer = await acme.admin.post("/service-accounts", {"name": "reader", "roles": ["viewer"]})
    assert answer.status_code == 201
    body = {"name": "reader", "serviceAccountId": answer.json()["id"]}
    key = (await acme.admin.post("/api-keys", body)).json()["key"]
    logs.clear()
    refused = await acme.admin.post("/workflows", GREETING, headers={"Authorization": f"Bearer {key}"})
    document = problem(refused, 403, "permission_denied")
    line = refusal(logs)
    assert (line["status"], line["problem"]) == (403, "permission_denied")
    assert (line["method"], line["path"]) == ("POST", f"{V1}/workflows")
    assert (line["actor"], line["tenant_id"]) == ("reader", str(acme.id))
    assert line["request_id"] == document["correlationId"]


async def test_whoever_is_not_known_is_logged(anonymous: Client, logs: list[EventDict]) -> None:
    logs.clear()
    await anonymous.get("/workflows", headers={"Authorization": "Bearer forged"})
    line = refusal(logs)
    assert (line["status"], line["problem"]) == (401, "unauthenticated")
    assert line["address"] == "127.0.0.1"
    assert "forged" not in str(line)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Host": "evil.example"}, "misdirected_request"),
        ({"Origin": "https://evil.example"}, "cross_site_request"),
        ({"Content-Length": "999999999"}, "body_too_large"),
    ],
)
async def test_what_is_turned_away_at_the_door_is_logged(
    anonymous: Client, logs: list[EventDict], headers: dict[str, str], code: str
) -> None:
    await anonymous.http.post(f"{V1}/workflows", headers=headers)
    assert refusal(logs)["problem"] == code


async def test_what_is_not_valid_is_logged(anonymous: Client, logs: list[EventDict]) -> None:
    await anonymous.post("/auth/login", {"email": EMAIL, "password": "x", "isAdmin": True})
    assert refusal(logs)["problem"] == "invalid_request"


async def test_whoever_guesses_is_logged(application: Application, anonymous: Client, logs: list[EventDict]) -> None:
    for _ in range(6):
        logs.clear()
        await anonymous.post("/auth/login", {"email": "nobody@example.com", "password": "wrong"})
    line = refusal(logs)
    assert (line["status"], line["problem"]) == (429, "too_many_tries")


async def test_what_was_granted_carries_no_refusal(anonymous: Client, logs: list[EventDict]) -> None:
    await anonymous.get("/workflows")
    logs.clear()
    await anonymous.http.get("/health/live")
    assert "problem" not in refusal(logs)
