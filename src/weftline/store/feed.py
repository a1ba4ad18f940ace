"""The feed: what was committed, for those who follow it.

Every commit adds a row for each tenant whose executions it appended events for; rows for tasks and workflows are added
with what happens to them. A follower keeps a *position*: the state of the database that it has seen, as PostgreSQL
itself describes it (a snapshot: every transaction below a number, but those that were still under way). What a later
look shows beyond that is new, in whichever order transactions ended; nothing is missed, repeated or waited for. A
running number alone could not promise that, for it is given out before the commit; but of what is new it tells the
order, for an execution's next commit begins after the last has ended.

Rows are kept for a day, so a position expires. The log of each execution does not.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Self
from uuid import UUID

import asyncpg

from weftline.store.errors import Unstorable, translated
from weftline.store.queries import queries

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

KEPT_SECONDS = 24 * 3_600.0
"""How old a position may be. Rows are kept a little longer."""

LIMIT = 500
"""Rows that are read at once."""

EVENTS = 1_000
"""Things that the rows read at once tell of together; a single row may tell of more. One row tells of a whole commit,
and whoever follows holds all that a page tells of in memory."""

_FORGET_AFTER = KEPT_SECONDS + 3_600.0
_SNAPSHOT = r"\d{1,19}:\d{1,19}:(?:\d{1,19}(?:,\d{1,19}){0,999})?"
_POSITION = re.compile(
    rf"(?P<at>\d{{1,12}})~(?P<seen>{_SNAPSHOT})"
    rf"(?:~(?P<until>{_SNAPSHOT})~(?P<row>\d{{1,18}})\.(?P<told>\d{{1,9}}))?"
)


class InvalidPosition(ValueError):
    """A position that was never handed out."""


class PositionExpired(Exception):
    """What was committed since the position is not known any more; whoever asks must look at everything anew."""


@dataclass(frozen=True, slots=True)
class Position:
    """How much somebody has seen.

    Attributes:
        at: when it was handed out, Unix seconds.
        seen: everything that this snapshot shows.
        until: beyond that, of what this snapshot shows ...
        row: ... everything before the row of this number; and of the row itself ...
        told: ... so many things.
    """

    at: int
    seen: str
    until: str | None = None
    row: int = 0
    told: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position that ``str`` wrote.

        Raises:
            InvalidPosition: it is none.
        """
        match = _POSITION.fullmatch(text)
        if match is None:
            raise InvalidPosition(text)
        if match["until"] is None:
            return cls(int(match["at"]), match["seen"])
        return cls(int(match["at"]), match["seen"], match["until"], int(match["row"]), int(match["told"]))

    def shows(self, entry: Entry) -> bool:
        """Whether somebody at this position, who has read no page beyond ``seen``, has seen a row."""
        first, next, under_way = self.seen.split(":")
        return entry.xid < int(first) or (entry.xid < int(next) and str(entry.xid) not in under_way.split(","))

    def __str__(self) -> str:
        if self.until is None:
            return f"{self.at}~{self.seen}"
        return f"{self.at}~{self.seen}~{self.until}~{self.row}.{self.told}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the feed.

    Attributes:
        tenant_id: whose.
        kind: ``events``, ``tasks`` or ``workflows``.
        subjects: executions or tasks; of workflows, who edits each, where that is told.
        first_seqs, last_seqs: of events, which each execution got.
        names: of tasks and workflows, what happened to each; of workflows none where they were published.
        workflows: that something happened to.
        committed_at: when its transaction began, Unix seconds.
        row: its number.
        xid: its transaction's.
        before, until: the snapshots between which it was read.
        skip: how much of what it tells was seen before.
    """

    tenant_id: UUID
    kind: str
    subjects: list[UUID]
    first_seqs: list[int]
    last_seqs: list[int]
    names: list[str]
    workflows: list[str]
    committed_at: float
    row: int
    xid: int
    before: str
    until: str
    skip: int = 0

    @property
    def size(self) -> int:
        """Of how many things it tells."""
        events = sum(last - first + 1 for first, last in zip(self.first_seqs, self.last_seqs, strict=True))
        return events or len(self.subjects) or len(self.workflows)

    def position(self, told: int, now: int) -> Position:
        """The position of who has seen this many of the things that it tells."""
        return Position(now, self.before, self.until, self.row, told)


@dataclass(frozen=True, slots=True)
class Changes:
    """What somebody at a position has not seen.

    Attributes:
        entries: rows, in an order in which each execution's events are in order.
        position: after them.
        is_complete: there is nothing beyond them.
    """

    entries: list[Entry]
    position: Position
    is_complete: bool


async def current_position(connection: Connection) -> Position:
    """The position of whoever has seen everything."""
    with translated():
        seen = await connection.fetchval(queries("feed")["now"])
    return Position(int(time.time()), seen)


async def changes(connection: Connection, since: Position, tenants: Collection[UUID], *, limit: int = LIMIT) -> Changes:
    """What was committed since a position.

    Args:
        connection: outside a transaction, or in one that takes a new snapshot for each statement.
        since: the position.
        tenants: whose; for the API's role, the one that the transaction is bound to.
        limit: at most so many rows; fewer where they tell of more than :data:`EVENTS` things.

    Raises:
        PositionExpired: some of it may be forgotten.
        InvalidPosition: it is none of this database's.
    """
    now = int(time.time())
    if since.at < now - KEPT_SECONDS:
        raise PositionExpired
    try:
        with translated():
            rows = await connection.fetch(
                queries("feed")["since"], list(tenants), since.seen, since.until, limit, since.row - 1
            )
    except Unstorable:
        raise InvalidPosition(str(since)) from None
    # a row of which something is still to be told was read once more
    until = since.until or rows[0]["seen"]
    found = [_entry(row, since, until) for row in rows if row["tenant_id"] is not None]
    entries = _page(found)
    if len(found) == limit or len(entries) < len(found):
        return Changes(entries, Position(now, since.seen, until, entries[-1].row + 1), is_complete=False)
    return Changes(entries, Position(now, until), is_complete=since.until is None)


def _page(found: list[Entry]) -> list[Entry]:
    """The first of some rows that tell of no more than :data:`EVENTS` things together; one at least."""
    sizes = accumulate(entry.size for entry in found)
    return [
        entry for number, (entry, size) in enumerate(zip(found, sizes, strict=True)) if not number or size <= EVENTS
    ]


def _entry(row: asyncpg.Record, since: Position, until: str) -> Entry:
    return Entry(
        tenant_id=row["tenant_id"],
        kind=row["kind"],
        subjects=row["subjects"] or [],
        first_seqs=row["first_seqs"] or [],
        last_seqs=row["last_seqs"] or [],
        names=row["names"] or [],
        workflows=row["workflows"] or [],
        committed_at=row["committed_at"].timestamp(),
        row=row["number"],
        xid=int(row["xid"]),
        before=since.seen,
        until=until,
        skip=since.told if row["number"] == since.row else 0,
    )


async def forget(connection: Connection, now: float, limit: int = 10_000) -> int:
    """Remove what is too old to be asked for; returns how many rows, at most ``limit``.

    Args:
        connection: the worker's.
        now: Unix seconds.
        limit: rows at most.
    """
    with translated():
        done = await connection.execute(queries("feed")["forget"], now - _FORGET_AFTER, limit)
    return int(done.rpartition(" ")[2])
