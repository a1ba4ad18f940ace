"""Jobs as the engine opens, withdraws and frees them."""

from __future__ import annotations

import asyncio
from uuid import UUID

from tests.engine.harness import Harness, action
from weftline.model.ids import DEFAULT_TENANT
from weftline.store.connect import tenant_transaction
from weftline.store.inbox import MessageKind
from weftline.store.jobs import MAX_LOSSES, Answer, Job, Standing, answer, fetch, give_back

COUNT = 60


async def fetch_some(engine: Harness, limit: int, seconds: float = 60.0) -> list[Job]:
    """Fetch what there is."""
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        return await fetch(connection, DEFAULT_TENANT, "far", "tester", limit, seconds, engine.clock.now())


async def take(engine: Harness, count: int, seconds: float = 60.0) -> list[Job]:
    """Fetch jobs, as soon as there are so many."""
    jobs: list[Job] = []

    async def look() -> bool:
        jobs.extend(await fetch_some(engine, count - len(jobs), seconds))
        return len(jobs) == count

    await engine.until(look)
    return jobs


async def complete(engine: Harness, *jobs: Job) -> dict[UUID, Standing]:
    """Answer jobs in one transaction."""
    answers = [Answer(job.id, job.token, MessageKind.JOB_COMPLETED, {"output": 1}) for job in jobs]
    async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
        standings = await answer(connection, DEFAULT_TENANT, answers, engine.clock.now())
    await engine.hint()
    return standings


async def left(engine: Harness) -> int:
    return (await engine.fetch("SELECT count(*) FROM jobs"))[0][0]


async def test_answers_and_cancellations_that_cross_each_settle_their_job_once(engine: Harness) -> None:
    await engine.publish(action("a", queue="far", next="b"), action("b", queue="far"))
    async with engine.worker(poll_seconds=0.1), engine.worker(poll_seconds=0.1):
        ids = await engine.start(*({"n": n} for n in range(COUNT)))
        jobs = await take(engine, COUNT)

        async def cancel() -> None:
            for id in ids[::2]:
                await engine.send(id, MessageKind.CANCEL)

        async def finish() -> list[Standing]:
            told: list[Standing] = []
            for start in range(0, COUNT, 10):
                told += (await complete(engine, *jobs[start : start + 10])).values()
            return told

        told, _ = await asyncio.gather(finish(), cancel())
        assert set(told) <= {Standing.TAKEN, Standing.WITHDRAWN, Standing.UNKNOWN}

        async def finish_rest() -> bool:
            # jobs of executions that are about to be cancelled may be among them
            if rest := await fetch_some(engine, COUNT):
                await complete(engine, *rest)
            # one that has ended is looked at once more where a message came too late
            busy = "SELECT count(*) FROM executions WHERE completed_at IS NULL OR owner IS NOT NULL"
            return (await engine.fetch(busy))[0][0] == 0

        await engine.until(finish_rest)
        ended = await engine.fetch("SELECT status, count(*) FROM executions GROUP BY status ORDER BY status")
        assert [tuple(row) for row in ended] == [("cancelled", COUNT // 2), ("completed", COUNT // 2)]

        await engine.advance_clock(61)

        async def swept() -> bool:
            return await left(engine) == 0

        await engine.until(swept)


async def test_a_job_whose_worker_is_lost_is_had_by_others_until_too_many_are_lost(engine: Harness) -> None:
    await engine.publish(action("a", queue="far", retry=1))
    async with engine.worker(poll_seconds=0.1):
        execution = await engine.start_one()
        for losses in range(MAX_LOSSES):
            (job,) = await take(engine, 1, 10)
            assert job.losses == losses
            await engine.advance_clock(11)
        row = await engine.reach(execution, "failed")
        assert '"worker_lost"' in row["error"]
        assert await complete(engine, job) == {job.id: Standing.UNKNOWN}


async def test_a_job_that_is_given_back_is_had_by_the_next_at_once_and_counts_no_loss(engine: Harness) -> None:
    await engine.publish(action("a", queue="far"))
    async with engine.worker():
        execution = await engine.start_one()
        first = await take(engine, 1)
        async with tenant_transaction(engine.pool, DEFAULT_TENANT) as connection:
            await give_back(connection, DEFAULT_TENANT, first)
        (again,) = await take(engine, 1)
        assert (again.id, again.losses) == (first[0].id, 0)
        assert await complete(engine, *first) == {again.id: Standing.LOST}
        assert await complete(engine, again) == {again.id: Standing.TAKEN}
        await engine.reach(execution, "completed")


async def test_jobs_wait_while_no_worker_of_the_engine_runs_and_their_answers_do_too(engine: Harness) -> None:
    await engine.publish(action("a", queue="far", next="b"), action("b"))
    async with engine.worker():
        execution = await engine.start_one()
        (job,) = await take(engine, 1)
    await complete(engine, job)
    assert (await engine.row(execution))["status"] == "waiting"
    async with engine.worker():
        await engine.reach(execution, "completed")
