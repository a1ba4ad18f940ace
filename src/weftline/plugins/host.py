"""Runs the plugins of one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

import structlog

from weftline.authoring.action import registry
from weftline.authoring.integrations import integrations
from weftline.authoring.ownership import Owned, owned_by
from weftline.authoring.plugin import Plugin, PluginApp
from weftline.plugins.discovery import FoundPlugin
from weftline.plugins.order import in_order

log = structlog.get_logger(__name__)

START_SECONDS = 30.0
"""How long one plugin may take to start, and to stop."""


class PluginState(StrEnum):
    """What has become of a plugin in this process."""

    STARTED = "STARTED"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """A plugin, and what has become of it.

    Attributes:
        found: as it was discovered.
        state: see :class:`PluginState`.
        reason: why it failed; None otherwise.
    """

    found: FoundPlugin
    state: PluginState
    reason: str | None = None


A = TypeVar("A", bound=PluginApp)


class PluginHost(Generic[A]):
    """Starts and stops plugins. What one of them does wrong is told of it, and harms nothing else.

    Args:
        found: what was discovered.
        platform: version of Weftline.
        make_app: what a plugin gets of the platform.
        owned: what plugins register while they are imported; a stopped plugin's share is withheld.
    """

    def __init__(
        self,
        found: Iterable[FoundPlugin],
        platform: str,
        make_app: Callable[[Plugin], A],
        owned: Iterable[Owned[Any]] = (registry, integrations),
    ) -> None:
        self._found = {each.id: each for each in found}
        self._platform = platform
        self._make_app = make_app
        self._owned = tuple(owned)
        self._apps: dict[str, A] = {}
        self._states: dict[str, tuple[PluginState, str | None]] = {}
        self._stuck: dict[str, str] = {}
        self._turn = asyncio.Lock()
        for id in self._found:
            self._withhold(id)

    @property
    def apps(self) -> Mapping[str, A]:
        """What each started plugin has added, by id."""
        return self._apps

    def statuses(self) -> list[PluginStatus]:
        """Every plugin by id."""
        return [
            PluginStatus(found, *self._states.get(id, (PluginState.STOPPED, None))) for id, found in self._found.items()
        ]

    async def follow(self, wanted: Callable[[str], bool]) -> None:
        """Start the plugins that are wanted and not started, stop those that are started and not wanted.

        A plugin that has failed is tried again only after it was unwanted once.

        Args:
            wanted: whether the plugin of an id is to run.
        """
        async with self._turn:
            self._stuck = {id: reason for id, reason in self._stuck.items() if wanted(id)}
            broken = {each.id: each.error for each in self._found.values() if each.error is not None} | self._stuck
            stopped = {id: "it is stopped" for id in self._found if not wanted(id)}
            candidates = [
                each.plugin
                for each in self._found.values()
                if each.plugin is not None and wanted(each.id) and each.id not in self._stuck
            ]
            order, refusals = in_order(candidates, self._platform, {**stopped, **broken})
            kept = {plugin.id for plugin in order}
            for id in [id for id in reversed(list(self._apps)) if id not in kept]:
                await self._stop(id)
            for id in stopped:
                self._states[id] = (PluginState.STOPPED, None)
            for id, reason in [*broken.items(), *((each.id, each.reason) for each in refusals)]:
                self._fail(id, reason)
            for plugin in order:
                if plugin.id not in self._apps:
                    await self._start(plugin)

    async def close(self) -> None:
        """Stop every plugin, the last started first."""
        async with self._turn:
            for id in reversed(list(self._apps)):
                await self._stop(id)

    async def _start(self, plugin: Plugin) -> None:
        for needed in sorted(plugin.dependencies):
            if needed not in self._apps:
                self._fail(plugin.id, f"it needs '{needed}', which did not start")
                return
        app = self._make_app(plugin)
        try:
            with owned_by(plugin.id):
                async with asyncio.timeout(START_SECONDS):
                    await plugin.initialize(app)
        except TimeoutError:
            await self._get_stuck(plugin, f"it did not start within {START_SECONDS:g} s")
        except Exception as error:
            await self._get_stuck(plugin, f"it failed while it was started: {type(error).__name__}: {error}")
        else:
            self._give_back(plugin.id)
            self._apps[plugin.id] = app
            self._states[plugin.id] = (PluginState.STARTED, None)
            log.info("plugin started", plugin=plugin.id, version=plugin.version)

    async def _stop(self, id: str) -> None:
        del self._apps[id]
        self._withhold(id)
        self._states[id] = (PluginState.STOPPED, None)
        plugin = self._found[id].plugin
        assert plugin is not None
        await self._let_go(plugin)
        log.info("plugin stopped", plugin=id)

    async def _get_stuck(self, plugin: Plugin, reason: str) -> None:
        await self._let_go(plugin)
        self._stuck[plugin.id] = reason
        self._fail(plugin.id, reason)

    async def _let_go(self, plugin: Plugin) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                await plugin.on_shutdown()
        except Exception as error:
            log.warning(
                "plugin failed while it was stopped", plugin=plugin.id, error=f"{type(error).__name__}: {error}"
            )

    def _fail(self, id: str, reason: str) -> None:
        self._withhold(id)
        if self._states.get(id) != (PluginState.FAILED, reason):
            log.error("plugin cannot be used", plugin=id, reason=reason)
        self._states[id] = (PluginState.FAILED, reason)

    def _withhold(self, id: str) -> None:
        for each in self._owned:
            each.withhold(id)

    def _give_back(self, id: str) -> None:
        for each in self._owned:
            each.give_back(id)
