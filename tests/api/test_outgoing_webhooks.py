"""Outgoing webhooks: who is told of what, and what becomes of it when the other side misbehaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest
from standardwebhooks import WebhookVerificationError

from tests.api.client import EMAIL, PATIENCE, Client, problem, running
from tests.api.conftest import MASTER_KEY, ORIGIN, api_options
from tests.api.definitions import GREETING
from tests.api.mailbox import Mailbox
from tests.api.people import People
from tests.api.receiver import Receiver, endless, hang, receiver, status
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.authoring.builtin import HttpSettings
from weftline.engine.worker import Worker
from weftline.features.access.cache import AccessCache
from weftline.features.database import Database
from weftline.features.webhooks.deliverer import LOST, SLOTS_EACH
from weftline.features.webhooks.errors import InvalidWebhook
from weftline.features.webhooks.loops import WebhookLoops
from weftline.features.webhooks.schedule import MAX_ATTEMPTS
from weftline.features.webhooks.sending import MAX_RESPONSE, Sender
from weftline.features.webhooks.signing import new_secret
from weftline.features.webhooks.targets import check_target
from weftline.model.ids import uuid7
from weftline.store.bus import LocalBus
from weftline.store.keyring import Keyring

HERE = HttpSettings(allow_private_addresses=True)


class Process:
    """The loops as another process would have them; they do not run by themselves."""

    def __init__(self, loops: WebhookLoops) -> None:
        self.loops = loops

    async def work(self) -> None:
        """Plan and deliver all that there is to do now."""
        while await self.loops.planner.run_once() + await self.loops.deliverer.run_once():
            await self.loops.deliverer.settle()


def address(path: str) -> str:
    return f"https://weftline.example{path}"


@asynccontextmanager
async def started(database: str, cache: AccessCache, http: HttpSettings = HERE) -> AsyncIterator[Process]:
    """Another process."""
    everywhere = Database(database, "weft_worker", size=4, keyring=Keyring(MASTER_KEY))
    loops = WebhookLoops(everywhere, cache, Keyring(MASTER_KEY), address, http, LocalBus())
    yield Process(loops)
    await loops.stop()
    await everywhere.close()


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API, which may call this machine; nothing runs by itself."""
    options = api_options(database)
    app = Application(replace(options, accounts=replace(options.accounts, http=HERE)))
    async with app.running():
        yield app


@pytest.fixture
async def process(database: str, application: Application) -> AsyncIterator[Process]:
    assert application.services is not None
    async with started(database, application.services.cache) as loops:
        yield loops


@pytest.fixture
async def hooks() -> AsyncIterator[Receiver]:
    async with receiver() as server:
        yield server


