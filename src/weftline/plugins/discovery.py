"""Which plugins are there: what installed distributions name, and what is below the platform's own directory."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

from weftline.authoring.ownership import owned_by
from weftline.authoring.plugin import ENTRY_POINT_GROUP, PLUGIN_ID, Plugin


@dataclass(frozen=True, slots=True)
class FoundPlugin:
    """A plugin that a distribution names.

    Attributes:
        id: as the entry point calls it, which is the plugin's own id.
        distribution, distribution_version: where it comes from.
        plugin: itself; None where it could not be loaded.
        error: why it could not be.
    """

    id: str
    distribution: str
    distribution_version: str
    plugin: Plugin | None
    error: str | None = None

    @property
    def version(self) -> str:
        """The plugin's version; its distribution's where it could not be loaded."""
        return self.distribution_version if self.plugin is None else self.plugin.version


def discover(directories: Iterable[Path] = ()) -> list[FoundPlugin]:
    """Every plugin, by id. One that cannot be imported is among them, with the reason.

    Args:
        directories: hold packages as ``pip install --target`` leaves them; they can be imported from then on.
    """
    added = [str(path) for path in directories if path.is_dir()]
    sys.path.extend(path for path in added if path not in sys.path)
    found: dict[str, FoundPlugin] = {}
    for distribution in distributions():
        for entry in distribution.entry_points.select(group=ENTRY_POINT_GROUP):
            each = _load(entry, distribution)
            first = found.get(each.id)
            if first is None:
                found[each.id] = each
            elif first.distribution != each.distribution:
                names = " and ".join(sorted((first.distribution, each.distribution)))
                error = f"two distributions bring it: {names}; remove one"
                found[each.id] = FoundPlugin(each.id, first.distribution, first.distribution_version, None, error)
    return [found[id] for id in sorted(found)]


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
