"""Modules of plugins in this process: taking them out of it, and whether that would leave traces."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Collection, Iterable
from pathlib import Path
from types import FunctionType, ModuleType


def unload(path: Path) -> None:
    """Forget the modules of a directory, so that what is imported next is read anew; it can be imported from no more.

    Args:
        path: the directory; of an absolute path without links.
    """
    for name in modules_of([path]):
        sys.modules.pop(name, None)
    while str(path) in sys.path:
        sys.path.remove(str(path))
    sys.path_importer_cache.pop(str(path), None)
    importlib.invalidate_caches()


def modules_of(paths: Iterable[Path]) -> dict[str, ModuleType]:
    """Modules that were imported from directories, by name."""
    prefixes = tuple(f"{path}/" for path in paths)
    return {name: module for name, module in list(sys.modules.items()) if _place(module).startswith(prefixes)}


def users_of(paths: Collection[Path]) -> list[str]:
    """Modules elsewhere that hold modules, classes or functions of directories, and would go on with the old ones.

    Args:
        paths: the directories.
    """
    inside = modules_of(paths)
    return sorted(
        name
        for name, module in list(sys.modules.items())
        if name not in inside and name != "__main__" and any(_comes_from(each, inside) for each in _values(module))
    )


def _values(module: ModuleType) -> list[object]:
    return list(getattr(module, "__dict__", {}).values())


def _comes_from(value: object, modules: Collection[str]) -> bool:
    kind = type(value)
    if kind is ModuleType:
        return getattr(value, "__name__", None) in modules
    # by its type alone: a proxy may do anything when it is asked for more
    return (issubclass(kind, type) or kind is FunctionType) and getattr(value, "__module__", None) in modules


def _place(module: object) -> str:
    file = getattr(module, "__file__", None)
    if isinstance(file, str):
        return file
    # a package without a file of its own
    return next((f"{each}/" for each in getattr(module, "__path__", ()) if isinstance(each, str)), "")
