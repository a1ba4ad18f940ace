"""Events of GitHub and Slack, signed as their documentation has it; once over the wire, to a server in its own process.

The senders sign for themselves: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries and
https://docs.slack.dev/authentication/verifying-requests-from-slack.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import httpx
import pytest

from tests.api.client import EMAIL, PASSWORD, Client, problem
from tests.api.conftest import api_options
from tests.api.test_server import serving
from tests.api.test_triggers import publish_again, trigger_of, workflow
from weftline.authoring import load_actions
from weftline.features.services import open_services

SECRET = "it's a Secret to Everybody"
ON_GITHUB = {"id": "called", "type": "integration", "integration": "github", "trigger": "event", "connection": "code"}
ON_SLACK = {"id": "called", "type": "integration", "integration": "slack", "trigger": "event", "connection": "chat"}
ISSUE = {
    "action": "opened",
    "issue": {"number": 7, "title": "Größe fehlt"},
    "repository": {"full_name": "octo-org/shop"},
    "sender": {"login": "ada"},
}
MENTION = {
    "type": "app_mention",
    "user": "U061F7AUR",
    "text": "<@U0LAN0Z89> approve A-1001",
    "ts": "1515449522.000016",
    "channel": "C0LAN2Q65",
    "event_ts": "1515449522000016",
}


def signature(signed: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class GitHub:
    """Who delivers what happens in repositories."""

    def __init__(self, http: httpx.AsyncClient, path: str) -> None:
        self.http = http
        self.path = path

    async def __call__(
        self,
        payload: Any,
        event: str = "issues",
        *,
        id: str | None = None,
        secret: str = SECRET,
        is_form: bool = False,
        **changed: str,
    ) -> httpx.Response:
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        if is_form:
            body = urlencode({"payload": body.decode()}).encode()
        headers = {
            "User-Agent": "GitHub-Hookshot/044aadd",
            "Content-Type": "application/x-www-form-urlencoded" if is_form else "application/json",
            "X-GitHub-Delivery": id or str(uuid4()),
            "X-GitHub-Event": event,
            "X-GitHub-Hook-ID": "292430182",
            "X-Hub-Signature": "sha1=" + hmac.new(secret.encode(), body, hashlib.sha1).hexdigest(),
            "X-Hub-Signature-256": f"sha256={signature(body, secret)}",
        }
        headers |= {name.replace("_", "-"): value for name, value in changed.items()}
        return await self.http.post(
            self.path, content=body, headers={name: value for name, value in headers.items() if value}
        )


class Slack:
    """Who tells what happens in a workspace."""

    def __init__(self, http: httpx.AsyncClient, path: str) -> None:
        self.http = http
        self.path = path

    async def __call__(
        self, message: Any, *, secret: str = SECRET, ago: int = 0, time_said: str | None = None, **headers: str
    ) -> httpx.Response:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        stamp = str(int(time.time()) - ago) if time_said is None else time_said
        said = {
            "Content-Type": "application/json",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": f"v0={signature(f'v0:{stamp}:'.encode() + body, secret)}",
        }
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(self.path, content=body, headers=said | named)

    async def event(self, id: str = "Ev08MFMKH6", event: Any = MENTION, **options: Any) -> httpx.Response:
        message = {
            "token": "XXYYZZ",
            "team_id": "T061EG9R6",
            "api_app_id": "A0FFV41KK",
            "event": event,
            "type": "event_callback",
            "event_id": id,
            "event_time": 1515449522,
        }
        return await self(message, **options)


@pytest.fixture(autouse=True)
def connectors() -> None:
    load_actions()


@pytest.fixture
async def outside(api: Client) -> AsyncIterator[httpx.AsyncClient]:
    """A client that has not signed in."""
    async with httpx.AsyncClient(transport=api.http._transport, base_url="http://localhost") as http:
        yield http


async def connect(api: Client, integration: str, name: str, auth: str = "CUSTOM", **credentials: str) -> dict[str, Any]:
    body = {"integrationId": integration, "name": name, "authType": auth, "credentials": credentials}
    answer = await api.post("/connections", body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def github(api: Client, outside: httpx.AsyncClient, **fields: Any) -> GitHub:
    """A workflow that GitHub's deliveries start."""
    await connect(api, "github", "code", webhookSecret=SECRET)
    await api.publish(workflow({**ON_GITHUB, **fields}))
    return GitHub(outside, path_of(await trigger_of(api, "called")))


