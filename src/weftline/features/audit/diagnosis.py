"""What happened to a chain that does not hold together.

Every entry is put where it was written: sound ones stand in runs, and a suspect belongs wherever it follows from a hash
that belongs right before. Then every place of the chain should be taken by one entry, in order. A place without an
entry was emptied, an entry without a place was put in, an entry in its place that does not follow was changed, and
entries that stand in another order than they were written were moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from weftline.features.audit.chain import Anchor, Known, Run, Suspect, Walk


class FaultKind(StrEnum):
    """What was done to a chain."""

    CHANGED = "changed"
    REMOVED = "removed"
    REORDERED = "reordered"
    INSERTED = "inserted"
    TRUNCATED = "truncated"
    HEAD = "head"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that was done to a chain.

    Attributes:
        kind: what.
        seq, last_seq: to which entries, from the first to the last. Of those removed, the numbers that they had; of
            others, where they stand.
        message: a sentence.
    """

    kind: FaultKind
    seq: int
    last_seq: int
    message: str


def diagnose(walk: Walk, head: Anchor | None) -> tuple[Fault, ...]:
    """What happened to a chain, in the order of its entries; nothing where it is whole.

    Args:
        walk: what was read of it, to its end or until it was too broken.
        head: what the head told of the last entry when the last entry was read; None where there is no head.
    """
    faults = sorted(_Diagnosis(walk, head).faults(), key=lambda fault: fault.seq)
    return tuple(faults)


