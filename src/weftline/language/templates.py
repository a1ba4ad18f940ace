"""Templates: JSON values with ``${ expression }`` in their strings.

A string that is one expression and nothing else takes the expression's value with its type; otherwise values
are written into the text. ``$${`` stands for a plain ``${``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, cast

import orjson

from weftline.language.cel_lexer import find_closing_brace
from weftline.language.cel_values import copy_json
from weftline.language.errors import SyntaxProblem
from weftline.language.expressions import CelExpression, compile_expression
from weftline.language.json_values import MAX_DEPTH
from weftline.language.program import Expression, ExpressionError, Scope, Template

MAX_TEXT = 1_000_000
"""Characters that one string may have after its expressions are written into it."""


class ConstantTemplate:
    """A value without expressions."""

    __slots__ = ("_is_container", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self._is_container = isinstance(value, dict | list)

    def render(self, scope: Scope) -> Any:
        """The value; a container is copied, so that nobody can change the program."""
        return copy_json(self.value) if self._is_container else self.value


class ExpressionTemplate:
    """One expression, whose value keeps its type."""

    __slots__ = ("expression",)

    def __init__(self, expression: Expression) -> None:
        self.expression = expression

    def render(self, scope: Scope) -> Any:
        """The expression's value."""
        return self.expression.evaluate(scope)


class TextTemplate:
    """Text with expressions between."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[str | Expression, ...]) -> None:
        self.parts = parts

    def render(self, scope: Scope) -> str:
        """The text with every value written into it."""
        pieces = [part if isinstance(part, str) else _written(part.evaluate(scope)) for part in self.parts]
        if sum(map(len, pieces)) > MAX_TEXT:
            raise ExpressionError("too_large", f"the text would have more than {MAX_TEXT:,} characters")
        return "".join(pieces)


class ListTemplate:
    """A list of which some items are templates."""

    __slots__ = ("parts",)

    def __init__(self, items: Iterable[Template]) -> None:
        self.parts = tuple(items)

    def render(self, scope: Scope) -> list[Any]:
        """The list with every item rendered."""
        return [item.render(scope) for item in self.parts]


class ObjectTemplate:
    """An object of which some values are templates."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, Template]) -> None:
        self._fields = tuple(fields.items())

    @property
    def parts(self) -> tuple[Template, ...]:
        """The values."""
        return tuple(value for _, value in self._fields)

    def render(self, scope: Scope) -> dict[str, Any]:
        """The object with every value rendered."""
        return {key: value.render(scope) for key, value in self._fields}


AnyTemplate: TypeAlias = ConstantTemplate | ExpressionTemplate | TextTemplate | ListTemplate | ObjectTemplate


def compile_template(
    value: object,
    *,
    known: Collection[str] | None = None,
    steps: Collection[str] | None = None,
    names: Collection[str] | None = None,
) -> AnyTemplate:
    """``value`` compiled.

    Parameters:
        value: any JSON value.
        known, steps, names: as for :func:`weftline.language.expressions.compile_expression`.

    Raises:
        SyntaxProblem: an expression in it is wrong; its ``path`` leads to the string.
    """
    return _Compiler(known, steps, names).compile(value, ())


def find_syntax_problems(
    value: object,
    *,
    known: Collection[str] | None = None,
    steps: Collection[str] | None = None,
    names: Collection[str] | None = None,
) -> list[SyntaxProblem]:
    """Everything that keeps ``value`` from being compiled; each problem's ``path`` leads to its string."""
    compiler = _Compiler(known, steps, names, collect=True)
    compiler.compile(value, ())
    return compiler.problems


class _Compiler:
    def __init__(
        self,
        known: Collection[str] | None,
        steps: Collection[str] | None,
        names: Collection[str] | None,
        *,
        collect: bool = False,
    ) -> None:
        self._bounds: dict[str, Collection[str] | None] = {"known": known, "steps": steps, "names": names}
        self._collect = collect
        self.problems: list[SyntaxProblem] = []

    def compile(self, value: object, path: tuple[str | int, ...]) -> AnyTemplate:
        if len(path) > MAX_DEPTH:
            raise SyntaxProblem("too_large", f"values nest deeper than {MAX_DEPTH} levels", path=path)
        if isinstance(value, str):
            return self._string(value, path)
        if isinstance(value, list):
            listed = cast("list[object]", value)
            items = [self.compile(item, (*path, index)) for index, item in enumerate(listed)]
            constants = [item.value for item in items if isinstance(item, ConstantTemplate)]
            return ConstantTemplate(constants) if len(constants) == len(items) else ListTemplate(items)
        if isinstance(value, dict):
            named = cast("dict[str, object]", value)
            fields = {key: self.compile(item, (*path, key)) for key, item in named.items()}
            constant = {key: item.value for key, item in fields.items() if isinstance(item, ConstantTemplate)}
            return ConstantTemplate(constant) if len(constant) == len(fields) else ObjectTemplate(fields)
        return ConstantTemplate(value)

    def _string(self, text: str, path: tuple[str | int, ...]) -> AnyTemplate:
        if "${" not in text:
            return ConstantTemplate(text)
        try:
            parts = self._parts(text)
        except SyntaxProblem as problem:
            located = SyntaxProblem(problem.code, problem.message, hint=problem.hint, path=path)
            if not self._collect:
                raise located from None
            self.problems.append(located)
            return ConstantTemplate(text)
        if len(parts) == 1:
            only = parts[0]
            return ConstantTemplate(only) if isinstance(only, str) else ExpressionTemplate(only)
        return TextTemplate(tuple(parts))

    def _parts(self, text: str) -> list[str | CelExpression]:
        parts: list[str | CelExpression] = []
        literal: list[str] = []
        for piece in pieces(text):
            if isinstance(piece, str):
                literal.append(piece)
                continue
            if any(literal):
                parts.append("".join(literal))
            literal = []
            parts.append(compile_expression(text[piece], **self._bounds))
        if any(literal) or not parts:
            parts.append("".join(literal))
        return parts


def pieces(text: str) -> Iterator[str | slice]:
    """The parts of a text in a template, in order: what stands there as it is, and where expressions stand.

    Raises:
        SyntaxProblem: an expression does not end.
    """
    at = 0
    while (found := text.find("${", at)) >= 0:
        if found > at and text[found - 1] == "$":
            yield text[at : found - 1]
            yield "${"
            at = found + 2
            continue
        yield text[at:found]
        end = find_closing_brace(text, found + 2)
        if end < 0:
            message = f"`${{` at character {found + 1} has no closing `}}`"
            raise SyntaxProblem("syntax_error", message, place=_place(text, found))
        yield slice(found + 2, end)
        at = end + 1
    yield text[at:]


def _place(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    # bool, numbers and compact objects are written as JSON writes them
    return orjson.dumps(value).decode()
