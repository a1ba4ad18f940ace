"""Which parts of a program read variables: only those cost what looking variables up costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast

from weftline.language.expressions import CelExpression
from weftline.language.templates import ConstantTemplate, ExpressionTemplate, ListTemplate, ObjectTemplate, TextTemplate

VARIABLES = "vars"
"""The name under which expressions see them."""


def reads_variables(part: Any) -> bool:
    """Whether an expression in a program, or in a part of one, reads ``vars``.

    Args:
        part: a program, a node, a template, an expression, or a collection of such.
    """
    return any(read.root == VARIABLES for expression in _expressions(part) for read in expression.reads)


def variables_read(part: Any) -> frozenset[str]:
    """The names of the variables that expressions in a program, or in a part of one, read.

    Those whose names are only known once it runs, as in ``vars[input.which]``, are not among them.

    Args:
        part: see :func:`reads_variables`.
    """
    return frozenset(
        read.keys[0]
        for expression in _expressions(part)
        for read in expression.reads
        if read.root == VARIABLES and read.keys and isinstance(read.keys[0], str)
    )


def _expressions(part: Any) -> Iterator[CelExpression]:
    match part:
        case CelExpression():
            yield part
        case ExpressionTemplate():
            yield from _expressions(part.expression)
        case TextTemplate() | ListTemplate() | ObjectTemplate():
            for inner in part.parts:
                yield from _expressions(inner)
        case ConstantTemplate() | str():
            return
        case Mapping():
            for inner in cast("Mapping[str, Any]", part).values():
                yield from _expressions(inner)
        case tuple() | list():
            for inner in cast("tuple[Any, ...]", part):
                yield from _expressions(inner)
        case _ if is_dataclass(part):
            for field in fields(part):
                yield from _expressions(getattr(part, field.name))
        case _:
            return
