"""The dialects there are: ours, and those that installed distributions add.

A distribution adds one by an entry point of the group ``weftline.dialects`` that names a class with the interface of
:class:`weftline.language.dialects.base.Dialect`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from weftline.language.dialects.base import Dialect
from weftline.language.dialects.designer import DesignerDialect
from weftline.language.dialects.errors import UnknownDialect
from weftline.language.dialects.market import MarketDialect
from weftline.language.dialects.native import NativeDialect
from weftline.language.dialects.nodes import NodesDialect
from weftline.language.dialects.steps import StepsDialect
from weftline.language.hints import nearest

GROUP = "weftline.dialects"


@cache
def dialects() -> Mapping[str, Dialect]:
    """Every dialect by its name. One that comes with Weftline cannot be replaced.

    Raises:
        TypeError: an entry point names something else than a dialect.
    """
    found: dict[str, Dialect] = {}
    for point in entry_points(group=GROUP):
        dialect = point.load()()
        if not isinstance(dialect, Dialect):
            raise TypeError(f"the entry point {point.name!r} of {GROUP} is no dialect")
        found[dialect.name] = dialect
    ours = (NativeDialect(), NodesDialect(), DesignerDialect(), StepsDialect(), MarketDialect())
    return {**found, **{dialect.name: dialect for dialect in ours}}


def get_dialect(name: str) -> Dialect:
    """The dialect of this name.

    Raises:
        UnknownDialect: there is none.
    """
    known = dialects()
    if name in known:
        return known[name]
    near = nearest(name, known)
    hint = f"did you mean `{near}`?" if near else f"there are {_listed(known)}"
    raise UnknownDialect(f"there is no dialect `{name[:80]}`: {hint}")


def detect(document: Mapping[str, Any]) -> Dialect:
    """The dialect that ``document`` is written in.

    Raises:
        UnknownDialect: none recognises it, or several do.
    """
    known = dialects()
    found = [dialect for dialect in known.values() if dialect.recognises(document)]
    if len(found) == 1:
        return found[0]
    names = [dialect.name for dialect in found]
    told = f"it could be {_listed(names)}" if found else f"it looks like none of {_listed(known)}"
    raise UnknownDialect(f"the document does not show its dialect: {told}; say which")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
