"""What is said of a chain that somebody has tampered with, without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftline.features.audit.chain import GENESIS, MAX_SUSPECTS, Anchor, Digest, Link, Walk
from weftline.features.audit.diagnosis import diagnose

LENGTH = 30
digest = Digest(UUID(int=7))

FORGED = b'["forged"]'

Links = list[Link]
Places = st.integers(1, LENGTH)


def make_chain(length: int = LENGTH) -> Links:
    hash, links = GENESIS, Links()
    for seq in range(1, length + 1):
        body = f'["entry {seq}"]'.encode()
        hash = digest(hash, seq, body)
        links.append(Link(seq, hash, body))
    return links


CHAIN = make_chain()
HEAD = Anchor(LENGTH, CHAIN[-1].hash)


def hash_before(seq: int) -> bytes:
    return CHAIN[seq - 2].hash if seq > 1 else GENESIS


def renumbered(links: Sequence[Link]) -> Links:
    return [link._replace(seq=seq) for seq, link in enumerate(links, start=1)]


def faults(links: Sequence[Link], head: Anchor | None = HEAD, expected: Anchor | None = None) -> list[tuple[str, int]]:
    """Each fault's kind and the entries that it names, one by one."""
    walk = Walk(digest, expected)
    walk.read(links)
    return [(each.kind.value, seq) for each in diagnose(walk, head) for seq in range(each.seq, each.last_seq + 1)]


def with_entry(seq: int, change: Callable[[Link], Link]) -> Links:
    return [change(link) if link.seq == seq else link for link in CHAIN]


def test_a_chain_that_nobody_touched_has_no_faults() -> None:
    assert faults(CHAIN) == []
    assert faults([], None) == []


@given(Places)
def test_a_changed_content_is_named(seq: int) -> None:
    assert faults(with_entry(seq, lambda link: link._replace(body=FORGED))) == [("changed", seq)]


@given(Places)
def test_a_changed_hash_is_named(seq: int) -> None:
    assert faults(with_entry(seq, lambda link: link._replace(hash=bytes(32)))) == [("changed", seq)]


@given(st.integers(1, LENGTH - 1))
def test_a_content_that_was_changed_with_its_hash_is_noticed_at_the_entry_after_it(seq: int) -> None:
    forged = digest(hash_before(seq), seq, FORGED)
    assert faults(with_entry(seq, lambda link: link._replace(body=FORGED, hash=forged))) == [("changed", seq + 1)]


@given(st.sets(Places, min_size=1, max_size=10))
def test_removed_entries_are_named(seqs: set[int]) -> None:
    found = faults([link for link in CHAIN if link.seq not in seqs])
    assert {kind for kind, _ in found} <= {"removed", "truncated"}
    assert {seq for _, seq in found} == seqs


@given(st.lists(Places, min_size=2, max_size=2))
def test_removed_entries_are_named_though_the_gap_was_closed(ends: list[int]) -> None:
    first, last = sorted(ends)
    found = faults(renumbered([*CHAIN[: first - 1], *CHAIN[last:]]))
    assert {kind for kind, _ in found} <= {"removed", "truncated"}
    assert [seq for _, seq in found] == [*range(first, last + 1)]


@given(st.integers(0, LENGTH - 1))
def test_a_truncated_tail_is_named(left: int) -> None:
    assert faults(CHAIN[:left]) == [("truncated", seq) for seq in range(left + 1, LENGTH + 1)]


@given(st.lists(Places, min_size=2, max_size=2, unique=True))
def test_entries_that_changed_places_are_named(seqs: list[int]) -> None:
    one, two = sorted(seqs)
    links = list(CHAIN)
    links[one - 1], links[two - 1] = links[two - 1], links[one - 1]
    assert faults(renumbered(links)) == [("reordered", one), ("reordered", two)]


@given(Places, Places)
def test_an_entry_that_was_moved_is_named(origin: int, target: int) -> None:
    links = list(CHAIN)
    links.insert(target - 1, links.pop(origin - 1))
    found = faults(renumbered(links))
    first, last = sorted((origin, target))
    assert found == ([] if origin == target else [("reordered", seq) for seq in range(first, last + 1)])


@pytest.mark.parametrize("is_linked", [False, True], ids=["garbage", "linked"])
@given(seq=Places)
def test_an_entry_that_was_put_in_is_named(seq: int, is_linked: bool) -> None:
    hash = digest(hash_before(seq), seq, FORGED) if is_linked else bytes(32)
    links = [*CHAIN[: seq - 1], Link(seq, hash, FORGED), *CHAIN[seq - 1 :]]
    assert faults(renumbered(links)) == [("inserted", seq)]


@given(st.integers(2, LENGTH + 1))
def test_a_copy_of_the_entry_before_is_named(seq: int) -> None:
    links = [*CHAIN[: seq - 1], CHAIN[seq - 2], *CHAIN[seq - 1 :]]
    assert faults(renumbered(links)) == [("inserted", seq)]


@pytest.mark.parametrize("is_linked", [False, True], ids=["garbage", "linked"])
def test_an_entry_after_the_recorded_end_is_named(is_linked: bool) -> None:
    hash = digest(CHAIN[-1].hash, LENGTH + 1, FORGED) if is_linked else bytes(32)
    assert faults([*CHAIN, Link(LENGTH + 1, hash, FORGED)]) == [("inserted", LENGTH + 1)]


@given(st.data())
def test_whatever_is_done_to_a_chain_is_noticed(data: st.DataObject) -> None:
    links = list(CHAIN)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(links) - 1))
        match data.draw(st.sampled_from(["change", "rehash", "remove", "swap", "insert"])):
            case "change":
                links[at] = links[at]._replace(body=data.draw(st.sampled_from([FORGED, CHAIN[0].body])))
            case "rehash":
                links[at] = links[at]._replace(hash=bytes(32))
            case "remove":
                del links[at]
            case "swap":
                other = data.draw(st.integers(0, len(links) - 1))
                links[at], links[other] = links[other], links[at]
            case _:
                links.insert(at, data.draw(st.sampled_from([CHAIN[at % LENGTH], Link(0, bytes(32), FORGED)])))
    links = renumbered(links) if data.draw(st.booleans()) else sorted({link.seq: link for link in links}.values())
    assert bool(faults(links)) == (links != CHAIN)


@pytest.mark.parametrize("anchor", [Anchor(5, bytes(32)), Anchor(LENGTH + 1, bytes(32))])
def test_an_anchor_that_the_chain_does_not_bear_is_named(anchor: Anchor) -> None:
    assert faults(CHAIN, expected=anchor) == [("rewritten", anchor.seq)]


@given(Places)
def test_an_anchor_that_the_chain_bears_is_no_fault(seq: int) -> None:
    assert faults(CHAIN, expected=Anchor(seq, CHAIN[seq - 1].hash)) == []


def test_a_chain_without_a_head_has_a_fault() -> None:
    assert faults(CHAIN, None) == [("head", LENGTH)]


def test_reading_ends_where_too_much_is_broken() -> None:
    walk = Walk(digest)
    walk.read(link._replace(hash=bytes(32)) for link in make_chain(1000))
    assert walk.is_broken and walk.entries == MAX_SUSPECTS
    assert {fault.kind.value for fault in diagnose(walk, Anchor(1000, bytes(32)))} == {"changed"}
