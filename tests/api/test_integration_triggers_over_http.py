"""Triggers of integrations over HTTP: checked when they are published, called, shown and reset."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from standardwebhooks import Webhook

from tests.api.client import PATIENCE, Client, problem
from tests.api.people import People
from tests.api.test_triggers import publish_again, trigger_of, workflow
from weftline.authoring import load_actions
from weftline.engine.worker import Worker

SECRET = "whsec_" + b64encode(b"k" * 32).decode()
MAIL = {"id": "mail", "type": "integration", "integration": "imap", "trigger": "newMail", "connection": "office"}
CALLED = {"id": "called", "type": "integration", "integration": "webhook", "trigger": "message", "connection": "shop"}


@pytest.fixture(autouse=True)
def connectors() -> None:
    load_actions()


@pytest.fixture
async def outside(api: Client) -> AsyncIterator[httpx.AsyncClient]:
    """A client that has not signed in."""
    async with httpx.AsyncClient(transport=api.http._transport, base_url="http://localhost") as http:
        yield http


async def connect(api: Client, **credentials: str) -> dict[str, Any]:
    body = {"integrationId": "webhook", "name": "shop", "authType": "CUSTOM", "credentials": credentials}
    answer = await api.post("/connections", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


class Sender:
    """Somebody who knows the address and the secret."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self._path = "/hooks/" + url.rpartition("/")[2]

    async def __call__(self, id: str, body: str, secret: str = SECRET) -> httpx.Response:
        sent_at = datetime.now(UTC)
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(int(sent_at.timestamp())),
            "webhook-signature": Webhook(secret).sign(id, sent_at, body),
        }
        return await self._http.post(self._path, content=body, headers=headers)


async def called(api: Client, outside: httpx.AsyncClient, **fields: Any) -> Sender:
    """A workflow that another system's messages start."""
    await api.publish(workflow({**CALLED, **fields}))
    trigger = await trigger_of(api, "called")
    assert trigger["integration"]["kind"] == "WEBHOOK"
    return Sender(outside, trigger["url"])


@pytest.mark.parametrize(
    ("fields", "place", "hint"),
    [
        ({"integration": "imapp"}, "/triggers/0/integration", "did you mean `imap`?"),
        ({"integration": "ldap"}, "/triggers/0/integration", "`imap`"),
        ({"trigger": "newmail"}, "/triggers/0/trigger", "did you mean `newMail`?"),
        ({"config": {"foldr": "INBOX"}}, "/triggers/0/config/foldr", "did you mean `folder`?"),
        ({"config": {"folder": 7}}, "/triggers/0/config/folder", None),
        ({"every": "10ms"}, "/triggers/0/every", None),
        ({"trigger": None}, "/triggers/0", None),
        ({"cron": "0 * * * *"}, "/triggers/0/cron", None),
        ({"condition": "event.payload.subject =="}, "/triggers/0/condition", None),
        ({"integration": "amqp", "trigger": "message"}, "/triggers/0/config", None),
        (
            {"integration": "amqp", "trigger": "message", "config": {"queue": "q"}, "every": "1m"},
            "/triggers/0/every",
            "remove `every`",
        ),
    ],
)
async def test_what_an_integration_does_not_offer_is_found_when_the_definition_is_stored(
    api: Client, fields: dict[str, Any], place: str, hint: str | None
) -> None:
    told = problem(await api.post("/workflows", workflow({**MAIL, **fields})), 422, "invalid_definition")
    found = {each["pointer"]: each for each in told["errors"]}
    assert place in found, told["errors"]
    assert hint is None or hint in found[place]["hint"]


