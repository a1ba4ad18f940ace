"""How much an evaluation may allocate and compute, bounded from above before it begins.

CEL always ends, but not always soon: ``[s].map(a, a + a + a)`` multiplies text, ``replace`` squares it, building a
list of n items copies n²/2 references, and ``contains`` on two long texts compares each with each. The library
stops none of these in time, and cannot be stopped from outside. So the syntax tree is walked once more with sizes
in place of values. The real values that the expression reads are measured; what is computed from them is bounded
by arithmetic. Only expressions that hold a construct able to grow pay for this.

A macro's body is bounded twice, for an item of size zero and for one as large as the whole list. Since every bound
is a polynomial without negative coefficients, the sum over the items is at most ``n * zero + (whole - zero)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from weftline.language.cel_ast import (
    Call,
    Comprehension,
    Constant,
    Expr,
    Ident,
    ListLiteral,
    MapLiteral,
    Select,
)
from weftline.language.program import ExpressionError

MAX_COST = 64_000_000
"""Bytes, roughly: allocations and, scaled down, comparisons of one evaluation."""
MAX_ITEMS = 1_000
"""Items of a list or object that a macro may go through."""

_VALUE = 16
_ITEM = 48
_COPY = 16
"""Bytes that the library takes for each pair of items when a macro builds a list (measured)."""
_COMPARISON = 2
"""Bytes of values compared, field by field, in the time that stands for one unit."""
_SEARCH = 64
"""Bytes of text compared in that time."""
_COUNT = 16
"""Bytes of text whose characters are counted in that time."""
_REPEAT = re.compile(r"\{(?:\d*,)?(\d+),?\}", re.ASCII)
_MAX_REPEAT = 1_000
_COMPILE = 1_000
"""Characters of text that match in the time that it takes to compile the pattern, as it is each time."""
_FREE_SUMS = 8

_SEARCHES = frozenset({"contains", "indexOf", "lastIndexOf"})
_COMPARISONS = frozenset({"_==_", "_!=_", "@in", "_in_"})
_SCALAR = frozenset(
    {
        "_<_",
        "_<=_",
        "_>_",
        "_>=_",
        "_&&_",
        "_||_",
        "!_",
        "_-_",
        "_*_",
        "_/_",
        "_%_",
        "-_",
        "@not_strictly_false",
        "bool",
        "double",
        "endsWith",
        "hasValue",
        "int",
        "startsWith",
        "type",
        "uint",
    }
)
_PARTS = frozenset({"_[_]", "_[?_]", "_?._"})
_VIEWS = frozenset({"dyn", "of", "ofNonZeroValue", "optional.of", "or", "orValue", "value"})
_GROWING = frozenset({"replace", "split", "join", "format", "matches"})


@dataclass(frozen=True, slots=True)
class Bound:
    """An upper bound on a value and on what computing it takes.

    Attributes:
        weight: its size in bytes, with all that it holds.
        items: its own length, where it is a list or an object.
        inner: the greatest length of a list or object inside it.
        cost: what computing it has taken.
    """

    weight: int
    items: int = 0
    inner: int = 0
    cost: int = 0


_ZERO = Bound(0)


def can_grow(tree: Expr) -> bool:
    """Whether evaluating ``tree`` may take more than a small multiple of the size of what it reads."""
    sums = 0
    pending: list[Expr] = [tree]
    while pending:
        current = pending.pop()
        match current:
            case Comprehension():
                return True
            case Call(function=function) if function in _GROWING:
                return True
            case Call(function=function, args=args) if function in _SEARCHES:
                # looking for a short constant is linear
                if not all(isinstance(arg, Constant) for arg in args):
                    return True
            case Call(function="_+_"):
                sums += 1
            case _:
                pass
        pending.extend(_children(current))
    return sums > _FREE_SUMS


def estimate(tree: Expr, values: Mapping[str, Any]) -> Bound:
    """The bound on evaluating ``tree`` with ``values``.

    Raises:
        ExpressionError: ``too_large``, where a macro would go through too many items.
    """
    return _Estimator(values).bound(tree, {})


def measure(value: Any) -> Bound:
    """The size of a JSON value, in the units of :class:`Bound`."""
    weight = inner = 0
    pending = [value]
    while pending:
        current = pending.pop()
        weight += _VALUE
        if isinstance(current, str):
            weight += _bytes(current)
        elif isinstance(current, dict):
            fields = cast("dict[str, Any]", current)
            weight += sum(map(_bytes, fields))
            inner = max(inner, len(fields))
            pending.extend(fields.values())
        elif isinstance(current, list):
            items = cast("list[Any]", current)
            inner = max(inner, len(items))
            pending.extend(items)
    own = len(cast("list[Any]", value)) if isinstance(value, list | dict) else 0
    return Bound(weight, own, inner)


def check_cost(tree: Expr, values: Mapping[str, Any]) -> None:
    """Refuses to evaluate ``tree`` with ``values`` where that could take too much.

    Raises:
        ExpressionError: ``too_large``.
    """
    bound = estimate(tree, values)
    # the result is converted, which copies it
    if bound.cost + bound.weight > MAX_COST:
        raise ExpressionError("too_large", "the values are too large for this expression; use a `loop`")


def _children(tree: Expr) -> Iterable[Expr]:
    match tree:
        case Select():
            return (tree.operand,)
        case Call():
            return tree.args if tree.target is None else (tree.target, *tree.args)
        case ListLiteral():
            return tree.elements
        case MapLiteral():
            keys = [entry.key for entry in tree.entries if not isinstance(entry.key, str)]
            return (*keys, *(entry.value for entry in tree.entries))
        case _:
            return ()


class _Estimator:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values
        self._measured: dict[str, Bound] = {}

    def bound(self, tree: Expr, local: Mapping[str, Bound]) -> Bound:
        match tree:
            case Constant():
                return Bound(_VALUE + (len(tree.wire) if isinstance(tree.wire, bytes) else 0))
            case Ident():
                return self._variable(tree.name, local)
            case Select():
                return _part(self.bound(tree.operand, local))
            case Call():
                parts = [self.bound(child, local) for child in _children(tree)]
                return _match(tree, parts) if tree.function == "matches" else _call(tree.function, parts)
            case ListLiteral() | MapLiteral():
                return _literal([self.bound(child, local) for child in _children(tree)])
            case Comprehension():
                return self._comprehension(tree, local)

    def _variable(self, name: str, local: Mapping[str, Bound]) -> Bound:
        if name in local:
            return local[name]
        if name not in self._measured:
            self._measured[name] = measure(self._values.get(name))
        return self._measured[name]

    def _comprehension(self, tree: Comprehension, local: Mapping[str, Bound]) -> Bound:
        source = self.bound(tree.range, local)
        initial = self.bound(tree.initial, local)
        count = source.items
        if count > MAX_ITEMS:
            message = f"a macro may go through {MAX_ITEMS:,} items, and here there are up to {count:,}"
            raise ExpressionError("too_large", f"{message}; use a `loop`")
        # what the step adds to the accumulator, which is therefore taken as empty
        scope = {**local, tree.accumulator: _ZERO}
        zero = self.bound(tree.step, {**scope, tree.variable: Bound(0, source.inner, source.inner)})
        whole = self.bound(tree.step, {**scope, tree.variable: Bound(source.weight, source.inner, source.inner)})
        copies = _COPY * count * count if whole.items else 0
        accumulated = Bound(
            weight=initial.weight + count * zero.weight + (whole.weight - zero.weight),
            items=initial.items + count * whole.items,
            inner=max(initial.inner, whole.inner),
        )
        result = self.bound(tree.result, {**local, tree.accumulator: accumulated})
        cost = source.cost + initial.cost + count * zero.cost + (whole.cost - zero.cost) + copies
        return Bound(result.weight, result.items, result.inner, result.cost + cost)


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="surrogatepass"))


def _part(whole: Bound) -> Bound:
    return Bound(whole.weight, whole.inner, whole.inner, whole.cost)


def _literal(parts: list[Bound]) -> Bound:
    return Bound(
        weight=_VALUE + sum(part.weight for part in parts) + _ITEM * len(parts),
        items=len(parts),
        inner=max((max(part.items, part.inner) for part in parts), default=0),
        cost=sum(part.cost for part in parts) + _ITEM * len(parts),
    )


def _match(call: Call, parts: list[Bound]) -> Bound:
    """RE2 takes at worst a step for each character and each state; counted repeats multiply the states."""
    pattern = call.args[-1] if call.args else None
    text = pattern.text if isinstance(pattern, Constant) else None
    if text is None:
        states = parts[-1].weight * _MAX_REPEAT
    else:
        states = len(text) * max((int(count) for count in _REPEAT.findall(text)), default=1)
    return Bound(_VALUE, cost=sum(part.cost for part in parts) + (parts[0].weight + _COMPILE) * states)


def _call(function: str, parts: list[Bound]) -> Bound:
    """The bound on a call's result; ``parts`` are its target, if it has one, and its arguments."""
    cost = sum(part.cost for part in parts)
    total = sum(part.weight for part in parts)
    items = sum(part.items for part in parts)
    inner = max((part.inner for part in parts), default=0)
    if function in _SCALAR:
        return Bound(_VALUE, cost=cost)
    if function in _COMPARISONS:
        return Bound(_VALUE, cost=cost + total // _COMPARISON)
    if function == "size":
        return Bound(_VALUE, cost=cost + total // _COUNT)
    if function in _SEARCHES:
        return Bound(_VALUE, cost=cost + parts[0].weight * parts[-1].weight // _SEARCH)
    if function in _PARTS:
        return Bound(parts[0].weight, inner, inner, cost)
    if function == "_?_:_":
        return Bound(max(part.weight for part in parts), max(part.items for part in parts), inner, cost)
    if function in _VIEWS:
        return Bound(total, items, inner, cost)
    weight = _grown(function, parts, total)
    if function == "split":
        items = parts[0].weight
    return Bound(weight, items, inner, cost + weight)


def _grown(function: str, parts: list[Bound], total: int) -> int:
    match function:
        case "_+_":
            return total
        case "replace":
            return (parts[0].weight + 1) * (parts[2].weight + 1) if len(parts) > 2 else total
        case "split":
            return _ITEM * (parts[0].weight + 1)
        case "join":
            separator = parts[1].weight if len(parts) > 1 else 0
            return parts[0].weight + parts[0].items * separator
        case "format":
            # one clause of two characters can print a number of 320
            return 160 * parts[0].weight + 4 * total
        case _:
            # the rest at most doubles what it gets: quote, base64.encode, string …
            return 2 * total + 4 * _VALUE