class _Diagnosis:
    def __init__(self, walk: Walk, head: Anchor | None) -> None:
        self._walk = walk
        self._head = head
        self._runs = [Run(run.first, run.last, run.shift) for run in walk.runs]
        self._inserted = list(walk.strays)
        self._changed: list[int] = []
        # hashes that belong to a place, of sound entries near a suspect or the end
        near = (known for suspect in walk.suspects for known in suspect.before)
        self._sound = set(near) | set(walk.recent)

    def faults(self) -> Iterator[Fault]:
        suspects = self._walk.suspects
        if _ends_in_suspect(self._walk) and self._head is not None and self._head.hash == suspects[-1].link.hash:
            suspects[-1].place = self._head.seq
        self._judge(list(self._placed(suspects)))
        yield from self._misplaced()
        yield from self._missing()
        yield from self._at_the_end()
        yield from _numbered(FaultKind.INSERTED, self._inserted, "was put in", "were put in")
        for seq in self._changed:
            cause = "it was changed" + (f", or entry {seq - 1} and its hash were" if seq > 1 else "")
            yield Fault(FaultKind.CHANGED, seq, seq, f"entry {seq} does not follow from what is before it: {cause}")
        expected, found = self._walk.expected, self._walk.found
        if expected is not None and found != expected.hash and not self._walk.last_seq < expected.seq <= self._end():
            what = "is not there" if found is None else "is not the one whose hash was kept"
            message = f"entry {expected.seq} {what}: the log was rewritten since"
            yield Fault(FaultKind.REWRITTEN, expected.seq, expected.seq, message)

    def _end(self) -> int:
        """Up to which entry nothing was read, because the rest is too broken; 0 where everything was."""
        return self._head.seq if self._head is not None and self._walk.is_broken else 0

    def _placed(self, suspects: Sequence[Suspect]) -> Iterator[Suspect]:
        """Gives each suspect its place that follows from a hash known to belong before it; yields the others."""
        in_runs = frozenset(self._sound)
        self._sound |= {Known(suspect.place, suspect.link.hash) for suspect in suspects if suspect.place is not None}
        known = self._sound | set(self._mended(suspects))
        loose = [suspect.link.hash for suspect in suspects if suspect.place is None]
        places = {suspect.link.seq for suspect in suspects} | {suspect.place for suspect in suspects if suspect.place}
        places |= {each.place + 1 for each in known}
        by_place: dict[int, list[bytes]] = {}
        for each in known:
            by_place.setdefault(each.place, []).append(each.hash)
        for suspect in suspects:
            link = suspect.link
            wanted = sorted(places) if suspect.place is None else [suspect.place]
            found = next(
                (
                    place
                    for place in wanted
                    for previous in (*by_place.get(place - 1, ()), *loose)
                    if self._walk.digest(previous, place, link.body) == link.hash
                ),
                None,
            )
            if found is None:
                yield suspect
            elif Known(found, link.hash) in in_runs:
                # a copy
                self._inserted.append(link.seq)
            else:
                self._make_room(found, link.seq)
                self._sound.add(Known(found, link.hash))
                self._runs.append(Run(link.seq, link.seq, found - link.seq))

    def _mended(self, suspects: Sequence[Suspect]) -> Iterator[Known]:
        """What the hashes of suspects would be, had only their hashes been changed."""
        for suspect in suspects:
            before = suspect.before[-1]
            yield Known(before.place + 1, self._walk.digest(before.hash, before.place + 1, suspect.link.body))

    def _make_room(self, place: int, seq: int) -> None:
        """Entries that take a place which another has by right, because what follows it follows, were put in."""
        for run in self._runs:
            if run.last < seq and run.first + run.shift <= place <= run.last + run.shift:
                first = place - run.shift
                self._inserted.extend(range(first, run.last + 1))
                run.last = first - 1
        self._runs = [run for run in self._runs if run.first <= run.last]

    def _judge(self, unplaced: Sequence[Suspect]) -> None:
        """What became of suspects that follow from nothing."""
        in_place: list[Run] = []
        for suspect in sorted(unplaced, key=lambda suspect: suspect.place is None):
            seq = suspect.link.seq
            place = seq if suspect.place is None else suspect.place
            is_beyond = self._head is not None and place > self._head.seq
            if is_beyond or self._is_taken(place):
                self._inserted.append(seq)
            else:
                in_place.append(Run(seq, seq, place - seq))
                self._runs.append(in_place[-1])
        for run in in_place:
            before = run.first + run.shift - 1
            # without the entry before it nobody can tell; that one is missing, which is said elsewhere
            if before == 0 or self._is_taken(before):
                self._changed.append(run.first)

    def _is_taken(self, place: int) -> bool:
        return any(run.first + run.shift <= place <= run.last + run.shift for run in self._runs)

    def _misplaced(self) -> Iterator[Fault]:
        runs = sorted(self._runs, key=lambda run: run.first)
        for index, run in enumerate(runs):
            written = run.first + run.shift
            overtaken = any(other.first + other.shift > written for other in runs[:index])
            overtakes = any(other.first + other.shift < written for other in runs[index + 1 :])
            if run.shift and (overtaken or overtakes):
                if run.first == run.last:
                    message = f"the entry that stands at {run.first} was written as entry {written}"
                else:
                    was = f"{written} to {run.last + run.shift}"
                    message = f"the entries that stand at {run.first} to {run.last} were written as {was}"
                yield Fault(FaultKind.REORDERED, run.first, run.last, message)

    def _missing(self) -> Iterator[Fault]:
        taken = sorted((run.first + run.shift, run.last + run.shift) for run in self._runs)
        for (_, before), (after, _) in pairwise([(0, 0), *taken]):
            if after > before + 1:
                yield _span(FaultKind.REMOVED, before + 1, after - 1, "is missing", "are missing")

    def _at_the_end(self) -> Iterator[Fault]:
        if self._walk.is_broken:
            return
        last = max((run.last + run.shift for run in self._runs), default=0)
        head = self._head
        if head is None:
            if self._walk.entries:
                yield Fault(FaultKind.HEAD, last, last, "the record of the chain's last entry is missing")
        elif head.seq != last and Known(last, head.hash) in self._sound:
            message = f"the record of the chain's last entry says {head.seq}, but bears the hash of entry {last}"
            yield Fault(FaultKind.HEAD, last, last, message)
        elif head.seq > last:
            yield _span(FaultKind.TRUNCATED, last + 1, head.seq, "is missing at the end", "are missing at the end")
        elif head.seq < last:
            what = f"put in after entry {head.seq}, which is the last by record"
            yield _span(FaultKind.INSERTED, head.seq + 1, last, f"was {what}", f"were {what}")
        elif last and Known(last, head.hash) not in self._sound and self._walk.last_seq not in self._changed:
            message = f"entry {last} is not the one recorded as the last: it and its hash were changed, or the record"
            yield Fault(FaultKind.CHANGED, last, last, message)


def _ends_in_suspect(walk: Walk) -> bool:
    return bool(walk.suspects) and not walk.is_broken and walk.suspects[-1].link.seq == walk.last_seq


def _numbered(kind: FaultKind, seqs: Iterable[int], one: str, many: str) -> Iterator[Fault]:
    """A fault for each unbroken series of numbers."""
    series: list[int] = []
    for seq in sorted(seqs):
        if series and seq != series[-1] + 1:
            yield _span(kind, series[0], series[-1], one, many)
            series = []
        series.append(seq)
    if series:
        yield _span(kind, series[0], series[-1], one, many)


def _span(kind: FaultKind, first: int, last: int, one: str, many: str) -> Fault:
    subject = f"entry {first} {one}" if first == last else f"entries {first} to {last} {many}"
    return Fault(kind, first, last, subject)
