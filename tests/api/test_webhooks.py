"""Webhooks: calls from outside that start executions."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest
from structlog.typing import EventDict

from tests.api.client import Client, problem
from tests.api.people import People
from tests.api.test_triggers import publish_again, trigger_of, workflow
from tests.api.test_variables import set_variable
from tests.conftest import Connect
from weftline.model.ids import DEFAULT_TENANT

SECRET = "s3cr3t-0b1e5c"
BODY = b'{"order": "A-17"}'


def mac(signed: bytes) -> str:
    return hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


class Sender:
    """Somebody who knows the address of a webhook, and nothing else."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self._http = http
        self.path = "/hooks/" + url.rpartition("/")[2]

    async def __call__(self, body: Any = BODY, method: str = "POST", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._http.request(method, self.path, content=body, headers=named)


@pytest.fixture
async def outside(api: Client) -> AsyncIterator[httpx.AsyncClient]:
    """A client that has not signed in."""
    async with httpx.AsyncClient(transport=api.http._transport, base_url="http://localhost") as http:
        yield http


@pytest.fixture
async def receipts(connect: Connect) -> asyncpg.Connection:
    """A connection that may change what webhooks remember."""
    return await connect("weft_api", DEFAULT_TENANT)


async def hooked(api: Client, outside: httpx.AsyncClient, **fields: Any) -> Sender:
    """A workflow with a webhook, published."""
    definition = workflow({"type": "webhook", **fields})
    await api.publish(definition)
    return Sender(outside, (await trigger_of(api, "webhook-1"))["url"])


@pytest.mark.usefixtures("worker")
async def test_a_call_starts_an_execution_with_its_body(api: Client, outside: httpx.AsyncClient) -> None:
    call = await hooked(api, outside)
    answer = await call(content_type="application/json")
    assert answer.status_code == 202
    execution = await api.when_status(answer.json()["executionId"], "completed")
    assert execution["input"] == {"order": "A-17"}
    assert execution["triggeredBy"]["type"] == "webhook"
    told = (await api.get("/audit", params={"action": "execution.started"})).json()["items"]
    assert [each["actorName"] for each in told] == ["webhook flow/webhook-1"]


@pytest.mark.usefixtures("worker")
async def test_a_mapping_sees_body_headers_and_query_but_no_credentials(
    api: Client, outside: httpx.AsyncClient
) -> None:
    mapping = {"name": "${body.name}", "tags": "${query.tag}", "headers": "${headers}", "by": "${method}"}
    call = await hooked(api, outside, methods=["PUT"], condition="body.name != 'nobody'", input=mapping)
    call.path += "?tag=a&tag=b"
    form = "application/x-www-form-urlencoded"
    answer = await call(b"name=Ada", "PUT", content_type=form, x_shop="north", authorization="Bearer x", cookie="s=1")
    execution = await api.when_status(answer.json()["executionId"], "completed")
    assert (execution["input"]["name"], execution["input"]["tags"]) == ("Ada", ["a", "b"])
    headers = execution["input"]["headers"]
    assert headers["x-shop"] == "north"
    assert not {"authorization", "cookie"} & headers.keys()
    ignored = await call(b"name=nobody", "PUT", content_type=form)
    assert (ignored.status_code, ignored.json()) == (200, {"executionId": None, "status": "ignored"})
    refused = await call()
    assert (refused.status_code, refused.headers["allow"]) == (405, "PUT")


@pytest.mark.usefixtures("worker")
async def test_a_call_may_be_answered_with_what_came_of_it(api: Client, outside: httpx.AsyncClient) -> None:
    call = await hooked(api, outside, respond="completion")
    answer = await call()
    assert answer.status_code == 200
    assert answer.json()["status"] == "completed"
    assert answer.json()["output"] == {"order": "A-17"}


async def test_a_caller_waits_no_longer_than_the_webhook_says(api: Client, outside: httpx.AsyncClient) -> None:
    call = await hooked(api, outside, respond="completion", respondTimeout="50ms")
    answer = await call()
    assert answer.status_code == 202
    assert answer.json()["executionId"]


SIGNED = {"generic": {}, "github": {"preset": "github"}, "slack": {"preset": "slack"}, "stripe": {"preset": "stripe"}}


def signed(preset: str, body: bytes = BODY, at: float | None = None) -> dict[str, str]:
    """The headers with which a sender proves that a call is theirs."""
    now = str(int(time.time() if at is None else at))
    match preset:
        case "github":
            return {"x_hub_signature_256": f"sha256={mac(body)}"}
        case "slack":
            return {"x_slack_request_timestamp": now, "x_slack_signature": f"v0={mac(f'v0:{now}:'.encode() + body)}"}
        case "stripe":
            return {"stripe_signature": f"t={now},v1={'0' * 64},v1={mac(f'{now}.'.encode() + body)}"}
        case _:
            return {"x_timestamp": now, "x_signature": mac(f"{now}.".encode() + body)}


@pytest.mark.parametrize("preset", SIGNED)
async def test_a_signed_call_is_taken_once(api: Client, outside: httpx.AsyncClient, preset: str) -> None:
    await set_variable(api, "HOOK", SECRET, "SECRET")
    call = await hooked(api, outside, signature={"secret": "vars.HOOK", **SIGNED[preset]})
    headers = signed(preset)
    problem(await call(), 401, "bad_signature")
    problem(await call(b'{"order": "A-18"}', **headers), 401, "bad_signature")
    problem(
        await call(**{name: value.replace("=", "=0", 1)[:-1] for name, value in headers.items()}), 401, "bad_signature"
    )
    assert (await call(**headers)).status_code == 202
    problem(await call(**headers), 409, "replayed")
    if preset != "github":
        old = signed(preset, at=time.time() - 3_600)
        problem(await call(**old), 401, "stale_call")
    assert len((await api.get("/executions")).json()["items"]) == 1


async def test_a_signature_is_remembered_as_long_as_its_call_is_good(
    api: Client, outside: httpx.AsyncClient, receipts: asyncpg.Connection
) -> None:
    await set_variable(api, "HOOK", SECRET, "SECRET")
    call = await hooked(api, outside, signature={"secret": "vars.HOOK"})
    ahead = int(time.time()) + 240
    assert (await call(**signed("generic", at=ahead))).status_code == 202
    assert await receipts.fetchval("SELECT extract(epoch FROM expires_at) FROM trigger_receipts") >= ahead + 300


async def test_what_need_be_remembered_no_longer_may_come_again_however_much_there_is(
    api: Client, outside: httpx.AsyncClient, receipts: asyncpg.Connection
) -> None:
    await set_variable(api, "HOOK", SECRET, "SECRET")
    call = await hooked(api, outside, signature={"secret": "vars.HOOK", "preset": "github"})
    first = await call(**signed("github"), x_github_delivery="d-1")
    await receipts.execute("UPDATE trigger_receipts SET expires_at = now() - interval '1 minute'")
    await receipts.execute(
        "INSERT INTO trigger_receipts SELECT DISTINCT tenant_id, trigger_id, int4send(n), 'd', NULL::uuid,"
        " now() - interval '1 day' FROM trigger_receipts, generate_series(1, 150) n"
    )
    again = await call(**signed("github"), x_github_delivery="d-1")
    assert again.status_code == 202
    assert again.json()["executionId"] != first.json()["executionId"]


async def test_the_whole_id_of_a_delivery_counts(api: Client, outside: httpx.AsyncClient) -> None:
    call = await hooked(api, outside, deliveryHeader="X-Delivery")
    long = "d" * 300
    one, other = await call(x_delivery=long), await call(x_delivery=long + "2")
    assert one.json()["executionId"] != other.json()["executionId"]


async def test_a_signature_may_be_written_in_another_way(api: Client, outside: httpx.AsyncClient) -> None:
    await set_variable(api, "HOOK", SECRET, "SECRET")
    own = {"secret": "vars.HOOK", "header": "X-Shop", "prefix": "v1=", "encoding": "base64", "signs": "body"}
    call = await hooked(api, outside, signature=own)
    digest = base64.b64encode(hmac.digest(SECRET.encode(), BODY, "sha256")).decode()
    problem(await call(x_shop=digest), 401, "bad_signature")
    problem(await call(x_shop="v1=not base64"), 401, "bad_signature")
    assert (await call(x_shop=f"v1={digest}")).status_code == 202


async def test_without_its_secret_a_webhook_takes_nothing(api: Client, outside: httpx.AsyncClient) -> None:
    call = await hooked(api, outside, signature={"secret": "vars.HOOK"})
    problem(await call(**signed("generic")), 503, "webhook_not_ready")
    await set_variable(api, "HOOK", "plain")
    problem(await call(**signed("generic")), 503, "webhook_not_ready")
    assert (await api.get("/executions")).json()["items"] == []


async def test_a_delivery_that_comes_again_finds_its_execution(api: Client, outside: httpx.AsyncClient) -> None:
    await set_variable(api, "HOOK", SECRET, "SECRET")
    call = await hooked(api, outside, signature={"secret": "vars.HOOK", "preset": "github"})
    first = await call(**signed("github"), x_github_delivery="d-1")
    again = await call(**signed("github"), x_github_delivery="d-1")
    assert (again.status_code, again.json()) == (202, first.json())
    problem(await call(**signed("github"), x_github_delivery="d-2"), 409, "replayed")
    other = await call(b"{}", **signed("github", b"{}"), x_github_delivery="d-2")
    assert other.json()["executionId"] != first.json()["executionId"]


async def test_a_delivery_that_could_start_nothing_may_come_again(api: Client, outside: httpx.AsyncClient) -> None:
    hook = {"type": "webhook", "deliveryHeader": "X-Delivery", "input": {"order": "${body.id}"}}
    await api.publish(workflow(hook))
    call = Sender(outside, (await trigger_of(api, "webhook-1"))["url"])
    problem(await call(x_delivery="d-1"), 422, "cannot_fire")
    shown = await trigger_of(api, "webhook-1")
    assert (shown["failed"], shown["lastError"]["code"]) == (1, "no_such_field")
    await publish_again(api, workflow({**hook, "input": {"order": "${body.order}"}}))
    assert (await call(x_delivery="d-1")).status_code == 202


async def test_bodies_that_are_too_large_are_read_no_further(api: Client, outside: httpx.AsyncClient) -> None:
    call = await hooked(api, outside, maxBody=1_000)
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 50_000_000:
            sent += 500
            yield b" " * 500

    problem(await call(endless()), 413, "body_too_large")
    assert sent < 50_000
    problem(await call(b" " * 1_001), 413, "body_too_large")
    problem(await call(b"", content_length="50000000"), 413, "body_too_large")


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b'{"a": 18446744073709551616}', "application/json", 400, "malformed_json"),
        (b"\xff", "text/plain", 400, "unreadable_call"),
        (b"a\0b", "text/plain", 400, "unreadable_call"),
        (b"a=%FF", "application/x-www-form-urlencoded", 400, "unreadable_call"),
        (b"x", "image/png", 415, "unsupported_media_type"),
        (b"[1]", "application/json", 422, "cannot_fire"),
        (b"hello", "text/plain", 422, "cannot_fire"),
    ],
)
async def test_what_cannot_be_read_is_refused(
    api: Client, outside: httpx.AsyncClient, body: bytes, kind: str, status: int, code: str
) -> None:
    call = await hooked(api, outside)
    problem(await call(body, content_type=kind), status, code)
    assert (await api.get("/executions")).json()["items"] == []


