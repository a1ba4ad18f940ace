"""Secrets reach the action that names them, and nothing and nobody else."""

from __future__ import annotations

import asyncio
import base64
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest
from structlog.typing import EventDict

from tests.api.client import Client, problem, running
from tests.api.conftest import api_options
from tests.api.ledger import ONCE, Ledger
from tests.api.test_variables import calling, set_variable
from weftline.api.app import Application
from weftline.authoring import ActionError, Context, Result
from weftline.engine.secrets import masked_output
from weftline.engine.worker import Worker

TOKEN = "tok-4f9c/7b 2e81"
LABEL = "[secret TOKEN]"


@pytest.fixture
async def application(database: str) -> AsyncIterator[Application]:
    """The API, for definitions that call any action."""
    app = Application(replace(api_options(database), actions=None))
    async with running(app):
        yield app


@pytest.fixture
def seen(ledger: Ledger) -> list[Any]:
    """What the actions of these tests were given."""
    given: list[Any] = []

    async def use(ctx: Context) -> str:
        given.append(ctx.input)
        return "used"

    async def ask(ctx: Context) -> str:
        given.append(await ctx.secret(ctx.input["name"]))
        return "asked"

    async def leak(ctx: Context) -> Any:
        token = ctx.input["token"]
        ctx.logger.info(f"calling with {token}", headers={"Authorization": f"Bearer {token}"}, raw=token.encode())
        try:
            raise ValueError(token)
        except ValueError:
            ctx.logger.exception("it failed")
        basic = base64.b64encode(f"user:{token}".encode()).decode()
        nested = {token: [f"x{token}y", {"basic": basic, "url": quote(token, safe="")}]}
        ctx.audit("thing.done", details={"token": token})
        return Result(output=nested, data={"kept": token}, message=f"with {token}", metadata={"m": token})

    def fail(ctx: Context) -> None:
        token = ctx.input["token"]
        if ctx.input["how"] == "refused":
            raise ActionError(f"no {token}", code=f"bad_{token}", details={"headers": {"auth": token}}, retryable=False)
        raise RuntimeError(f"broken by {token}")

    for name, function in {"use": use, "ask": ask, "leak": leak, "fail": fail}.items():
        ledger.registry.register(name, function)
    return given


@pytest.fixture
async def site(api: Client, seen: list[Any], worker: Worker) -> AsyncIterator[Client]:
    """A tenant with a secret, and a worker."""
    await set_variable(api, "TOKEN", TOKEN, "SECRET")
    yield api


async def everything(api: Client, execution: str, tenant: asyncpg.Connection) -> str:
    """All that the database and the API say of an execution, but for what is sealed."""
    answers = [
        await api.get(f"/executions/{execution}"),
        await api.get(f"/executions/{execution}/events", params={"limit": "200"}),
        await api.get(f"/executions/{execution}/steps"),
        await api.get("/executions"),
        await api.get(f"/executions/{execution}/notifications"),
        await api.get("/tasks"),
        await api.get("/audit"),
        await api.get("/audit/export"),
    ]
    assert all(answer.status_code == 200 for answer in answers), [answer.text for answer in answers]
    shown = "".join(answer.text for answer in answers)
    assert "secret:TOKEN" not in shown, "a marker is shown"
    tables = ("executions", "events", "inbox", "dispatches", "human_tasks", "notifications", "execution_labels")
    stored = [await tenant.fetchval(f"SELECT coalesce(string_agg(t::text, ''), '') FROM {name} t") for name in tables]
    return shown + "".join(stored)


def assert_hidden(text: str) -> None:
    """The secret is nowhere, in none of its forms."""
    forms = (TOKEN, quote(TOKEN, safe=""), TOKEN.encode().hex(), base64.b64encode(TOKEN.encode()).decode()[:-4])
    assert not [form for form in forms if form in text]
    assert base64.b64encode(f"user:{TOKEN}".encode()).decode()[8:-4] not in text