async def subscribe(api: Client, url: str, *kinds: str, **fields: Any) -> dict[str, Any]:
    """A new webhook, with its secret."""
    answer = await api.post("/webhooks", {"url": url, "kinds": list(kinds) or ["execution.*"], **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


# --- managing --------------------------------------------------------------------------------------------------------


async def test_a_webhook_is_made_read_changed_and_removed(api: Client, hooks: Receiver) -> None:
    made = await api.post("/webhooks", {"url": f"{hooks.url}/a?key=1", "kinds": ["execution.*", "execution.*"]})
    assert made.status_code == 201
    webhook = made.json()
    assert webhook.pop("secret").startswith("whsec_")
    assert webhook["kinds"] == ["execution.*"]
    assert webhook["name"] == hooks.url.removeprefix("http://")
    path = f"/webhooks/{webhook['id']}"
    assert made.headers["location"] == f"/api/v1{path}"
    shown = await api.get(path)
    assert shown.json() == webhook
    assert (await api.get("/webhooks")).json()["items"] == [webhook]
    tag = {"If-Match": made.headers["etag"]}
    changed = await api.http.patch(f"/api/v1{path}", json={"kinds": ["*"], "name": "Desk"}, headers=tag)
    assert {"kinds": ["*"], "name": "Desk", "url": webhook["url"]}.items() <= changed.json().items()
    problem(await api.http.patch(f"/api/v1{path}", json={"name": "x"}, headers=tag), 412, "webhook_changed")
    problem(await api.http.delete(f"/api/v1{path}", headers=tag), 412, "webhook_changed")
    assert (await api.http.delete(f"/api/v1{path}")).status_code == 200
    problem(await api.get(path), 404, "outgoing_webhook_not_found")
    entries = (await api.get("/audit", params={"resourceType": "webhook", "resourceId": webhook["id"]})).json()
    assert [each["action"] for each in entries["items"]] == ["webhook.removed", "webhook.changed", "webhook.created"]
    assert "key=1" not in str(entries), "an address may hold a secret"


async def test_a_test_message_is_signed_as_the_standard_says(api: Client, hooks: Receiver, process: Process) -> None:
    webhook = await subscribe(api, hooks.url)
    answer = await api.post(f"/webhooks/{webhook['id']}/test")
    assert answer.status_code == 202
    assert answer.json()["status"] == "due"
    await process.work()
    [told] = hooks.told
    told.verify(webhook["secret"])
    assert told.body == {
        "id": told.headers["webhook-id"],
        "type": "webhook.test",
        "timestamp": told.body["timestamp"],
        "tenant": "default",
        "data": {"webhookId": webhook["id"]},
    }
    seen = (await api.get(f"/webhooks/{webhook['id']}/deliveries/{answer.json()['id']}")).json()
    assert (seen["status"], seen["lastStatus"], seen["attempts"]) == ("delivered", 204, 1)
    [attempt] = seen["attemptLog"]
    assert attempt["requestHeaders"]["webhook-id"] == seen["id"]
    assert "webhook-signature" not in attempt["requestHeaders"]


async def test_only_who_manages_webhooks_changes_them_and_operators_look(api: Client, people: People) -> None:
    webhook = await subscribe(api, "https://hooks.example.com/")
    operator, viewer = await people.join("otto", "operator"), await people.join("vera", "viewer")
    path = f"/webhooks/{webhook['id']}"
    assert (await operator.get(path)).status_code == 200
    for act in ("disable", "rotate-secret", "test"):
        problem(await operator.post(f"{path}/{act}"), 403, "permission_denied")
    problem(await viewer.get(path), 403, "permission_denied")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"kinds": ["execution.finished"]}, "/kinds/0", "unknown_kind"),
        ({"kinds": ["*", "webhook.test"]}, "/kinds/1", "unknown_kind"),
        ({"url": "ftp://example.com"}, "/url", "invalid_url"),
        ({"url": "https://ada:pw@example.com"}, "/url", "invalid_url"),
        ({"workflows": ["nothing"]}, "/workflows/0", "unknown_workflow"),
        ({"includeData": True, "dataRole": "approver"}, "/dataRole", "unknown_role"),
    ],
)
async def test_what_no_webhook_can_be_is_refused_where_it_stands(
    api: Client, body: dict[str, Any], pointer: str, code: str
) -> None:
    given = {"url": "https://hooks.example.com/", "kinds": ["*"], **body}
    document = problem(await api.post("/webhooks", given), 422, "invalid_webhook")
    assert [(each["pointer"], each["code"]) for each in document["errors"]] == [(pointer, code)]
    made = await subscribe(api, "https://hooks.example.com/")
    problem(await api.http.patch(f"/api/v1/webhooks/{made['id']}", json=body), 422, "invalid_webhook")
    assert (await api.get("/webhooks")).json()["items"] == [{k: v for k, v in made.items() if k != "secret"}]


async def test_a_misspelt_kind_is_answered_with_the_nearest(api: Client) -> None:
    body = {"url": "https://hooks.example.com/", "kinds": ["execution.faild"]}
    document = problem(await api.post("/webhooks", body), 422, "invalid_webhook")
    assert document["errors"][0]["hint"] == "Did you mean 'execution.failed'?"


async def test_while_a_secret_is_replaced_both_sign(api: Client, hooks: Receiver, process: Process) -> None:
    webhook = await subscribe(api, hooks.url)
    path = f"/webhooks/{webhook['id']}"
    second = (await api.post(f"{path}/rotate-secret")).json()
    assert second["previousSecretUntil"] is not None
    await api.post(f"{path}/test")
    await process.work()
    third = (await api.post(f"{path}/rotate-secret", {"overlapHours": 0})).json()
    await api.post(f"{path}/test")
    await process.work()
    both, last = hooks.told
    both.verify(webhook["secret"])
    both.verify(second["secret"])
    last.verify(third["secret"])
    with pytest.raises(WebhookVerificationError):
        last.verify(second["secret"])


# --- what is told ----------------------------------------------------------------------------------------------------


