"""Runs the plugins of one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping
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
        reason: why it failed, or why it runs in an older version than is installed; None otherwise.
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
        complete: called when a plugin has added everything; raises where that does not fit together.
    """

    def __init__(
        self,
        found: Iterable[FoundPlugin],
        platform: str,
        make_app: Callable[[Plugin], A],
        owned: Iterable[Owned[Any]] = (registry, integrations),
        complete: Callable[[A], None] = lambda _: None,
    ) -> None:
        self._found = {each.id: each for each in found}
        self._platform = platform
        self._make_app = make_app
        self._owned = tuple(owned)
        self._complete = complete
        self._apps: dict[str, A] = {}
        self._states: dict[str, tuple[PluginState, str | None]] = {}
        self._stuck: dict[str, str] = {}
        self._outdated: dict[str, str] = {}
        self._turn = asyncio.Lock()
        for id in self._found:
            self._withhold(id)

    @property
    def apps(self) -> Mapping[str, A]:
        """What each started plugin has added, by id."""
        return self._apps

    def statuses(self) -> list[PluginStatus]:
        """Every plugin by id."""
        return [self._status(id, self._found[id]) for id in sorted(self._found)]

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

    async def withdraw(self, ids: Collection[str]) -> dict[str, str]:
        """Stop plugins whose modules are to be replaced, and let others of the same names take their place.

        Args:
            ids: which.

        Returns:
            Why some of them cannot be replaced: they failed to let go of what they hold.
        """
        unclean: dict[str, str] = {}
        async with self._turn:
            for id in [id for id in reversed(list(self._apps)) if id in ids]:
                error = await self._stop(id)
                if error is not None:
                    unclean[id] = f"it failed while it was stopped: {error}"
            for id in ids:
                for each in self._owned:
                    each.replace(id)
        return unclean

    async def adopt(self, found: Iterable[FoundPlugin]) -> None:
        """Take plugins that were found meanwhile, in the place of those of the same ids.

        They are started by what follows; see :meth:`follow`.
        """
        async with self._turn:
            for each in found:
                self._found[each.id] = each
                self._stuck.pop(each.id, None)
                self._outdated.pop(each.id, None)
                self._withhold(each.id)
                if each.error is None:
                    self._forget(each.id)

    async def drop(self, ids: Iterable[str]) -> None:
        """Stop plugins that are installed no more, and forget them."""
        for id in ids:
            await self.withdraw([id])
            async with self._turn:
                self._forget(id)
                for known in (self._found, self._states, self._stuck, self._outdated):
                    known.pop(id, None)

    def tell_outdated(self, id: str, reason: str | None) -> None:
        """Say with a plugin's status why it runs in an older version than is installed; None: it does not."""
        if reason is None:
            self._outdated.pop(id, None)
        elif self._outdated.get(id) != reason:
            self._outdated[id] = reason
            log.warning("plugin needs a restart of this process", plugin=id, reason=reason)

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
                    self._complete(app)
        except TimeoutError:
            await self._get_stuck(plugin, f"it did not start within {START_SECONDS:g} s")
        except Exception as error:
            await self._get_stuck(plugin, f"it failed while it was started: {type(error).__name__}: {error}")
        else:
            self._give_back(plugin.id)
            self._apps[plugin.id] = app
            self._states[plugin.id] = (PluginState.STARTED, None)
            log.info("plugin started", plugin=plugin.id, version=plugin.version)

    def _status(self, id: str, found: FoundPlugin) -> PluginStatus:
        state, reason = self._states.get(id, (PluginState.STOPPED, None))
        return PluginStatus(found, state, reason or self._outdated.get(id))

    async def _stop(self, id: str) -> str | None:
        """Stop a plugin; returns how it failed in that."""
        del self._apps[id]
        self._withhold(id)
        self._states[id] = (PluginState.STOPPED, None)
        plugin = self._found[id].plugin
        assert plugin is not None
        error = await self._let_go(plugin)
        log.info("plugin stopped", plugin=id)
        return error

    async def _get_stuck(self, plugin: Plugin, reason: str) -> None:
        await self._let_go(plugin)
        self._stuck[plugin.id] = reason
        self._fail(plugin.id, reason)

    async def _let_go(self, plugin: Plugin) -> str | None:
        try:
            async with asyncio.timeout(START_SECONDS):
                await plugin.on_shutdown()
        except Exception as error:
            told = f"{type(error).__name__}: {error}"
            log.warning("plugin failed while it was stopped", plugin=plugin.id, error=told)
            return told
        return None

    def _fail(self, id: str, reason: str) -> None:
        self._withhold(id)
        if self._states.get(id) != (PluginState.FAILED, reason):
            log.error("plugin cannot be used", plugin=id, reason=reason)
        self._states[id] = (PluginState.FAILED, reason)

    def _withhold(self, id: str) -> None:
        for each in self._owned:
            each.withhold(id)

    def _forget(self, id: str) -> None:
        for each in self._owned:
            each.forget(id)

    def _give_back(self, id: str) -> None:
        for each in self._owned:
            each.give_back(id)