async def test_an_action_gets_the_value_within_text_and_the_log_shows_a_label(
    site: Client, seen: list[Any], tenant: asyncpg.Connection
) -> None:
    headers = {"Authorization": "Bearer ${vars.TOKEN}", "deep": [{"x": "${ vars['TOKEN'] + '!' }"}]}
    await site.publish(calling("use", input=headers))
    execution = await site.start("w")
    await site.when_status(execution, "completed")
    assert seen == [{"Authorization": f"Bearer {TOKEN}", "deep": [{"x": f"{TOKEN}!"}]}]
    [step] = (await site.get(f"/executions/{execution}/steps")).json()["items"]
    assert step["input"]["Authorization"] == f"Bearer {LABEL}"
    assert_hidden(await everything(site, execution, tenant))


async def test_the_next_attempt_gets_the_value_by_then_and_fails_where_there_is_none(
    site: Client, seen: list[Any], ledger: Ledger
) -> None:
    ledger.down.add("call")
    retry = {"maxAttempts": 5, "initialInterval": "1h", "maxInterval": "1h"}
    await site.publish(calling("do", input={"token": "${vars.TOKEN}"}, retry=retry))
    changed, gone = await site.start("w"), await site.start("w")
    for execution in (changed, gone):
        await site.when_status(execution, "waiting")
    ledger.down.clear()
    await set_variable(site, "TOKEN", "another one", "SECRET")
    await site.post(f"/executions/{changed}/retry", {})
    await site.when_status(changed, "completed")
    assert ledger.inputs["call"] == {"token": "another one"}
    await site.http.delete("/api/v1/variables/TOKEN")
    await site.post(f"/executions/{gone}/retry", {})
    assert (await site.when_status(gone, "failed"))["error"]["code"] == "unknown_name"


async def test_everything_that_an_action_says_is_masked(
    site: Client, tenant: asyncpg.Connection, logs: list[EventDict]
) -> None:
    await site.publish(calling("leak", input={"token": "${vars.TOKEN}"}, output={"mapped": "${result}"}))
    execution = await site.start("w")
    ended = await site.when_status(execution, "completed")
    assert ended["data"]["kept"] == "***"
    assert list(ended["data"]["mapped"]) == ["***"]
    assert ended["data"]["mapped"]["***"][0] == "x***y"
    assert_hidden(await everything(site, execution, tenant))
    mine = [entry for entry in logs if entry.get("step") == "call"]
    assert [entry["event"] for entry in mine] == ["calling with ***", "it failed"]
    assert mine[0]["headers"] == {"Authorization": "Bearer ***"}
    assert "ValueError: ***" in mine[1]["exception"]
    assert_hidden(repr(logs))


@pytest.mark.parametrize("how", ["refused", "crashed"])
async def test_errors_are_masked_too(site: Client, tenant: asyncpg.Connection, logs: list[EventDict], how: str) -> None:
    await site.publish(calling("fail", input={"token": "${vars.TOKEN}", "how": how}, retry=ONCE))
    execution = await site.start("w")
    error = (await site.when_status(execution, "failed"))["error"]
    assert "***" in error["message"]
    assert_hidden(await everything(site, execution, tenant))
    assert_hidden(repr(logs))


async def test_what_a_plain_function_prints_after_its_timeout_is_masked_too(
    site: Client, ledger: Ledger, capsys: pytest.CaptureFixture[str]
) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def dawdle(ctx: Context) -> None:
        go_on.wait()
        print(ctx.input["token"])
        ended.set()

    ledger.registry.register("dawdle", dawdle)
    await site.publish(calling("dawdle", input={"token": "${vars.TOKEN}"}, timeout="10ms", retry=ONCE))
    execution = await site.start("w")
    with masked_output():
        await site.when_status(execution, "failed")
        go_on.set()
        await asyncio.to_thread(ended.wait)
    assert capsys.readouterr().out == "***\n"