async def test_a_webhook_is_told_what_it_asked_for_from_now_on_in_its_order(
    api: Client, worker: Worker, hooks: Receiver, process: Process
) -> None:
    await api.publish(GREETING)
    await api.publish({**GREETING, "id": "other"})
    before = await api.start("greeting", {"name": "Eve"})
    await api.when_status(before, "completed")
    await subscribe(api, f"{hooks.url}/all", "*")
    await subscribe(api, f"{hooks.url}/ends", "execution.completed", "execution.failed", workflows=["greeting"])
    ids = [await api.start(workflow, {"name": "Ada"}) for workflow in ("greeting", "other")]
    for id in ids:
        await api.when_status(id, "completed")
    await process.work()
    for id in ids:
        told = [each.body["data"] for each in hooks.at("/all") if each.body["data"]["executionId"] == id]
        assert [each["seq"] for each in told] == list(range(1, len(told) + 1))
    kinds = [each.type for each in hooks.at("/all") if each.body["data"]["executionId"] == ids[0]]
    assert kinds[-2:] == ["step.completed", "execution.completed"]
    assert before not in {each.body["data"]["executionId"] for each in hooks.told}
    [end] = hooks.at("/ends")
    assert end.body["data"] == {"executionId": ids[0], "workflowId": "greeting", "seq": len(kinds)}
    assert await process.loops.planner.run_once() == 0


@pytest.mark.parametrize("encrypts", [False, True])
async def test_what_is_told_of_an_execution_names_the_request_that_started_it(
    api: Client, worker: Worker, hooks: Receiver, process: Process, encrypts: bool
) -> None:
    await api.publish({**GREETING, "settings": {"encrypt": encrypts}})
    webhook = await subscribe(api, f"{hooks.url}/a", "execution.completed")
    body, sent = {"input": {"name": "Ada"}}, {"X-Correlation-ID": "order-4711"}
    started = await api.post("/workflows/greeting/executions", body, headers=sent)
    await api.when_status(started.json()["id"], "completed")
    await process.work()
    [told] = hooks.told
    assert told.headers["x-correlation-id"] == "order-4711"
    told.verify(webhook["secret"])


async def test_several_processes_tell_everything_once(
    api: Client, worker: Worker, hooks: Receiver, process: Process, database: str, application: Application
) -> None:
    await api.publish(GREETING)
    await subscribe(api, hooks.url, "execution.completed")
    ids = [await api.start("greeting", {"name": "Ada"}) for _ in range(30)]
    assert application.services is not None
    async with started(database, application.services.cache) as other:
        for id in ids:
            await api.when_status(id, "completed")
            await asyncio.gather(process.work(), other.work())
    await process.work()
    assert sorted(each.body["data"]["executionId"] for each in hooks.told) == sorted(ids)


async def test_data_is_told_as_the_webhooks_role_may_see_it_and_never_that_of_encrypted_workflows(
    api: Client, worker: Worker, hooks: Receiver, process: Process, people: People, application: Application
) -> None:
    assert (await api.post("/field-rules", {"field": "text", "effect": "mask", "visibleTo": ["admin"]})).is_success
    assert application.services is not None
    await application.services.cache.refresh()
    await api.publish(GREETING)
    await api.publish({**GREETING, "id": "sealed", "settings": {"encrypt": True}})
    await subscribe(api, f"{hooks.url}/none", "step.completed", includeData=True)
    boss = await subscribe(api, f"{hooks.url}/admin", "step.completed", includeData=True, dataRole="admin")
    for workflow in ("greeting", "sealed"):
        await api.when_status(await api.start(workflow, {"name": "Ada"}), "completed")
    await process.work()
    greeted = [(each.path, each.body["data"]) for each in hooks.told if each.body["data"]["stepId"] == "greet"]
    seen = {(path, data["workflowId"]): data for path, data in greeted}
    assert seen["/admin", "greeting"]["payload"]["output"] == {"text": "Hello Ada"}
    assert seen["/none", "greeting"]["payload"]["output"] == {"text": "•••"}
    for path in ("/admin", "/none"):
        assert seen[path, "sealed"].get("payloadOmitted") == "encrypted"
        assert "Ada" not in str(seen[path, "sealed"])
    # whoever sees to webhooks sees no more of the data in their log than elsewhere
    role = {"id": "looker", "name": "Looker", "permissions": ["webhook:read"]}
    assert (await api.post("/roles", role)).status_code == 201
    looker, operator = await people.join("lou", "looker"), await people.join("otto", "operator")
    for person, payload in ((looker, None), (operator, {"output": {"text": "•••"}})):
        details = [
            (await person.get(f"/webhooks/{boss['id']}/deliveries/{each['id']}")).json()
            for each in await deliveries(person, boss)
        ]
        [detail] = [
            each for each in details if each["workflowId"] == "greeting" and each["body"]["data"]["stepId"] == "greet"
        ]
        assert detail["body"]["data"].get("payload") == payload
        assert detail["attemptLog"][0]["response"] is None


