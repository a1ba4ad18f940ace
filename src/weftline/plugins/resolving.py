"""Which version of a plugin fits this platform and the plugins that are installed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from weftline.plugins.facts import BadPackage, PluginFacts
from weftline.plugins.order import own_fault, unmet

T = TypeVar("T")

MAX_TOLD = 5
"""Of how many versions it is said why they do not fit."""


def newest(
    choices: Iterable[tuple[PluginFacts, T]],
    plugin_id: str,
    platform: str,
    installed: Mapping[str, PluginFacts],
    version: str | None = None,
) -> T:
    """The newest version that fits; one before its release only where it is asked for.

    Args:
        choices: plugins that there are, and what is to be returned for each.
        plugin_id: of which.
        platform: version of Weftline.
        installed: plugins by id.
        version: this one, and no other.

    Raises:
        BadPackage: there is none; says which conflict keeps out each.
    """
    known = sorted(
        ((Version(facts.version), number, facts, each) for number, (facts, each) in enumerate(choices)
         if facts.id == plugin_id),
        key=lambda found: found[:2],
        reverse=True,
    )  # fmt: skip
    if not known:
        raise BadPackage(f"the index has no plugin '{plugin_id}'; 'weft plugin search' lists what it has")
    wanted = known
    if version is not None:
        try:
            Version(version)
        except InvalidVersion:
            raise BadPackage(f"'{version}' is no version") from None
        wanted = [found for found in known if SpecifierSet(f"=={version}").contains(found[0], prereleases=True)]
        if not wanted:
            there = ", ".join(found[2].version for found in known[:MAX_TOLD])
            raise BadPackage(f"the index has no version {version} of '{plugin_id}'; it has {there}")
    reasons: list[str] = []
    for number, _, facts, each in wanted:
        reason = why_unfit(facts, platform, installed)
        if reason is None and number.is_prerelease and version is None:
            reason = "it is not released yet; name it to have it"
        if reason is None:
            return each
        reasons.append(f"{facts.version}: {reason}")
    told = "; ".join(reasons[:MAX_TOLD]) + ("; …" if len(reasons) > MAX_TOLD else "")
    raise BadPackage(f"no version of '{plugin_id}' can be installed here. {told}")


def why_unfit(facts: PluginFacts, platform: str, installed: Mapping[str, PluginFacts]) -> str | None:
    """Why a plugin cannot be installed beside those that are, or None.

    Args:
        facts: the plugin's.
        platform: version of Weftline.
        installed: plugins by id; another version of the same one would be replaced.
    """
    others = {id: each for id, each in installed.items() if id != facts.id}
    reason = own_fault(facts, platform) or unmet(facts, others, {})
    if reason is not None:
        return reason
    for id, other in sorted(others.items()):
        range = other.dependencies.get(facts.id)
        if range is not None and not SpecifierSet(range).contains(facts.version, prereleases=True):
            return f"'{id}', which is installed, needs '{facts.id}' {range}"
    return None
