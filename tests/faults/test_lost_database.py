"""The database goes away mid-load, whole or connection by connection; the workers come back by themselves."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

from tests.faults.crew import Crew
from tests.faults.crew import crew as new_crew
from tests.faults.scene import EVENTS_PER_EXECUTION, Scene
from tests.faults.scene import scene as new_scene
from weftline import migrations
from weftline.store.embedded import EmbeddedServer
from weftline.store.embedded.processes import processes_in

EXECUTIONS = 600
BLOWS = 5
STRETCH = EXECUTIONS * EVENTS_PER_EXECUTION // (BLOWS + 1)
"""Events between two blows, so that there is work left for the last one."""

CUT = """
SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))
FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'worker%'
"""


async def test_postgresql_killed_mid_load_and_started_again_loses_nothing(server_home: Path, tmp_path: Path) -> None:
    server = EmbeddedServer(server_home)
    url = await asyncio.to_thread(server.start)
    await migrations.upgrade(url)
    with new_crew(url, tmp_path) as workers:
        async with new_scene(url) as before:
            members = [workers.hire(name) for name in ("worker-a", "worker-b")]
            # a worker that finds no database when it starts ends; only one that has started must come back by itself
            await before.workers_reach(len(members))
            ids = await before.harness.start(*({"n": n} for n in range(EXECUTIONS)))
        for blow in range(BLOWS):
            async with new_scene(url, is_new=False) as during:
                assert await during.events_reach(await during.event_count() + STRETCH // 2), (
                    f"everything had ended before blow {blow + 1}"
                )
            _kill_processes_in(server.data)
            await asyncio.to_thread(EmbeddedServer(server_home).start)
        async with new_scene(url, is_new=False) as after:
            await after.all_ended()
            await after.verify(ids)
        assert all(member.exit_code is None for member in members)
        for member in members:
            member.stop()


def _kill_processes_in(directory: Path) -> None:
    """Kill PostgreSQL, its postmaster and every backend, as a crash of the machine would."""
    found = processes_in(directory)
    assert found
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # its postmaster's death took it along


async def test_workers_whose_connections_are_cut_again_and_again_lose_nothing(scene: Scene, crew: Crew) -> None:
    ids = await scene.harness.start(*({"n": n} for n in range(EXECUTIONS)))
    members = [crew.hire(name) for name in ("worker-a", "worker-b")]
    for blow in range(BLOWS):
        assert await scene.events_reach(await scene.event_count() + STRETCH // 2), (
            f"everything had ended before blow {blow + 1}"
        )
        assert await scene.owner.fetchval(CUT) > 0
    await scene.all_ended()
    await scene.verify(ids)
    for member in members:
        member.stop()