async def test_elsewhere_a_secret_is_its_label(site: Client, seen: list[Any], tenant: asyncpg.Connection) -> None:
    secret = "${vars.TOKEN}"
    nodes = [
        {"id": "keep", "type": "set", "values": {"kept": secret, "all": "${vars}"}, "next": "choose"},
        {
            "id": "choose",
            "type": "decision",
            "cases": [{"when": f"vars.TOKEN == {TOKEN!r}", "next": "end"}],
            "default": "tell",
        },
        {"id": "tell", "type": "emit", "event": "told", "correlation": secret, "payload": secret, "next": "use"},
        {
            "id": "use",
            "type": "action",
            "action": "use",
            "input": {"kept": "${kept}", "any": "${vars[input.which]}", "all": "${vars}"},
            "next": "child",
        },
        {"id": "child", "type": "subworkflow", "workflow": "other", "input": {"token": secret}, "next": "ask"},
        {"id": "ask", "type": "human-task", "name": "Ask", "assignTo": secret, "outcomes": {"done": "stop"}},
        {"id": "stop", "type": "fail", "code": "stopped", "message": secret, "details": {"token": secret}},
        {"id": "end", "type": "end"},
    ]
    notice = {"type": "webhook", "recipients": "https://example.com/x", "message": secret}
    settings = {"errorHandling": {"strategy": "fail", "notifications": [notice]}}
    await site.publish(calling("use", id="other", input={"given": "${input.token}"}))
    await site.publish({"id": "w", "nodes": nodes, "settings": settings})
    execution = await site.start("w", {"which": "TOKEN"})
    await site.when(execution, lambda now: now["currentSteps"] == ["ask"])
    [task] = (await site.get("/tasks")).json()["items"]
    answer = await site.post(f"/tasks/{task['id']}/complete", {"outcome": "done", "data": {}})
    assert answer.status_code == 200, answer.text
    error = (await site.when_status(execution, "failed"))["error"]
    assert (error["message"], error["details"]["token"]) == (LABEL, LABEL)
    first, in_child = seen
    assert (first["kept"], first["any"], first["all"]["TOKEN"]) == (LABEL, LABEL, LABEL)
    assert in_child == {"given": LABEL}
    assert_hidden(await everything(site, execution, tenant))


async def test_what_imitates_a_marker_gets_no_secret(site: Client, seen: list[Any], tenant: asyncpg.Connection) -> None:
    await site.publish(calling("use", input={"token": "${vars.TOKEN}", "text": "${input.text}"}))
    await site.when_status(await site.start("w", {"text": "-"}), "completed")
    real = await tenant.fetchval("SELECT data->'input'->>'token' FROM events WHERE type = 'STEP_STARTED'")
    forged = real.replace(real[-10:-1], "000000000")
    await site.when_status(await site.start("w", {"text": f"{real} {forged}"}), "completed")
    assert seen[-1] == {"token": TOKEN, "text": f"{LABEL} {LABEL}"}


@pytest.mark.parametrize("action", ["leak", "fail"])
@pytest.mark.parametrize("value", ["message", "null", "call", "action"])
async def test_a_secret_like_a_name_of_the_platforms_damages_no_record(
    site: Client, seen: list[Any], value: str, action: str
) -> None:
    await set_variable(site, "TOKEN", value, "SECRET")
    await site.publish(calling(action, input={"token": "${vars.TOKEN}", "how": "refused"}, retry=ONCE))
    execution = await site.start("w")
    ended = await site.when_status(execution, "completed" if action == "leak" else "failed")
    if action == "fail":
        assert (ended["error"]["message"], ended["error"]["stepId"]) == ("no ***", "call")
    else:
        entries = (await site.get("/audit", params={"action": "thing.done"})).json()["items"]
        assert [entry["after"]["details"] for entry in entries] == [{"token": "***"}]


