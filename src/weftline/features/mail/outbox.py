"""Writing messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING
from uuid import UUID

from weftline.features.mail.addresses import is_address
from weftline.features.mail.errors import InvalidRecipient
from weftline.features.mail.rendering import TemplateName, Value, render
from weftline.model.ids import uuid7

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy
    from sqlalchemy.ext.asyncio import AsyncSession

# nothing is read back: most roles may write to the outbox, and only one may read it
_INSERT = """
INSERT INTO mail_outbox (id, template, recipient, subject, body_text, body_html, due_at)
VALUES ($1, $2, $3, $4, $5, $6, now())
"""


async def post(session: AsyncSession, template: TemplateName, recipient: str, values: Mapping[str, Value]) -> UUID:
    """Write a message in the caller's transaction: it is sent if, and only if, that commits.

    Args:
        session: a transaction under any of the database's roles, bound to a tenant or not.
        template: see ``weftline.features.mail.rendering``.
        recipient: a plain e-mail address.
        values: what the template needs.

    Returns:
        The message's id.

    Raises:
        InvalidRecipient: the recipient is not one plain address.
        KeyError, ValueError: the values do not fit the template.
    """
    row = _row(template, recipient, values)
    await (await session.connection()).exec_driver_sql(_INSERT, row)
    return row[0]


async def post_on(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    template: TemplateName,
    recipient: str,
    values: Mapping[str, Value],
) -> UUID:
    """Write a message in a transaction that is open on a driver's connection; else like :func:`post`."""
    row = _row(template, recipient, values)
    await connection.execute(_INSERT, *row)
    return row[0]


def _row(
    template: TemplateName, recipient: str, values: Mapping[str, Value]
) -> tuple[UUID, TemplateName, str, str, str, str]:
    if not is_address(recipient):
        raise InvalidRecipient
    content = render(template, values)
    return uuid7(), template, recipient, content.subject, content.text, content.html
