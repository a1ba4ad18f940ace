"""Reading and changing the outbox within a transaction under ``weft_identity``.

Sending takes a message by counting an attempt and making it due again a little later, commits, and only then talks to
the server. A process that dies meanwhile leaves a message that another takes up when that time has passed; what it
would still write is void, because the count has moved on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, Delete, Update, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.mail.models import Mail
from weftline.features.mail.status import MailStatus
from weftline.features.mail.text import one_line

LEASE = timedelta(minutes=2)
"""How long an attempt may take before the message goes to somebody else."""

RETRIES = (timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=2), timedelta(hours=8))
"""The pause after each attempt but the last."""

MAX_ATTEMPTS = len(RETRIES) + 1

KEEP_UNSENT = timedelta(days=7)
KEEP_SENT = timedelta(days=90)

ORDER = Ordering(
    SortKey("createdAt", Mail.created_at, datetime), tie=SortKey("id", Mail.id, UUID), default="-createdAt"
)

_MAX_ERROR = 500

_BATCH = 1000
"""Messages that one statement removes."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which messages to list: those that fit every field that is given.

    Attributes:
        status: that stand here.
        recipient: to this address, whatever its case.
    """

    status: MailStatus | None = None
    recipient: str | None = None


async def claim(session: AsyncSession) -> Mail | None:
    """Begin an attempt at the message that has been due longest; None where none is due."""
    due = (
        select(Mail.id)
        .where(Mail.due_at <= func.now(), Mail.attempts < MAX_ATTEMPTS)
        .order_by(Mail.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Mail).where(Mail.id == due).values(attempts=Mail.attempts + 1, due_at=func.now() + LEASE).returning(Mail)
    )
    return (await session.scalars(statement, execution_options={"synchronize_session": False})).one_or_none()


async def mark_sent(session: AsyncSession, mail: Mail) -> bool:
    """Keep a message as sent, without its bodies; False where the attempt was no longer the latest."""
    return await _end_attempt(session, mail, sent_at=func.now(), due_at=None, body_text="", body_html="", error=None)


async def mark_failed(session: AsyncSession, mail: Mail, error: str, *, for_good: bool) -> bool:
    """Note why an attempt failed, and plan the next one unless it was the last or there is no use in one."""
    is_last = for_good or mail.attempts >= MAX_ATTEMPTS
    due_at = None if is_last else func.now() + RETRIES[mail.attempts - 1]
    return await _end_attempt(session, mail, due_at=due_at, error=one_line(error, _MAX_ERROR))


async def give_up(session: AsyncSession) -> int:
    """Stop trying messages whose last attempt was never ended: whoever made it is gone."""
    statement = (
        update(Mail)
        .where(Mail.due_at <= func.now(), Mail.attempts >= MAX_ATTEMPTS)
        .values(due_at=None, error="the process that sent it ended before the server answered")
    )
    return await _count(session, statement)


async def purge(session: AsyncSession) -> int:
    """Remove some of the messages that are too old to keep; returns how many."""
    old = (
        select(Mail.id)
        .where(
            or_(
                and_(Mail.sent_at.is_(None), Mail.created_at < func.now() - KEEP_UNSENT),
                Mail.created_at < func.now() - KEEP_SENT,
            )
        )
        .limit(_BATCH)
        .with_for_update(skip_locked=True)
    )
    return await _count(session, delete(Mail).where(Mail.id.in_(old)))


async def get(session: AsyncSession, mail_id: UUID) -> Mail | None:
    """A message."""
    return await session.get(Mail, mail_id)


async def list_mail(session: AsyncSession, wanted: Filter, window: Window) -> Sequence[Mail]:
    """Those of the messages that fit.

    Args:
        session: under ``weft_identity``.
        wanted: which.
        window: which part of them, in which order.
    """
    statement = select(Mail)
    if wanted.status is not None:
        statement = statement.where(_stands(wanted.status))
    if wanted.recipient is not None:
        statement = statement.where(func.lower(Mail.recipient) == wanted.recipient.lower())
    return (await session.scalars(window.of(statement))).all()


def _stands(status: MailStatus) -> ColumnElement[bool]:
    match status:
        case MailStatus.SENT:
            return Mail.sent_at.is_not(None)
        case MailStatus.PENDING:
            return Mail.due_at.is_not(None)
        case MailStatus.FAILED:
            return and_(Mail.sent_at.is_(None), Mail.due_at.is_(None))


async def _end_attempt(session: AsyncSession, mail: Mail, **values: object) -> bool:
    statement = update(Mail).where(Mail.id == mail.id, Mail.attempts == mail.attempts, Mail.due_at.is_not(None))
    return await _count(session, statement.values(**values)) == 1


async def _count(session: AsyncSession, statement: Update | Delete) -> int:
    result = await session.execute(statement, execution_options={"synchronize_session": False})
    return cast("CursorResult[Any]", result).rowcount