async def slack(api: Client, outside: httpx.AsyncClient, **fields: Any) -> Slack:
    """A workflow that Slack's events start."""
    # no server is at this address: the connection is only to know the secret
    credentials = {"webhookUrl": "https://hooks.example.invalid/services/T1", "signingSecret": SECRET}
    await connect(api, "slack", "chat", **credentials)
    await api.publish(workflow({**ON_SLACK, **fields}))
    return Slack(outside, path_of(await trigger_of(api, "called")))


def path_of(trigger: dict[str, Any]) -> str:
    return "/hooks/" + trigger["url"].rpartition("/")[2]


async def counts(api: Client) -> tuple[int, int, int]:
    state = (await trigger_of(api, "called"))["integration"]
    return state["received"], state["duplicates"], state["rejected"]


async def started(api: Client) -> list[str]:
    return [each["id"] for each in (await api.get("/executions")).json()["items"]]


async def test_a_delivery_of_github_starts_one_execution_however_often_it_comes(
    api: Client, outside: httpx.AsyncClient
) -> None:
    call = await github(api, outside, input={"title": "${ event.payload.payload.issue.title }", "by": "${ event.id }"})
    first = await call(ISSUE, id="72d3162e")
    assert first.status_code == 202, first.text
    execution = (await api.get(f"/executions/{first.json()['executionId']}")).json()
    assert execution["input"] == {"title": "Größe fehlt", "by": "72d3162e"}
    again = await call(ISSUE, id="72d3162e")
    assert (again.status_code, again.json()) == (202, first.json())
    assert await started(api) == [first.json()["executionId"]]
    assert await counts(api) == (2, 1, 0)
    [connection] = (await api.get("/connections")).json()["items"]
    assert connection["lastUse"] == {
        "at": connection["lastUse"]["at"],
        "workflowId": "flow",
        "executionId": first.json()["executionId"],
    }
    # the same thing, delivered anew, is another event
    assert (await call(ISSUE)).json()["executionId"] != first.json()["executionId"]


async def test_what_github_tells_is_the_input_also_where_it_comes_as_a_form(
    api: Client, outside: httpx.AsyncClient
) -> None:
    call = await github(api, outside)
    id = (await call(ISSUE, id="a-form", is_form=True)).json()["executionId"]
    told = (await api.get(f"/executions/{id}")).json()["input"]
    assert told.pop("payload") == ISSUE
    assert told == {
        "id": "a-form",
        "event": "issues",
        "action": "opened",
        "repository": "octo-org/shop",
        "sender": "ada",
    }


async def test_a_ping_of_github_is_answered_and_starts_nothing(api: Client, outside: httpx.AsyncClient) -> None:
    call = await github(api, outside)
    assert (await trigger_of(api, "called"))["integration"]["lastRunAt"] is None
    [connection] = (await api.get("/connections")).json()["items"]
    assert connection["lastUse"] is None
    answer = await call({"zen": "Anything added dilutes everything else.", "hook_id": 1}, "ping")
    assert (answer.status_code, answer.json()) == (200, {"executionId": None, "status": "handshake"})
    problem(await call({"zen": "x"}, "ping", secret="another"), 401, "bad_signature")
    assert await started(api) == []
    assert await counts(api) == (0, 0, 0)
    assert (await trigger_of(api, "called"))["integration"]["lastRunAt"] is not None


async def test_only_the_events_that_are_wanted_start_something(api: Client, outside: httpx.AsyncClient) -> None:
    config = {"events": ["push", "issues.opened"], "repositories": ["Octo-Org/Shop"]}
    call = await github(api, outside, config=config)
    elsewhere = {**ISSUE, "repository": {"full_name": "octo-org/other"}}
    for payload, event in [
        ({**ISSUE, "action": "closed"}, "issues"),
        (elsewhere, "issues"),
        (ISSUE, "issue_comment"),
        ({"action": "opened"}, "issues"),
        ({}, "something_new_of_2030"),
    ]:
        ignored = await call(payload, event)
        assert (ignored.status_code, ignored.json()) == (200, {"executionId": None, "status": "ignored"})
    assert (await call(ISSUE)).status_code == 202
    pushed = {"repository": {"full_name": "octo-org/shop"}, "ref": "refs/heads/main"}
    assert (await call(pushed, "push")).status_code == 202
    assert len(await started(api)) == 2


