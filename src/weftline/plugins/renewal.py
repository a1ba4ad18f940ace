"""Taking up packages that were installed, replaced or removed while this process runs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import structlog

from weftline.plugins.discovery import FoundPlugin, load_packages
from weftline.plugins.host import PluginHost
from weftline.plugins.installed import InstalledPackage, InstalledPackages
from weftline.plugins.modules import unload, users_of

log = structlog.get_logger(__name__)


class Renewal:
    """Looks what is installed, and lets a host have the plugins as they are now.

    A plugin's modules are replaced together with those of the plugins that need it. Where that would leave traces of
    the old version in this process, the plugin goes on as it is, and its status says that a restart is needed.

    Args:
        packages: what is installed.
        host: runs the plugins.
        found: the plugins of this process, kept up to date here.
    """

    def __init__(self, packages: InstalledPackages, host: PluginHost[Any], found: dict[str, FoundPlugin]) -> None:
        self._packages = packages
        self._host = host
        self._found = found
        self._seen: dict[str, InstalledPackage] = _packages_of(found)

    async def take_up(self) -> bool:
        """Look once, and see to it. Returns whether anything is another than before."""
        now = {each.id: each for each in await asyncio.to_thread(self._packages.all)}
        if now == self._seen:
            return False
        loaded = _packages_of(self._found)
        gone = loaded.keys() - now.keys()
        changed = {id for id, package in now.items() if self._is_to_be_loaded(package, loaded.get(id))}
        for id in now.keys() - changed:
            self._host.tell_outdated(id, None)
        await self._drop(gone, loaded)
        affected = _with_dependents(changed, {id: now[id] for id in now})
        replaced = {id: loaded[id] for id in affected if id in loaded}
        reason = await self._why_not(replaced, changed)
        if reason is None:
            await self._replace(affected, replaced, now)
        else:
            for id in changed & loaded.keys():
                self._host.tell_outdated(id, _told(now[id], reason))
            # what is new needs nothing of the others to be replaced
            await self._replace(changed - loaded.keys(), {}, now)
        self._seen = now
        return True

    def _is_to_be_loaded(self, package: InstalledPackage, loaded: InstalledPackage | None) -> bool:
        """Whether a package is another one than this process has, or was granted what it could not start without."""
        if loaded is None or loaded.path != package.path:
            return True
        found = self._found.get(package.id)
        return found is not None and found.plugin is None and loaded != package

    async def _why_not(self, replaced: Mapping[str, InstalledPackage], changed: Collection[str]) -> str | None:
        """Why modules cannot be replaced in this process, or None."""
        users = await asyncio.to_thread(users_of, [each.path for each in replaced.values()]) if replaced else []
        if users:
            return f"the module '{users[0]}' uses it"
        needing = [
            found.id
            for found in self._found.values()
            if found.package is None and found.plugin is not None and set(found.plugin.dependencies) & set(changed)
        ]
        return f"the plugin '{sorted(needing)[0]}', which is no package, needs it" if needing else None

    async def _replace(
        self, ids: Collection[str], replaced: Mapping[str, InstalledPackage], now: Mapping[str, InstalledPackage]
    ) -> None:
        unclean = await self._host.withdraw(ids)
        for package in replaced.values():
            unload(package.path)
        others = {id: found for id, found in self._found.items() if found.package is None}
        # importing may take long, and this process has other things to do
        fresh = await asyncio.to_thread(load_packages, [now[id] for id in ids if id not in unclean], others)
        for id, error in unclean.items():
            version = "?" if (facts := now[id].facts) is None else facts.version
            fresh[id] = FoundPlugin(id, id, version, None, _told(now[id], error), now[id])
        self._found.update(fresh)
        await self._host.adopt(fresh.values())
        for id, found in fresh.items():
            log.info("plugin taken up", plugin=id, version=found.version, error=found.error)

    async def _drop(self, ids: Iterable[str], loaded: Mapping[str, InstalledPackage]) -> None:
        for id in sorted(ids):
            await self._host.drop([id])
            self._found.pop(id, None)
            unload(loaded[id].path)
            log.info("plugin removed", plugin=id)


def _packages_of(found: Mapping[str, FoundPlugin]) -> dict[str, InstalledPackage]:
    return {id: each.package for id, each in found.items() if each.package is not None}


def _with_dependents(ids: Collection[str], packages: Mapping[str, InstalledPackage]) -> set[str]:
    """Packages, and all those that need them."""
    found = set(ids)
    while True:
        more = {
            id
            for id, package in packages.items()
            if id not in found and package.facts is not None and found & set(package.facts.dependencies)
        }
        if not more:
            return found
        found |= more


def _told(package: InstalledPackage, reason: str) -> str:
    version = "another version" if package.facts is None else f"version {package.facts.version}"
    return f"{version} is installed, and cannot be taken up while this process runs, as {reason}: restart it"
