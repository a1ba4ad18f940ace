"""What operators install from the index: which plugins it has, and installing one for everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from packaging.version import Version

from weftline.features.audit.trail import PLATFORM, record
from weftline.features.database import Database
from weftline.features.http.listing import Ordering, SortKey
from weftline.features.plugins.market_errors import NoPluginIndex, PluginIndexUnusable, PluginNotInstallable
from weftline.plugins import InstalledPackage, PluginState
from weftline.plugins.facts import BadPackage, PluginFacts
from weftline.plugins.index import IndexEntry
from weftline.plugins.market import BadIndex, PluginMarket, installed_facts
from weftline.plugins.package import PluginPackage
from weftline.plugins.resolving import newest
from weftline.plugins.running import RunningPlugins

_ID = SortKey("id", "id")
ORDER = Ordering(_ID, SortKey("name", "name"), tie=_ID, default="id")


@dataclass(frozen=True, slots=True)
class OfferedPlugin:
    """A plugin of the index.

    Attributes:
        entry: the version that would be installed; the newest where none can be.
        versions: every version, the newest first.
        installed_version: which is installed; None: none is.
        reason: why no version can be installed; None: one can.
    """

    entry: IndexEntry
    versions: Sequence[str]
    installed_version: str | None
    reason: str | None

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self.entry.facts.id

    @property
    def name(self) -> str:
        """What people call it."""
        return self.entry.facts.name


@dataclass(frozen=True, slots=True)
class NewPlugin:
    """A plugin that was installed.

    Attributes:
        package: as it is installed.
        state, reason: what has become of it in the process that answers.
    """

    package: InstalledPackage
    state: PluginState
    reason: str | None


class PluginShop:
    """Installs plugins from the index that whoever runs the platform has named.

    Args:
        operators: under the role of operators, for the audit log.
        plugins: those of this process, which take up what is installed.
    """

    def __init__(self, operators: Database, plugins: RunningPlugins) -> None:
        self._operators = operators
        self._plugins = plugins

    async def offers(self, text: str) -> list[OfferedPlugin]:
        """The plugins of the index by id.

        Args:
            text: words that the id, the name or the description has.

        Raises:
            NoPluginIndex: none is set.
            PluginIndexUnusable: it cannot be read, or is not signed by a trusted key.
        """
        market = self._market()
        try:
            found = (await market.index()).search(text)
        except BadIndex as error:
            raise PluginIndexUnusable(str(error)) from None
        installed = await asyncio.to_thread(installed_facts, market.packages)
        by_id: dict[str, list[IndexEntry]] = {}
        for each in found:
            by_id.setdefault(each.facts.id, []).append(each)
        return [_offered(entries, market.platform, installed) for _, entries in sorted(by_id.items())]

    async def install(self, plugin_id: str, version: str | None, grants: Sequence[str]) -> NewPlugin:
        """Install a plugin for everybody; every process takes it up within seconds.

        Args:
            plugin_id: which.
            version: this one, and no other; None: the newest that fits.
            grants: what it is granted: all that it asks for, beside what it was granted before.

        Raises:
            NoPluginIndex, PluginIndexUnusable: see :meth:`offers`.
            PluginNotInstallable: it does not fit, cannot be fetched or is not what was signed; nothing was changed.
        """
        market = self._market()
        try:
            entry = await market.choose(plugin_id, version)
            package = await market.fetch(entry)
            found = await self._install(market, package, entry, grants)
        except BadIndex as error:
            raise PluginIndexUnusable(str(error)) from None
        except BadPackage as error:
            raise PluginNotInstallable(str(error)) from None
        # this process at once, the others when they look
        await self._plugins.follow()
        status = next(each for each in await self._plugins.statuses() if each.found.id == plugin_id)
        return NewPlugin(found, status.state, status.reason)

    async def _install(
        self, market: PluginMarket, package: PluginPackage, entry: IndexEntry, grants: Sequence[str]
    ) -> InstalledPackage:
        facts = package.facts
        before = await asyncio.to_thread(market.packages.find, facts.id)
        granted = frozenset(grants) | (frozenset[str]() if before is None else before.granted)
        missing = [each for each in facts.capabilities if each not in granted]
        if missing:
            raise BadPackage(f"'{facts.id}' asks for {', '.join(missing)}, which 'grants' does not name")
        old = None if before is None or before.facts is None else {"version": before.facts.version}
        new = {
            "version": facts.version,
            "granted": sorted(granted),
            "sha256": entry.sha256,
            "signedBy": package.signed_by,
        }
        async with self._operators.unbound() as session:
            await record(session, "plugin.installed", "plugin", facts.id, before=old, after=new, tenant_id=PLATFORM)
            # what cannot be installed is not recorded
            return await asyncio.to_thread(market.packages.install, package, grants)

    def _market(self) -> PluginMarket:
        if self._plugins.market is None:
            raise NoPluginIndex
        return self._plugins.market


def _offered(entries: Sequence[IndexEntry], platform: str, installed: dict[str, PluginFacts]) -> OfferedPlugin:
    """A plugin as it is offered; ``entries`` are its versions, the newest first."""
    id = entries[0].facts.id
    current = installed.get(id)
    entry, reason = entries[0], None
    try:
        entry = newest([(each.facts, each) for each in entries], id, platform, installed)
    except BadPackage as error:
        reason = str(error)
    if current is not None and reason is None and Version(entry.facts.version) < Version(current.version):
        reason = f"version {current.version}, which is installed, is newer"
    return OfferedPlugin(
        entry, [each.facts.version for each in entries], None if current is None else current.version, reason
    )
