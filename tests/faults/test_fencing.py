"""A worker that has lost an execution to another one, and does not know it yet."""

from __future__ import annotations

import asyncio

from structlog.testing import capture_logs

from tests.engine.harness import action, harness
from weftline.authoring import Context
from weftline.model.ids import uuid7
from weftline.store.connect import connect

STEAL = "UPDATE executions SET owner = $2, lost_leases = 1 WHERE id = $1"
RECORD = """
INSERT INTO events (tenant_id, execution_id, seq, type, data, occurred_at)
SELECT tenant_id, execution_id, max(seq) + 1, 'WORKFLOW_RECOVERED', '{"lostLeases": 1}', now()
FROM events WHERE execution_id = $1 GROUP BY tenant_id, execution_id
"""
GIVE_BACK = "UPDATE executions SET owner = NULL, clean = false, wake_at = now() WHERE id = $1"


async def test_one_stolen_execution_does_not_hurt_the_others_of_its_batch(durable_database: str) -> None:
    gate = asyncio.Event()
    attempts: list[str] = []
    async with harness(durable_database) as engine:

        @engine.action("gated")
        async def gated(ctx: Context) -> str:
            attempts.append(str(ctx.execution_id))
            await gate.wait()
            return "done"

        await engine.publish(action("only", "gated", "after"), action("after", "echo"))

        @engine.action("echo")
        async def echo(ctx: Context) -> object:
            return ctx.input

        thief = await connect(durable_database, "weft_worker", name="thief")
        try:
            # a lease that the test never sees renewed or rescued, so that only the theft decides
            async with engine.worker(lease_seconds=600):
                stolen, *others = await engine.start({}, {}, {})

                async def all_are_recorded() -> bool:
                    return len(attempts) == 3 and (await engine.fetch("SELECT count(*) FROM events"))[0][0] == 6

                await engine.until(all_are_recorded)
                await thief.execute(
                    "INSERT INTO workers VALUES ($1, 'thief', '', 0, now() + interval '1 hour')", other := uuid7()
                )
                await thief.execute(STEAL, stolen, other)
                await thief.execute(RECORD, stolen)
                before = await engine.types(stolen)
                with capture_logs() as logs:
                    gate.set()
                    for execution in others:
                        await engine.reach(execution, "completed")
                assert {"event": "group commit refused; committing one by one", "runs": 3}.items() <= logs[0].items()
                assert [line["execution_id"] for line in logs if line["event"].startswith("run taken over")] == [
                    str(stolen)
                ]
                assert await engine.types(stolen) == before
                assert (await engine.row(stolen))["owner"] == other

                await thief.execute(GIVE_BACK, stolen)
                await engine.hint()
                await engine.reach(stolen, "completed")
            # once more, or twice: the worker may still be handing back what it lost when it claims it again
            assert attempts.count(str(stolen)) >= 2
            for execution in (stolen, *others):
                assert (await engine.types(execution)).count("STEP_COMPLETED only") == 1
        finally:
            thief.terminate()
