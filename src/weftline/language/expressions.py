"""Expressions: CEL, compiled once, within bounds that keep a tenant's text from hurting the process.

What the guard closes, each measured on the library:

- values nested thousands of levels deep crash it: at most 64 levels reach it;
- text is cut at a NUL character: such text is refused;
- macros are quadratic in their list's length, and text can be multiplied: :mod:`weftline.language.cost`;
- chained ``optMap`` doubles the syntax tree each time: macros are counted before parsing;
- errors come back as values of type ERROR: they are raised;
- variables are converted whole: :mod:`weftline.language.reads`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from weftline.language.cel_ast import Expr, Ident
from weftline.language.cel_lexer import count_macros, quote_step_ids, written_step_id
from weftline.language.cel_runtime import Plan, RuntimeFailure, check, no_overload, parse
from weftline.language.cel_values import copy_json, to_json
from weftline.language.cost import can_grow, check_cost
from weftline.language.errors import SyntaxProblem
from weftline.language.hints import nearest, quoted
from weftline.language.program import ExpressionError, Scope
from weftline.language.reads import Read, hoist, variable

MAX_SOURCE = 4_096
"""Bytes of an expression."""
MAX_MACROS = 3

RESERVED_NAMES = frozenset(
    {
        "input",
        "data",
        "steps",
        "event",
        "item",
        "index",
        "execution",
        "tenant",
        "vars",
        "result",
        "error",
    }
)
"""Names with a meaning of their own; all others are top-level keys of the execution's data."""

_STATUS = re.compile(r"^[A-Z_]+: ")
_MISSING_VARIABLE = re.compile(r'No value with name "_weft_(\d+)"')
_MISSING_KEY = re.compile(r'Key not found in map : "?(.*?)"?$')
_NO_OVERLOAD = re.compile(r"No matching overloads found : (.+?)(?:\(([^()]*)\))?$")
_FAILURES = (
    ("SELECT to non-message", "type_mismatch", "a field is read from a value that is not an object"),
    ("<jump_condition>", "type_mismatch", "the condition of `? :` is not true or false"),
    ("<iter_range>", "type_mismatch", "a macro needs a list or an object"),
    ("Iteration budget", "too_large", "the macros go through more than 10,000 items; use a `loop`"),
)
"""Marks of the library's messages, with our codes and sentences."""


class CelExpression:
    """A compiled expression; see :class:`weftline.language.program.Expression`.

    Attributes:
        source: as the author wrote it.
        reads: the paths it reads from its scope.
        is_path: it is nothing but one such path.
        type: of its value, as CEL's runtime names it; ``DYN`` where that depends on what it reads.
    """

    __slots__ = ("_costly", "_plan", "_variables", "is_path", "reads", "source", "type")

    def __init__(self, source: str, reads: tuple[Read, ...], tree: Expr, type: str) -> None:
        self.source = source
        self.reads = reads
        self.type = type
        self._variables = tuple((variable(position), read) for position, read in enumerate(reads))
        self.is_path = isinstance(tree, Ident) and len(reads) == 1
        self._plan = None if self.is_path else Plan(tree)
        self._costly = tree if can_grow(tree) else None

    def evaluate(self, scope: Scope) -> Any:
        """Its JSON value.

        Raises:
            ExpressionError: with code and message, where evaluation fails.
        """
        if self._plan is None:
            return self._copy_of_path(scope)
        values, missing = self._read(scope)
        try:
            if self._costly is not None:
                check_cost(self._costly, values)
            return to_json(self._plan.run(values))
        except RuntimeFailure as failure:
            raise self._told(_error(str(failure), missing)) from None
        except ExpressionError as error:
            raise self._told(error) from None

    def _copy_of_path(self, scope: Scope) -> Any:
        read = self.reads[0]
        try:
            return copy_json(read.resolve(_lookup(scope, read.root)))
        except ExpressionError as error:
            raise self._told(error) from None

    def _read(self, scope: Scope) -> tuple[dict[str, Any], dict[str, ExpressionError]]:
        """The values of what is there, and why the rest is not: that matters only where it is needed."""
        values: dict[str, Any] = {}
        missing: dict[str, ExpressionError] = {}
        for name, read in self._variables:
            try:
                values[name] = copy_json(read.resolve(_lookup(scope, read.root)))
            except ExpressionError as error:
                missing[name] = error
        return values, missing

    def _told(self, error: ExpressionError) -> ExpressionError:
        return ExpressionError(error.code, f"{error.message}, in {quoted(self.source)}")


