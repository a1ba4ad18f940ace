"""What is read once and believed for a while."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

import pytest

from weftline.features.access import kept
from weftline.features.access.kept import Kept

REQUEST: ContextVar[str] = ContextVar("request", default="none")


class Source:
    """Where values are: each reading gives a number more, once ``answered`` allows."""

    def __init__(self) -> None:
        self.answered = asyncio.Event()
        self.answered.set()
        self.read: list[str] = []
        self.requests: list[str] = []
        self.error: Exception | None = None
        self.kept = Kept(self._load)

    async def _load(self, key: str) -> str:
        self.read.append(key)
        self.requests.append(REQUEST.get())
        number = len(self.read)
        await self.answered.wait()
        if self.error is not None:
            raise self.error
        return f"{key}{number}"

    async def ask(self, *keys: str) -> list[asyncio.Task[str]]:
        asking = [asyncio.create_task(self.kept.get(key)) for key in keys]
        for _ in range(3):
            await asyncio.sleep(0)
        return asking


@pytest.fixture
def source() -> Source:
    return Source()


async def test_a_value_is_read_once_and_believed(source: Source) -> None:
    assert [await source.kept.get("a") for _ in range(3)] == ["a1"] * 3


async def test_all_who_ask_while_it_is_read_share_it(source: Source) -> None:
    source.answered.clear()
    asking = await source.ask("a", "a", "b", "a")
    source.answered.set()
    assert await asyncio.gather(*asking) == ["a1", "a1", "b2", "a1"]
    assert source.read == ["a", "b"]


async def test_what_is_too_old_is_read_once_for_all(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "TTL_SECONDS", 0.0)
    await source.kept.get("a")
    asking = await source.ask(*"aaaa")
    assert await asyncio.gather(*asking) == ["a2"] * 4


async def test_who_asks_after_something_was_withdrawn_gets_what_is_read_then(source: Source) -> None:
    source.answered.clear()
    [early] = await source.ask("a")
    source.kept.forget(lambda key: key == "a")
    [late] = await source.ask("a")
    source.answered.set()
    assert (await early, await late) == ("a1", "a2")
    # nor was the older one kept
    assert await source.kept.get("a") == "a2"


async def test_a_failure_is_told_to_all_who_wait_and_to_nobody_later(source: Source) -> None:
    source.answered.clear()
    source.error = LookupError("nobody answers")
    asking = await source.ask("a", "a")
    source.answered.set()
    assert await asyncio.gather(*asking, return_exceptions=True) == [source.error] * 2
    source.error = None
    assert await source.kept.get("a") == "a2"


async def test_who_goes_away_takes_nobody_along(source: Source) -> None:
    source.answered.clear()
    first, second = await source.ask("a", "a")
    first.cancel()
    await asyncio.sleep(0)
    source.answered.set()
    assert await second == "a1"
    assert first.cancelled()


async def test_reading_is_no_part_of_the_request_that_asks(source: Source) -> None:
    REQUEST.set("somebody's")
    await source.kept.get("a")
    assert source.requests == ["none"]


async def test_what_is_being_read_has_ended_when_it_is_closed(source: Source) -> None:
    source.answered.clear()
    [gone] = await source.ask("a")
    gone.cancel()
    closing = asyncio.create_task(source.kept.close())
    await asyncio.sleep(0)
    assert not closing.done()
    source.answered.set()
    await closing
    assert await source.kept.get("a") == "a1"
