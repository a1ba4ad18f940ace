"""The syntax tree of a CEL expression, read from and written to the runtime's serialized form.

The runtime parses; this module only decodes what it parsed (``cel.expr.ParsedExpr``, a protocol buffer),
so that expressions can be analysed and rewritten, and encodes the result for the runtime to plan.
Field numbers are those of ``cel/expr/syntax.proto``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

_PARSED_EXPR = "type.googleapis.com/cel.expr.ParsedExpr"
_VARINT, _FIXED64, _BYTES = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal. ``kind`` is the field number in ``cel.expr.Constant``; ``wire`` its encoded value."""

    kind: int
    wire: int | bytes

    @property
    def text(self) -> str | None:
        """The value of a string literal, else None."""
        return self.wire.decode() if self.kind == _STRING and isinstance(self.wire, bytes) else None


@dataclass(frozen=True, slots=True)
class Ident:
    """A name."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """``operand.field``, or ``has(operand.field)`` where ``test_only``."""

    operand: Expr
    field: str
    test_only: bool


@dataclass(frozen=True, slots=True)
class Call:
    """A function, method or operator. Operators are named as in ``_+_``."""

    target: Expr | None
    function: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class ListLiteral:
    """``[a, ?b]``; ``optional_indices`` are the encoded positions of the optional elements."""

    elements: tuple[Expr, ...]
    optional_indices: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a map or message literal: its key is an expression or a field's name."""

    key: Expr | str
    value: Expr
    optional: bool


@dataclass(frozen=True, slots=True)
class MapLiteral:
    """``{k: v}``, or a message where ``message`` is not empty."""

    message: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """What a macro (``map``, ``filter``, ``all``, ``exists``, ``exists_one``, ``optMap``) expands to."""

    variable: str
    range: Expr
    accumulator: str
    initial: Expr
    condition: Expr
    step: Expr
    result: Expr


Expr: TypeAlias = Constant | Ident | Select | Call | ListLiteral | MapLiteral | Comprehension

_DOUBLE, _STRING = 5, 6


def decode(serialized: bytes) -> Expr:
    """The tree of an expression that was compiled without checking and serialized."""
    parsed = _one(_fields(serialized), 2)
    return _decode_expr(_one(_fields(parsed), 2))


def encode(tree: Expr) -> bytes:
    """The serialized form of ``tree``, for the runtime to plan. It carries no positions."""
    parsed = _field(2, _Encoder().expr(tree)) + _field(3, b"")
    return _field(1, _PARSED_EXPR.encode()) + _field(2, parsed)


# decoding

_Fields: TypeAlias = list[tuple[int, int | bytes]]


def _fields(data: bytes) -> _Fields:
    return list(_iterate(data))


