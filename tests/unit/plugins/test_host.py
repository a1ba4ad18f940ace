"""Plugins start and stop; what one does wrong stays its own affair."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from weftline.authoring.ownership import Owned, owned_by
from weftline.authoring.plugin import Plugin
from weftline.plugins import FoundPlugin, PluginHost, PluginState, host


@dataclass
class Trace:
    lines: list[str] = field(default_factory=list[str])
    things: Owned[str] = field(default_factory=Owned[str])

    def plugin(
        self,
        id: str,
        *,
        needs: tuple[str, ...] = (),
        start: Callable[[], Any] | None = None,
        stop: Callable[[], Any] | None = None,
    ) -> FoundPlugin:
        trace = self

        class Made(Plugin):
            dependencies = dict.fromkeys(needs, "")

            async def initialize(self, app: Any) -> None:
                trace.lines.append(f"start {id}")
                if start is not None:
                    await start()
                trace.things.put(f"{id}.late", id)

            async def on_shutdown(self) -> None:
                trace.lines.append(f"stop {id}")
                if stop is not None:
                    await stop()

        Made.id, Made.name, Made.version = id, id, "1.0"
        with owned_by(id):
            self.things.put(f"{id}.early", id)
        return FoundPlugin(id, f"weft-{id}", "1.0", Made())

    def host(self, *found: FoundPlugin) -> PluginHost[Any]:
        return PluginHost(found, "1.0", lambda plugin: plugin.id, (self.things,))  # type: ignore[arg-type, return-value]


def states(plugins: PluginHost[Any]) -> dict[str, PluginState]:
    return {each.found.id: each.state for each in plugins.statuses()}


def reason(plugins: PluginHost[Any], id: str) -> str | None:
    return next(each.reason for each in plugins.statuses() if each.found.id == id)


async def fail() -> None:
    raise OSError("no such device")


async def test_plugins_start_in_order_and_end_in_the_opposite_one() -> None:
    trace = Trace()
    plugins = trace.host(trace.plugin("a", needs=("b",)), trace.plugin("b"))
    assert trace.things.names() == frozenset()
    await plugins.follow(lambda id: True)
    assert trace.things.names() == {"a.early", "a.late", "b.early", "b.late"}
    await plugins.close()
    assert trace.lines == ["start b", "start a", "stop a", "stop b"]
    assert trace.things.names() == frozenset()


async def test_a_plugin_that_fails_takes_only_those_along_that_need_it() -> None:
    trace = Trace()
    plugins = trace.host(trace.plugin("a", needs=("b",)), trace.plugin("b", start=fail), trace.plugin("c"))
    await plugins.follow(lambda id: True)
    assert states(plugins) == {"a": PluginState.FAILED, "b": PluginState.FAILED, "c": PluginState.STARTED}
    assert reason(plugins, "b") == "it failed while it was started: OSError: no such device"
    assert reason(plugins, "a") == "it needs 'b', which did not start"
    assert trace.things.names() == {"c.early", "c.late"}
    assert "stop b" in trace.lines, "what it had taken by then is let go"


async def test_one_that_has_failed_is_tried_again_once_it_was_stopped() -> None:
    trace = Trace()
    plugins = trace.host(trace.plugin("b", start=fail))
    await plugins.follow(lambda id: True)
    await plugins.follow(lambda id: True)
    assert trace.lines.count("start b") == 1
    await plugins.follow(lambda id: False)
    assert states(plugins) == {"b": PluginState.STOPPED}
    await plugins.follow(lambda id: True)
    assert trace.lines.count("start b") == 2


async def test_who_needs_a_stopped_plugin_stops_too_and_comes_back_with_it() -> None:
    trace = Trace()
    plugins = trace.host(trace.plugin("a", needs=("b",)), trace.plugin("b"))
    await plugins.follow(lambda id: True)
    await plugins.follow(lambda id: id != "b")
    assert trace.lines[-2:] == ["stop a", "stop b"]
    assert reason(plugins, "a") == "it needs 'b', which cannot be used: it is stopped"
    assert trace.things.names() == frozenset()
    await plugins.follow(lambda id: True)
    assert set(states(plugins).values()) == {PluginState.STARTED}
    assert trace.things.names() == {"a.early", "a.late", "b.early", "b.late"}


async def test_a_plugin_that_does_not_come_to_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "START_SECONDS", 0.05)
    trace = Trace()
    never = asyncio.Event().wait
    plugins = trace.host(trace.plugin("a", start=never), trace.plugin("b", stop=never))
    await plugins.follow(lambda id: True)
    assert reason(plugins, "a") == "it did not start within 0.05 s"
    await plugins.close()
    assert states(plugins)["b"] is PluginState.STOPPED


async def test_one_that_cannot_be_imported_is_told_of() -> None:
    plugins = Trace().host(FoundPlugin("a", "weft-a", "1.0", None, "cannot be imported: ImportError: no module"))
    await plugins.follow(lambda id: True)
    assert reason(plugins, "a") == "cannot be imported: ImportError: no module"
