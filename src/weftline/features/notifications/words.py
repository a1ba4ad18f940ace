"""What messages say: text with ``${…}``, filled in with what is known of an execution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson

from weftline.features.notifications.channel import Channel
from weftline.language.errors import SyntaxProblem
from weftline.language.program import ExpressionError
from weftline.language.templates import compile_template, find_syntax_problems
from weftline.store.errors import translated

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

_FIND = "SELECT subject, body FROM message_templates WHERE tenant_id = $1 AND name = $2 AND channel = $3"


class TemplateFailure(Exception):
    """A message template that cannot be used.

    Args:
        code: stable, in snake_case.
        message: a sentence for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Words:
    """A message, or what one is made from.

    Attributes:
        subject: a line; None where there is none.
        message: as many lines as one likes; empty where there is none.
    """

    subject: str | None
    message: str


class _Names:
    """What the expressions of a message see."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def lookup(self, name: str) -> Any:
        return self._values[name]


async def find_words(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    name: str,
    channel: Channel,
) -> Words:
    """The words of a tenant's message template, not filled in yet.

    Args:
        connection: under a role that may read the tenant's templates.
        tenant_id: whose.
        name: the template's.
        channel: what the message goes by.

    Raises:
        TemplateFailure: there is none such.
        StoreUnavailable: the database does not answer.
    """
    with translated():
        row = await connection.fetchrow(_FIND, tenant_id, name, channel)
    if row is None:
        raise TemplateFailure("unknown_template", f"there is no message template '{name}' for {channel}")
    return Words(row["subject"], row["body"])


def problems(subject: str | None, body: str) -> Sequence[SyntaxProblem]:
    """Everything that is wrong with a template's expressions; each one's ``path`` leads to the field."""
    return find_syntax_problems({"subject": subject, "body": body}, known=(), steps=())


def fill_in(words: Words, values: Mapping[str, Any]) -> Words:
    """The words with every expression's value written into them.

    Args:
        words: a template's.
        values: what the expressions see, by name: ``data``, ``execution`` and ``error``.

    Raises:
        TemplateFailure: an expression cannot be evaluated.
    """
    names = _Names(values)
    try:
        subject = None if words.subject is None else _text(words.subject, names)
        return Words(subject, _text(words.message, names))
    except (ExpressionError, SyntaxProblem) as error:
        raise TemplateFailure(error.code, error.message) from error


def _text(source: str, names: _Names) -> str:
    value = compile_template(source).render(names)
    if isinstance(value, str):
        return value
    return "" if value is None else orjson.dumps(value).decode()