async def test_a_delivery_that_is_not_good_starts_nothing(api: Client, outside: httpx.AsyncClient) -> None:
    call = await github(api, outside)
    problem(await call(ISSUE, secret="another"), 401, "bad_signature")
    problem(await call(ISSUE, X_Hub_Signature_256=""), 401, "bad_signature")
    problem(await call(ISSUE, X_Hub_Signature_256="sha256=zz"), 401, "bad_signature")
    # the older signature alone proves nothing
    problem(await call(ISSUE, X_Hub_Signature_256=signature(json.dumps(ISSUE).encode())), 401, "bad_signature")
    problem(await call(b"{nothing"), 400, "unreadable_call")
    problem(await call(b"[1]"), 400, "unreadable_call")
    problem(await call(b"payload=1", Content_Type="application/x-www-form-urlencoded"), 400, "unreadable_call")
    said = problem(await call(ISSUE, X_GitHub_Delivery=""), 400, "unreadable_call")
    assert "X-GitHub-Delivery" in said["detail"]
    problem(await call(ISSUE, X_GitHub_Event=""), 400, "unreadable_call")
    large = problem(await call(b'{"a": "' + b"x" * 5_000_000 + b'"}'), 413, "body_too_large")
    assert "5,000,000" in large["detail"]
    assert (await outside.get(call.path)).status_code == 405
    assert await started(api) == []
    # GitHub's payloads may be larger than what other webhooks take
    assert (await call({**ISSUE, "more": "x" * 1_200_000})).status_code == 202


async def test_a_trigger_that_does_not_fire_takes_nothing(api: Client, outside: httpx.AsyncClient) -> None:
    call = await github(api, outside)
    trigger = await trigger_of(api, "called")
    await api.post(f"/triggers/{trigger['id']}/pause")
    problem(await call(ISSUE, id="later"), 404, "webhook_not_found")
    problem(await call({"zen": "x"}, "ping"), 404, "webhook_not_found")
    await api.post(f"/triggers/{trigger['id']}/resume")
    assert (await call(ISSUE, id="later")).status_code == 202
    await publish_again(api, workflow({**ON_GITHUB, "enabled": False}))
    problem(await call(ISSUE), 404, "webhook_not_found")
    assert len(await started(api)) == 1


async def test_a_connection_without_the_secret_is_named_and_what_is_secret_is_never_shown(
    api: Client, outside: httpx.AsyncClient
) -> None:
    # no server is at this address: what is tried fails, and is stored all the same
    body = {
        "integrationId": "github",
        "name": "code",
        "authType": "BEARER",
        "config": {"baseUrl": "https://github.example.invalid"},
        "credentials": {"token": "ghp_1"},
    }
    made = (await api.post("/connections", body)).json()
    await api.publish(workflow(ON_GITHUB))
    call = GitHub(outside, path_of(await trigger_of(api, "called")))
    said = problem(await call(ISSUE, secret=""), 503, "webhook_not_ready")
    assert "webhookSecret" in said["detail"]
    path = f"/connections/{made['id']}"
    changed = await api.http.patch(f"/api/v1{path}", json={"credentials": {"webhookSecret": SECRET}})
    assert changed.status_code == 200, changed.text
    assert SECRET not in changed.text + (await api.get(path)).text
    assert (await call(ISSUE)).status_code == 202


async def test_a_trigger_tells_what_to_set_at_the_other_system(api: Client, outside: httpx.AsyncClient) -> None:
    await github(api, outside)
    trigger = await trigger_of(api, "called")
    setup = trigger["setup"]
    assert setup["system"] == "GitHub"
    assert setup["docsUrl"].startswith("https://docs.github.com/")
    settings = {each["label"]: (each["kind"], each["value"]) for each in setup["settings"]}
    assert settings["Payload URL"] == ("ADDRESS", None)
    assert settings["Content type"] == ("TEXT", "application/json")
    assert settings["Secret"] == ("CREDENTIAL", "Webhook secret")
    [listed] = (await api.get("/triggers")).json()["items"]
    assert (listed["url"], listed["setup"]) == (None, None)


async def test_an_event_of_slack_starts_one_execution_also_where_slack_sends_it_again(
    api: Client, outside: httpx.AsyncClient
) -> None:
    call = await slack(api, outside)
    first = await call.event()
    assert first.status_code == 202, first.text
    told = (await api.get(f"/executions/{first.json()['executionId']}")).json()["input"]
    assert told == {
        "id": "Ev08MFMKH6",
        "type": "app_mention",
        "at": "2018-01-08T22:12:02Z",
        "team": "T061EG9R6",
        "channel": "C0LAN2Q65",
        "user": "U061F7AUR",
        "text": MENTION["text"],
        "ts": MENTION["ts"],
        "threadTs": None,
        "event": MENTION,
    }
    again = await call.event(X_Slack_Retry_Num="1", X_Slack_Retry_Reason="http_timeout")
    assert (again.status_code, again.json()) == (202, first.json())
    assert await started(api) == [first.json()["executionId"]]
    assert await counts(api) == (2, 1, 0)


