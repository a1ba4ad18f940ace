"""What can be wrong with the expressions and templates of a definition, wherever they stand."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Literal, TypeAlias, cast

from weftline.language.errors import SyntaxProblem
from weftline.language.expressions import compile_expression
from weftline.language.json_values import pointer
from weftline.language.problems import Problems
from weftline.language.templates import find_syntax_problems

_EXPRESSIONS = ("when", "condition", "while", "breakWhen", "continueWhen")
_LISTED_EXPRESSIONS = (("cases", "when"), ("validate", "condition"))
_TEMPLATES = (
    "assignTo",
    "body",
    "branches",
    "compensate",
    "correlation",
    "data",
    "deadline",
    "details",
    "dueIn",
    "duration",
    "escalation",
    "event",
    "firstOf",
    "forEach",
    "headers",
    "input",
    "message",
    "method",
    "next",
    "output",
    "payload",
    "query",
    "subject",
    "timeout",
    "to",
    "until",
    "url",
    "values",
)
_SETTINGS_TEMPLATES = ("concurrency", "errorHandling", "searchAttributes")

Path = tuple[str | int, ...]

Syntax: TypeAlias = Literal["expression", "template"]


def syntax_at(path: Path) -> Syntax | None:
    """How expressions are written at a place in a definition: bare, or as ``${ … }`` in texts; None for not at all."""
    match path:
        case ("nodes", _, name) if name in _EXPRESSIONS:
            return "expression"
        case ("nodes", _, name, _, field) if (name, field) in _LISTED_EXPRESSIONS:
            return "expression"
        case ("triggers", _, "condition"):
            return "expression"
        case ("nodes", _, name, *_) if name in _TEMPLATES:
            return "template"
        case ("settings", name, *_) if name in _SETTINGS_TEMPLATES:
            return "template"
        case ("triggers", _, "input", *_) | ("output", *_):
            return "template"
        case _:
            return None


def check_node_expressions(raw: Mapping[str, Any], path: Path, steps: Collection[str], problems: Problems) -> None:
    """Adds what is wrong with the expressions and templates of the raw node at ``path``."""
    for name in _EXPRESSIONS:
        _check_expression(raw.get(name), (*path, name), steps, problems)
    for name, field in _LISTED_EXPRESSIONS:
        listed = raw.get(name)
        for index, item in enumerate(cast("list[object]", listed) if isinstance(listed, list) else []):
            if isinstance(item, dict):
                value = cast("dict[str, object]", item).get(field)
                _check_expression(value, (*path, name, index, field), steps, problems)
    for name in _TEMPLATES:
        if name in raw:
            check_template(raw[name], (*path, name), steps, problems)


def check_settings_expressions(raw: object, steps: Collection[str], problems: Problems) -> None:
    """Adds what is wrong with the templates of the raw ``settings``."""
    settings = cast("dict[str, object]", raw) if isinstance(raw, dict) else {}
    for name in _SETTINGS_TEMPLATES:
        check_template(settings.get(name), ("settings", name), steps, problems)


def check_template(value: object, path: Path, steps: Collection[str], problems: Problems) -> None:
    """Adds what is wrong with the expressions in ``value``, which stands at ``path``."""
    for problem in find_syntax_problems(value, steps=steps):
        problems.add(problem.code, pointer((*path, *problem.path)), problem.message, problem.hint)


def _check_expression(value: object, path: Path, steps: Collection[str], problems: Problems) -> None:
    if not isinstance(value, str) or not value.strip():
        # shape says what is wrong with it
        return
    try:
        compile_expression(value, steps=steps)
    except SyntaxProblem as problem:
        hint = problem.hint
        if hint is None and value.strip().startswith("${"):
            hint = "expressions stand bare here: leave out `${` and `}`"
        problems.add(problem.code, pointer(path), problem.message, hint)
