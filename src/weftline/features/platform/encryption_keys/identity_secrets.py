"""Secrets of people and of the platform, which are sealed under the master key itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import TextClause, text

from weftline.features.identity.mfa.codes import secret_context
from weftline.features.identity.tokens import key_context


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column whose values the vault has sealed.

    Attributes:
        name: what they are, for counts.
        page: rows ``id, sealed`` after ``:after``, at most ``:limit``.
        replace: sets ``:anew`` at ``:id`` where the value is still ``:sealed``.
        first: sorts before every id.
        parse: makes an id of its text.
        context: what the vault is told that a value is, by its id.
    """

    name: str
    page: TextClause
    replace: TextClause
    first: Any
    parse: Callable[[str], Any]
    context: Callable[[Any], str]


IDENTITY_SECRETS: Sequence[SealedColumn] = (
    SealedColumn(
        "signingKeys",
        text("SELECT id, private_key AS sealed FROM signing_keys WHERE id > :after ORDER BY id LIMIT :limit"),
        text("UPDATE signing_keys SET private_key = :anew WHERE id = :id AND private_key = :sealed"),
        "",
        str,
        key_context,
    ),
    SealedColumn(
        "secondFactors",
        text(
            "SELECT user_id AS id, secret AS sealed FROM totp_factors WHERE user_id > :after ORDER BY user_id"
            " LIMIT :limit"
        ),
        text("UPDATE totp_factors SET secret = :anew WHERE user_id = :id AND secret = :sealed"),
        UUID(int=0),
        UUID,
        secret_context,
    ),
)
