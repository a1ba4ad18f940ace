"""Steps whose action is a plugin's wait while the plugin does not run, and never fail by it."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import orjson
import pytest

from tests.engine.harness import MASTER_KEY, Harness, action
from weftline.authoring import Context
from weftline.authoring.action import ActionFacts
from weftline.authoring.ownership import owned_by
from weftline.authoring.plugin.registry import step_validators
from weftline.engine.worker import Worker
from weftline.model.event import Event
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.keyring import Keyring


@pytest.fixture(autouse=True)
def seals(engine: Harness) -> None:
    with owned_by("seals"):

        @engine.action("seals.seal")
        async def seal(ctx: Context) -> object:
            return "sealed"


async def held(engine: Harness, execution: UUID) -> Event:
    async def look() -> list[Event]:
        return [each for each in await engine.events(execution) if each.data is not None and each.data.get("isHeld")]

    return (await engine.until(look))[0]


async def test_a_step_waits_for_a_plugin_that_is_stopped_and_goes_on_when_it_runs(engine: Harness) -> None:
    await engine.publish(action("seal", "seals.seal", retry={"maxAttempts": 1}))
    engine.registry.withhold("seals")
    async with engine.worker():
        execution = await engine.start_one()
        event = await held(engine, execution)
        assert event.data is not None and event.data["error"]["code"] == "plugin_stopped"
        assert "'seals'" in event.data["error"]["message"]
        engine.registry.give_back("seals")
        await engine.advance_clock(60)
        assert (await engine.reach(execution))["status"] == "completed"


async def test_a_step_waits_where_its_tenant_has_disabled_the_plugin(engine: Harness) -> None:
    disabled = {(DEFAULT_TENANT, "seals")}
    await engine.publish(action("seal", "seals.seal", retry={"maxAttempts": 1}))
    worker = Worker(
        engine.url,
        engine.registry,
        clock=engine.clock,
        keyring=Keyring(MASTER_KEY),
        is_disabled=lambda tenant, plugin: (tenant, plugin) in disabled,
    )
    await worker.start()
    try:
        execution = await engine.start_one()
        event = await held(engine, execution)
        assert event.data is not None and "disabled in this tenant" in event.data["error"]["message"]
        disabled.clear()
        await engine.advance_clock(60)
        assert (await engine.reach(execution))["status"] == "completed"
    finally:
        await worker.stop()


def is_stamp(value: object) -> str | None:
    return None if str(value).startswith("ST-") else "is no number of a stamp"


@pytest.fixture
def press(engine: Harness) -> Iterator[None]:
    """An action that is not the plugin's, whose input has to pass the plugin's check."""
    number = {"type": "string", "x-validator": "mint.number"}

    async def press(ctx: Context) -> object:
        return ctx.input["stamp"]["number"]

    facts = ActionFacts(input={"type": "object", "properties": {"stamp": {"properties": {"number": number}}}})
    engine.registry.register("press", press, facts)
    with owned_by("mint"):
        step_validators.put("mint.number", is_stamp)
    yield
    step_validators.replace("mint")
    step_validators.forget("mint")
    step_validators.give_back("mint")


@pytest.mark.usefixtures("press")
async def test_a_plugins_check_refuses_the_input_of_a_step_before_its_action_is_called(engine: Harness) -> None:
    await engine.publish(action("press", "press", input={"stamp": {"number": "${ input.number }"}}))
    async with engine.worker():
        execution = await engine.start_one({"number": "7"})
        failed = await engine.reach(execution)
        assert failed["status"] == "failed"
        error = orjson.loads(failed["error"])
        assert error["code"] == "invalid_input"
        assert error["message"] == "press: input.stamp.number: is no number of a stamp"


@pytest.mark.usefixtures("press")
async def test_a_step_waits_while_the_plugin_that_checks_its_input_is_stopped(engine: Harness) -> None:
    await engine.publish(action("press", "press", input={"stamp": {"number": "ST-1"}}))
    step_validators.withhold("mint")
    async with engine.worker():
        execution = await engine.start_one()
        event = await held(engine, execution)
        assert event.data is not None and event.data["error"]["code"] == "plugin_stopped"
        assert "whose check 'mint.number' the input of 'press' has to pass" in event.data["error"]["message"]
        step_validators.give_back("mint")
        await engine.advance_clock(60)
        assert (await engine.reach(execution))["status"] == "completed"
