"""The processes in which trials run: kept for the next one, killed where one does not end."""

from __future__ import annotations

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from typing import Any

import orjson

from weftline.features.trials.errors import TrialTooLarge
from weftline.testing.trial_process import LENGTH

PROCESSES = 2
"""That run trials at once, in one server; further ones wait."""

STARTING_SECONDS = 30.0
"""That a new process may take until it is ready."""

GRACE_SECONDS = 1.0
"""After the time at which a trial should have stopped by itself."""


class TrialHelpers:
    """Runs trials in processes of their own. The first one starts when it is needed."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(PROCESSES)
        self._idle: list[Process] = []
        self._busy: set[Process] = set()

    async def run(self, asked: dict[str, Any], seconds: float) -> dict[str, Any]:
        """What a helper makes of something; see ``weftline.testing.trial_process``.

        Args:
            asked: JSON.
            seconds: in which it should stop by itself.

        Raises:
            TrialTooLarge: it did not, or took more memory than it may.
        """
        async with self._turns:
            helper = self._idle.pop() if self._idle else await _start()
            self._busy.add(helper)
            try:
                async with asyncio.timeout(seconds + GRACE_SECONDS):
                    answer = await _ask(helper, asked)
            except TimeoutError:
                message = "The trial did not come to an end in time: a single part of it takes too long."
                raise TrialTooLarge(message) from None
            except (asyncio.IncompleteReadError, ConnectionError):
                raise TrialTooLarge("The trial takes more memory than it may.") from None
            else:
                self._idle.append(helper)
                return answer
            finally:
                self._busy.discard(helper)
                if helper not in self._idle:
                    await _kill(helper)

    async def close(self) -> None:
        """End them all."""
        helpers = [*self._idle, *self._busy]
        self._idle.clear()
        for helper in helpers:
            await _kill(helper)


async def _start() -> Process:
    arguments = ("-m", "weftline.testing.trial_process")
    # keys and passwords among the settings are none of its business
    around = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    helper = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=around
    )
    assert helper.stdout is not None
    try:
        async with asyncio.timeout(STARTING_SECONDS):
            await helper.stdout.readexactly(LENGTH)
    except BaseException:
        await _kill(helper)
        raise
    return helper


async def _ask(helper: Process, asked: dict[str, Any]) -> dict[str, Any]:
    assert helper.stdin is not None and helper.stdout is not None
    text = orjson.dumps(asked)
    helper.stdin.write(len(text).to_bytes(LENGTH) + text)
    await helper.stdin.drain()
    length = int.from_bytes(await helper.stdout.readexactly(LENGTH))
    return orjson.loads(await helper.stdout.readexactly(length))


async def _kill(helper: Process) -> None:
    if helper.returncode is None:
        helper.kill()
    await helper.wait()
