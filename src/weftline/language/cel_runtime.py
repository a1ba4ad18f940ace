"""The CEL runtime behind one door: parsing, type checking, planning, and its errors in our words.

Two things make ours differ from the bare library. ``int`` and ``double`` mix in arithmetic, as authors of
JSON expect (``amount * 1.1`` with 250), through overloads of the operators; ``int / int`` stays CEL's integer
division. And none of the library's own text reaches an author: its errors are parsed and told again.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from cel_expr_python import cel  # pyright: ignore[reportMissingTypeStubs]  # it has stubs, but no py.typed
from cel_expr_python.ext import (  # pyright: ignore[reportMissingTypeStubs]
    ext_encoders,
    ext_math,
    ext_optional,
    ext_strings,
)

from weftline.language.cel_ast import Expr, decode, encode
from weftline.language.errors import SyntaxProblem
from weftline.language.hints import nearest, quoted

TYPE_NAMES = frozenset({"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"})
"""Names that CEL gives to types."""

NAMESPACES = frozenset({"base64", "math", "optional", "strings"})
"""Names that CEL gives to groups of functions."""

# fmt: off
FUNCTIONS = (
    "all", "bool", "bytes", "charAt", "contains", "double", "duration", "endsWith", "exists", "exists_one",
    "filter", "format", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours",
    "getMilliseconds", "getMinutes", "getMonth", "getSeconds", "has", "hasValue", "indexOf", "int", "join",
    "lastIndexOf", "lowerAscii", "map", "matches", "optMap", "orValue", "replace", "size", "split",
    "startsWith", "string", "substring", "timestamp", "trim", "type", "uint", "upperAscii",
)
# fmt: on
_COMPARISONS = frozenset({"_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in"})
_COMPILE_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_NO_OVERLOAD = re.compile(r"found no matching overload for '([^']+)' applied to '\((.*)\)'")
_UNDECLARED = re.compile(r"undeclared reference to '([^']+)'")

Types = tuple[cel.Type, cel.Type]


def _overload(name: str, types: Types, implementation: Callable[[float, float], float]) -> cel.Overload:
    return cel.Overload(
        f"weft_{name}_{types[0].name()}_{types[1].name()}".lower(),
        cel.Type.DOUBLE,
        types,
        False,
        implementation,
    )


def _mixed_arithmetic() -> cel.CelExtension:
    """``int`` with ``double``, either way round, is arithmetic in doubles; so is ``%``."""
    mixed = ((cel.Type.INT, cel.Type.DOUBLE), (cel.Type.DOUBLE, cel.Type.INT))
    modulus = (*mixed, (cel.Type.DOUBLE, cel.Type.DOUBLE))
    operators: tuple[tuple[str, str, tuple[Types, ...], Callable[[float, float], float]], ...] = (
        ("_+_", "add", mixed, lambda a, b: float(a) + float(b)),
        ("_-_", "subtract", mixed, lambda a, b: float(a) - float(b)),
        ("_*_", "multiply", mixed, lambda a, b: float(a) * float(b)),
        ("_/_", "divide", mixed, lambda a, b: float(a) / float(b)),
        ("_%_", "modulo", modulus, math.fmod),
    )
    return cel.CelExtension(
        "weft_mixed_arithmetic",
        [
            cel.FunctionDecl(symbol, [_overload(name, pair, implementation) for pair in types])
            for symbol, name, types, implementation in operators
        ],
    )


_EXTENSIONS: list[cel.CelExtensionBase] = [
    _mixed_arithmetic(),
    ext_strings.ExtStrings(),
    ext_math.ExtMath(),
    ext_optional.ExtOptional(),
    ext_encoders.ExtEncoders(),
]


_NO_NAMES: frozenset[str] = frozenset()


@lru_cache(maxsize=256)
def _environment(names: frozenset[str]) -> cel.Env:
    return cel.NewEnv(variables=dict.fromkeys(names, cel.Type.DYN), extensions=_EXTENSIONS)


def parse(source: str) -> Expr:
    """The syntax tree of ``source``.

    Raises:
        SyntaxProblem: it is malformed or nests too deep.
    """
    try:
        return decode(_environment(_NO_NAMES).compile(source, disable_check=True).serialize())
    except RuntimeError as error:
        raise _problem(source, str(error)) from None


def check(source: str, names: frozenset[str]) -> str:
    """Checks the types of ``source``, in which ``names`` are variables of any type.

    Returns:
        The type of its value as the library names it: ``DYN`` where it depends on those of the variables.

    Raises:
        SyntaxProblem: a function or type is unknown, or operands do not fit.
    """
    try:
        return repr(_environment(names).compile(source).return_type())
    except RuntimeError as error:
        if not _only_mixed_comparisons(str(error)):
            raise _problem(source, str(error)) from None
        return "DYN"


class RuntimeFailure(Exception):
    """An evaluation came to an error. Its text is the library's, or ours where that has none."""