async def test_slacks_challenge_is_answered_by_what_it_says(api: Client, outside: httpx.AsyncClient) -> None:
    call = await slack(api, outside)
    challenge = {"token": "Jhj5dZrVaK7ZwHHjRyZWjbDl", "challenge": "3eZbrw1aBm2rZgRNFdxV", "type": "url_verification"}
    answer = await call(challenge)
    assert (answer.status_code, answer.text) == (200, "3eZbrw1aBm2rZgRNFdxV")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-content-type-options"] == "nosniff"
    # nobody else finds out that the address is a good one, or has it say something
    problem(await call(challenge, secret="another"), 401, "bad_signature")
    problem(await call({"type": "url_verification"}), 400, "unreadable_call")
    problem(await call({"type": "url_verification", "challenge": "x" * 2001}), 400, "unreadable_call")
    assert await started(api) == []


async def test_a_call_of_slack_that_is_old_or_wrongly_signed_is_refused(
    api: Client, outside: httpx.AsyncClient
) -> None:
    call = await slack(api, outside)
    problem(await call.event(ago=301), 401, "stale_call")
    problem(await call.event(ago=-310), 401, "stale_call")
    problem(await call.event(time_said="soon"), 401, "bad_signature")
    problem(await call.event(secret="another"), 401, "bad_signature")
    # what was signed for one time is not good for another
    problem(await call.event(X_Slack_Request_Timestamp=str(int(time.time()) - 1)), 401, "bad_signature")
    problem(await call(b"not JSON"), 400, "unreadable_call")
    problem(await call({"type": "event_callback", "event": MENTION}), 400, "unreadable_call")
    assert await started(api) == []
    assert (await call.event(ago=290)).status_code == 202


async def test_what_bots_write_and_what_is_not_wanted_starts_nothing(api: Client, outside: httpx.AsyncClient) -> None:
    call = await slack(api, outside, config={"types": ["message", "reaction_added"], "channels": ["C1"]})
    message = {"type": "message", "channel": "C1", "user": "U1", "text": "hello", "ts": "1.2", "thread_ts": "1.1"}
    ignored = [
        await call.event("Ev1", MENTION),
        await call.event("Ev2", {**message, "channel": "C2"}),
        await call.event("Ev3", {**message, "bot_id": "B1"}),
        await call.event("Ev4", {**message, "subtype": "bot_message"}),
        await call({"type": "app_rate_limited", "team_id": "T1", "minute_rate_limited": 1518467820}),
    ]
    assert [(each.status_code, each.json()["status"]) for each in ignored] == [(200, "ignored")] * 5
    assert (await call.event("Ev5", message)).status_code == 202
    reaction = {"type": "reaction_added", "user": "U1", "reaction": "+1", "item": {"type": "message", "channel": "C1"}}
    id = (await call.event("Ev6", reaction)).json()["executionId"]
    told = (await api.get(f"/executions/{id}")).json()["input"]
    assert (told["channel"], told["user"], told["text"]) == ("C1", "U1", None)
    assert len(await started(api)) == 2


async def test_over_the_wire_it_is_the_same(database: str, tmp_path: Path) -> None:
    async with open_services(database, None, api_options(database).accounts, background=False) as services:
        await services.accounts.create_first(EMAIL, PASSWORD)
    loading = "from weftline.authoring import load_actions\nload_actions()\n"
    async with serving(database, tmp_path / "api.sock", loading) as server, server.client() as http:
        api = Client(http)
        await api.sign_in()
        async with server.client() as outside:
            call = await github(api, outside)
            first = await call(ISSUE, id="72d3162e")
            assert first.status_code == 202, first.text
            assert (await call(ISSUE, id="72d3162e")).json() == first.json()
            assert (await call({"zen": "x"}, "ping")).json()["status"] == "handshake"
            problem(await call(ISSUE, secret="another"), 401, "bad_signature")
            problem(await call(b'{"a": "' + b"x" * 5_000_000 + b'"}'), 413, "body_too_large")
            assert await started(api) == [first.json()["executionId"]]
            await connect(api, "slack", "chat", webhookUrl="https://hooks.example.invalid/T1", signingSecret=SECRET)
            await publish_again(api, workflow(ON_SLACK))
            tell = Slack(outside, path_of(await trigger_of(api, "called")))
            challenge = {"type": "url_verification", "challenge": "3eZbrw1aBm2rZgRNFdxV"}
            assert (await tell(challenge)).text == "3eZbrw1aBm2rZgRNFdxV"
            assert (await tell.event()).status_code == 202
            problem(await tell.event(ago=301), 401, "stale_call")
