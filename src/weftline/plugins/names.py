"""Names of modules: two plugins, or a plugin and a library, cannot have the same."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path

from weftline.plugins.facts import BadPackage
from weftline.plugins.wheel import module_names


def refuse_taken_names(place: Path, plugin_id: str, others: Mapping[str, Path], directory: Path) -> None:
    """See that no module of a package has a name that another plugin, a library or Python itself has.

    Args:
        place: where the package was unpacked.
        plugin_id: of the package.
        others: where other plugins are, by id; the same plugin's other versions do not count.
        directory: below which all of them are.

    Raises:
        BadPackage: one has.
    """
    names = module_names(place)
    for id, path in sorted(others.items()):
        taken = sorted(names & module_names(path)) if id != plugin_id else []
        if taken:
            raise BadPackage(f"its module '{taken[0]}' has the name of one of the plugin '{id}'")
    below = directory.resolve()
    elsewhere = [each for each in sys.path if below not in Path(each).parents]
    for name in sorted(names):
        if name in sys.stdlib_module_names or PathFinder.find_spec(name, elsewhere) is not None:
            raise BadPackage(f"its module '{name}' has the name of one that is installed here already")