class Plan:
    """A tree ready to evaluate."""

    __slots__ = ("_expression",)

    def __init__(self, tree: Expr) -> None:
        try:
            self._expression = _environment(_NO_NAMES).deserialize(encode(tree))
        except RuntimeError as error:
            raise SyntaxProblem("syntax_error", f"the expression cannot be planned: {error}") from None

    def run(self, values: Mapping[str, Any]) -> Any:
        """What the tree comes to, in Python's types.

        Raises:
            RuntimeFailure: it comes to an error.
        """
        try:
            result = self._expression.eval(data=values)
            plain: Any = result.plain_value()
        except RuntimeError as error:
            raise RuntimeFailure(str(error)) from None
        except (TypeError, SystemError):
            # the library cannot hand out an optional, wherever it stands in the result
            raise RuntimeFailure("the result holds an optional value; end it with `.orValue(…)`") from None
        if result.type() == cel.Type.ERROR:
            raise RuntimeFailure(str(plain))
        return plain


def _only_mixed_comparisons(text: str) -> bool:
    """Whether the checker only objects to comparing numbers of two types, which the runtime does well."""
    errors = _COMPILE_ERROR.findall(text)
    return bool(errors) and all(_is_mixed_comparison(message) for _, _, message in errors)


def _is_mixed_comparison(message: str) -> bool:
    match = _NO_OVERLOAD.match(message)
    if match is None or match[1] not in _COMPARISONS:
        return False
    return set(re.findall(r"[a-z_]+", match[2])) <= {"int", "uint", "double", "list"}


def _problem(source: str, text: str) -> SyntaxProblem:
    if "recursion" in text:
        return SyntaxProblem("too_large", "the expression nests deeper than 32 levels", hint="split it up")
    errors = [error for error in _COMPILE_ERROR.findall(text) if not _is_mixed_comparison(error[2])]
    if not errors:
        return SyntaxProblem("syntax_error", f"not an expression: {text.splitlines()[0]}")
    line, column, message = errors[0]
    told, place = f" (line {line}, column {column} of {quoted(source)})", (int(line), int(column))
    if (match := _NO_OVERLOAD.match(message)) is not None:
        return SyntaxProblem("type_mismatch", no_overload(match[1], match[2]) + told, place=place)
    if (match := _UNDECLARED.match(message)) is not None:
        near = nearest(match[1], FUNCTIONS)
        hint = f"did you mean `{near}`?" if near else None
        message = f"there is no function or type `{match[1]}`{told}"
        return SyntaxProblem("unknown_function", message, hint=hint, place=place)
    return SyntaxProblem("syntax_error", _plain_syntax_error(message) + told, place=place)


def _plain_syntax_error(message: str) -> str:
    plain = message.removeprefix("Syntax error: ").replace("<EOF>", "the end")
    return re.sub(r" expecting .*", "", plain)


def no_overload(function: str, types: str | None) -> str:
    """A sentence for ``function`` applied to operands of ``types``, where the library names them."""
    symbol = "[ ]" if function == "_[_]" else function.strip("_@")
    return f"`{symbol}` needs true or false" if types is None else f"`{symbol}` does not work on ({types})"
