"""What is wrong with one expression at a place of a definition, whatever else is wrong with that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from weftline.language.cel_lexer import find_name, offset_before_quoting, quote_step_ids
from weftline.language.errors import SyntaxProblem
from weftline.language.expression_checks import Syntax
from weftline.language.expressions import RESERVED_NAMES, CelExpression, compile_expression
from weftline.language.hints import nearest
from weftline.language.reads import Read
from weftline.language.scopes.names import Scope
from weftline.language.scopes.shapes import ANY, Shape
from weftline.language.templates import pieces


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about an expression.

    Attributes:
        severity: an error keeps the definition from being valid; a warning tells of what will probably fail.
        code: stable, in snake_case.
        message: a sentence.
        hint: how to mend it, where that can be said.
        line, column: where in the text, from 1; None where the whole text is meant.
    """

    severity: Literal["error", "warning"]
    code: str
    message: str
    hint: str | None = None
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What became of checking an expression.

    Attributes:
        problems: errors and warnings, in the text's order.
        type: of its value, as far as it is known; None where there are errors.
    """

    problems: Sequence[Finding]
    type: str | None


def check_expression(text: str, scope: Scope, syntax: Syntax) -> Checked:
    """Checks a text that stands at a place of a definition.

    Args:
        text: a bare expression, or a text with ``${ … }``.
        scope: what can be used there.
        syntax: which of both it is.
    """
    problems: list[Finding] = []
    types: list[str] = []
    try:
        for part in [slice(0, len(text))] if syntax == "expression" else pieces(text):
            if isinstance(part, slice):
                types.append(_check_part(text, part, scope, problems))
            elif part:
                types.append("string")
    except SyntaxProblem as problem:
        line, column = problem.place or (None, None)
        problems.append(Finding("error", problem.code, problem.message, problem.hint, line, column))
    if any(each.severity == "error" for each in problems):
        return Checked(problems, None)
    return Checked(problems, types[0] if len(types) == 1 else "string")


def _check_part(text: str, part: slice, scope: Scope, problems: list[Finding]) -> str:
    """Adds what is wrong with the expression in a part of ``text``; returns its type."""
    source = text[part]
    names = None if scope.is_execution else scope.names.keys()
    steps = scope.steps if scope.is_execution else None
    try:
        expression = compile_expression(source, steps=steps, names=names)
    except SyntaxProblem as problem:
        offset = _offset(source, problem, scope)
        place = (None, None) if offset is None else _line_and_column(text, part.start + offset)
        hint = problem.hint
        if hint is None and source.strip().startswith("${"):
            hint = "expressions stand bare here: leave out `${` and `}`"
        problems.append(Finding("error", problem.code, problem.message, hint, *place))
        return ANY
    if scope.is_execution:
        for code, message, hint, name in _doubts(expression, scope):
            at = max(find_name(source, name), 0)
            problems.append(Finding("warning", code, message, hint, *_line_and_column(text, part.start + at)))
    return _type(expression, scope)


def _offset(source: str, problem: SyntaxProblem, scope: Scope) -> int | None:
    """Where in ``source`` a problem is."""
    if problem.place is None:
        return max(find_name(source, "steps"), 0) if problem.code == "unknown_step" else None
    line, column = problem.place
    quoted = quote_step_ids(source, scope.steps) if scope.is_execution else source
    before = quoted.split("\n")[: line - 1]
    offset = sum(len(each) + 1 for each in before) + column - 1
    return offset_before_quoting(source, scope.steps, offset) if scope.is_execution else offset


def _line_and_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _doubts(expression: CelExpression, scope: Scope) -> Iterator[tuple[str, str, str | None, str]]:
    """What an expression reads that is probably not there: code, message, hint, and the name that it is about."""
    for read in expression.reads:
        root = scope.names.get(read.root)
        if root is None:
            yield _unknown_name(read.root, scope.names)
        elif read.root == "steps" and read.keys and str(read.keys[0]) not in root.members:
            step = str(read.keys[0])
            near = nearest(step, root.members)
            hint = f"did you mean `{near}`?" if near else None
            yield "not_before", f"`{step}` does not come before this place, or gives nothing", hint, "steps"
        else:
            yield from _unknown_field(read, root)


def _unknown_name(name: str, names: Mapping[str, Shape]) -> tuple[str, str, str | None, str]:
    if name in RESERVED_NAMES:
        return "not_here", f"there is no `{name}` at this place", None, name
    near = nearest(name, names)
    message = f"nothing before this place is known to set `{name}`"
    return "unknown_name", message, f"did you mean `{near}`?" if near else None, name


def _unknown_field(read: Read, shape: Shape) -> Iterator[tuple[str, str, str | None, str]]:
    """Says of the first key of a path that what holds it has no such member."""
    for key in read.keys[:-1] if read.presence else read.keys:
        if isinstance(key, str) and shape.is_closed and key not in shape.members:
            near = nearest(key, shape.members)
            yield "unknown_field", f"there is no `{key}` in it", f"did you mean `{near}`?" if near else None, read.root
            return
        below = shape.at(key)
        if below is None:
            return
        shape = below


def _type(expression: CelExpression, scope: Scope) -> str:
    read = expression.reads[0] if expression.is_path else None
    if read is not None and not read.presence:
        root = scope.names.get(read.root)
        found = None if root is None else root.at(*read.keys)
        return ANY if found is None else found.type
    return expression.type.lower().replace("dyn", ANY)
