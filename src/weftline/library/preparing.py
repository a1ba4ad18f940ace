"""From an entry to the definition that is installed, and from a workflow to the entry that is published."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast


class PlaceholderMissing(LookupError):
    """Nothing was chosen for connections that the definition names.

    Attributes:
        names: theirs.
    """

    def __init__(self, names: list[str]) -> None:
        super().__init__(f"no connection is chosen for {', '.join(names)}")
        self.names = names


def connections_of(definition: Mapping[str, Any]) -> dict[str, set[str]]:
    """The connections that a definition names, and the actions that each is used for."""
    found: dict[str, set[str]] = {}
    for holder, action in _holders(definition):
        name = holder.get("connection")
        if isinstance(name, str):
            found.setdefault(name, set()).add(action)
    return found


def prepared(definition: Mapping[str, Any], *, id: str, name: str, connections: Mapping[str, str]) -> dict[str, Any]:
    """The definition with an id and a name of its own, and with the connections that were chosen.

    Args:
        definition: the entry's.
        id, name: what it is to be called.
        connections: by the name that the definition has for each, the one that was chosen.

    Raises:
        PlaceholderMissing: some have none.
    """
    missing = sorted(connections_of(definition).keys() - connections.keys())
    if missing:
        raise PlaceholderMissing(missing)
    return _renamed(definition, id, name, lambda each: connections[each])


def _renamed(definition: Mapping[str, Any], id: str, name: str, rename: Callable[[str], str]) -> dict[str, Any]:
    made = copy.deepcopy(dict(definition))
    for holder, _ in _holders(made):
        if isinstance(holder.get("connection"), str):
            holder["connection"] = rename(holder["connection"])
    made["id"], made["name"] = id, name
    return made


def _holders(definition: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Everything in a definition that may name a connection, with the action that it is for."""
    for node in _objects(definition.get("nodes")):
        yield node, "http" if node.get("type") == "http" else str(node.get("action", ""))
        for owner in (node, *_objects(node.get("branches"))):
            undo = owner.get("compensate")
            if isinstance(undo, dict):
                its = cast("dict[str, Any]", undo)
                yield its, str(its.get("action", ""))
    for trigger in _objects(definition.get("triggers")):
        yield trigger, f"{trigger.get('integration', '')}.{trigger.get('trigger', '')}"


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in cast("list[Any]", value) if isinstance(each, dict)] if isinstance(value, list) else []
