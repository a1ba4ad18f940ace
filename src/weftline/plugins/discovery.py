"""Which plugins are there: what installed distributions name, and what was installed as a package."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

from weftline.authoring.ownership import owned_by
from weftline.authoring.plugin import ENTRY_POINT_GROUP, PLUGIN_ID, Plugin
from weftline.plugins.installed import InstalledPackage, InstalledPackages
from weftline.plugins.modules import unload


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin that a distribution names.

    Attributes:
        id: as the entry point calls it, which is the plugin's own id.
        distribution, distribution_version: where it comes from.
        plugin: itself; None where it could not be loaded.
        error: why it could not be.
        package: as which it was installed; None: it was not by ``weft plugin install``.
    """

    id: str
    distribution: str
    distribution_version: str
    plugin: Plugin | None
    error: str | None = None
    package: InstalledPackage | None = None

    @property
    def version(self) -> str:
        """The plugin's version; its distribution's where it could not be loaded."""
        return self.distribution_version if self.plugin is None else self.plugin.version

    @property
    def is_enabled_by_default(self) -> bool:
        """Whether it is there for tenants that have not chosen."""
        return self.plugin is None or self.plugin.is_enabled_by_default


def discover(packages: InstalledPackages | None = None) -> list[FoundPlugin]:
    """Every plugin, by id. One that cannot be imported is among them, with the reason.

    Args:
        packages: what is installed beside the distributions of this Python.
    """
    found = distributed_plugins(None if packages is None else packages.directory)
    if packages is not None:
        found |= load_packages(packages.all(), found)
    return [found[id] for id in sorted(found)]


def distributed_plugins(besides: Path | None = None) -> dict[str, FoundPlugin]:
    """The plugins that distributions of this Python bring, by id.

    Args:
        besides: what lies below is not theirs, though it may be imported from there.
    """
    left_out = None if besides is None else besides.resolve()
    found: dict[str, FoundPlugin] = {}
    for distribution in distributions(path=[each for each in sys.path if left_out not in Path(each).parents]):
        for entry in distribution.entry_points.select(group=ENTRY_POINT_GROUP):
            each = _load(entry, distribution)
            first = found.get(each.id)
            if first is None:
                found[each.id] = each
            elif first.distribution != each.distribution:
                names = " and ".join(sorted((first.distribution, each.distribution)))
                error = f"two distributions bring it: {names}; remove one"
                found[each.id] = FoundPlugin(each.id, first.distribution, first.distribution_version, None, error)
    return found


def load_packages(packages: Iterable[InstalledPackage], others: Mapping[str, FoundPlugin]) -> dict[str, FoundPlugin]:
    """The plugins of installed packages by id, each imported after those that it depends on.

    Args:
        packages: which.
        others: plugins that distributions of this Python bring, by id.
    """
    known = {each.id: each for each in packages}
    # a plugin that imports another's module must not come to own what that registers
    ordered = list(_after_what_they_need(known))
    for package in ordered:
        if package.facts is not None and not package.missing and str(package.path) not in sys.path:
            sys.path.append(str(package.path))
    return {package.id: _load_package(package, others.get(package.id)) for package in ordered}


def _after_what_they_need(packages: Mapping[str, InstalledPackage]) -> Iterator[InstalledPackage]:
    """Each after those that it depends on, as far as they do not depend on each other."""
    done: set[str] = set()

    def visit(id: str) -> Iterator[InstalledPackage]:
        if id in packages and id not in done:
            done.add(id)
            facts = packages[id].facts
            for needed in sorted(() if facts is None else facts.dependencies):
                yield from visit(needed)
            yield packages[id]

    for id in sorted(packages):
        yield from visit(id)


def _load_package(package: InstalledPackage, other: FoundPlugin | None) -> FoundPlugin:
    """The plugin of an installed package, which is imported where it was granted what it asks for."""
    facts = package.facts
    version = "?" if facts is None else facts.version

    def refused(reason: str, distribution: str = package.id, plugin: Plugin | None = None) -> FoundPlugin:
        return FoundPlugin(package.id, distribution, version, plugin, reason, package)

    if other is not None:
        return refused(f"it is installed twice: as a package, and with {other.distribution}; remove one")
    if facts is None:
        return refused("what its package says of it cannot be read: install it again")
    if package.missing:
        return refused(_not_granted(package.id, package.missing))
    point = next(
        (
            (entry, distribution)
            for distribution in distributions(path=[str(package.path)])
            for entry in distribution.entry_points.select(group=ENTRY_POINT_GROUP, name=package.id)
        ),
        None,
    )
    if point is None:
        return refused("its package names no plugin of this id: install it again")
    entry, distribution = point
    plugin, error = _loaded(entry)
    if plugin is not None:
        error = _foreign(entry, package) or _beyond(plugin, package)
    if error is not None:
        unload(package.path)
        return refused(error, distribution.name)
    return FoundPlugin(package.id, distribution.name, distribution.version, plugin, None, package)


def load_plugin(id: str, value: str, source: Path) -> tuple[Plugin | None, str | None]:
    """A plugin of a project, or why it cannot be loaded.

    Args:
        id: as its entry point is called.
        value: what that leads to, ``module:attribute``.
        source: directory of the project's modules; they can be imported from then on.
    """
    if str(source) not in sys.path:
        sys.path.insert(0, str(source))
    return _loaded(EntryPoint(id, value, ENTRY_POINT_GROUP))


def _load(entry: EntryPoint, distribution: Distribution) -> FoundPlugin:
    plugin, error = _loaded(entry)
    return FoundPlugin(entry.name, distribution.name, distribution.version, plugin, error)


def _loaded(entry: EntryPoint) -> tuple[Plugin | None, str | None]:
    try:
        with owned_by(entry.name):
            made = entry.load()
            plugin = made() if isinstance(made, type) else made
        error = _fault(entry.name, plugin)
    # whatever a plugin's module raises, even SystemExit, is its own affair
    except BaseException as failure:
        if isinstance(failure, KeyboardInterrupt):
            raise
        return None, f"cannot be imported: {type(failure).__name__}: {failure}"
    return (None if error else plugin), error


def _foreign(entry: EntryPoint, package: InstalledPackage) -> str | None:
    """Why the module that was imported is not the package's own, or None."""
    file = getattr(sys.modules.get(entry.module), "__file__", None) or "another place"
    return None if file.startswith(f"{package.path}/") else f"its module '{entry.module}' was taken from {file}"


def _beyond(plugin: Plugin, package: InstalledPackage) -> str | None:
    """Why a plugin asks for more than its package says and it was granted, or None."""
    missing = sorted(each for each in plugin.capabilities if each not in package.granted)
    return _not_granted(package.id, missing) if missing else None


def _not_granted(id: str, missing: Iterable[str]) -> str:
    named = list(missing)
    return f"it asks for {', '.join(named)}, which it was not granted: weft plugin grant {id} {' '.join(named)}"


def _fault(id: str, plugin: object) -> str | None:
    """Why something is no plugin under this id, or None."""
    if not isinstance(plugin, Plugin):
        return f"{plugin!r} is no weftline.authoring.plugin.Plugin"
    for attribute in ("id", "name", "version"):
        if not isinstance(getattr(plugin, attribute, None), str):
            return f"its '{attribute}' is missing"
    if plugin.id != id:
        return f"its id is '{plugin.id}', and its entry point is called '{id}': they have to be the same"
    if PLUGIN_ID.fullmatch(id) is None:
        return f"'{id}' cannot be an id: small letters, digits and hyphens"
    return None
