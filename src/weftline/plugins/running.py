"""The plugins of one process, started and stopped as the platform's operators wish."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from weftline.authoring.action import ActionRegistry
from weftline.authoring.integrations import integrations
from weftline.authoring.plugin import AuthProvider, EventHandler, Plugin, Policy, RecordStore
from weftline.authoring.plugin.registry import plugin_node_types, plugin_of, step_validators
from weftline.language.plugin_nodes import PluginParts
from weftline.plugins.app import HostedApp, Process
from weftline.plugins.discovery import FoundPlugin
from weftline.plugins.host import PluginHost, PluginStatus
from weftline.plugins.installed import InstalledPackages
from weftline.plugins.market import PluginMarket
from weftline.plugins.renewal import Renewal
from weftline.store.connect import connect
from weftline.store.errors import StoreUnavailable, translated
from weftline.store.keyring import Keyring
from weftline.store.plugin_records import Actor, RecordPool, StoredRecords
from weftline.store.plugins import PluginSwitches, plugin_configuration, plugin_switches

log = structlog.get_logger(__name__)

POLL_SECONDS = 2.0
"""Between looks for what was switched on or off."""

READY_SECONDS = 10.0
"""How long a starting process waits for its plugins, before it begins without those that are not there yet."""


class RunningPlugins:
    """Follows what is wanted of plugins, and knows how they are.

    Args:
        found: what was discovered.
        platform: version of Weftline.
        url: of the database.
        keyring: opens what tenants have set.
        process: which this is.
        actions: what plugins registered theirs in.
        packages: what is installed may change while this process runs; None: it does not.
        market: from where more can be installed; None: from nowhere.

    Attributes:
        market: as it was given.
    """

    def __init__(
        self,
        found: Iterable[FoundPlugin],
        platform: str,
        url: str,
        keyring: Keyring,
        process: Process,
        actions: ActionRegistry,
        packages: InstalledPackages | None = None,
        market: PluginMarket | None = None,
    ) -> None:
        self.market = market
        self._found = {each.id: each for each in found}
        self._url = url
        self._keyring = keyring
        self._process: Process = process
        self._actions = actions
        self._host = PluginHost[HostedApp](
            self._found.values(),
            platform,
            self._make_app,
            (actions, integrations, step_validators, plugin_node_types),
            HostedApp.complete,
        )
        self._records = RecordPool(url)
        self._permissions: Collection[str] | None = None
        self._kinds: Collection[str] | None = None
        self._renewal = None if packages is None else Renewal(packages, self._host, self._found)
        self._switches = PluginSwitches()
        self._on_change: list[Callable[[], None]] = []
        self._told: object = None
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._turn = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start the plugins that are wanted, and follow what is, and what is installed.

        Returns after ``READY_SECONDS`` at the latest: a plugin that takes longer comes later.
        """
        if self._task is not None or (not self._found and self._renewal is None):
            return
        is_ready = asyncio.Event()
        self._task = asyncio.create_task(self._follow_for_ever(is_ready), name="plugins")
        try:
            async with asyncio.timeout(READY_SECONDS):
                await is_ready.wait()
        except TimeoutError:
            log.warning("plugins are still being started", waited_seconds=READY_SECONDS)

    async def stop(self) -> None:
        """Stop every plugin."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._host.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()
        await self._records.close()

    def serve(self, permissions: Collection[str], actor: Actor, kinds: Collection[str]) -> None:
        """Be told what a server knows; before :meth:`start`.

        Args:
            permissions: the platform's, always as of now.
            actor: who makes the request that is answered.
            kinds: patterns of the events that there are.
        """
        self._permissions = permissions
        self._kinds = kinds
        self._records.actor = actor

    def on_change(self, changed: Callable[[], None]) -> None:
        """Be called when other plugins run here, or are there for tenants, than before."""
        self._on_change.append(changed)

    async def follow(self) -> None:
        """Look once what is installed and wanted, and see to it.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self._renewal is not None:
            async with self._looking:
                await self._renewal.take_up()
        if self._found:
            await self.look()
            stopped = self._switches.stopped
            await self._host.follow(lambda id: id not in stopped)
        self._tell_changes()

    async def look(self) -> None:
        """Look once what is switched off and on, and leave starting and stopping to those who follow.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        on = [id for id, found in self._found.items() if found.is_enabled_by_default]
        off = [id for id, found in self._found.items() if not found.is_enabled_by_default]
        async with self._database() as connection:
            self._switches = await plugin_switches(connection, on, off)
        self._tell_changes()

    async def statuses(self) -> Sequence[PluginStatus]:
        """How the plugins of this process are, by id. One that follows nothing yet (a command) looks first.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self._task is None:
            await self.follow()
        return self._host.statuses()

    def find(self, plugin_id: str) -> FoundPlugin | None:
        """A plugin that is installed here."""
        return self._found.get(plugin_id)

    def is_wanted(self, plugin_id: str) -> bool:
        """Whether a plugin is to run, as far as this process knows."""
        return plugin_id not in self._switches.stopped

    def is_disabled(self, tenant_id: UUID, plugin_id: str) -> bool:
        """Whether a plugin is not there for a tenant: disabled, or never enabled where it is off until then."""
        found, switches = self._found.get(plugin_id), self._switches
        if found is not None and not found.is_enabled_by_default:
            return (tenant_id, plugin_id) not in switches.enabled
        return bool(switches.disabled) and (tenant_id, plugin_id) in switches.disabled

    def app_of(self, plugin_id: str) -> HostedApp | None:
        """What a plugin has added; None where it does not run here."""
        return self._host.apps.get(plugin_id)

    def apps(self, tenant_id: UUID) -> list[tuple[str, HostedApp]]:
        """What the plugins have added that are there for a tenant, by id."""
        return [(id, app) for id, app in sorted(self._host.apps.items()) if not self.is_disabled(tenant_id, id)]

    async def parts(self, tenant_id: UUID) -> PluginParts:
        """What of plugins a tenant's definitions may use. One that follows nothing yet (a command) looks first.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        if self._task is None:
            await self.follow()
        there = {id for id, _ in self.apps(tenant_id)}
        return PluginParts(
            {each.name: each for each in plugin_node_types if plugin_of(each.name) in there},
            {name for name in step_validators.names() if plugin_of(name) in there},
        )

    def policies(self, tenant_id: UUID) -> list[Policy]:
        """What plugins forbid in a tenant."""
        return [each for _, app in self.apps(tenant_id) for each in app.policies.values()]

    def has_auth_providers(self) -> bool:
        """Whether any plugin that runs here lets people sign in, in whatever tenant."""
        return any(app.auth_providers for app in self._host.apps.values())

    def auth_providers(self, tenant_id: UUID) -> list[AuthProvider]:
        """The ways to sign in to a tenant that plugins add, by name."""
        return [each for _, app in self.apps(tenant_id) for each in app.auth_providers.values()]

    def hooks(self) -> Mapping[str, Sequence[str]]:
        """Patterns of the events that the plugins want to be told of which run here, by plugin."""
        return {id: app.hooks.patterns for id, app in self._host.apps.items()}

    def handlers(self, plugin_id: str, kind: str) -> Sequence[EventHandler]:
        """Whom a plugin tells of events of a kind; nobody where it does not run here."""
        app = self.app_of(plugin_id)
        return () if app is None else app.hooks.handlers(kind)

    def is_enabled_by_default(self, plugin_id: str) -> bool:
        """Whether a plugin is there for tenants that have not chosen."""
        found = self._found.get(plugin_id)
        return found is None or found.is_enabled_by_default

    def hidden_actions(self, tenant_id: UUID) -> frozenset[str]:
        """Names of the actions that are not there for a tenant, as their plugins are disabled in it."""
        disabled = {plugin_id for plugin_id in self._found if self.is_disabled(tenant_id, plugin_id)}
        if not disabled:
            return frozenset()
        return frozenset(name for name in self._actions.names() if self._actions.owner_of(name) in disabled)

    async def _follow_for_ever(self, is_ready: asyncio.Event) -> None:
        while True:
            try:
                await self.follow()
                is_ready.set()
            except StoreUnavailable as error:
                log.warning("database unavailable", loop="plugins", error=str(error))
            except Exception:
                # a defect in one turn must not end the loop for ever; it is logged and tried again
                log.exception("loop failed", loop="plugins")
            await asyncio.sleep(POLL_SECONDS)

    def _tell_changes(self) -> None:
        now = (self._switches, tuple(self._host.apps.items()))
        if now != self._told:
            self._told = now
            for changed in self._on_change:
                changed()

    def _make_app(self, plugin: Plugin) -> HostedApp:
        return HostedApp(plugin, self._process, self._stored, self._records_of, self._permissions, self._kinds)

    def _records_of(self, plugin_id: str, collection: str) -> RecordStore:
        return StoredRecords(self._records, plugin_id, collection)

    async def _stored(self, tenant_id: UUID, plugin_id: str) -> dict[str, Any]:
        async with self._database() as connection:
            return await plugin_configuration(connection, self._keyring, tenant_id, plugin_id)

    @asynccontextmanager
    async def _database(self) -> AsyncGenerator[asyncpg.Connection[asyncpg.Record]]:
        """The one connection, made when it is first needed and again after it broke."""
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                with translated():
                    self._connection = await connect(self._url, "weft_worker", name="weftline-plugins")
            yield self._connection


def no_action(_: UUID) -> frozenset[str]:
    """Where no plugin is disabled, no action is hidden."""
    return frozenset()


async def no_parts(_: UUID) -> PluginParts:
    """Where there are no plugins, definitions use nothing of them."""
    return PluginParts({}, frozenset())