def _iterate(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    at = 0
    while at < len(data):
        tag, at = _read_varint(data, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, at = _read_varint(data, at)
            yield number, value
            continue
        if wire_type == _BYTES:
            length, at = _read_varint(data, at)
        elif wire_type == _FIXED64:
            length = 8
        else:
            raise ValueError(f"wire type {wire_type} is not used by CEL's syntax trees")
        yield number, data[at : at + length]
        at += length


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _one(fields: _Fields, number: int) -> bytes:
    for field, value in fields:
        if field == number and isinstance(value, bytes):
            return value
    return b""


def _all(fields: _Fields, number: int) -> Iterator[bytes]:
    return (value for field, value in fields if field == number and isinstance(value, bytes))


def _flag(fields: _Fields, number: int) -> bool:
    return any(field == number and value == 1 for field, value in fields)


def _text(fields: _Fields, number: int) -> str:
    return _one(fields, number).decode()


def _decode_expr(data: bytes) -> Expr:
    for number, value in _iterate(data):
        if isinstance(value, bytes):
            match number:
                case 3:
                    return _decode_constant(value)
                case 4:
                    return Ident(_text(_fields(value), 1))
                case 5:
                    fields = _fields(value)
                    return Select(_decode_expr(_one(fields, 1)), _text(fields, 2), _flag(fields, 3))
                case 6:
                    return _decode_call(_fields(value))
                case 7:
                    fields = _fields(value)
                    return ListLiteral(tuple(map(_decode_expr, _all(fields, 1))), _one(fields, 2))
                case 8:
                    fields = _fields(value)
                    return MapLiteral(_text(fields, 1), tuple(map(_decode_entry, _all(fields, 2))))
                case 9:
                    return _decode_comprehension(_fields(value))
                case _:
                    pass
    raise ValueError("an expression without content")


def _decode_constant(data: bytes) -> Constant:
    for kind, wire in _iterate(data):
        return Constant(kind, wire)
    raise ValueError("a constant without content")


def _decode_call(fields: _Fields) -> Call:
    targets = [_decode_expr(target) for target in _all(fields, 1)]
    args = tuple(_decode_expr(arg) for arg in _all(fields, 3))
    return Call(targets[0] if targets else None, _text(fields, 2), args)


def _decode_entry(data: bytes) -> Entry:
    fields = _fields(data)
    keys = [_decode_expr(key) for key in _all(fields, 3)]
    return Entry(keys[0] if keys else _text(fields, 2), _decode_expr(_one(fields, 4)), _flag(fields, 5))


def _decode_comprehension(fields: _Fields) -> Comprehension:
    return Comprehension(
        variable=_text(fields, 1),
        range=_decode_expr(_one(fields, 2)),
        accumulator=_text(fields, 3),
        initial=_decode_expr(_one(fields, 4)),
        condition=_decode_expr(_one(fields, 5)),
        step=_decode_expr(_one(fields, 6)),
        result=_decode_expr(_one(fields, 7)),
    )


# encoding


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3 | _VARINT) + _varint(value)
    return _varint(number << 3 | _BYTES) + _varint(len(value)) + value


class _Encoder:
    """Writes a tree with fresh ids, which the runtime wants to be unique."""

    def __init__(self) -> None:
        self._last_id = 0

    def expr(self, tree: Expr) -> bytes:
        self._last_id += 1
        return _field(2, self._last_id) + self._content(tree)

    def _content(self, tree: Expr) -> bytes:
        match tree:
            case Constant():
                return _field(3, _encode_constant(tree))
            case Ident():
                return _field(4, _field(1, tree.name.encode()))
            case Select():
                body = _field(1, self.expr(tree.operand)) + _field(2, tree.field.encode())
                return _field(5, body + (_field(3, 1) if tree.test_only else b""))
            case Call():
                target = _field(1, self.expr(tree.target)) if tree.target is not None else b""
                args = b"".join(_field(3, self.expr(arg)) for arg in tree.args)
                return _field(6, target + _field(2, tree.function.encode()) + args)
            case ListLiteral():
                elements = b"".join(_field(1, self.expr(element)) for element in tree.elements)
                optional = _field(2, tree.optional_indices) if tree.optional_indices else b""
                return _field(7, elements + optional)
            case MapLiteral():
                entries = b"".join(_field(2, self._entry(entry)) for entry in tree.entries)
                return _field(8, _field(1, tree.message.encode()) + entries)
            case Comprehension():
                return _field(9, self._comprehension(tree))

    def _entry(self, entry: Entry) -> bytes:
        self._last_id += 1
        number, key = (2, entry.key.encode()) if isinstance(entry.key, str) else (3, self.expr(entry.key))
        body = _field(1, self._last_id) + _field(number, key) + _field(4, self.expr(entry.value))
        return body + (_field(5, 1) if entry.optional else b"")

    def _comprehension(self, tree: Comprehension) -> bytes:
        return (
            _field(1, tree.variable.encode())
            + _field(2, self.expr(tree.range))
            + _field(3, tree.accumulator.encode())
            + _field(4, self.expr(tree.initial))
            + _field(5, self.expr(tree.condition))
            + _field(6, self.expr(tree.step))
            + _field(7, self.expr(tree.result))
        )


def _encode_constant(constant: Constant) -> bytes:
    if constant.kind == _DOUBLE and isinstance(constant.wire, bytes):
        return _varint(_DOUBLE << 3 | _FIXED64) + constant.wire
    return _field(constant.kind, constant.wire)
