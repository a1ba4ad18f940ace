"""What can be done with plugins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.authoring.plugin import Plugin
from weftline.features.access.gate import Gate
from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database, driver
from weftline.features.http.listing import Ordering, SortKey
from weftline.features.plugins.calling import PluginCalls
from weftline.features.plugins.configuration import check, schema_of, secret_names
from weftline.features.plugins.errors import PluginChanged, PluginNotFound
from weftline.features.plugins.faults import faults_of
from weftline.features.plugins.models import PluginFault, PluginSettings, WantedPlugin
from weftline.features.plugins.panels import PluginPanels
from weftline.features.plugins.policies import PluginPolicies
from weftline.plugins import FoundPlugin, PluginState, PluginStatus
from weftline.plugins.running import RunningPlugins
from weftline.store.keyring import Keyring
from weftline.store.plugins import plugin_context

_ID = SortKey("id", "id")
ORDER = Ordering(_ID, SortKey("name", "name"), tie=_ID, default="id")


@dataclass(frozen=True, slots=True)
class ShownPlugin:
    """A plugin as a tenant sees it.

    Attributes:
        found: the plugin.
        state, reason: what has become of it in the process that answers; see ``weftline.plugins.host``.
        is_wanted: whether it is to run at all.
        is_enabled: whether it is there for the tenant.
        configuration: what the tenant has set, without secrets.
        secrets: names of the secrets that are set.
        etag: state of what the tenant has set; 0: nothing yet.
        faults: what went wrong with its parts lately, for this tenant; not in lists.
    """

    found: FoundPlugin
    state: PluginState
    reason: str | None
    is_wanted: bool
    is_enabled: bool = True
    configuration: Mapping[str, Any] | None = None
    secrets: Sequence[str] = ()
    etag: int = 0
    faults: Sequence[PluginFault] = ()

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self.found.id

    @property
    def name(self) -> str:
        """What people call it."""
        return self.found.id if self.plugin is None else self.plugin.name

    @property
    def plugin(self) -> Plugin | None:
        """Itself; None where it could not be loaded."""
        return self.found.plugin


class PluginService:
    """Shows plugins, and switches and configures them.

    Args:
        database: where tenants' settings are.
        operators: under the role of operators.
        keyring: holds the keys under which secrets are sealed.
        plugins: those of this process.
        gate: decides who may call what plugins add.

    Attributes:
        calls: hands requests to plugins.
        panels: their pages.
        policies: what they forbid.
    """

    def __init__(
        self, database: Database, operators: Database, keyring: Keyring, plugins: RunningPlugins, gate: Gate
    ) -> None:
        self.calls = PluginCalls(plugins, gate)
        self.panels = PluginPanels(plugins)
        self.policies = PluginPolicies(plugins)
        self._database = database
        self._operators = operators
        self._keyring = keyring
        self._plugins = plugins

    async def list(self, tenant_id: UUID) -> Sequence[ShownPlugin]:
        """Every plugin that is installed, as the tenant sees it."""
        statuses = await self._plugins.statuses()
        async with self._database.transaction(tenant_id) as session:
            statement = select(PluginSettings).where(PluginSettings.tenant_id == tenant_id)
            settings = {each.plugin_id: each for each in await session.scalars(statement)}
            return [await self._shown(session, each, settings.get(each.found.id)) for each in statuses]

    async def get(self, tenant_id: UUID, plugin_id: str) -> ShownPlugin:
        """A plugin as the tenant sees it.

        Raises:
            PluginNotFound: it is not installed.
        """
        status = await self._status(plugin_id)
        async with self._database.transaction(tenant_id) as session:
            settings = await session.get(PluginSettings, (tenant_id, plugin_id))
            return await self._detailed(session, status, settings, tenant_id)

    async def configure(
        self, tenant_id: UUID, plugin_id: str, wanted: Mapping[str, Any], *, expected_etag: str | None = None
    ) -> ShownPlugin:
        """Replace what the tenant has set. A secret that is left out stays as it is; None takes it away.

        Raises:
            PluginNotFound: it is not installed.
            PluginChanged: what is set is not in the expected state.
            InvalidConfiguration: the plugin cannot be configured like this.
        """
        status = await self._status(plugin_id)
        model = None if status.found.plugin is None else status.found.plugin.Configuration
        names = secret_names(schema_of(model))
        async with self._database.transaction(tenant_id) as session:
            settings = await self._settings(session, tenant_id, status)
            if expected_etag is not None and expected_etag != str(settings.etag):
                raise PluginChanged(plugin_id)
            context = plugin_context(plugin_id)
            cipher = await self._keyring.cipher(await driver(session), tenant_id)
            secrets: dict[str, Any] = (
                {} if settings.sealed is None else orjson.loads(cipher.open(settings.sealed, context))
            )
            secrets = {name: value for name, value in secrets.items() if name in names}
            secrets |= {name: value for name, value in wanted.items() if name in names}
            secrets = {name: value for name, value in secrets.items() if value is not None}
            plain = {name: value for name, value in wanted.items() if name not in names}
            check(plugin_id, model, {**plain, **secrets})
            before = {"configuration": settings.configuration}
            settings.configuration = plain
            settings.sealed = cipher.seal(orjson.dumps(secrets), context) if secrets else None
            await self._changed(session, settings)
            after = {
                "configuration": plain,
                "secretsGiven": sorted(name for name in wanted if name in names and wanted[name] is not None),
            }
            await record(session, "plugin.configured", "plugin", plugin_id, before=before, after=after)
            return await self._detailed(session, status, settings, tenant_id)

    async def switch(self, tenant_id: UUID, plugin_id: str, *, is_enabled: bool) -> ShownPlugin:
        """Let a plugin be there for the tenant, or not.

        Raises:
            PluginNotFound: it is not installed.
        """
        status = await self._status(plugin_id)
        async with self._database.transaction(tenant_id) as session:
            settings = await self._settings(session, tenant_id, status)
            if settings.is_enabled != is_enabled:
                settings.is_enabled = is_enabled
                await self._changed(session, settings)
                act = "plugin.enabled" if is_enabled else "plugin.disabled"
                await record(session, act, "plugin", plugin_id)
            shown = await self._detailed(session, status, settings, tenant_id)
        # this process at once, the others when they look
        await self._plugins.look()
        return shown

    async def run(self, tenant_id: UUID, plugin_id: str, *, is_wanted: bool) -> ShownPlugin:
        """Let a plugin run, or not, for everybody; every process follows within seconds.

        Raises:
            PluginNotFound: it is not installed.
        """
        await self._status(plugin_id)
        async with self._operators.unbound() as session:
            before = await session.get(WantedPlugin, plugin_id)
            if (before is None or before.is_wanted) != is_wanted:
                values = {"id": plugin_id, "is_wanted": is_wanted, "updated_at": func.now()}
                statement = insert(WantedPlugin).values(values)
                await session.execute(
                    statement.on_conflict_do_update(
                        index_elements=[WantedPlugin.id], set_={"is_wanted": is_wanted, "updated_at": func.now()}
                    )
                )
                act = "plugin.started" if is_wanted else "plugin.stopped"
                await record(session, act, "plugin", plugin_id, tenant_id=PLATFORM)
        # this process at once, the others when they look
        await self._plugins.follow()
        return await self.get(tenant_id, plugin_id)

    async def _status(self, plugin_id: str) -> PluginStatus:
        for status in await self._plugins.statuses():
            if status.found.id == plugin_id:
                return status
        raise PluginNotFound(plugin_id)

    async def _settings(self, session: AsyncSession, tenant_id: UUID, status: PluginStatus) -> PluginSettings:
        """The tenant's row, made where there is none, locked for this transaction."""
        plugin_id, is_enabled = status.found.id, status.found.is_enabled_by_default
        values = {"tenant_id": tenant_id, "plugin_id": plugin_id, "is_enabled": is_enabled, "etag": 0}
        await session.execute(insert(PluginSettings).values(values).on_conflict_do_nothing())
        statement = select(PluginSettings).where(
            PluginSettings.tenant_id == tenant_id, PluginSettings.plugin_id == plugin_id
        )
        return (await session.scalars(statement.with_for_update())).one()

    async def _changed(self, session: AsyncSession, settings: PluginSettings) -> None:
        settings.etag += 1
        settings.updated_at = func.now()
        await session.flush()

    async def _detailed(
        self, session: AsyncSession, status: PluginStatus, settings: PluginSettings | None, tenant_id: UUID
    ) -> ShownPlugin:
        shown = await self._shown(session, status, settings)
        return replace(shown, faults=await faults_of(session, tenant_id, shown.id))

    async def _shown(self, session: AsyncSession, status: PluginStatus, settings: PluginSettings | None) -> ShownPlugin:
        secrets: list[str] = []
        if settings is not None and settings.sealed is not None:
            cipher = await self._keyring.cipher(await driver(session), settings.tenant_id)
            context = plugin_context(settings.plugin_id)
            secrets = sorted(orjson.loads(cipher.open(settings.sealed, context)))
        return ShownPlugin(
            found=status.found,
            state=status.state,
            reason=status.reason,
            is_wanted=self._plugins.is_wanted(status.found.id),
            is_enabled=status.found.is_enabled_by_default if settings is None else settings.is_enabled,
            configuration={} if settings is None else settings.configuration,
            secrets=secrets,
            etag=0 if settings is None else settings.etag,
        )
