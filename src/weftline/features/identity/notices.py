"""Messages that tell people what happened to their accounts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.origin import current_origin
from weftline.features.mail.outbox import post
from weftline.features.mail.rendering import Value

Notice = Literal[
    "account_exists", "account_locked", "email_changed", "new_sign_in", "password_changed", "second_factor"
]

_NAME = text("SELECT name FROM users WHERE id = :user")


async def notify(session: AsyncSession, notice: Notice, user_id: UUID, email: str, **values: Value) -> None:
    """Tell somebody, by mail, what is being done from where the current request comes from.

    Args:
        session: the transaction that does it, under the role that signs people in.
        notice: the message's template.
        user_id: whom.
        email: where they are told.
        values: what the template needs besides name, time and address.
    """
    origin = current_origin()
    told: dict[str, Value] = {
        "name": (await session.scalars(_NAME, {"user": user_id})).one(),
        "occurred_at": datetime.now(UTC),
        "address": origin.address,
        "user_agent": origin.user_agent,
        **values,
    }
    await post(session, notice, email, told)
