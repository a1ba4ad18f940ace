"""Reading together: who shares an answer, and who must not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from weftline.features.shared import Shared


class Source:
    """What is asked, a number higher each time; it answers once ``turn`` and ``answered`` allow."""

    def __init__(self) -> None:
        self.turn = asyncio.Event()
        self.answered = asyncio.Event()
        self.asked = asyncio.Event()
        self.times = 0
        self.error: Exception | None = None

    async def find(self, at_turn: Callable[[], None]) -> int:
        await self.turn.wait()
        at_turn()
        self.times += 1
        number = self.times
        self.asked.set()
        await self.answered.wait()
        if self.error is not None:
            raise self.error
        return number


@pytest.fixture
def shared() -> Shared:
    return Shared()


@pytest.fixture
def source() -> Source:
    return Source()


async def ask(shared: Shared, source: Source, key: str = "list") -> asyncio.Task[int]:
    """Somebody who has asked."""
    task = asyncio.create_task(shared.get(key, source.find))
    await asyncio.sleep(0)
    return task


async def test_who_waits_for_the_same_shares_an_answer(shared: Shared, source: Source) -> None:
    waiting = [await ask(shared, source) for _ in range(5)]
    source.turn.set()
    source.answered.set()
    assert await asyncio.gather(*waiting) == [1] * 5
    assert source.times == 1


async def test_what_was_asked_before_is_no_answer_for_who_comes_later(shared: Shared, source: Source) -> None:
    early = await ask(shared, source)
    source.turn.set()
    await source.asked.wait()
    late = await ask(shared, source)
    source.answered.set()
    assert (await early, await late) == (1, 2)


async def test_other_things_are_asked_for_themselves(shared: Shared, source: Source) -> None:
    waiting = [await ask(shared, source, key) for key in ("one", "two", "one")]
    source.turn.set()
    source.answered.set()
    one, two, again = await asyncio.gather(*waiting)
    assert one == again != two
    assert source.times == 2


async def test_everybody_who_shares_is_told_what_failed(shared: Shared, source: Source) -> None:
    waiting = [await ask(shared, source) for _ in range(3)]
    source.error = LookupError("nothing there")
    source.turn.set()
    source.answered.set()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [str(each) for each in told] == ["nothing there"] * 3
    source.error = None
    assert await shared.get("list", source.find) == 2


@pytest.mark.parametrize("is_asking", [False, True])
async def test_whoever_asks_for_all_may_go_away(shared: Shared, source: Source, is_asking: bool) -> None:
    leader, *others = [await ask(shared, source) for _ in range(4)]
    if is_asking:
        source.turn.set()
        await source.asked.wait()
        source.turn.clear()
    leader.cancel()
    await asyncio.wait([leader])
    # whoever was told so has asked anew
    await asyncio.sleep(0)
    source.turn.set()
    source.answered.set()
    answers = await asyncio.gather(*others)
    assert leader.cancelled()
    # one of them asked anew, for all
    assert len(set(answers)) == 1
    assert source.times == (2 if is_asking else 1)


async def test_whoever_shares_may_go_away(shared: Shared, source: Source) -> None:
    leader, gone, other = [await ask(shared, source) for _ in range(3)]
    gone.cancel()
    source.turn.set()
    source.answered.set()
    assert (await leader, await other) == (1, 1)
    assert gone.cancelled()