async def test_nobody_lets_a_webhook_be_told_what_they_may_not_see(api: Client, people: People) -> None:
    role = {"id": "desk", "name": "Desk", "permissions": ["webhook:read", "webhook:manage"]}
    assert (await api.post("/roles", role)).status_code == 201
    person = await people.join("dora", "desk")
    body = {"url": "https://hooks.example.com/", "kinds": ["*"]}
    made = await person.post("/webhooks", body)
    assert made.status_code == 201, made.text
    problem(await person.post("/webhooks", {**body, "includeData": True}), 403, "permission_denied")
    change = await person.http.patch(f"/api/v1/webhooks/{made.json()['id']}", json={"includeData": True})
    problem(change, 403, "permission_denied")
    # nor do they lead elsewhere what another webhook is about to be told
    telling = await subscribe(api, "https://hooks.example.com/", "*", includeData=True)
    path = f"/api/v1/webhooks/{telling['id']}"
    change = await person.http.patch(path, json={"url": "https://dora.example.com/", "includeData": False})
    problem(change, 403, "permission_denied")


async def test_what_was_planned_with_data_goes_without_where_the_webhook_is_told_none_any_more(
    api: Client, worker: Worker, hooks: Receiver, process: Process
) -> None:
    await api.publish(GREETING)
    made = await subscribe(api, f"{hooks.url}/hook", "execution.completed", includeData=True)
    await api.when_status(await api.start("greeting", {"name": "Ada"}), "completed")
    await process.work()
    [delivery] = await deliveries(api, made)
    path = f"/webhooks/{made['id']}"
    assert (await api.http.patch(f"/api/v1{path}", json={"includeData": False})).status_code == 200
    assert (await api.post(f"{path}/deliveries/{delivery['id']}/redeliver")).status_code == 202
    await process.work()
    first, second = hooks.told
    assert "payload" in first.body["data"] and "payload" not in second.body["data"]
    assert first.body["id"] == second.body["id"]


# --- a receiver that misbehaves --------------------------------------------------------------------------------------


async def run(api: Client, count: int = 1) -> list[str]:
    """Executions that have ended."""
    ids = [await api.start("greeting", {"name": "Ada"}) for _ in range(count)]
    for id in ids:
        await api.when_status(id, "completed")
    return ids


