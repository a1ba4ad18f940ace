"""Waiting for jobs: who is served, in what order, and what becomes of jobs that nobody came for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

from weftline.features.jobs.waiting import WaitingRoom, Wish
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.hints import queue_hint
from weftline.store.jobs import Job


class Shelf:
    """Where the jobs of a test lie."""

    def __init__(self, *jobs: Job) -> None:
        self.jobs = list(jobs)
        self.looks = 0
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def fetch(self, tenant_id: UUID, queue: str, wish: Wish) -> list[Job]:
        self.looks += 1
        self.asked.set()
        await self.may_answer.wait()
        taken, self.jobs = self.jobs[: wish.limit], self.jobs[wish.limit :]
        return taken

    async def give_back(self, tenant_id: UUID, jobs: list[Job]) -> None:
        self.jobs += jobs


def job() -> Job:
    return Job(uuid4(), uuid4(), uuid4(), "w", "s", 1, "a", "{}", datetime.now(UTC), 0, "default")


def wish(limit: int = 1, *, gone: bool = False) -> Wish:
    async def is_gone() -> bool:
        return gone

    return Wish("worker", limit, 60.0, is_gone)


def wait(room: WaitingRoom, what: Wish, seconds: float = 30.0) -> asyncio.Task[list[Job]]:
    return asyncio.create_task(room.wait(DEFAULT_TENANT, "far", what, seconds))


async def test_those_who_wait_are_served_in_turn_by_as_few_looks_as_it_takes() -> None:
    shelf = Shelf()
    room = WaitingRoom(shelf)
    waits = [wait(room, wish()) for _ in range(5)]
    await shelf.asked.wait()
    shelf.jobs = [job(), job()]
    before = shelf.looks
    room.hint(queue_hint(DEFAULT_TENANT, "far"))
    assert [len(await each) for each in waits[:2]] == [1, 1]
    assert shelf.looks - before <= 3
    assert not any(each.done() for each in waits[2:])
    room.release()
    assert [await each for each in waits[2:]] == [[], [], []]
    await room.close()


async def test_a_worker_that_is_gone_gets_no_jobs() -> None:
    shelf = Shelf(job())
    room = WaitingRoom(shelf)
    gone, there = wait(room, wish(gone=True)), wait(room, wish())
    assert (len(await there), await gone) == (1, [])
    await room.close()


async def test_jobs_that_come_when_the_wait_is_over_are_given_back() -> None:
    shelf = Shelf(job())
    shelf.may_answer.clear()
    room = WaitingRoom(shelf)
    late = wait(room, wish(), 0.001)
    assert await late == []
    shelf.may_answer.set()
    await room.close()
    assert len(shelf.jobs) == 1


async def test_nobody_waits_in_a_room_that_is_closed() -> None:
    room = WaitingRoom(Shelf())
    await room.close()
    assert await room.wait(DEFAULT_TENANT, "far", wish(), 30.0) == []