async def test_an_input_that_cannot_be_made_shows_a_label_to_everybody(
    site: Client, seen: list[Any], tenant: asyncpg.Connection
) -> None:
    nodes = [
        {"id": "call", "type": "action", "action": "use", "input": {"x": "${data[vars.TOKEN]}"}, "onError": "tell"},
        {"id": "tell", "type": "action", "action": "use", "input": {"why": "${error.message}"}},
    ]
    await site.publish({"id": "w", "nodes": nodes})
    execution = await site.start("w")
    await site.when_status(execution, "completed")
    [told] = seen
    assert LABEL in told["why"]
    assert_hidden(await everything(site, execution, tenant))


async def test_an_input_that_somebody_edits_names_no_secret(site: Client, seen: list[Any], ledger: Ledger) -> None:
    ledger.broken.add("call")
    await site.publish(calling("do", input={"token": "${vars.TOKEN}"}, retry=ONCE))
    execution = await site.start("w")
    await site.when_status(execution, "failed")
    ledger.broken.clear()
    shown = (await site.get(f"/executions/{execution}/steps")).json()["items"][0]["input"]
    answer = await site.post(f"/executions/{execution}/retry", {"input": {**shown, "more": "${vars.TOKEN}"}})
    assert answer.status_code == 200, answer.text
    await site.when_status(execution, "completed")
    assert ledger.inputs["call"] == {"token": LABEL, "more": "${vars.TOKEN}"}


async def test_an_action_can_ask_for_a_secret_and_a_compensation_gets_one(
    site: Client, seen: list[Any], tenant: asyncpg.Connection
) -> None:
    undo = {"action": "use", "input": {"token": "${vars.TOKEN}", "what": "${result}"}}
    nodes = [
        {"id": "a", "type": "action", "action": "ask", "input": {"name": "TOKEN"}, "compensate": undo, "next": "b"},
        {"id": "b", "type": "action", "action": "ask", "input": {"name": "NONE"}},
    ]
    await site.publish({"id": "w", "nodes": nodes, "settings": {"errorHandling": {"strategy": "compensate"}}})
    execution = await site.start("w")
    error = (await site.when_status(execution, "failed"))["error"]
    assert (error["code"], error["message"]) == ("unknown_secret", "there is no secret variable 'NONE'")
    assert seen == [TOKEN, {"token": TOKEN, "what": "asked"}]
    assert_hidden(await everything(site, execution, tenant))


async def test_search_attributes_and_limits_know_no_variables(site: Client) -> None:
    settings = {"searchAttributes": {"token": "${vars.TOKEN}"}}
    await site.publish({**calling("use"), "settings": settings})
    answer = await site.post("/workflows/w/executions", {"input": {}})
    assert answer.status_code == 422
    assert TOKEN not in answer.text
    problem(answer, 422, answer.json()["code"])


async def test_an_execution_in_hand_sees_changes(site: Client, seen: list[Any], ledger: Ledger, worker: Worker) -> None:
    holding, go_on = asyncio.Event(), asyncio.Event()

    async def hold(ctx: Context) -> None:
        holding.set()
        await go_on.wait()

    ledger.registry.register("hold", hold)
    await set_variable(site, "WORD", "before")
    token = {"word": "${vars.WORD}", "token": "${vars.TOKEN}"}
    nodes = [
        {"id": "a", "type": "action", "action": "use", "input": token, "next": "b"},
        {"id": "b", "type": "action", "action": "hold", "next": "c"},
        {"id": "c", "type": "action", "action": "use", "input": token},
    ]
    await site.publish({"id": "w", "nodes": nodes})
    execution = await site.start("w")
    await holding.wait()
    await set_variable(site, "WORD", "after")
    await set_variable(site, "TOKEN", "another one", "SECRET")
    await worker.parts.variables.run_once()
    go_on.set()
    await site.when_status(execution, "completed")
    assert seen == [{"word": "before", "token": TOKEN}, {"word": "after", "token": "another one"}]