async def make_due(tenant: asyncpg.Connection, **values: Any) -> None:
    """Let what was tried be tried again now."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, 1))
    await tenant.execute(
        f"UPDATE webhook_deliveries SET due_at = now(){', ' if sets else ''}{sets}"
        " WHERE status = 'due' AND due_at < 'infinity'",
        *values.values(),
    )


@pytest.fixture
async def tenant(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_worker")


@pytest.fixture
async def greeting(api: Client, worker: Worker) -> None:
    await api.publish(GREETING)


async def deliveries(api: Client, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    """A webhook's deliveries, the oldest first."""
    answer = await api.get(f"/webhooks/{webhook['id']}/deliveries", params={"limit": 200, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()["items"][::-1]


async def test_what_fails_holds_up_the_same_execution_and_no_other(
    api: Client, greeting: None, hooks: Receiver, process: Process, tenant: asyncpg.Connection
) -> None:
    webhook = await subscribe(api, f"{hooks.url}/a", "execution.started", "execution.completed")
    hooks.answers["/a"] = [status(503)]
    first, second = await run(api, 2)
    await process.work()
    refused = hooks.told[0].body["data"]["executionId"]
    other = second if refused == first else first
    assert [each.type for each in hooks.told if each.body["data"]["executionId"] == other] == [
        "execution.started",
        "execution.completed",
    ]
    waiting = await deliveries(api, webhook, executionId=refused)
    assert [(each["status"], each["attempts"]) for each in waiting] == [("due", 1), ("due", 0)]
    assert waiting[0]["lastError"] == "answered 503"
    assert waiting[0]["dueAt"] is not None and waiting[1]["dueAt"] is None
    await make_due(tenant)
    await process.work()
    again = [each for each in hooks.told if each.body["data"]["executionId"] == refused]
    assert [each.type for each in again] == ["execution.started", "execution.started", "execution.completed"]
    assert again[0].headers["webhook-id"] == again[1].headers["webhook-id"]
    assert again[0].raw == again[1].raw
    again[1].verify(webhook["secret"])


async def test_the_receiver_may_ask_to_be_left_alone(
    api: Client, hooks: Receiver, process: Process, tenant: asyncpg.Connection
) -> None:
    webhook = await subscribe(api, f"{hooks.url}/a")
    hooks.answers["/a"] = [status(429, retry_after="1800")]
    await api.post(f"/webhooks/{webhook['id']}/test")
    await process.work()
    wait = "SELECT extract(epoch FROM due_at - now()) > 1700 FROM webhook_deliveries"
    assert await tenant.fetchval(wait)


async def test_what_is_given_up_lets_the_next_go_and_can_be_delivered_again(
    api: Client, greeting: None, hooks: Receiver, process: Process, tenant: asyncpg.Connection
) -> None:
    webhook = await subscribe(api, f"{hooks.url}/a", "execution.started", "execution.completed")
    hooks.answers["/a"] = [status(500), status(500)]
    await run(api)
    await process.work()
    await make_due(tenant, attempts=MAX_ATTEMPTS - 1)
    await process.work()
    failed, delivered = await deliveries(api, webhook)
    assert (failed["status"], failed["attempts"]) == ("failed", MAX_ATTEMPTS)
    assert delivered["status"] == "delivered"
    path = f"/webhooks/{webhook['id']}"
    for _ in range(2):
        answer = await api.post(f"{path}/redeliver", {"since": failed["createdAt"]})
        assert answer.status_code == 202
    assert answer.json() == {"redelivered": 0}, "what is due already is not made due again"
    problem(await api.post(f"{path}/deliveries/{failed['id']}/redeliver"), 409, "delivery_pending")
    await process.work()
    assert (await api.post(f"{path}/deliveries/{delivered['id']}/redeliver")).status_code == 202
    await process.work()
    assert [each.type for each in hooks.told[-2:]] == ["execution.started", "execution.completed"]
    assert {each["status"] for each in await deliveries(api, webhook)} == {"delivered"}
    assert len({each.headers["webhook-id"] for each in hooks.told}) == 2


async def test_whoever_is_gone_is_told_nothing_more_and_administrators_learn_of_it(
    api: Client, greeting: None, hooks: Receiver, process: Process, mailbox: Mailbox
) -> None:
    webhook = await subscribe(api, f"{hooks.url}/a", "execution.started", "execution.completed", name="Desk")
    hooks.answers["/a"] = [status(410)]
    await run(api)
    await process.work()
    path = f"/webhooks/{webhook['id']}"
    seen = (await api.get(path)).json()
    assert (seen["status"], seen["disabledReason"]) == ("disabled", "gone")
    [letter] = [each for each in await mailbox.to(EMAIL) if each.template == "webhook_disabled"]
    assert letter.subject == "Webhook disabled: Desk"
    assert "answered 410" in letter.text and f"https://weftline.example/webhooks/{webhook['id']}" in letter.text
    [entry] = (await api.get("/audit", params={"action": "webhook.disabled"})).json()["items"]
    assert (entry["actorType"], entry["after"]["reason"]) == ("system", "gone")
    problem(await api.post(f"{path}/test"), 409, "webhook_disabled")
    await run(api)
    await process.work()
    assert len(hooks.told) == 1
    assert (await api.post(f"{path}/enable")).json()["status"] == "active"
    await process.work()
    assert [each.type for each in hooks.told[1:]] == ["execution.completed"], "what happened meanwhile is not told"


async def test_a_webhook_that_nothing_gets_through_to_for_a_day_is_disabled(
    api: Client, hooks: Receiver, process: Process, tenant: asyncpg.Connection, mailbox: Mailbox
) -> None:
    webhook = await subscribe(api, f"{hooks.url}/a")
    hooks.answers["/a"] = [status(500)] * 2
    await api.post(f"/webhooks/{webhook['id']}/test")
    await process.work()
    assert (await api.get(f"/webhooks/{webhook['id']}")).json()["failures"] == 1
    await tenant.execute("UPDATE webhooks SET failures = 9, failing_since = now() - interval '1 day'")
    await make_due(tenant)
    await process.work()
    seen = (await api.get(f"/webhooks/{webhook['id']}")).json()
    assert (seen["status"], seen["disabledReason"], seen["failures"]) == ("disabled", "failing", 10)
    assert "webhook_disabled" in await mailbox.templates(EMAIL)


async def test_a_success_forgives_every_failure_before(
    api: Client, hooks: Receiver, process: Process, tenant: asyncpg.Connection
) -> None:
    webhook = await subscribe(api, f"{hooks.url}/a")
    hooks.answers["/a"] = [status(500)]
    await api.post(f"/webhooks/{webhook['id']}/test")
    await process.work()
    await make_due(tenant)
    await process.work()
    seen = (await api.get(f"/webhooks/{webhook['id']}")).json()
    assert (seen["failures"], seen["failingSince"]) == (0, None)


async def test_a_receiver_that_hangs_holds_up_nobody_else(
    api: Client, greeting: None, hooks: Receiver, process: Process, tenant: asyncpg.Connection
) -> None:
    slow = await subscribe(api, f"{hooks.url}/slow", "execution.completed")
    await subscribe(api, f"{hooks.url}/quick", "execution.completed")
    released = asyncio.Event()
    hooks.answers["/slow"] = [hang(released)] * 12
    ids = await run(api, 12)
    loops = process.loops
    await loops.planner.run_once()
    async with asyncio.timeout(PATIENCE):
        while len(hooks.at("/quick")) < len(ids) or len(hooks.at("/slow")) < SLOTS_EACH:
            await loops.deliverer.run_once()
            await asyncio.sleep(0)
    assert await loops.deliverer.run_once() == 0
    assert len(hooks.at("/slow")) == SLOTS_EACH
    released.set()
    await loops.deliverer.settle()
    await process.work()
    assert {each["status"] for each in await deliveries(api, slow)} == {"delivered"}


async def test_what_a_lost_process_had_is_taken_up_in_order_and_its_late_word_is_void(
    api: Client,
    greeting: None,
    hooks: Receiver,
    process: Process,
    database: str,
    application: Application,
    tenant: asyncpg.Connection,
) -> None:
    webhook = await subscribe(api, f"{hooks.url}/a", "execution.started", "execution.completed")
    released = asyncio.Event()
    hooks.answers["/a"] = [hang(released, status(500))]
    await run(api)
    assert application.services is not None
    async with started(database, application.services.cache) as lost:
        await lost.loops.planner.run_once()
        await lost.loops.deliverer.run_once()
        async with asyncio.timeout(PATIENCE):
            while not hooks.told:
                await asyncio.sleep(0)
        await process.work()
        assert len(hooks.told) == 1, "nobody else has it while its lease runs"
        await make_due(tenant)
        await process.work()
        released.set()
        await lost.loops.deliverer.settle()
    await process.work()
    assert [each.type for each in hooks.told] == ["execution.started", "execution.started", "execution.completed"]
    assert [each["status"] for each in await deliveries(api, webhook)] == ["delivered", "delivered"]
    assert (await api.get(f"/webhooks/{webhook['id']}")).json()["failures"] == 0


async def test_a_delivery_that_every_process_dies_with_is_given_up(
    api: Client, hooks: Receiver, process: Process, tenant: asyncpg.Connection
) -> None:
    webhook = await subscribe(api, hooks.url)
    await api.post(f"/webhooks/{webhook['id']}/test")
    await make_due(tenant, attempts=MAX_ATTEMPTS)
    await process.work()
    [delivery] = await deliveries(api, webhook)
    assert (delivery["status"], delivery["lastError"]) == ("failed", LOST)
    assert hooks.told == []


async def test_redirects_lead_nowhere_and_answers_are_read_only_so_far(
    api: Client, hooks: Receiver, process: Process
) -> None:
    redirected = await subscribe(api, f"{hooks.url}/away")
    endless_one = await subscribe(api, f"{hooks.url}/endless")
    hooks.answers["/away"] = [status(307, location=f"{hooks.url}/elsewhere")]
    hooks.answers["/endless"] = [endless]
    for webhook in (redirected, endless_one):
        await api.post(f"/webhooks/{webhook['id']}/test")
    await process.work()
    assert {each.path for each in hooks.told} == {"/away", "/endless"}
    [away] = await deliveries(api, redirected)
    assert (away["status"], away["lastStatus"]) == ("due", 307)
    assert "redirect" in away["lastError"]
    [long] = await deliveries(api, endless_one)
    detail = (await api.get(f"/webhooks/{endless_one['id']}/deliveries/{long['id']}")).json()
    assert detail["status"] == "delivered"
    assert len(detail["attemptLog"][0]["response"]) == MAX_RESPONSE


async def test_whoever_does_not_answer_is_given_up_in_time(hooks: Receiver) -> None:
    released = asyncio.Event()
    hooks.answers["/a"] = [hang(released)]
    sender = Sender(HERE, timeout=0.05)
    outcome = await sender.send(f"{hooks.url}/a", uuid7(), {}, [new_secret()])
    released.set()
    await sender.close()
    assert (outcome.status, outcome.error) == (None, "no answer within 0.05 s")


async def test_addresses_inside_the_network_are_refused_when_named_and_when_called(
    api: Client, hooks: Receiver, database: str, application: Application
) -> None:
    webhook = await subscribe(api, hooks.url)
    await api.post(f"/webhooks/{webhook['id']}/test")
    assert application.services is not None
    async with started(database, application.services.cache, HttpSettings()) as strict:
        await strict.work()
    [delivery] = await deliveries(api, webhook)
    assert delivery["status"] == "due"
    assert "not an address of the public internet" in delivery["lastError"]
    assert hooks.told == []
    for url in ("http://127.0.0.1:80/", "http://localhost/", "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/"):
        with pytest.raises(InvalidWebhook) as refused:
            await check_target(url, HttpSettings())
        assert refused.value.errors[0].code == "address_refused"
    with pytest.raises(InvalidWebhook):
        await check_target("https://example.com/", HttpSettings(allowed_hosts=frozenset({"example.org"})))


async def test_what_is_done_is_forgotten_after_a_while(
    api: Client, hooks: Receiver, process: Process, tenant: asyncpg.Connection
) -> None:
    webhook = await subscribe(api, hooks.url)
    for _ in range(2):
        await api.post(f"/webhooks/{webhook['id']}/test")
    await process.work()
    await api.post(f"/webhooks/{webhook['id']}/test")
    old, kept, due = await deliveries(api, webhook)
    await tenant.execute(
        "UPDATE webhook_deliveries SET settled_at = now() - interval '15 days' WHERE id = $1", UUID(old["id"])
    )
    assert await process.loops.housekeeper.run_once() == 1
    assert [each["id"] for each in await deliveries(api, webhook)] == [kept["id"], due["id"]]


async def test_nobody_follows_the_feed_where_there_is_no_webhook(
    api: Client, process: Process, tenant: asyncpg.Connection
) -> None:
    count = "SELECT count(*) FROM webhook_position"
    assert await process.loops.planner.run_once() == 0
    assert await tenant.fetchval(count) == 0
    webhook = await subscribe(api, "https://hooks.example.com/")
    assert await tenant.fetchval(count) == 1
    await api.post(f"/webhooks/{webhook['id']}/disable")
    await process.loops.planner.run_once()
    assert await tenant.fetchval(count) == 0
    await api.post(f"/webhooks/{webhook['id']}/enable")
    assert await tenant.fetchval(count) == 1


@pytest.mark.usefixtures("worker")
async def test_the_bus_tells_of_webhooks_and_of_what_they_are_told(
    database: str, hooks: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    # nothing is found by looking for it
    for name in ("LOOK_SECONDS", "LOOK_SELDOM_SECONDS"):
        monkeypatch.setattr(f"weftline.features.webhooks.planner.{name}", 3_600.0)
    options = api_options(database)
    app = Application(replace(options, accounts=replace(options.accounts, http=HERE)))
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:
        api = Client(http)
        await api.become_first_administrator(app)
        await api.publish(GREETING)
        await subscribe(api, hooks.url, "execution.completed")
        async with asyncio.timeout(PATIENCE):
            # the worker does not know at once that somebody follows
            while not hooks.told:
                await api.when_status(await api.start("greeting", {"name": "Ada"}), "completed")
