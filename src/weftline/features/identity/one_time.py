"""Tokens that work once: sent by mail to prove that a mailbox is somebody's, or handed out between two steps of signing
in. Stored hashed, like every token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from secrets import token_urlsafe
from typing import Any, Literal
from uuid import UUID

import orjson
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.identity.errors import TokenNotValid

Purpose = Literal["register", "change_email", "reset_password", "invitation", "second_step"]

MAX_TOKEN = 128
"""Characters of the longest token that is looked at."""

MAILS_PER_HOUR = 3
"""Messages of one purpose that one mailbox gets: nobody is to be flooded in our name."""

_ISSUE = text(
    """
    INSERT INTO one_time_tokens (token_hash, purpose, user_id, email, data, expires_at)
    VALUES (:hash, :purpose, :user, :email, CAST(:data AS jsonb), now() + make_interval(secs => :seconds))
    """
)
_LOOK = text(
    """
    SELECT user_id, email, data FROM one_time_tokens
    WHERE token_hash = :hash AND purpose = ANY(:purposes) AND used_at IS NULL AND expires_at > now()
    """
)
_REDEEM = text(
    """
    UPDATE one_time_tokens SET used_at = now()
    WHERE token_hash = :hash AND purpose = ANY(:purposes) AND used_at IS NULL AND expires_at > now()
    RETURNING user_id, email, data
    """
)
_VOID = text(
    """
    UPDATE one_time_tokens SET used_at = now()
    WHERE user_id = :user AND purpose = ANY(:purposes) AND used_at IS NULL
    """
)
_RECENT = text(
    """
    SELECT count(*) FROM one_time_tokens
    WHERE (user_id = :user OR email = :email) AND purpose = :purpose AND created_at > now() - interval '1 hour'
    """
)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token stands for.

    Attributes:
        user_id: whose; None where there is no account yet.
        email: where it was sent to, where that is not the account's address.
        data: what else belongs to it.
    """

    user_id: UUID | None
    email: str | None
    data: dict[str, Any]


async def issue(
    session: AsyncSession,
    purpose: Purpose,
    lifetime: timedelta,
    *,
    user_id: UUID | None = None,
    email: str | None = None,
    data: dict[str, Any] | None = None,
) -> str:
    """A new token.

    Args:
        session: the transaction.
        purpose: what it is good for, and for nothing else.
        lifetime: how long.
        user_id, email, data: see :class:`Ticket`.
    """
    token = f"wt_{token_urlsafe(32)}"
    await session.execute(
        _ISSUE,
        {
            "hash": _hash(token),
            "purpose": purpose,
            "user": user_id,
            "email": email,
            "data": orjson.dumps(data or {}).decode(),
            "seconds": lifetime.total_seconds(),
        },
    )
    return token


async def look(session: AsyncSession, token: str, *purposes: Purpose) -> Ticket:
    """What a token stands for, without using it.

    Raises:
        TokenNotValid: it is none of these, was used, or has expired.
    """
    return await _ticket(session, _LOOK, token, purposes)


async def redeem(session: AsyncSession, token: str, *purposes: Purpose) -> Ticket:
    """Use a token; of several who try at once, one succeeds.

    Raises:
        TokenNotValid: it is none of these, was used, or has expired.
    """
    return await _ticket(session, _REDEEM, token, purposes)


async def void(session: AsyncSession, user_id: UUID, *purposes: Purpose) -> None:
    """Let the tokens of a person count no more."""
    await session.execute(_VOID, {"user": user_id, "purposes": list(purposes)})


async def may_mail(
    session: AsyncSession, purpose: Purpose, *, user_id: UUID | None = None, email: str | None = None
) -> bool:
    """Whether a mailbox may get one more message of a purpose by now."""
    bound = {"user": user_id, "email": email, "purpose": purpose}
    return (await session.execute(_RECENT, bound)).scalar_one() < MAILS_PER_HOUR


async def _ticket(session: AsyncSession, statement: TextClause, token: str, purposes: Sequence[Purpose]) -> Ticket:
    bound = {"hash": _hash(token), "purposes": list(purposes)}
    found = (await session.execute(statement, bound)).mappings().one_or_none()
    if found is None:
        raise TokenNotValid
    return Ticket(found["user_id"], found["email"], found["data"])


def _hash(token: str) -> bytes:
    # 256 random bits need no salt and no slow hash
    return hashlib.sha256(token.encode()).digest()
