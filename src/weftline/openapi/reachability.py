"""References between schemas: what is reached, and what would take for ever.

Holding one value against a schema follows references at once where they stand *in place* (``allOf``, ``anyOf``, ``not``
and the like, or a reference alone), and only one level deeper in the value everywhere else. In place, a circle never
ends, a long row exhausts the stack, and few schemas that each refer twice to the next come to millions. Such references
are cut: what stands there takes any value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from weftline.openapi.bounds import MAX_HEIGHT, MAX_WEIGHT

DEFS = "#/$defs/"
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("not", "if", "then", "else")

ENDLESS = "It leads back to itself without going into the value; any value is taken there."
TOO_MUCH = "It leads to too many schemas for one value; any value is taken there."


def references(schema: Any) -> set[str]:
    """Names in ``$defs`` to which a schema refers itself, wherever in it."""
    found: set[str] = set()
    pending: list[Any] = [schema]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            node = cast("dict[str, Any]", each)
            ref = node.get("$ref")
            if isinstance(ref, str) and ref.startswith(DEFS):
                found.add(ref.removeprefix(DEFS))
            pending += node.values()
        elif isinstance(each, list):
            pending += cast("list[Any]", each)
    return found


def bundled(schema: dict[str, Any] | bool, defs: Mapping[str, Any], limit: int) -> dict[str, Any]:
    """A schema with the definitions that it reaches, nearest first.

    Args:
        schema: refers to ``#/$defs/<name>``.
        defs: all there are.
        limit: so many are taken; those beyond take any value.
    """
    whole: dict[str, Any] = dict(schema) if isinstance(schema, dict) else ({} if schema else {"not": {}})
    near = sorted(references(schema))
    taken: dict[str, Any] = {}
    while near:
        further: set[str] = set()
        for name in near:
            if name in taken:
                continue
            taken[name] = defs.get(name, True) if len(taken) < limit else True
            further |= references(taken[name])
        near = sorted(further - taken.keys())
    if taken:
        whole["$defs"] = taken
    return whole


@dataclass(slots=True)
class _Visit:
    """A definition under examination."""

    name: str
    holders: Iterator[dict[str, Any]]
    current: dict[str, Any] | None = None
    weight: int = 1
    height: int = 1


@dataclass(slots=True)
class _Settled:
    """What is known of definitions: their weight and height; None of those under examination."""

    known: dict[str, tuple[int, int] | None] = field(default_factory=dict[str, "tuple[int, int] | None"])


def settle(defs: dict[str, Any], roots: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Cut the references that would take for ever.

    Args:
        defs: by name; changed in place.
        roots: schemas that refer to them; changed in place.

    Yields:
        The name of the definition that a reference was cut to, and why.
    """
    settled = _Settled()
    for name in list(defs):
        if name not in settled.known:
            yield from _settle(_Visit(name, in_place(defs[name])), defs, settled)
    for root in roots:
        yield from _settle(_Visit("", in_place(root)), defs, settled)
        settled.known.pop("", None)


def _settle(first: _Visit, defs: dict[str, Any], settled: _Settled) -> Iterator[tuple[str, str]]:
    known = settled.known
    known[first.name] = None
    stack = [first]
    while stack:
        visit = stack[-1]
        holder = visit.current or next(visit.holders, None)
        visit.current = None
        if holder is None:
            stack.pop()
            known[visit.name] = (visit.weight, visit.height)
            continue
        target = str(holder["$ref"]).removeprefix(DEFS)
        if target not in known:
            if target not in defs:
                _cut(holder)
            elif len(stack) >= MAX_WEIGHT:
                # each is examined before those that refer to it, down to here
                _cut(holder)
                yield target, TOO_MUCH
            else:
                # looked at again when its target is settled
                visit.current = holder
                known[target] = None
                stack.append(_Visit(target, in_place(defs[target])))
            continue
        measured = known[target]
        if measured is None:
            _cut(holder)
            yield target, ENDLESS
            continue
        weight, height = measured
        if visit.weight + weight > MAX_WEIGHT or height + 1 > MAX_HEIGHT:
            _cut(holder)
            yield target, TOO_MUCH
            continue
        visit.weight += weight
        visit.height = max(visit.height, height + 1)


def in_place(schema: Any) -> Iterator[dict[str, Any]]:
    """The parts of a schema that refer to another one for the same value."""
    pending: list[Any] = [schema]
    found: list[dict[str, Any]] = []
    while pending:
        node = pending.pop()
        if not isinstance(node, dict):
            continue
        each = cast("dict[str, Any]", node)
        if isinstance(each.get("$ref"), str):
            found.append(each)
        for key in _LISTS:
            pending += cast("list[Any]", each.get(key, []))
        pending += [each[key] for key in _SINGLE if key in each]
        pending += cast("dict[str, Any]", each.get("dependentSchemas", {})).values()
    return iter(found)


def _cut(holder: dict[str, Any]) -> None:
    del holder["$ref"]
