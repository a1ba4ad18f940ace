"""The hash chain of a tenant's audit log, read from its first entry to its last.

An entry's hash is SHA-256 of the hash before it (32 zero bytes before the first) and of the entry's content, its
``seq`` included. So a sound entry follows from the one before, and nothing can be changed, taken out, put in or moved
without an entry that does not follow. Such an entry is a *suspect*: it, or what used to be around it, was tampered
with. The walk goes on behind it, from the hash that is stored there, and notes where what follows belongs: entries
that were renumbered follow from each other all the same, under the numbers that they were written with.
``weftline.features.audit.diagnosis`` then says what must have happened.

Whoever can rewrite the whole rest of a chain and its head leaves one without a flaw: only an anchor, a number and hash
that were kept elsewhere, tells.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain
from typing import NamedTuple
from uuid import UUID

FORMAT = 1
GENESIS = bytes(32)
"""What stands in for the hash before the first entry."""

MAX_SUSPECTS = 50
"""After so many suspects the walk ends: what is left cannot be told apart from what was written over it."""

MAX_SHIFT = 1000
"""By how much entries may have been renumbered for that to be noticed."""

_RECENT = 8


class Link(NamedTuple):
    """An entry as it is stored.

    Attributes:
        seq: where it stands.
        hash: which hash it bears.
        body: its content after tenant and ``seq``, the text of a JSON array.
    """

    seq: int
    hash: bytes
    body: bytes


class Anchor(NamedTuple):
    """A place in a chain and the hash there: of its last entry, or of one that somebody has kept."""

    seq: int
    hash: bytes


class Known(NamedTuple):
    """A hash that belongs to a place of the chain."""

    place: int
    hash: bytes


@dataclass(slots=True)
class Run:
    """Entries that follow from each other.

    Attributes:
        first, last: where they stand.
        shift: what to add to get the numbers they were written with.
    """

    first: int
    last: int
    shift: int = 0


@dataclass(slots=True)
class Suspect:
    """An entry that does not follow from the one before.

    Attributes:
        link: the entry.
        before: the latest sound entries before it.
        place: the number it was written with, where what follows, or the head, tells.
    """

    link: Link
    before: tuple[Known, ...]
    place: int | None = None


class Digest:
    """Computes what an entry's hash must be.

    Args:
        tenant_id: whose chain.
    """

    def __init__(self, tenant_id: UUID) -> None:
        self._start = f'[{FORMAT}, "{tenant_id}", '.encode()

    def __call__(self, previous: bytes, place: int, body: bytes) -> bytes:
        """The hash of the entry with this number and body that follows the hash ``previous``."""
        return sha256(b"".join((previous, self._start, str(place).encode(), b", ", body[1:]))).digest()


class Walk:
    """Reads a chain in the order of ``seq``, and keeps what does not fit.

    Args:
        digest: of the chain's tenant.
        expected: an anchor to look for.

    Attributes:
        entries: how many were read.
        runs: what fits, in order.
        suspects: what does not, in order.
        strays: where entries stand that have no place in any chain.
        found: the hash of the entry where the anchor should be.
    """

    def __init__(self, digest: Digest, expected: Anchor | None = None) -> None:
        self.digest = digest
        self.expected = expected
        self.entries = 0
        self.runs: list[Run] = []
        self.suspects: list[Suspect] = []
        self.strays: list[int] = []
        self.found: bytes | None = None
        self._last = Link(0, GENESIS, b"[]")
        self._recent = deque([Known(0, GENESIS)], _RECENT)

    @property
    def is_broken(self) -> bool:
        """Whether there is no use in reading on."""
        return len(self.suspects) >= MAX_SUSPECTS

    @property
    def last_seq(self) -> int:
        """Where the last entry stands that was read; 0 before the first."""
        return self._last.seq

    @property
    def recent(self) -> tuple[Known, ...]:
        """The latest sound entries."""
        return tuple(self._recent)

    def read(self, links: Iterable[Link]) -> None:
        """Read what comes next."""
        for link in links:
            if self.is_broken:
                return
            self.entries += 1
            if self.expected is not None and link.seq == self.expected.seq:
                self.found = link.hash
            if link.seq < 1:
                self.strays.append(link.seq)
            else:
                self._follow(link)
                self._last = link

    def _follow(self, link: Link) -> None:
        place = self._place(link) if link.seq == self._last.seq + 1 else None
        if place is None:
            self.suspects.append(Suspect(link, self.recent))
            return
        run = self.runs[-1] if self.runs else None
        shift = place - link.seq
        if run is not None and run.last == self._last.seq and run.shift == shift:
            run.last = link.seq
        else:
            if self._is_after_suspect():
                self.suspects[-1].place = place - 1
            self.runs.append(Run(link.seq, link.seq, shift))
        self._recent.append(Known(place, link.hash))

    def _place(self, link: Link) -> int | None:
        """The number under which an entry follows from the one that stands before it; None where it does not."""
        if self._is_after_suspect():
            places: Iterable[int] = self._likely_places(link.seq)
        else:
            places = (self._recent[-1].place + 1,)
        for place in places:
            if self.digest(self._last.hash, place, link.body) == link.hash:
                return place
        return None

    def _likely_places(self, seq: int) -> Iterator[int]:
        shift = self.runs[-1].shift if self.runs else 0
        yield seq + shift
        around = chain.from_iterable((seq + by, seq - by) for by in range(1, MAX_SHIFT + 1))
        yield from (place for place in (seq, *around) if place > 1)

    def _is_after_suspect(self) -> bool:
        return bool(self.suspects) and self.suspects[-1].link.seq == self._last.seq
