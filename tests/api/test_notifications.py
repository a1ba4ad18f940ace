"""Messages about executions: what nodes send, the tenant's words for it, and telling that an execution failed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import asyncpg
import pytest

from tests.api.client import PATIENCE, Client, problem, running
from tests.api.conftest import MASTER_KEY, api_options
from tests.api.mailbox import Mailbox
from tests.api.people import People
from tests.api.webhooks import Webhooks, webhooks
from weftline.api.app import Application
from weftline.authoring import ActionError, ActionRegistry, Context
from weftline.authoring.builtin import HttpSettings, configure_http
from weftline.engine.worker import Worker, WorkerOptions
from weftline.features.database import Database
from weftline.features.notifications.action import message_templates, notify
from weftline.features.notifications.demand import read_demand
from weftline.features.notifications.notices import MAX_ATTEMPTS, FailureNotices
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.keyring import Keyring

HERE = HttpSettings(allow_private_addresses=True)
ADA, EVE = "ada@example.com", "eve@example.com"
WORDS = {
    "name": "stuck",
    "channel": "email",
    "subject": "Order ${data.order} is stuck",
    "body": "It said: ${error.message}\n\n${execution.link}",
}


def address(path: str) -> str:
    return f"https://weftline.example{path}"


async def fail(ctx: Context) -> None:
    raise ActionError("the stock is <empty>", code="no_stock", retryable=False, details={"iban": "DE1"})


async def notify_late(ctx: Context) -> dict[str, Any]:
    sent = await notify(ctx)
    if ctx.attempt == 1:
        raise ActionError("something else went wrong")
    return sent


@pytest.fixture
async def hooks() -> AsyncIterator[Webhooks]:
    async with webhooks() as server:
        yield server


@pytest.fixture
def registry() -> ActionRegistry:
    actions = ActionRegistry()
    actions.register("notify", notify)
    actions.register("notify-late", notify_late)
    actions.register("fail", fail)
    return actions


@pytest.fixture
async def application(database: str, registry: ActionRegistry) -> AsyncIterator[Application]:
    """The API, which may call this machine."""
    options = api_options(database)
    accounts = replace(options.accounts, http=HERE)
    app = Application(replace(options, accounts=accounts, actions=registry.names()))
    async with running(app):
        yield app


@pytest.fixture
def loopback() -> Iterator[None]:
    """The worker's actions may call this machine."""
    configure_http(HERE)
    yield
    configure_http(HttpSettings())


@pytest.fixture
async def worker(database: str, registry: ActionRegistry, loopback: None) -> AsyncIterator[Worker]:
    async with message_templates(database, address):
        running_worker = Worker(database, registry, WorkerOptions(poll_seconds=0.2), keyring=Keyring(MASTER_KEY))
        await running_worker.start()
        yield running_worker
        await running_worker.stop()


@asynccontextmanager
async def process(database: str, http: HttpSettings = HERE) -> AsyncIterator[FailureNotices]:
    """The loop as another process would have it; it does not run by itself."""
    everywhere = Database(database, "weft_worker", size=2)
    yield FailureNotices(everywhere, address, http)
    await everywhere.close()


@pytest.fixture
async def notices(database: str) -> AsyncIterator[FailureNotices]:
    async with process(database) as loop:
        yield loop


def telling(**node: Any) -> dict[str, Any]:
    """A workflow that sends one message."""
    return {
        "id": "tell",
        "nodes": [
            {"id": "start", "type": "start", "next": "tell"},
            {"id": "tell", "type": "notification", "next": "end", **node},
            {"id": "end", "type": "end"},
        ],
    }


async def tell(api: Client, status: str = "completed", **node: Any) -> dict[str, Any]:
    """An execution that has sent one message, or failed to."""
    await api.publish(telling(**node))
    return await api.when_status(await api.start("tell", {"order": 7}), status)


async def failed(api: Client, **notice: Any) -> str:
    """An execution that has failed, of which somebody is to be told."""
    await api.publish(
        {
            "id": "order",
            "name": "Place an order",
            "settings": {"errorHandling": {"notifications": [notice]}},
            "nodes": [
                {"id": "start", "type": "start", "next": "reserve"},
                {"id": "reserve", "type": "action", "action": "fail", "next": "end"},
                {"id": "end", "type": "end"},
            ],
        }
    )
    id = await api.start("order", {"order": 7})
    await api.when_status(id, "failed")
    return id