def _error(text: str, missing: Mapping[str, ExpressionError]) -> ExpressionError:
    """The library's ``text`` in our words."""
    message = _STATUS.sub("", text)
    if (match := _MISSING_VARIABLE.search(message)) is not None:
        return missing[variable(int(match[1]))]
    if (match := _MISSING_KEY.search(message)) is not None:
        return ExpressionError("no_such_field", f"there is no field `{match[1]}`")
    for mark, code, sentence in _FAILURES:
        if mark in message:
            return ExpressionError(code, sentence)
    if (match := _NO_OVERLOAD.search(message)) is not None:
        return ExpressionError("type_mismatch", no_overload(match[1], match[2]))
    if message.startswith("Index error"):
        return ExpressionError("index_out_of_range", message)
    return ExpressionError("expression_error", message)


def _lookup(scope: Scope, name: str) -> Any:
    try:
        return scope.lookup(name)
    except KeyError:
        raise ExpressionError("unknown_name", f"there is no `{name}` in the data") from None


def compile_expression(
    source: str,
    *,
    known: Collection[str] | None = None,
    steps: Collection[str] | None = None,
    names: Collection[str] | None = None,
) -> CelExpression:
    """``source`` compiled.

    Parameters:
        source: CEL, at most 4 KB, with at most three macros.
        known: the top-level keys that the data may have; None: any.
        steps: the ids of the workflow's nodes, so that ``steps.create-customer`` is read as its author means
            it; None: any id that is a CEL name.
        names: the only names that there are, where it is evaluated outside an execution; None: those of one.

    Raises:
        SyntaxProblem: it is malformed, ill-typed, too large, or names what is not known.
    """
    expression = _compile(source if steps is None else quote_step_ids(source, steps), source)
    for read in expression.reads:
        if names is not None and read.root not in names:
            raise _unknown_name(source, read.root, names)
        if known is not None and read.root not in RESERVED_NAMES and read.root not in known:
            raise _unknown_name(source, read.root, {*RESERVED_NAMES, *known})
        if steps is not None and read.root == "steps" and read.keys and read.keys[0] not in steps:
            raise _unknown_step(source, str(read.keys[0]), steps)
    return expression


@lru_cache(maxsize=8_192)
def _compile(source: str, written: str) -> CelExpression:
    if len(source) > MAX_SOURCE or len(source.encode(errors="surrogatepass")) > MAX_SOURCE:
        raise SyntaxProblem("too_large", f"the expression is longer than {MAX_SOURCE:,} bytes")
    if "\0" in source:
        raise SyntaxProblem("syntax_error", "the expression holds a NUL character")
    if not source.strip():
        raise SyntaxProblem("syntax_error", "the expression is empty")
    macros = count_macros(source)
    if macros > MAX_MACROS:
        message = f"the expression has {macros} macros (map, filter, all, exists …); {MAX_MACROS} are allowed"
        raise SyntaxProblem("too_large", message, hint="use a `loop`")
    tree, reads = hoist(parse(source))
    type = check(source, frozenset(read.root for read in reads))
    return CelExpression(written, reads, tree, type)


def _unknown_name(source: str, name: str, names: Collection[str]) -> SyntaxProblem:
    near = nearest(name, names)
    hint = f"did you mean `{near}`?" if near else None
    return SyntaxProblem("unknown_name", f"there is no `{name}`, in {quoted(source)}", hint=hint)


def _unknown_step(source: str, step: str, steps: Collection[str]) -> SyntaxProblem:
    written = written_step_id(source, step)
    near = nearest(written, steps)
    hint = f"did you mean `{near}`?" if near else None
    return SyntaxProblem("unknown_step", f"there is no node `{written}`, in {quoted(source)}", hint=hint)
