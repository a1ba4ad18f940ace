"""What an expression reads: the paths into its scope, resolved before the runtime sees any value.

The runtime converts every variable whole, before it evaluates: ``input.customer.age`` with a megabyte of
input costs milliseconds, and a value nested a few thousand levels deep crashes the process. So each constant
path (``steps["create"].output.id``) becomes one variable that holds just what the path leads to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from weftline.language.cel_ast import (
    Call,
    Comprehension,
    Constant,
    Entry,
    Expr,
    Ident,
    ListLiteral,
    MapLiteral,
    Select,
)
from weftline.language.cel_runtime import NAMESPACES, TYPE_NAMES
from weftline.language.hints import nearest
from weftline.language.program import ExpressionError

_INT = 3

Key: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Read:
    """A path: ``root`` and the keys and indexes after it; with ``presence``, whether the last key is there."""

    root: str
    keys: tuple[Key, ...] = ()
    presence: bool = False

    def __str__(self) -> str:
        steps = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys)
        return self.root + steps

    def resolve(self, root: Any) -> Any:
        """The value at the path, given the root's.

        Raises:
            ExpressionError: there is nothing at the path.
        """
        value = root
        for position, key in enumerate(self.keys):
            if self.presence and position == len(self.keys) - 1:
                return self._has(value, key)
            # exact types: Python would also index text with a number, which CEL refuses
            container = dict if isinstance(key, str) else list
            if not isinstance(value, container):
                raise self._nothing(value, position)
            try:
                value = cast("Any", value)[key]
            except (KeyError, IndexError):
                raise self._nothing(value, position) from None
        return value

    def _has(self, value: Any, key: Key) -> bool:
        if not isinstance(value, dict):
            raise self._nothing(value, len(self.keys) - 1)
        return key in value

    def _nothing(self, value: Any, position: int) -> ExpressionError:
        key = self.keys[position]
        holder = Read(self.root, self.keys[:position])
        if isinstance(value, dict):
            if self.root == "vars" and position == 0:
                return _unknown_variable(str(key), cast("dict[str, Any]", value))
            return ExpressionError("no_such_field", f"`{holder}` has no field `{key}`")
        if isinstance(value, list) and isinstance(key, int):
            length = len(cast("list[Any]", value))
            return ExpressionError("index_out_of_range", f"`{holder}` has {length} items, and no item {key}")
        lacks = f"item {key}" if isinstance(key, int) else f"field `{key}`"
        kind = "null" if value is None else "a list" if isinstance(value, list) else _NOT_A_CONTAINER[type(key)]
        return ExpressionError("type_mismatch", f"`{holder}` is {kind} and has no {lacks}")


def _unknown_variable(name: str, variables: dict[str, Any]) -> ExpressionError:
    near = nearest(name, (known for known, _ in variables.items()))
    hint = f"; did you mean `{near}`?" if near else ""
    return ExpressionError("unknown_name", f"there is no variable `{name}`{hint}")


_NOT_A_CONTAINER: dict[type[Key], str] = {str: "not an object", int: "not a list"}


def variable(position: int) -> str:
    """The name under which the runtime finds the read at ``position``."""
    return f"_weft_{position}"


class _Hoister:
    def __init__(self) -> None:
        self.reads: dict[Read, int] = {}

    def rewrite(self, tree: Expr, bound: frozenset[str]) -> Expr:
        read = _as_read(tree, bound)
        if read is not None:
            return Ident(variable(self.reads.setdefault(read, len(self.reads))))
        match tree:
            case Constant() | Ident():
                return tree
            case Select():
                return Select(self.rewrite(tree.operand, bound), tree.field, tree.test_only)
            case Call():
                return self._call(tree, bound)
            case ListLiteral():
                return ListLiteral(self._all(tree.elements, bound), tree.optional_indices)
            case MapLiteral():
                return MapLiteral(tree.message, tuple(self._entry(entry, bound) for entry in tree.entries))
            case Comprehension():
                return self._comprehension(tree, bound)

    def _all(self, trees: Sequence[Expr], bound: frozenset[str]) -> tuple[Expr, ...]:
        return tuple(self.rewrite(tree, bound) for tree in trees)

    def _call(self, call: Call, bound: frozenset[str]) -> Call:
        target = call.target
        if target is not None and not (isinstance(target, Ident) and target.name in NAMESPACES):
            target = self.rewrite(target, bound)
        return Call(target, call.function, self._all(call.args, bound))

    def _entry(self, entry: Entry, bound: frozenset[str]) -> Entry:
        key = entry.key if isinstance(entry.key, str) else self.rewrite(entry.key, bound)
        return Entry(key, self.rewrite(entry.value, bound), entry.optional)

    def _comprehension(self, tree: Comprehension, bound: frozenset[str]) -> Comprehension:
        accumulating = bound | {tree.accumulator}
        inner = accumulating | {tree.variable}
        return Comprehension(
            variable=tree.variable,
            range=self.rewrite(tree.range, bound),
            accumulator=tree.accumulator,
            initial=self.rewrite(tree.initial, bound),
            condition=self.rewrite(tree.condition, inner),
            step=self.rewrite(tree.step, inner),
            result=self.rewrite(tree.result, accumulating),
        )


def hoist(tree: Expr) -> tuple[Expr, tuple[Read, ...]]:
    """``tree`` with each constant path replaced by ``variable(n)``, and the paths in order."""
    hoister = _Hoister()
    rewritten = hoister.rewrite(tree, frozenset())
    return rewritten, tuple(hoister.reads)


def _as_read(tree: Expr, bound: frozenset[str]) -> Read | None:
    match tree:
        case Ident(name):
            if name.startswith("."):
                return Read(name[1:])
            return None if name in bound or name in TYPE_NAMES else Read(name)
        case Select(operand, field, test_only):
            return _extend(_as_read(operand, bound), field, presence=test_only)
        case Call(None, "_[_]", (operand, Constant() as key)):
            constant = _constant_key(key)
            return None if constant is None else _extend(_as_read(operand, bound), constant)
        case _:
            return None


def _extend(read: Read | None, key: Key, *, presence: bool = False) -> Read | None:
    if read is None or read.presence:
        return None
    return Read(read.root, (*read.keys, key), presence)


def _constant_key(constant: Constant) -> Key | None:
    if constant.kind == _INT and isinstance(constant.wire, int):
        # a negative number is encoded as its two's complement; the runtime words that error well
        return constant.wire if constant.wire < 2**63 else None
    return constant.text
