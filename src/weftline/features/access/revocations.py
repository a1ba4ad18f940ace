"""What must be forgotten at once: written in the transaction that changes it, read by every API process."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

RevocationKind = Literal["session", "user", "tenant", "key"]

_INSERT = text("INSERT INTO revocations (kind, subject) VALUES (:kind, :subject)")


async def revoke(session: AsyncSession, kind: RevocationKind, subject: UUID) -> None:
    """Make every API process forget, within a second or two of the commit, what it knows of something.

    Args:
        session: the transaction that changes it.
        kind: ``session`` ends it; ``user`` and ``tenant`` are read anew; ``key`` is refused.
        subject: whose.
    """
    await session.execute(_INSERT, {"kind": kind, "subject": subject})
