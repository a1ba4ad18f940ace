"""Looking up together: who goes with which look, and what the others do to nobody."""

from __future__ import annotations

import asyncio

import pytest

from weftline.features import gathered
from weftline.features.gathered import Gathered, Look


class Shelf:
    """Where things lie. Whoever looks waits for ``open`` before the look begins, and for ``found`` before it ends."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.found = asyncio.Event()
        self.looks: list[list[str]] = []
        self.error: Exception | None = None
        self.things = Gathered(self._look)

    async def _look(self, place: str, look: Look[str, str]) -> None:
        await self.open.wait()
        if self.error is not None:
            raise self.error
        keys = look.begin()
        self.looks.append(sorted(keys))
        await self.found.wait()
        for key in keys:
            match key:
                case "missing":
                    pass
                case "locked":
                    look.refuse(key, PermissionError(key))
                case "broken":
                    raise LookupError(key)
                case _:
                    look.tell(key, f"{place}/{key}")

    async def ask(self, *keys: str, place: str = "here") -> list[asyncio.Task[str | None]]:
        """Some who ask, each for one thing."""
        asking = [asyncio.create_task(self.things.get(place, key)) for key in keys]
        # they ask, and whoever looks begins to wait
        for _ in range(3):
            await asyncio.sleep(0)
        return asking


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    monkeypatch.setattr(gathered, "AT_ONCE", 1)
    return Shelf()


async def test_everybody_who_waits_for_a_turn_is_answered_by_one_look(shelf: Shelf) -> None:
    asking = await shelf.ask("a", "b", "a", "missing")
    shelf.open.set()
    shelf.found.set()
    assert await asyncio.gather(*asking) == ["here/a", "here/b", "here/a", None]
    assert shelf.looks == [["a", "b", "missing"]]


async def test_who_comes_after_a_look_has_begun_goes_with_the_next(shelf: Shelf) -> None:
    shelf.open.set()
    early = await shelf.ask("a")
    late = await shelf.ask("a", "b")
    assert shelf.looks == [["a"]]
    shelf.found.set()
    assert await asyncio.gather(*early, *late) == ["here/a", "here/a", "here/b"]
    assert shelf.looks == [["a"], ["a", "b"]]


async def test_no_more_are_looked_up_at_once_than_is_good_and_they_keep_their_order(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered, "MOST", 2)
    asking = await shelf.ask("a", "b", "c", "d", "e")
    shelf.open.set()
    shelf.found.set()
    await asyncio.gather(*asking)
    assert shelf.looks == [["a", "b"], ["c", "d"], ["e"]]


async def test_a_long_look_does_not_hold_up_everybody(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "AT_ONCE", 2)
    shelf.open.set()
    long = await shelf.ask("a")
    others = await shelf.ask("b", "c")
    assert shelf.looks == [["a"], ["b", "c"]]
    shelf.found.set()
    assert await asyncio.gather(*long, *others) == ["here/a", "here/b", "here/c"]


async def test_places_are_looked_into_apart(shelf: Shelf) -> None:
    here, there = await shelf.ask("a", place="here"), await shelf.ask("a", place="there")
    shelf.open.set()
    shelf.found.set()
    assert await asyncio.gather(*here, *there) == ["here/a", "there/a"]
    assert shelf.looks == [["a"], ["a"]]


async def test_what_one_does_not_get_the_others_get(shelf: Shelf) -> None:
    asking = await shelf.ask("a", "locked", "b")
    shelf.open.set()
    shelf.found.set()
    a, locked, b = await asyncio.gather(*asking, return_exceptions=True)
    assert (a, b) == ("here/a", "here/b")
    assert isinstance(locked, PermissionError)


async def test_a_look_that_fails_fails_for_those_who_went_with_it_alone(shelf: Shelf) -> None:
    shelf.open.set()
    asking = await shelf.ask("broken")
    behind = await shelf.ask("a")
    shelf.found.set()
    with pytest.raises(LookupError):
        await asking[0]
    assert await behind[0] == "here/a"


async def test_where_no_look_can_begin_everybody_who_waits_is_told(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered, "MOST", 2)
    asking = await shelf.ask("a", "b", "c", "d", "e")
    shelf.error = ConnectionError("nobody answers")
    shelf.open.set()
    outcomes = await asyncio.gather(*asking, return_exceptions=True)
    assert outcomes == [shelf.error] * 5
    shelf.error = None
    shelf.found.set()
    assert await (await shelf.ask("a"))[0] == "here/a"


async def test_who_goes_away_takes_nobody_along(shelf: Shelf) -> None:
    first, second, third = await shelf.ask("a", "b", "c")
    first.cancel()
    second.cancel()
    await asyncio.sleep(0)
    shelf.open.set()
    shelf.found.set()
    assert await third == "here/c"
    assert shelf.looks == [["c"]]
    assert first.cancelled() and second.cancelled()


async def test_who_goes_away_while_a_look_is_under_way_takes_nobody_along(shelf: Shelf) -> None:
    shelf.open.set()
    [early] = await shelf.ask("a")
    same, other = await shelf.ask("b", "c")
    early.cancel()
    shelf.found.set()
    assert await asyncio.gather(same, other) == ["here/b", "here/c"]
