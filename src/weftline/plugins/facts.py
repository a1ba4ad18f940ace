"""What is known of a plugin without running it: what packages and the index say of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from weftline.authoring.plugin import PLUGIN_ID, Plugin

MAX_TEXT, MAX_NAMES = 2_000, 100
"""Characters of a text, and how many names a list may have."""


class BadPackage(Exception):
    """A package, or an index of packages, cannot be used; the message says why."""


@dataclass(frozen=True, slots=True)
class PluginFacts:
    """What a plugin says of itself.

    Attributes:
        id, name, version, description: see :class:`~weftline.authoring.plugin.Plugin`.
        requires: range of versions of Weftline.
        dependencies: ranges of versions of other plugins, by id.
        types: what it adds.
        capabilities: what it needs, and is granted by whoever installs it.
    """

    id: str
    name: str
    version: str
    description: str = ""
    requires: str = ""
    dependencies: Mapping[str, str] = field(default_factory=dict[str, str])
    types: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()

    @classmethod
    def of(cls, plugin: Plugin) -> PluginFacts:
        """Those of a plugin that was loaded."""
        return cls(
            plugin.id,
            plugin.name,
            plugin.version,
            plugin.description,
            plugin.requires,
            dict(plugin.dependencies),
            tuple(sorted(plugin.types)),
            tuple(sorted(plugin.capabilities)),
        )

    def as_json(self) -> dict[str, Any]:
        """As they are written; see :func:`read_facts`."""
        return {
            "id": self.id,
            "name": self.name,
            "version": self.version,
            "description": self.description,
            "requires": self.requires,
            "dependencies": dict(self.dependencies),
            "types": list(self.types),
            "capabilities": list(self.capabilities),
        }


def read_facts(told: Mapping[str, Any]) -> PluginFacts:
    """Facts as they were written. What else is there is passed over.

    Raises:
        BadPackage: something is missing or is not what it has to be.
    """
    id = text_of(told, "id")
    if PLUGIN_ID.fullmatch(id) is None:
        raise BadPackage(f"{id!r} cannot be a plugin's id")
    version = text_of(told, "version")
    try:
        Version(version)
    except InvalidVersion:
        raise BadPackage(f"the version of '{id}', {version!r}, is none (PEP 440)") from None
    dependencies = cast("dict[object, object]", _typed(told, "dependencies", dict, {}))
    if len(dependencies) > MAX_NAMES:
        raise BadPackage(f"'{id}' depends on more than {MAX_NAMES} plugins")
    facts = PluginFacts(
        id,
        text_of(told, "name"),
        version,
        text_of(told, "description", ""),
        text_of(told, "requires", ""),
        {_text(name, "dependencies"): _text(range, "dependencies") for name, range in dependencies.items()},
        _names(told, "types"),
        _names(told, "capabilities"),
    )
    for range in (facts.requires, *facts.dependencies.values()):
        try:
            SpecifierSet(range)
        except InvalidSpecifier:
            raise BadPackage(f"a range of versions that '{id}' needs, {range!r}, is none (PEP 440)") from None
    return facts


def text_of(told: Mapping[str, Any], name: str, default: str | None = None) -> str:
    """A text among what was written.

    Args:
        told: what was.
        name: of the field.
        default: where it is missing; None: it must not be.

    Raises:
        BadPackage: it is missing, too long, or no text.
    """
    return _text(told.get(name, default), name)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise BadPackage(f"its '{name}' is missing or not valid")
    return value


def _names(told: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found = cast("list[object]", _typed(told, name, list, []))
    if len(found) > MAX_NAMES:
        raise BadPackage(f"its '{name}' are more than {MAX_NAMES}")
    return tuple(sorted({_text(each, name) for each in found}))


def _typed(told: Mapping[str, Any], name: str, type: type[Any], default: object) -> object:
    found = told.get(name, default)
    if not isinstance(found, type):
        raise BadPackage(f"its '{name}' is not valid")
    return found
