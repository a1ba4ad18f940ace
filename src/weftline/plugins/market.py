"""Plugins of the index that the operator names: searching, and fetching what is to be installed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path

import orjson

from weftline.plugins.discovery import distributed_plugins
from weftline.plugins.facts import BadPackage, PluginFacts
from weftline.plugins.fetching import beside, read_place
from weftline.plugins.index import MAX_INDEX, IndexEntry, PluginIndex, read_index
from weftline.plugins.installed import InstalledPackages, refuse_older
from weftline.plugins.package import PluginPackage, read_package
from weftline.plugins.resolving import newest

_SEEN = ".index.json"


class BadIndex(BadPackage):
    """The index cannot be used; the message says why."""


class PluginMarket:
    """An index, and what is installed from it.

    Args:
        place: path or https address of the index.
        trusted: base64 of the public keys that may have signed the index and the packages.
        packages: what is installed.
        platform: version of Weftline.

    Attributes:
        packages, platform: as they were given.
    """

    def __init__(self, place: str, trusted: Iterable[str], packages: InstalledPackages, platform: str) -> None:
        self._place = place
        self._trusted = tuple(trusted)
        self.packages = packages
        self.platform = platform

    async def index(self) -> PluginIndex:
        """The index as it is now.

        Raises:
            BadIndex: it cannot be read, is not signed by a trusted key, or is older than the one that was seen last.
        """
        try:
            index = read_index(await read_place(self._place, MAX_INDEX), self._trusted)
        except BadPackage as error:
            raise BadIndex(f"the index {self._shown}: {error}") from None
        self._refuse_replay(index.issued_at)
        return index

    async def choose(self, plugin_id: str, version: str | None = None, *, allow_older: bool = False) -> IndexEntry:
        """The newest version of a plugin that fits this platform and the plugins that are installed.

        Args:
            plugin_id: which.
            version: this one, and no other.
            allow_older: also where a newer version is installed.

        Raises:
            BadPackage: there is none; says why.
        """
        index = await self.index()
        installed = installed_facts(self.packages)
        choices = [(each.facts, each) for each in index.entries]
        entry = newest(choices, plugin_id, self.platform, installed, version)
        if not allow_older:
            refuse_older(entry.facts, self.packages.find(plugin_id))
        return entry

    async def fetch(self, entry: IndexEntry) -> PluginPackage:
        """The package of an entry, once it is known that it is the one that the index means.

        Raises:
            BadPackage: it cannot be read, or is another one.
        """
        facts = entry.facts
        content = await read_place(beside(self._place, entry.location), entry.size)
        if len(content) != entry.size or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise BadPackage(f"the package of '{facts.id}' {facts.version} is not the one that the index says")
        package = read_package(content, self._trusted)
        if package.facts != facts:
            raise BadPackage(f"the package of '{facts.id}' {facts.version} says other things than the index")
        return package

    @property
    def _shown(self) -> str:
        return self._place.partition("?")[0]

    def _refuse_replay(self, issued_at: datetime) -> None:
        """See that nobody shows an older index, whose newest version of something may be one with a known hole."""
        file = self.packages.directory / _SEEN
        seen = _seen(file).get(self._shown)
        if seen is not None and issued_at < seen:
            raise BadIndex(
                f"the index {self._shown} was made at {issued_at.isoformat()}, and one of {seen.isoformat()} was seen"
                f" before. Where an older one is meant, remove {file}"
            )
        if issued_at != seen:
            _remember(file, self._shown, issued_at)


def installed_facts(packages: InstalledPackages) -> dict[str, PluginFacts]:
    """What is known of every plugin that is installed, by id: as a package, or in this Python."""
    distributed = distributed_plugins(packages.directory).values()
    found = {each.id: PluginFacts.of(each.plugin) for each in distributed if each.plugin is not None}
    return found | {each.id: each.facts for each in packages.all() if each.facts is not None}


def _seen(file: Path) -> Mapping[str, datetime]:
    try:
        return {str(place): datetime.fromisoformat(moment) for place, moment in orjson.loads(file.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _remember(file: Path, place: str, moment: datetime) -> None:
    told = {**_seen(file), place: moment}
    new = file.with_name(f"{file.name}.new")
    try:
        new.write_bytes(orjson.dumps(told))
        new.replace(file)
    except OSError:
        # whoever only searches need not be able to write
        new.unlink(missing_ok=True)
