"""What plugins are told of: the events that webhooks are told of, in the same way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.api.client import Client, problem
from tests.api.conftest import MASTER_KEY, api_options
from tests.api.definitions import GREETING
from tests.api.test_outgoing_webhooks import HERE, Process, address
from tests.api.test_plugins import plugins_of
from tests.api.world import World, tenant_id
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.authoring import ActionRegistry
from weftline.authoring.plugin import Plugin, PluginApp, PluginEvent
from weftline.engine.worker import Worker
from weftline.features.database import Database
from weftline.features.webhooks import plugin_hooks
from weftline.features.webhooks.loops import WebhookLoops
from weftline.plugins.running import RunningPlugins
from weftline.store.bus import LocalBus
from weftline.store.keyring import Keyring


class Listener(Plugin):
    """Remembers what it is told."""

    name = "Listener"
    version = "1.0.0"

    def __init__(self, id: str, *kinds: str) -> None:
        self.id = id  # type: ignore[misc] - one class, several plugins
        self.kinds = kinds
        self.told: list[PluginEvent] = []
        self.fails = ""
        self.hangs = False

    async def initialize(self, app: PluginApp) -> None:
        for kind in self.kinds:
            app.on(kind, self.hear)

    async def hear(self, event: PluginEvent) -> None:
        self.told.append(event)
        while self.hangs:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue
        if self.fails and self.fails in (str(event.execution_id), "*"):
            raise ValueError("the s3cret of the event")


class Telling(Process):
    """The loops of a server, which do not run by themselves."""

    async def work(self) -> None:
        """Look who wants to be told, and tell all that there is to tell now."""
        await self.loops.subscriptions.run_once()
        await super().work()


@pytest.fixture
def listener() -> Listener:
    return Listener("ears", "execution.*", "step.completed")


@pytest.fixture
def other() -> Listener:
    return Listener("other", "execution.completed")


@pytest.fixture
def plugins(database: str, listener: Listener, other: Listener) -> RunningPlugins:
    return plugins_of(database, ActionRegistry(), listener, other)


@pytest.fixture
async def application(database: str, plugins: RunningPlugins) -> AsyncIterator[Application]:
    app = Application(api_options(database, plugins=plugins))
    async with app.running():
        await plugins.follow()
        yield app


@pytest.fixture
async def process(database: str, application: Application, plugins: RunningPlugins) -> AsyncIterator[Telling]:
    assert application.services is not None
    everywhere = Database(database, "weft_worker", size=4, keyring=Keyring(MASTER_KEY))
    cache = application.services.cache
    loops = WebhookLoops(everywhere, cache, Keyring(MASTER_KEY), address, HERE, LocalBus(), plugins)
    telling = Telling(loops)
    await telling.work()
    yield telling
    await loops.stop()
    await everywhere.close()


@pytest.fixture
async def owner(connect: Connect) -> asyncpg.Connection:
    return await connect("weft_worker")


async def again(owner: asyncpg.Connection, process: Telling) -> None:
    """Tell anew what is to be told later."""
    await owner.execute("UPDATE webhook_deliveries SET due_at = now() WHERE status = 'due' AND due_at <> 'infinity'")
    await process.work()


async def greet(api: Client) -> str:
    id = await api.start("greeting", {"name": "Ada"})
    await api.when_status(id, "completed")
    return id


def kinds(listener: Listener, execution: str) -> list[str]:
    return [each.kind for each in listener.told if str(each.execution_id) == execution]


async def test_a_plugin_is_told_of_what_it_wants_in_order_and_once(
    api: Client, worker: Worker, process: Telling, listener: Listener, other: Listener
) -> None:
    await api.publish(GREETING)
    ids = [await greet(api), await greet(api)]
    await process.work()
    for id in ids:
        assert kinds(listener, id) == ["execution.started", *["step.completed"] * 3, "execution.completed"]
        assert kinds(other, id) == ["execution.completed"]
    greeted = next(each for each in listener.told if each.step_id == "greet")
    assert greeted.workflow_id == "greeting" and greeted.data is not None
    assert greeted.data["output"] == {"text": "Hello Ada"}
    assert len({each.id for each in listener.told}) == len(listener.told)
    count = len(listener.told)
    await process.work()
    assert len(listener.told) == count


async def test_fields_that_rules_hide_are_hidden_from_plugins_too(
    api: Client, worker: Worker, process: Telling, listener: Listener, application: Application
) -> None:
    assert (await api.post("/field-rules", {"field": "text", "effect": "mask", "visibleTo": ["admin"]})).is_success
    assert application.services is not None
    await application.services.cache.refresh()
    await api.publish(GREETING)
    await api.publish({**GREETING, "id": "sealed", "settings": {"encrypt": True}})
    for workflow in ("greeting", "sealed"):
        await api.when_status(await api.start(workflow, {"name": "Ada"}), "completed")
    await process.work()
    seen = {each.workflow_id: each.data for each in listener.told if each.step_id == "greet"}
    assert seen == {"greeting": {"output": {"text": "•••"}}, "sealed": None}


async def test_a_handler_that_raises_is_told_again_and_given_up_in_the_end(
    api: Client,
    worker: Worker,
    process: Telling,
    listener: Listener,
    other: Listener,
    owner: asyncpg.Connection,
) -> None:
    await api.publish(GREETING)
    bad, good = await greet(api), await greet(api)
    listener.fails = bad
    await process.work()
    assert kinds(listener, bad) == ["execution.started"], "what follows waits"
    for _ in range(plugin_hooks.MAX_ATTEMPTS - 1):
        assert (await api.get("/plugins/ears")).json()["faults"] == []
        await again(owner, process)
    assert kinds(listener, good)[-1] == kinds(other, bad)[-1] == "execution.completed", "others went on"
    tries = [each for each in listener.told if str(each.execution_id) == bad and each.kind == "execution.started"]
    assert len(tries) == plugin_hooks.MAX_ATTEMPTS and len({each.id for each in tries}) == 1
    listener.fails = ""
    await again(owner, process)
    assert kinds(listener, bad)[-1] == "execution.completed", "what follows is told"
    shown = await api.get("/plugins/ears")
    faults = {each["part"]: each["message"] for each in shown.json()["faults"]}
    assert faults["hook execution.started"] == "given up: it raised ValueError" and "s3cret" not in shown.text


async def test_a_handler_that_hangs_is_cut_and_others_go_on(
    api: Client,
    worker: Worker,
    process: Telling,
    listener: Listener,
    other: Listener,
    owner: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plugin_hooks, "TIMEOUT_SECONDS", 0.2)
    await api.publish(GREETING)
    listener.hangs = True
    id = await greet(api)
    await process.work()
    assert kinds(other, id) == ["execution.completed"] and kinds(listener, id) == ["execution.started"]
    error = await owner.fetchval("SELECT last_error FROM webhook_deliveries WHERE last_error IS NOT NULL")
    assert error == "not done within 0.2 s"
    listener.hangs = False
    await again(owner, process)
    assert kinds(listener, id)[-1] == "execution.completed"


async def test_it_is_told_only_in_tenants_where_it_is_enabled(
    world: World, worker: Worker, process: Telling, listener: Listener
) -> None:
    globex, initech = await world.found("globex"), await world.found("initech")
    assert (await initech.post("/plugins/ears/disable", None)).status_code == 200
    await process.work()
    for person in (globex, initech):
        await person.publish(GREETING)
        await greet(person)
    await process.work()
    assert {str(each.tenant_id) for each in listener.told} == {await tenant_id(globex)}
    assert (await initech.post("/plugins/ears/enable", None)).status_code == 200
    await process.work()
    assert await tenant_id(initech) not in {str(each.tenant_id) for each in listener.told}, "not of what was"
    await greet(initech)
    await process.work()
    assert await tenant_id(initech) in {str(each.tenant_id) for each in listener.told}


async def test_one_that_is_off_until_a_tenant_enables_it_is_told_of_that_tenant_alone(
    world: World, worker: Worker, process: Telling, plugins: RunningPlugins, other: Listener
) -> None:
    globex = await world.found("globex")
    other.is_enabled_by_default = False  # type: ignore[misc] - as a class of its own would say
    await plugins.look()
    assert (await globex.post("/plugins/other/enable", None)).status_code == 200
    await process.work()
    for person in (globex, world.operator):
        await person.publish(GREETING)
        await greet(person)
    await process.work()
    assert {str(each.tenant_id) for each in other.told} == {await tenant_id(globex)}


async def test_what_happens_while_it_is_stopped_it_is_never_told(
    api: Client, worker: Worker, process: Telling, listener: Listener, other: Listener
) -> None:
    await api.publish(GREETING)
    assert (await api.post("/platform/plugins/ears/stop", None)).status_code == 200
    await process.work()
    missed = await greet(api)
    await process.work()
    assert (await api.post("/platform/plugins/ears/start", None)).status_code == 200
    await process.work()
    told = await greet(api)
    await process.work()
    assert kinds(listener, missed) == [] and kinds(listener, told)[-1] == "execution.completed"
    assert kinds(other, missed) == kinds(other, told) == ["execution.completed"]


async def test_a_plugin_that_runs_nowhere_any_more_is_told_nothing(
    api: Client, worker: Worker, process: Telling, owner: asyncpg.Connection
) -> None:
    await owner.execute(
        "UPDATE webhooks SET plugin_id = 'gone', updated_at = now() - interval '2 hours' WHERE plugin_id = 'ears'"
    )
    process.loops.subscriptions.wake()
    await process.work()
    rows = await owner.fetch("SELECT plugin_id, status FROM webhooks ORDER BY plugin_id")
    assert [tuple(row) for row in rows] == [("ears", "active"), ("gone", "disabled"), ("other", "active")]


async def test_plugins_are_not_among_the_webhooks_that_people_see(
    api: Client, process: Telling, owner: asyncpg.Connection
) -> None:
    assert (await api.get("/webhooks")).json()["items"] == []
    id = await owner.fetchval("SELECT id FROM webhooks WHERE plugin_id = 'ears'")
    problem(await api.get(f"/webhooks/{id}"), 404, "outgoing_webhook_not_found")
    problem(await api.get(f"/webhooks/{id}/deliveries"), 404, "outgoing_webhook_not_found")


async def test_a_kind_that_there_is_not_keeps_the_plugin_from_starting(database: str) -> None:
    plugins = plugins_of(database, ActionRegistry(), Listener("ears", "execution.faild"))
    app = Application(api_options(database, plugins=plugins))
    async with app.running():
        [status] = await plugins.statuses()
        assert status.reason is not None and "did you mean 'execution.failed'?" in status.reason