async def test_calls_are_counted(api: Client, outside: httpx.AsyncClient) -> None:
    call = await hooked(api, outside, maxPerMinute=2)
    assert [(await call()).status_code for _ in range(2)] == [202, 202]
    refused = await call()
    problem(refused, 429, "too_many_calls")
    assert 0 < int(refused.headers["retry-after"]) <= 60


async def test_an_address_that_is_nobody_s_is_not_there(
    api: Client, outside: httpx.AsyncClient, people: People, logs: list[EventDict]
) -> None:
    call = await hooked(api, outside)
    unknown = problem(await Sender(outside, "x" * 64)(), 404, "webhook_not_found")
    trigger = await trigger_of(api, "webhook-1")
    await api.post(f"/triggers/{trigger['id']}/pause")
    paused = problem(await call(), 404, "webhook_not_found")
    assert {**paused, "instance": "", "correlationId": ""} == {**unknown, "instance": "", "correlationId": ""}
    await api.post(f"/triggers/{trigger['id']}/resume")
    assert (await call()).status_code == 202
    await api.post(f"/triggers/{trigger['id']}/rotate")
    problem(await call(), 404, "webhook_not_found")
    moved = Sender(outside, (await trigger_of(api, "webhook-1"))["url"])
    await people.suspend_tenant()
    problem(await moved(), 404, "webhook_not_found")
    assert call.path.rpartition("/")[2] not in str(logs)


async def test_pages_of_other_sites_cannot_call(api: Client, outside: httpx.AsyncClient) -> None:
    call = await hooked(api, outside)
    problem(await call(origin="https://evil.example"), 403, "cross_site_request")
    answer = await call(method="OPTIONS")
    assert "access-control-allow-origin" not in answer.headers
