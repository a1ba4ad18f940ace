"""Scopes and expressions on the wire."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from weftline.features.http.wire import Demand, Wire
from weftline.language.expressions import MAX_SOURCE

MAX_TEXT = 16 * MAX_SOURCE
"""Characters of a text with expressions."""

Syntax = Literal["expression", "template"]


class PlaceBody(Demand):
    """A place in a definition."""

    definition: Annotated[
        dict[str, Any], Field(description="It may be incomplete, or invalid elsewhere; in Weftline's own terms.")
    ]
    pointer: Annotated[str, Field(max_length=1_000, description="JSON pointer (RFC 6901) to the place.")]


class ExpressionBody(PlaceBody):
    """An expression, and where it is to stand."""

    expression: Annotated[str, Field(max_length=MAX_TEXT)]
    syntax: Annotated[
        Syntax | None,
        Field(description="`expression`: bare; `template`: text with `${ … }`. Absent: as the place has it."),
    ] = None


class NameOut(Wire):
    """A name, or a member of something that has a name."""

    name: str
    type: Annotated[
        str,
        Field(description="`string`, `int`, `double`, `bool`, `null`, `list`, `map`, or `any` where it is not known."),
    ]
    description: str
    is_certain: Annotated[bool, Field(description="False: it may be absent, depending on the way taken.")]
    is_secret: Annotated[bool, Field(description="It stands for a secret, which no expression sees.")]
    members: Annotated[list[NameOut], Field(description="Of a map, those that are known.")]
    items: Annotated[NameOut | None, Field(description="Of a list, what each of its items is; its name is empty.")]


class FunctionOut(Wire):
    """Something that expressions can call."""

    name: str
    kind: Annotated[
        Literal["function", "method", "macro"], Field(description="A method stands behind a value and a dot.")
    ]
    signature: str
    description: str
    example: str


class ScopeOut(Wire):
    """What an expression at a place can use."""

    syntax: Annotated[
        Syntax | None,
        Field(description="How expressions are written there: bare, or as `${ … }` in texts; null: not at all."),
    ]
    names: Annotated[list[NameOut], Field(description="The most particular ones first.")]
    functions: list[FunctionOut]


class FindingOut(Wire):
    """Something about an expression."""

    severity: Annotated[
        Literal["error", "warning"],
        Field(description="A warning does not keep the definition from being valid; it will probably fail."),
    ]
    code: str
    message: str
    hint: str | None
    line: Annotated[int | None, Field(description="In the text, from 1; null where the whole text is meant.")]
    column: int | None


class CheckedOut(Wire):
    """What became of checking an expression."""

    valid: Annotated[bool, Field(description="There are no errors.")]
    problems: list[FindingOut]
    type: Annotated[str | None, Field(description="Of its value, as far as it is known; null where there are errors.")]
