"""Lists that are in memory are sorted and paged as those of the database are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise, permutations
from typing import NamedTuple

import pytest

from weftline.features.http.listing import Ordering, SortKey, Term
from weftline.features.http.paging import InvalidCursor, encode_cursor


class Thing(NamedTuple):
    """Something that is listed."""

    name: str
    is_built_in: bool
    made_at: datetime | None


START = datetime(2026, 3, 1, tzinfo=UTC)
NAME = SortKey("name", "name")
ORDER = Ordering(
    NAME,
    SortKey("builtIn", "is_built_in", bool),
    SortKey("madeAt", "made_at", datetime, nullable=True),
    tie=NAME,
    default="-builtIn",
)
THINGS = [
    Thing(f"{number * 7 % 11:02}", number % 2 == 0, None if number % 3 == 0 else START + timedelta(days=number % 4))
    for number in range(11)
]
KEYS = [f"{sign}{key}" for sign in ("", "-") for key in ("name", "builtIn", "madeAt")]


def pages(sort: str | None, limit: int) -> list[Thing]:
    """All of the things, page by page, each from the cursor of the one before."""
    found: list[Thing] = []
    cursor: str | None = None
    while True:
        window = ORDER.window(sort, cursor=cursor, limit=limit)
        part = window.over(reversed(THINGS))
        found += window.cut(part)
        cursor = window.cursor(part)
        if cursor is None:
            return found


def is_in_order(term: Term, one: Thing, other: Thing) -> bool:
    """Whether the one may come before the other, by a key alone."""
    first, second = term.key.value(one), term.key.value(other)
    if first is None or second is None:
        return second is None
    return first == second or (first > second) is term.descending  # type: ignore[operator]


@pytest.mark.parametrize(
    "sort", [*KEYS, *(",".join(pair) for pair in permutations(KEYS, 2) if len({key.strip("-") for key in pair}) == 2)]
)
def test_pages_hold_everything_once_in_the_order_that_is_asked_for(sort: str) -> None:
    whole = pages(sort, 50)
    assert {*whole} == {*THINGS} and len(whole) == len(THINGS)
    for limit in (1, 2, 5, 10, 11):
        assert pages(sort, limit) == whole
    for one, other in pairwise(whole):
        for term in ORDER.parse(sort):
            assert is_in_order(term, one, other)
            if term.key.value(one) != term.key.value(other):
                break


def test_an_item_that_is_gone_does_not_move_the_pages() -> None:
    window = ORDER.window("name", limit=3)
    cursor = window.cursor(window.over(THINGS))
    rest = ORDER.window("name", cursor=cursor, limit=50).over([thing for thing in THINGS if thing.name != "02"])
    assert [thing.name for thing in rest] == [f"{number:02}" for number in range(3, 11)]


@pytest.mark.parametrize("value", ["=true", "=1", "=", ""])
def test_a_cursor_that_no_list_hands_out_is_refused(value: str) -> None:
    with pytest.raises(InvalidCursor):
        ORDER.window(cursor=encode_cursor(["-builtIn,-name", value, "=00"]), limit=5)
