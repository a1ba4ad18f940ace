"""Verifying that nobody has tampered with a tenant's audit log.

Everything is computed anew here, from what the columns hold, by the very expression that ``append_audit`` hashes; only
functions of PostgreSQL itself take part, none that somebody who owns the database might have replaced.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.chain import Anchor, Digest, Link, Walk
from weftline.features.audit.diagnosis import Fault, diagnose
from weftline.features.database import Database, driver

BATCH = 4000
_FIRST, _LAST = -(2**63), 2**63 - 1

_LINKS = """
SELECT seq, hash, convert_to(jsonb_build_array(
    extract(epoch FROM occurred_at), actor_type, actor_id, actor_name, action, resource_type, resource_id,
    before::text, after::text, reason, address, user_agent, request_id)::text, 'UTF8') AS body
FROM public.audit_log WHERE tenant_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3
"""
_HEAD = "SELECT seq, hash FROM public.audit_heads WHERE tenant_id = $1"


@dataclass(frozen=True, slots=True)
class Verification:
    """What verifying a chain has shown.

    Attributes:
        entries: how many were read.
        head: the last entry by record: to be kept elsewhere, and given as the anchor of later verifications. None
            where the log is empty, or its head is missing.
        faults: what was tampered with, in the order of the chain.
        is_complete: False where so much is broken that the rest was not read.
        seconds: how long it took.
    """

    entries: int
    head: Anchor | None
    faults: tuple[Fault, ...]
    is_complete: bool
    seconds: float

    @property
    def is_whole(self) -> bool:
        """Whether nothing was tampered with."""
        return not self.faults


async def verify_chain(database: Database, tenant_id: UUID, expected: Anchor | None = None) -> Verification:
    """Verify a tenant's audit log from its first entry to its last, also while entries are appended.

    Args:
        database: under a role that sees the tenant's log.
        tenant_id: whose.
        expected: an anchor that somebody has kept.

    Raises:
        StoreUnavailable: see ``weftline.store.errors``.
    """
    started = time.perf_counter()
    walk = Walk(Digest(tenant_id), expected)
    head: Anchor | None = None
    is_read = False
    following = _FIRST
    while not is_read:
        async with database.transaction(tenant_id, snapshot=True) as session:
            links = await _links(session, tenant_id, following)
            is_read = len(links) < BATCH or links[-1].seq == _LAST
            # what has been read up to here is what the head of this same moment must tell of
            head = await _head(session, tenant_id)
        if links:
            following = links[-1].seq + 1
            await asyncio.to_thread(walk.read, links)
        is_read = is_read or walk.is_broken
    faults = await asyncio.to_thread(diagnose, walk, head)
    known_head = head if head is not None and head.seq > 0 else None
    return Verification(walk.entries, known_head, faults, not walk.is_broken, time.perf_counter() - started)


async def _links(session: AsyncSession, tenant_id: UUID, first: int) -> list[Link]:
    connection = await driver(session)
    # nobody's functions of the same names
    await connection.execute("SET LOCAL search_path = pg_catalog, pg_temp")
    return [Link(*row) for row in await connection.fetch(_LINKS, tenant_id, first, BATCH)]


async def _head(session: AsyncSession, tenant_id: UUID) -> Anchor | None:
    row = await (await driver(session)).fetchrow(_HEAD, tenant_id)
    return None if row is None else Anchor(*row)
