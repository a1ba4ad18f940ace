"""What differs between two definitions, place by place.

Definitions are compared as their authors wrote them. The order of ``nodes`` means nothing, nor does that of the node
ids in ``next``, ``targets`` and ``dependencies``; what the designer keeps in ``ui`` is not looked at. A node that was
removed and one that was added are the same node under another id where they differ in nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

import orjson

from weftline.language.json_values import Json, pointer

Change = Literal["added", "removed", "changed"]
Document = Mapping[str, Any]

NODE_SETS = ("next", "targets", "dependencies")
"""Fields of a node that name nodes in no order."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One place that differs.

    Attributes:
        path: JSON pointer to it, from what it is a part of; empty for the whole.
        change: whether the place is new, gone, or holds something else.
        before, after: its values; None where there is none, which ``change`` tells from null.
    """

    path: str
    change: Change
    before: Json
    after: Json


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node that both definitions have.

    Attributes:
        id: of the node.
        fields: what differs; pointers begin at the node.
    """

    id: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class Renaming:
    """A node that has another id.

    Attributes:
        before, after: its ids.
    """

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class NodesDiff:
    """What differs among the nodes, each list in the order of ids.

    Attributes:
        added, removed: ids of the nodes that only one of the definitions has.
        renamed: nodes of which only the id differs.
        changed: nodes of which anything else differs.
    """

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    renamed: tuple[Renaming, ...] = ()
    changed: tuple[NodeChange, ...] = ()


@dataclass(frozen=True, slots=True)
class DefinitionDiff:
    """What differs between two definitions.

    Attributes:
        nodes: among the nodes.
        settings: in the settings; pointers begin there.
        other: anywhere else; pointers begin at the definition.
    """

    nodes: NodesDiff = field(default_factory=NodesDiff)
    settings: tuple[FieldChange, ...] = ()
    other: tuple[FieldChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing differs."""
        return self == DefinitionDiff()


def diff_definitions(before: Document, after: Document) -> DefinitionDiff:
    """What differs between two valid definitions.

    Args:
        before, after: documents as ``parse_definition`` returns them.
    """
    return DefinitionDiff(
        nodes=_diff_nodes(_nodes(before), _nodes(after)),
        settings=tuple(_changes(before.get("settings") or {}, after.get("settings") or {}, ())),
        other=tuple(_changes(_rest(before), _rest(after), ())),
    )


def _nodes(document: Document) -> dict[str, dict[str, Json]]:
    return {node["id"]: _comparable(node) for node in document["nodes"]}


def _comparable(node: Document) -> dict[str, Json]:
    """A node without what does not count, and with what has no order in one."""
    fields: dict[str, Json] = {name: value for name, value in node.items() if name not in ("id", "ui")}
    for name in NODE_SETS:
        value = fields.get(name)
        if isinstance(value, list):
            ids = sorted(cast("list[str]", value))
            fields[name] = ids[0] if len(ids) == 1 else cast("list[Json]", ids)
    return fields


def _rest(document: Document) -> dict[str, Json]:
    return {name: value for name, value in document.items() if name not in ("nodes", "settings", "ui")}


def _diff_nodes(before: dict[str, dict[str, Json]], after: dict[str, dict[str, Json]]) -> NodesDiff:
    removed = {id: before[id] for id in sorted(before.keys() - after.keys())}
    added = {id: after[id] for id in sorted(after.keys() - before.keys())}
    renamed = tuple(_renamings(removed, added))
    old, new = {each.before for each in renamed}, {each.after for each in renamed}
    changed = (
        NodeChange(id, tuple(_changes(before[id], after[id], ()))) for id in sorted(before.keys() & after.keys())
    )
    return NodesDiff(
        added=tuple(id for id in added if id not in new),
        removed=tuple(id for id in removed if id not in old),
        renamed=renamed,
        changed=tuple(change for change in changed if change.fields),
    )


def _renamings(removed: dict[str, dict[str, Json]], added: dict[str, dict[str, Json]]) -> Iterator[Renaming]:
    """Pairs of nodes that nothing but the id tells apart, where there is one way only to pair them."""
    old, new = _by_content(removed), _by_content(added)
    for content, ids in old.items():
        if len(ids) == 1 and len(new.get(content, ())) == 1:
            yield Renaming(ids[0], new[content][0])


def _by_content(nodes: dict[str, dict[str, Json]]) -> dict[bytes, list[str]]:
    found: dict[bytes, list[str]] = {}
    for id, fields in nodes.items():
        found.setdefault(orjson.dumps(fields, option=orjson.OPT_SORT_KEYS), []).append(id)
    return found


def _changes(before: Json, after: Json, path: tuple[str | int, ...]) -> Iterator[FieldChange]:
    """The deepest places in which two values differ. Lists of different lengths differ as a whole."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted(before.keys() | after.keys()):
            place = (*path, name)
            if name not in before:
                yield FieldChange(pointer(place), "added", None, after[name])
            elif name not in after:
                yield FieldChange(pointer(place), "removed", before[name], None)
            else:
                yield from _changes(before[name], after[name], place)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from _changes(old, new, (*path, index))
    # to Python, true is 1
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield FieldChange(pointer(path), "changed", before, after)
