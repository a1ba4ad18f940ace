"""In which order plugins start, and which cannot start at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from weftline.authoring.plugin import Plugin
from weftline.plugins.facts import PluginFacts


@dataclass(frozen=True, slots=True)
class Refusal:
    """A plugin that cannot start.

    Attributes:
        id: which.
        reason: a sentence for whoever runs the platform.
    """

    id: str
    reason: str


def in_order(
    plugins: Iterable[Plugin], platform: str, broken: Mapping[str, str] | None = None
) -> tuple[list[Plugin], list[Refusal]]:
    """Those that can start, each after those that it depends on, and those that cannot.

    Args:
        plugins: all that there are.
        platform: version of Weftline.
        broken: why others, which are there, cannot be used; by id.

    Returns:
        Plugins in order (by id where nothing else decides), and the refusals by id.
    """
    known = {plugin.id: plugin for plugin in plugins}
    refused = {id: reason for id, reason in (broken or {}).items() if id not in known}
    reasons: dict[str, str] = {}
    for plugin in known.values():
        reason = own_fault(plugin, platform) or unmet(plugin, known, refused)
        if reason is not None:
            reasons[plugin.id] = reason
    _refuse_cycles({id: plugin for id, plugin in known.items() if id not in reasons}, reasons)
    _refuse_dependents(known, reasons)
    usable = {id: sorted(plugin.dependencies) for id, plugin in known.items() if id not in reasons}
    sorter = TopologicalSorter({id: usable[id] for id in sorted(usable)})
    order = [known[id] for id in sorter.static_order()]
    return order, [Refusal(id, reasons[id]) for id in sorted(reasons)]


def own_fault(plugin: Plugin | PluginFacts, platform: str) -> str | None:
    """What is wrong with what a plugin says of itself, and whether it is for this platform."""
    try:
        Version(plugin.version)
    except InvalidVersion:
        return f"its version '{plugin.version}' is none (PEP 440)"
    for id, range in (("weftline", plugin.requires), *plugin.dependencies.items()):
        try:
            wanted = SpecifierSet(range)
        except InvalidSpecifier:
            return f"the range of versions of '{id}' that it needs, '{range}', is none (PEP 440)"
        if id == "weftline" and not wanted.contains(platform, prereleases=True):
            return f"it is for Weftline {range}; this is {platform}"
    return None


def unmet(
    plugin: Plugin | PluginFacts, known: Mapping[str, Plugin] | Mapping[str, PluginFacts], broken: Mapping[str, str]
) -> str | None:
    """The dependency that is not there, or None."""
    for id, range in sorted(plugin.dependencies.items()):
        if id in broken:
            return f"it needs '{id}', which cannot be used: {broken[id]}"
        other = known.get(id)
        if other is None:
            return f"it needs the plugin '{id}' {range}, which is not installed".replace("  ", " ")
        try:
            is_met = SpecifierSet(range).contains(other.version, prereleases=True)
        except InvalidVersion:
            is_met = False
        if not is_met:
            return f"it needs '{id}' {range}; installed is {other.version}"
    return None


def _refuse_cycles(candidates: Mapping[str, Plugin], reasons: dict[str, str]) -> None:
    """Give everybody on a cycle the reason that names it."""
    while True:
        rest = {id: [each for each in plugin.dependencies if each in candidates and each not in reasons]
                for id, plugin in candidates.items() if id not in reasons}  # fmt: skip
        try:
            TopologicalSorter(rest).prepare()
        except CycleError as error:
            # graphlib lists each before what depends on it; the other way round it reads as "needs"
            way = list(reversed(error.args[1]))
            for id in way:
                reasons[id] = f"plugins need each other in a circle: {' → '.join(way)}"
        else:
            return


def _refuse_dependents(known: Mapping[str, Plugin], reasons: dict[str, str]) -> None:
    """Who needs a plugin that cannot start cannot either."""
    while True:
        more = {
            plugin.id: f"it needs '{needed}', which cannot start: {reasons[needed]}"
            for plugin in known.values()
            if plugin.id not in reasons
            for needed in sorted(plugin.dependencies)
            if needed in reasons
        }
        if not more:
            return
        reasons |= more
