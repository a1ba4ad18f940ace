"""Writing messages."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import func, insert
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.mail.addresses import is_address
from weftline.features.mail.errors import InvalidRecipient
from weftline.features.mail.models import Mail
from weftline.features.mail.rendering import TemplateName, Value, render
from weftline.model.ids import uuid7


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
    if not is_address(recipient):
        raise InvalidRecipient
    content = render(template, values)
    mail_id = uuid7()
    # nothing is read back: most roles may write to the outbox, and only one may read it
    await session.execute(
        insert(Mail).values(
            id=mail_id,
            template=template,
            recipient=recipient,
            subject=content.subject,
            body_text=content.text,
            body_html=content.html,
            due_at=func.now(),
        )
    )
    return mail_id
