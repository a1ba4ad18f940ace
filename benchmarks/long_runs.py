"""Executions that are large: a loop over very many items, and a log of very many events."""

from benchmarks import workflows
from benchmarks.figure import BenchmarkFailed, Figure
from benchmarks.lab import Lab
from benchmarks.throughput import LOGGED, W10_EXECUTIONS, measure
from weftline.model.ids import DEFAULT_TENANT

ITEMS = 100_000
ROUNDS = 500_000
"""Times that the step of a long log ran; each leaves two events."""

LOG = """
    INSERT INTO events (tenant_id, execution_id, seq, type, step_id, data, occurred_at)
    SELECT $1::uuid, $2::uuid, 1, 'WORKFLOW_STARTED', NULL, NULL::jsonb, now()
    UNION ALL
    SELECT $1::uuid, $2::uuid, 2 * visit, 'STEP_STARTED', 'work~' || visit, '{"input": {"number": 7}}'::jsonb, now()
    FROM generate_series(1, $3::int) AS visit
    UNION ALL
    SELECT $1::uuid, $2::uuid, 2 * visit + 1, 'STEP_COMPLETED', 'work~' || visit,
           '{"output": {"done": true}}'::jsonb, now()
    FROM generate_series(1, $3::int) AS visit
    UNION ALL
    SELECT $1::uuid, $2::uuid, 2 * $3::int + 2, 'STEP_STARTED', 'wait',
           jsonb_build_object('waiting', 'event', 'event', $4::text), now()
"""
"""The log of an execution that did the same step again and again, and then waits."""

UNKNOWN = """
    UPDATE executions
    SET status = 'waiting', wake_at = NULL, clean = false, current_steps = ARRAY['wait']
    WHERE tenant_id = $1 AND id = $2
"""


async def loops(lab: Lab) -> list[Figure]:
    """One execution that calls an action for each of 100,000 items, a thousand at a time.

    - ``loop.throughput``: steps a second, from the first event in the log to the last.
    - ``loop.ratio``: that by the steps a second of ``w10``, measured just before.
    - ``loop.memory``: the worker's peak of resident memory.
    """
    executions = lab.scaled(W10_EXECUTIONS)
    seconds, _ = await measure(lab, "w10", executions, workflows.STEPS)
    usual = executions * workflows.STEPS / seconds
    items = lab.scaled(ITEMS)
    await lab.clear()
    await lab.queue("loop", 1, {"items": list(range(items))})
    async with lab.worker() as worker:
        await lab.until_none(worker, "pending", "running", "waiting")
        memory = worker.peak_resident_mb()
    await lab.expect("completed", 1)
    logged = await lab.watch.fetchrow(LOGGED, DEFAULT_TENANT)
    assert logged is not None
    if logged["steps"] != items + 1:
        raise BenchmarkFailed(f"{logged['steps']} steps are recorded, not {items + 1}")
    rate = items / logged["seconds"]
    return [
        Figure("loop.throughput", rate, "steps/s"),
        Figure("loop.ratio", rate / usual, "of w10", 0.7),
        Figure("loop.memory", memory, "MB", 300, "lower"),
    ]


async def long_log(lab: Lab) -> list[Figure]:
    """One execution whose log has a million events, and no snapshot of any of them, gets a signal.

    ``long_log.resume``: from before the signal is sent until another connection sees the execution completed.
    """
    await lab.clear()
    (execution_id,) = await lab.queue("waiting", 1)
    await lab.watch.execute(LOG, DEFAULT_TENANT, execution_id, lab.scaled(ROUNDS), workflows.SIGNAL)
    await lab.watch.execute(UNKNOWN, DEFAULT_TENANT, execution_id)
    async with lab.worker() as worker:
        await lab.until_worker_lives(worker)
        # it has what every worker has; another execution shows that
        await lab.time_execution("w1")
        milliseconds = await lab.time_signal(execution_id)
    return [Figure("long_log.resume", milliseconds / 1000, "s", 10 if not lab.is_quick else None, "lower")]
