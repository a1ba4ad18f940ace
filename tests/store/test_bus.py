"""The bus, over each of its transports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest
from tests.conftest import Connect
from tests.redis_server import redis_directory, redis_server

from weftline.store.bus import ASKED, WATCHED, Beacon, Bus, LocalBus, open_bus
from weftline.store.bus.base import RemoteBus

PATIENCE = 20.0


@pytest.fixture(params=["local", "postgres", "redis"])
async def make(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Callable[[], Bus]]:
    match request.param:
        case "local":
            yield LocalBus
        case "postgres":
            yield lambda: open_bus(database, "weft_worker")
        case _:
            with redis_directory() as directory, redis_server(directory) as url:
                yield lambda: open_bus(database, "weft_worker", url)


class Ear:
    """Remembers what it is told."""

    def __init__(self, bus: Bus, topic: str) -> None:
        self.heard: asyncio.Queue[str | None] = asyncio.Queue()
        self.end = bus.listen(topic, self.heard.put_nowait)

    async def until(self, message: str | None) -> list[str | None]:
        """What was told up to and with a message."""
        heard: list[str | None] = []
        async with asyncio.timeout(PATIENCE):
            while not heard or heard[-1] != message:
                heard.append(await self.heard.get())
        return heard


async def test_everybody_who_listens_is_told(make: Callable[[], Bus]):
    one, other = make(), make()
    here, there, elsewhere = Ear(one, "feed"), Ear(other, "feed"), Ear(other, "watched")
    await one.start()
    await other.start()
    try:
        async with asyncio.timeout(PATIENCE):
            # whoever has just come may still be connecting
            while not (here.heard.qsize() and there.heard.qsize()):
                one.publish("feed", "hello")
                await asyncio.sleep(0)
        for number in range(100):
            one.publish("feed", str(number))
        one.publish("feed", "last")
        assert [text for text in await there.until("last") if text and text.isdigit()] == [str(n) for n in range(100)]
        await here.until("last")
        other.publish("watched", "x")
        assert "last" not in await elsewhere.until("x")
    finally:
        await one.close()
        await other.close()


async def test_whoever_ends_listening_is_told_no_more(make: Callable[[], Bus]):
    bus = make()
    await bus.start()
    try:
        gone, present = Ear(bus, "feed"), Ear(bus, "feed")
        gone.end()
        async with asyncio.timeout(PATIENCE):
            # it may still be connecting
            while not present.heard.qsize():
                bus.publish("feed", "x")
                await asyncio.sleep(0)
        assert gone.heard.qsize() == 0
    finally:
        await bus.close()


class Deaf(RemoteBus):
    """Over something that loses the first cancellation, as drivers do now and then."""

    async def _send(self, messages: list[tuple[str, str]]) -> None:
        raise AssertionError

    async def _receive(self) -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    async def _disconnect(self) -> None:
        self.is_closed = True


async def test_a_bus_ends_though_its_driver_loses_a_cancellation():
    bus = Deaf()
    await bus.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(PATIENCE):
        await bus.close()
    assert bus.is_closed


async def test_a_lost_connection_comes_back_and_tells_of_the_gap(database: str, connect: Connect):
    bus = open_bus(database, "weft_worker")
    ear = Ear(bus, "feed")
    await bus.start()
    try:
        await ear.until(None)
        owner = await connect()
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name = 'weftline-bus'"
        )
        await ear.until(None)
        bus.publish("feed", "again")
        await ear.until("again")
    finally:
        await bus.close()


async def test_whoever_asks_hears_that_somebody_follows(make: Callable[[], Bus]):
    here, there = make(), make()
    is_followed = False
    # not lit: it says so only when it is asked
    Beacon(here, lambda: is_followed)
    asked, ear = Ear(here, ASKED), Ear(there, WATCHED)
    await here.start()
    await there.start()
    try:
        async with asyncio.timeout(PATIENCE):
            # whoever has just come may still be connecting
            while not asked.heard.qsize():
                there.publish(ASKED)
                await asyncio.sleep(0)
            while not ear.heard.qsize():
                there.publish(WATCHED, "here")
                await asyncio.sleep(0)
        there.publish(WATCHED, "nobody")
        assert "" not in await ear.until("nobody")
        is_followed = True
        there.publish(ASKED)
        await ear.until("")
    finally:
        await here.close()
        await there.close()