async def test_a_trigger_shows_how_it_stands_and_can_be_paused_resumed_and_reset(api: Client, people: People) -> None:
    await api.publish(workflow({**MAIL, "config": {"folder": "Orders"}}))
    trigger = await trigger_of(api, "mail")
    assert (trigger["type"], trigger["status"], trigger["url"]) == ("integration", "active", None)
    state = trigger["integration"]
    assert (state["kind"], state["state"], state["received"], state["hasCursor"]) == ("POLLING", "waiting", 0, False)
    listed = (await api.get("/triggers", params={"type": "integration"})).json()["items"]
    assert [each["integration"]["state"] for each in listed] == ["waiting"]
    path = f"/triggers/{trigger['id']}"
    assert (await api.post(f"{path}/pause")).json()["integration"]["state"] == "off"
    resumed = (await api.post(f"{path}/resume")).json()
    assert (resumed["status"], resumed["integration"]["state"]) == ("active", "waiting")
    reset = await api.post(f"{path}/reset", {"reason": "the mailbox was moved"})
    assert reset.status_code == 200 and reset.json()["integration"]["hasCursor"] is False
    entries = (await api.get("/audit", params={"action": "trigger.reset"})).json()["items"]
    assert entries[0]["reason"] == "the mailbox was moved"
    fired = await api.post(f"{path}/fire", {"payload": {"subject": "by hand"}})
    execution = (await api.get(f"/executions/{fired.json()['executionId']}")).json()
    assert execution["input"] == {"subject": "by hand"}
    await publish_again(api, workflow({"id": "mail", "type": "event", "event": "mail.came"}))
    changed = await trigger_of(api, "mail")
    assert changed["integration"] is None
    problem(await api.post(f"{path}/reset"), 409, "wrong_trigger_type")


async def test_what_a_look_comes_to_is_shown(api: Client, worker: Worker) -> None:
    await api.publish(workflow(MAIL))

    async def failing() -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            state = (await trigger_of(api, "mail"))["integration"]
            if state["failures"]:
                return state
        raise AssertionError(state)

    state = await failing()
    assert (state["state"], state["lastError"]["code"]) == ("failing", "unknown_connection")
    assert state["nextRunAt"] > state["lastRunAt"]


async def test_a_signed_call_starts_one_execution_however_often_it_comes(
    api: Client, outside: httpx.AsyncClient
) -> None:
    await connect(api, signingSecret=SECRET)
    condition, input = "event.payload.data.total > 10", {"order": "${ event.payload.data.id }", "call": "${ event.id }"}
    send = await called(api, outside, condition=condition, input=input)
    body = '{"type": "order.paid", "timestamp": "2026-01-01T00:00:00Z", "data": {"id": "A-17", "total": 12}}'
    first = await send("msg_1", body)
    assert first.status_code == 202, first.text
    execution = (await api.get(f"/executions/{first.json()['executionId']}")).json()
    assert execution["input"] == {"order": "A-17", "call": "msg_1"}
    assert execution["triggeredBy"]["type"] == "integration"
    assert (await send("msg_1", body)).json() == first.json()
    ignored = await send("msg_2", body.replace("12", "2"))
    assert (ignored.status_code, ignored.json()["status"]) == (200, "ignored")
    state = (await trigger_of(api, "called"))["integration"]
    assert (state["received"], state["duplicates"], state["rejected"]) == (3, 1, 0)


async def test_a_call_that_is_not_good_starts_nothing(api: Client, outside: httpx.AsyncClient) -> None:
    send = await called(api, outside, input={"order": "${ event.payload.data.id }"})
    good = '{"type": "order.paid", "timestamp": "x", "data": {"id": 1}}'
    problem(await send("msg_1", good), 503, "webhook_not_ready")
    made = await connect(api, signingSecret=SECRET)
    problem(await send("msg_1", good, "whsec_" + b64encode(b"x" * 32).decode()), 401, "bad_signature")
    problem(await send("msg_1", "nothing"), 400, "unreadable_call")
    # what can start nothing may come again, once that is mended
    problem(await send("msg_1", '{"type": "order.paid", "timestamp": "x", "data": {}}'), 422, "cannot_fire")
    state = (await trigger_of(api, "called"))["integration"]
    assert (state["received"], state["rejected"]) == (1, 1)
    assert (await send("msg_1", good)).status_code == 202
    await api.post(f"/connections/{made['id']}/disable")
    problem(await send("msg_2", good), 503, "webhook_not_ready")


async def test_an_address_stays_with_its_trigger_and_goes_when_nobody_calls_any_more(
    api: Client, outside: httpx.AsyncClient
) -> None:
    await connect(api, signingSecret=SECRET)
    send = await called(api, outside)
    before = await trigger_of(api, "called")
    await publish_again(api, workflow({**CALLED, "name": "Shop"}))
    assert (await trigger_of(api, "called"))["url"] == before["url"]
    rotated = await api.post(f"/triggers/{before['id']}/rotate")
    assert rotated.json()["url"] not in (None, before["url"])
    problem(await send("msg_1", "{}"), 404, "webhook_not_found")
    await publish_again(api, workflow({**MAIL, "id": "called"}))
    assert (await trigger_of(api, "called"))["url"] is None