async def noted(api: Client, execution: str) -> dict[str, Any]:
    """The execution's only notice."""
    answer = await api.get(f"/executions/{execution}/notifications")
    assert answer.status_code == 200, answer.text
    [notice] = answer.json()["items"]
    return notice


async def attempted(notices: FailureNotices, api: Client, execution: str, attempts: int = 1) -> dict[str, Any]:
    """The notice once so many attempts at it have ended. The application's own loop may be first."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await notices.run_once()
            notice = await noted(api, execution)
            # while an attempt is under way, it is due again soon: in less time than after any that has ended
            if notice["attempts"] >= attempts and (notice["status"] != "due" or notice["lastError"] is not None):
                return notice


async def insert(tenant: asyncpg.Connection, payload: dict[str, Any], attempts: int = 0) -> None:
    """A notice as a worker writes it."""
    await tenant.execute(
        "INSERT INTO notifications (tenant_id, id, execution_id, workflow_id, payload, attempts)"
        " VALUES ($1, $1, $1, 'order', $2, $3)",
        DEFAULT_TENANT,
        json.dumps(payload),
        attempts,
    )


async def make_due(tenant: asyncpg.Connection, **values: Any) -> None:
    """Let the time until the next attempt pass."""
    await tenant.execute("UPDATE notifications SET due_at = now() WHERE status = 'due'")
    for column, value in values.items():
        await tenant.execute(f"UPDATE notifications SET {column} = $1", value)


# --- nodes -----------------------------------------------------------------------------------------------------------


async def test_a_node_mails_each_recipient_once(api: Client, worker: Worker, mailbox: Mailbox) -> None:
    run = await tell(
        api, to=[ADA, "${ 'eve@example.com' }", ADA], subject="Order ${ order }", message="Dear <you>,\nit is here."
    )
    assert run["status"] == "completed"
    for recipient in (ADA, EVE):
        [letter] = await mailbox.to(recipient)
        assert (letter.template, letter.subject) == ("notification", "Order 7")
        assert "Dear <you>,\nit is here." in letter.text


async def test_mail_of_an_attempt_that_failed_is_never_sent(api: Client, worker: Worker, mailbox: Mailbox) -> None:
    node = {"type": "action", "action": "notify-late", "input": {"to": ADA, "message": "It is here."}}
    run = await tell(api, **node, retry={"maxAttempts": 2, "initialInterval": 0.01})
    assert run["status"] == "completed"
    assert len(await mailbox.to(ADA)) == 1


async def test_a_webhook_is_told_and_told_again_under_the_same_key(
    api: Client, worker: Worker, hooks: Webhooks
) -> None:
    hooks.statuses["/hook"] = [503]
    run = await tell(
        api,
        channel="webhook",
        to=f"{hooks.url}/hook",
        message="It is here.",
        data={"order": "${ order }"},
        retry={"maxAttempts": 3, "initialInterval": 0.01},
    )
    first, second = hooks.calls
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert second.body == {
        "subject": "Message from workflow tell",
        "message": "It is here.",
        "data": {"order": 7},
        "executionId": run["id"],
        "workflowId": "tell",
        "stepId": "tell",
        "tenant": "default",
    }


async def test_a_node_takes_its_words_from_a_template(api: Client, worker: Worker, mailbox: Mailbox) -> None:
    assert (await api.post("/message-templates", WORDS)).status_code == 201
    run = await tell(
        api, to=ADA, template="stuck", data={"order": "${ '${execution.id}' }", "error": {"message": "no stock"}}
    )
    [letter] = await mailbox.to(ADA)
    assert letter.subject == "Order ${execution.id} is stuck", "values are not looked into"
    assert f"It said: no stock\n\nhttps://weftline.example/executions/{run['id']}\n" in letter.text


@pytest.mark.parametrize(
    ("body", "code"),
    [(None, "unknown_template"), ("${ data.nothing }", "no_such_field"), ("${ item }", "unknown_name")],
)
async def test_a_node_whose_template_cannot_be_used_fails(
    api: Client, worker: Worker, mailbox: Mailbox, body: str | None, code: str
) -> None:
    if body is not None:
        assert (await api.post("/message-templates", {**WORDS, "body": body})).status_code == 201
    run = await tell(api, "failed", to=ADA, template="stuck", data={"order": 7})
    assert (run["error"]["code"], run["error"]["retryable"]) == (code, False)
    assert await mailbox.to(ADA) == []


@pytest.mark.parametrize(
    ("input", "message"),
    [
        ({"message": "m"}, "'to' must be a string"),
        ({"to": [], "message": "m"}, "'to' must name one to 50 recipients"),
        ({"to": [ADA] * 51, "message": "m"}, "'to' must name one to 50 recipients"),
        ({"to": [ADA, 7], "message": "m"}, "'to[1]' must be a string"),
        ({"to": "Ada <ada@example.com>", "message": "m"}, "'to' is not an e-mail address"),
        ({"to": ADA}, "has nothing to say"),
        ({"to": ADA, "message": 7}, "'message' must be a string"),
        ({"to": ADA, "message": "m", "template": "t"}, "not both"),
        ({"to": ADA, "message": "m", "cc": EVE}, "has no field 'cc'"),
        ({"channel": "pigeon", "to": ADA, "message": "m"}, "'channel' must be one of email, webhook"),
    ],
)
def test_an_input_that_makes_no_message_ends_the_step(input: dict[str, Any], message: str) -> None:
    with pytest.raises(ActionError) as caught:
        read_demand(input)
    assert message in caught.value.message
    assert (caught.value.code, caught.value.retryable) == ("invalid_input", False)


async def test_no_webhook_is_told_where_one_of_them_has_no_address(
    api: Client, worker: Worker, hooks: Webhooks
) -> None:
    run = await tell(api, "failed", channel="webhook", to=[hooks.url, "ftp://x"], message="m")
    assert run["error"]["code"] == "invalid_input"
    assert hooks.calls == []


# --- templates -------------------------------------------------------------------------------------------------------


async def test_templates_are_made_changed_and_removed(api: Client) -> None:
    made = await api.post("/message-templates", WORDS)
    assert made.status_code == 201
    assert made.headers["location"] == "/api/v1/message-templates/stuck"
    problem(await api.post("/message-templates", WORDS), 409, "message_template_exists")
    path = "/message-templates/stuck"
    new = {"channel": "webhook", "body": "Changed"}
    changed = await api.put(path, new, headers={"If-Match": made.headers["etag"]})
    assert changed.json() == (await api.get(path)).json()
    assert {**new, "name": "stuck", "subject": None}.items() <= changed.json().items()
    problem(await api.put(path, new, headers={"If-Match": made.headers["etag"]}), 412, "message_template_changed")
    assert (await api.post("/message-templates", {**WORDS, "name": "a"})).status_code == 201
    page = (await api.get("/message-templates", params={"limit": 1})).json()
    rest = (await api.get("/message-templates", params={"cursor": page["nextCursor"]})).json()
    assert [item["name"] for item in page["items"] + rest["items"]] == ["a", "stuck"]
    assert (await api.http.delete(f"/api/v1{path}")).status_code == 200
    problem(await api.get(path), 404, "message_template_not_found")
    entries = (await api.get("/audit", params={"resourceType": "message-template", "resourceId": "stuck"})).json()
    assert [entry["action"].partition(".")[2] for entry in entries["items"]] == ["removed", "changed", "created"]


async def test_everything_wrong_with_a_template_is_said_at_once(api: Client) -> None:
    words = {**WORDS, "subject": "${ data. }", "body": "${ order } ${ data.x"}
    document = problem(await api.post("/message-templates", words), 422, "invalid_message_template")
    assert [error["pointer"] for error in document["errors"]] == ["/subject", "/body"]
    problem(await api.get("/message-templates/stuck"), 404, "message_template_not_found")


async def test_viewers_have_nothing_to_do_with_templates_and_operators_only_see_them(
    api: Client, people: People
) -> None:
    assert (await api.post("/message-templates", WORDS)).status_code == 201
    viewer, operator = await people.join("vera", "viewer"), await people.join("otto", "operator")
    problem(await viewer.get("/message-templates/stuck"), 403, "permission_denied")
    assert (await operator.get("/message-templates/stuck")).status_code == 200
    problem(await operator.put("/message-templates/stuck", {"channel": "email", "body": "b"}), 403, "permission_denied")


# --- failures --------------------------------------------------------------------------------------------------------


async def test_people_are_told_that_an_execution_failed(
    api: Client, worker: Worker, mailbox: Mailbox, notices: FailureNotices
) -> None:
    id = await failed(api, type="email", recipients=[ADA, EVE])
    notice = await attempted(notices, api, id)
    assert (notice["status"], notice["attempts"], notice["lastError"]) == ("sent", 1, None)
    assert notice["delivered"] == notice["recipients"] == [ADA, EVE]
    assert notice["error"]["code"] == "no_stock"
    for recipient in (ADA, EVE):
        [letter] = await mailbox.to(recipient)
        assert letter.subject == "Workflow Place an order failed"
        assert "failed at step reserve.\n\nno_stock: the stock is <empty>\n" in letter.text
        assert f"/executions/{id}\n" in letter.text


async def test_people_are_told_in_the_tenants_words(
    api: Client, worker: Worker, mailbox: Mailbox, notices: FailureNotices
) -> None:
    assert (await api.post("/message-templates", WORDS)).status_code == 201
    await attempted(notices, api, await failed(api, type="email", recipients=[ADA], template="stuck"))
    [letter] = await mailbox.to(ADA)
    assert letter.subject == "Order 7 is stuck"
    assert "It said: the stock is <empty>\n" in letter.text


async def test_a_notice_whose_template_is_missing_is_sent_in_the_built_in_words(
    api: Client, worker: Worker, mailbox: Mailbox, notices: FailureNotices
) -> None:
    id = await failed(api, type="email", recipients=[ADA], template="stuck")
    notice = await attempted(notices, api, id)
    assert notice["status"] == "sent"
    assert "no message template 'stuck'" in notice["lastError"]
    [letter] = await mailbox.to(ADA)
    assert letter.subject == "Workflow Place an order failed"


async def test_several_processes_write_to_nobody_twice(
    api: Client, worker: Worker, database: str, mailbox: Mailbox
) -> None:
    ids = [await failed(api, type="email", recipients=[ADA])]
    for _ in range(9):
        ids.append(await api.start("order"))
        await api.when_status(ids[-1], "failed")
    async with process(database) as one, process(database) as other:
        await asyncio.gather(*(loop.run_once() for loop in (one, other) * 2))
        for id in ids:
            assert (await attempted(one, api, id))["status"] == "sent"
    assert len(await mailbox.to(ADA)) == 10


async def test_whoever_has_no_address_is_named_and_the_others_are_told(
    api: Client, worker: Worker, mailbox: Mailbox, notices: FailureNotices
) -> None:
    notice = await attempted(notices, api, await failed(api, type="email", recipients=["${ 'nobody' }", ADA]))
    assert (notice["status"], notice["delivered"]) == ("failed", [ADA])
    assert notice["lastError"] == "nobody: not an e-mail address"
    assert len(await mailbox.to(ADA)) == 1


async def test_only_webhooks_that_failed_are_told_again(
    api: Client, worker: Worker, hooks: Webhooks, notices: FailureNotices, tenant: asyncpg.Connection
) -> None:
    hooks.statuses["/b"] = [503]
    id = await failed(api, type="webhook", recipients=[f"{hooks.url}/a", f"{hooks.url}/b"], message="Look at it")
    notice = await attempted(notices, api, id)
    assert (notice["status"], notice["delivered"]) == ("due", [f"{hooks.url}/a"])
    assert "answered 503" in notice["lastError"]
    await make_due(tenant)
    notice = await attempted(notices, api, id, attempts=2)
    assert (notice["status"], notice["lastError"], notice["dueAt"]) == ("sent", None, None)
    assert sorted(hooks.paths()) == ["/a", "/b", "/b"]
    assert {call.headers["idempotency-key"] for call in hooks.calls} == {notice["id"]}
    body = hooks.calls[-1].body
    assert (body["message"], body["executionId"], body["stepId"]) == ("Look at it", id, "reserve")
    assert body["error"]["code"] == "no_stock"
    assert body["tenant"] == "default"


@pytest.mark.parametrize("status", [404, 503])
async def test_a_webhook_that_refuses_for_good_or_too_often_is_given_up(
    api: Client, worker: Worker, hooks: Webhooks, notices: FailureNotices, tenant: asyncpg.Connection, status: int
) -> None:
    hooks.statuses["/"] = [status] * 2
    id = await failed(api, type="webhook", recipients=[f"{hooks.url}/"])
    notice = await attempted(notices, api, id)
    if status == 503:
        assert notice["status"] == "due"
        await make_due(tenant, attempts=MAX_ATTEMPTS - 1)
        notice = await attempted(notices, api, id, MAX_ATTEMPTS)
    assert notice["status"] == "failed"
    assert f"answered {status}" in notice["lastError"]
    assert await notices.run_once() == 0


async def test_a_notice_that_a_lost_process_had_is_taken_up_and_its_late_word_is_void(
    api: Client, worker: Worker, hooks: Webhooks, database: str, tenant: asyncpg.Connection
) -> None:
    is_called, may_answer = asyncio.Event(), asyncio.Event()

    async def hesitate() -> None:
        is_called.set()
        await may_answer.wait()

    hooks.on_call, hooks.statuses["/"] = hesitate, [404]
    id = await failed(api, type="webhook", recipients=[f"{hooks.url}/"])
    async with process(database) as lost, process(database) as heir:
        losing = asyncio.create_task(lost.run_once())
        async with asyncio.timeout(PATIENCE):
            await is_called.wait()
        hooks.on_call = None
        await make_due(tenant)
        async with asyncio.timeout(PATIENCE):
            while (notice := await noted(api, id))["status"] == "due":
                await heir.run_once()
        may_answer.set()
        await losing
    assert (notice["status"], notice["attempts"]) == ("sent", 2)
    assert (await noted(api, id))["status"] == "sent"


async def test_a_process_that_always_dies_does_not_try_for_ever(
    notices: FailureNotices, tenant: asyncpg.Connection
) -> None:
    await insert(tenant, {"channel": "email", "recipients": [ADA], "error": {}}, attempts=MAX_ATTEMPTS)
    assert await notices.run_once() == 1
    row = await tenant.fetchrow("SELECT status, last_error FROM notifications")
    assert (row["status"], row["last_error"]) == ("failed", "the process that sent it ended before it was done")


async def test_webhooks_cannot_reach_into_the_network(
    database: str, hooks: Webhooks, tenant: asyncpg.Connection
) -> None:
    payload = {"channel": "webhook", "recipients": [f"{hooks.url}/"], "error": {"code": "c", "message": "m"}}
    await insert(tenant, payload)
    async with process(database, HttpSettings()) as loop:
        assert await loop.run_once() == 1
    row = await tenant.fetchrow("SELECT status, last_error FROM notifications")
    assert row["status"] == "failed" and "not an address of the public internet" in row["last_error"]
    assert hooks.calls == []


async def test_whoever_must_not_see_all_of_the_data_sees_no_recipients(
    api: Client, worker: Worker, people: People, notices: FailureNotices, application: Application
) -> None:
    rule = {"field": "iban", "effect": "mask", "visibleTo": ["admin"]}
    assert (await api.post("/field-rules", rule)).status_code == 201
    assert application.services is not None
    await application.services.cache.refresh()
    id = await failed(api, type="email", recipients=[ADA])
    notice = await attempted(notices, api, id)
    assert notice["error"]["details"] == {"iban": "DE1"}
    viewer = await people.join("vera", "viewer")
    seen = await noted(viewer, id)
    assert seen["recipients"] is seen["delivered"] is seen["lastError"] is None
    assert seen["error"]["details"] == {"iban": "•••"}


async def test_of_an_execution_that_does_not_exist_nobody_is_told(api: Client) -> None:
    answer = await api.get("/executions/0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21/notifications")
    problem(answer, 404, "execution_not_found")
