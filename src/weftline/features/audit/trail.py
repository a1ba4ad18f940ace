"""Writing the audit log, in the transaction of the act it tells of.

Appending holds the end of the tenant's chain until that transaction ends, and so makes everybody wait who appends to
the same. So entries are sent together with what commits the transaction: the chain is held for no longer than the
server takes for that, however busy this process is.
"""

from __future__ import annotations

from collections.abc import Sequence
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller, current_caller
from weftline.features.database import driver
from weftline.features.http.origin import Origin, current_origin
from weftline.store.connect import KeyedConnection

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

PLATFORM = UUID(int=0)
"""Whose chain tells of acts that belong to no tenant."""

_QUOTE = f"$entries_{token_hex(8)}$"
"""Around entries in the text of a statement. Nobody can know it, and so nothing that somebody sends ends there."""


class Entry(NamedTuple):
    """What is to be recorded.

    Attributes:
        action: ``noun.verb`` in the past tense.
        resource_type, resource_id: on what.
        before, after: what it was and what it became, JSON.
        reason: why, where somebody said.
        actor: who; None for somebody who has not signed in.
        origin: from where; where the current request comes from, where not given.
    """

    action: str
    resource_type: str | None = None
    resource_id: str | UUID | None = None
    before: Any = None
    after: Any = None
    reason: str | None = None
    actor: Caller | None = None
    origin: Origin | None = None


async def record(
    session: AsyncSession,
    action: str,
    resource_type: str | None = None,
    resource_id: object = None,
    *,
    before: Any = None,
    after: Any = None,
    reason: str | None = None,
    tenant_id: UUID | None = None,
    actor: Caller | None = None,
) -> None:
    """Record what the current caller does; it is written when the transaction that does it is committed.

    Args:
        session: the transaction.
        action: ``noun.verb`` in the past tense, such as ``workflow.published``.
        resource_type, resource_id: on what.
        before, after: what it was and what it became, JSON without secrets.
        reason: why, where somebody said.
        tenant_id: in whose log; the caller's tenant where not given.
        actor: who; the current caller where not given.
    """
    actor = actor or current_caller()
    if tenant_id is None:
        assert actor is not None, "whose log?"
        tenant_id = actor.tenant_id
    resource = None if resource_id is None else str(resource_id)
    entry = Entry(action, resource_type, resource, before, after, reason, actor)
    append(await driver(session), tenant_id, [entry])


def append(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    tenant_id: UUID,
    entries: Sequence[Entry],
) -> None:
    """Record several acts of one tenant when the caller's transaction is committed; see :func:`record`.

    Where the database refuses an entry, which it does for what no JSON document may hold, committing fails.
    """
    text = encode(entries)
    assert _QUOTE not in text
    statement = f"SELECT append_audit('{UUID(str(tenant_id))}', {_QUOTE}{text}{_QUOTE})"
    cast("KeyedConnection", connection).close_with(statement)


def request_actor() -> dict[str, Any] | None:
    """Who acts now and from where, as the database function takes it; None where nobody does."""
    actor = current_caller()
    return None if actor is None else _who(actor, current_origin())


def encode(entries: Sequence[Entry]) -> str:
    """The entries as the database function takes them."""
    current = current_origin()
    rows: list[dict[str, Any]] = []
    for entry in entries:
        who = _who(entry.actor, entry.origin or current)
        rows.append(
            {
                **who,
                "action": entry.action,
                "resource_type": entry.resource_type,
                "resource_id": entry.resource_id,
                "before": entry.before,
                "after": entry.after,
                "reason": entry.reason or who["reason"],
            }
        )
    return orjson.dumps(rows, default=str).decode()


def _who(actor: Caller | None, origin: Origin) -> dict[str, Any]:
    return {
        "actor_type": "anonymous" if actor is None else actor.kind,
        "actor_id": None if actor is None else actor.id,
        "actor_name": None if actor is None else actor.name,
        "reason": None if actor is None else actor.reason,
        "address": origin.address,
        "user_agent": origin.user_agent,
        "request_id": origin.request_id,
    }
