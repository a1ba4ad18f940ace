"""Keeps the processes of ``weft up`` running, and stops them together."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from weftline.cli.parent import READY
from weftline.store.embedded import EmbeddedServer, EmbeddedServerError

log = structlog.get_logger(__name__)

FIRST_DELAY = 0.2
LONGEST_DELAY = 15.0
LOOK_INTERVAL = 2.0
"""Seconds between looks whether PostgreSQL answers."""

STABLE_AFTER = 30.0
"""Seconds after which a process counts as well: if it ends later, it is started again without much delay."""


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """A process to keep running.

    Attributes:
        name: for people.
        command: program and arguments.
        environment: set beside what this process has.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


class Supervised:
    """One process that is started again whenever it ends, after a delay that doubles.

    Attributes:
        spec: the process.
        endings: how often it has ended without having been asked to.
    """

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        self.endings = 0
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._is_told = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._keep(), name=self.spec.name)

    def tell_ready(self) -> None:
        """Tell the process, and each that follows it, that the database can be used; until then it only loads."""
        self._is_told = True
        self._tell()

    async def stop(self, deadline: float) -> None:
        """Ask the process to stop; kill it once ``deadline`` seconds are over. Safe to call twice."""
        self._stopping.set()
        task = self._task
        if task is None:
            return
        self._send(signal.SIGTERM)
        _, late = await asyncio.wait({task}, timeout=deadline)
        if late:
            log.warning("process killed at the deadline", process=self.spec.name)
            self._send(signal.SIGKILL)
        await task

    def _tell(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(READY)

    def _send(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def _keep(self) -> None:
        delay = FIRST_DELAY
        while not self._stopping.is_set():
            started = time.monotonic()
            self._process = await asyncio.create_subprocess_exec(
                *self.spec.command,
                # the child ends when it closes, which it does when this process dies
                stdin=PIPE,
                env={**os.environ, **self.spec.environment},
                # a terminal's Ctrl-C goes to this process alone, which then stops the others in order
                start_new_session=True,
            )
            if self._stopping.is_set():
                self._send(signal.SIGTERM)  # asked to stop while it was being started
            if self._is_told:
                self._tell()
            code = await self._process.wait()
            if self._stopping.is_set():
                return
            self.endings += 1
            if time.monotonic() - started > STABLE_AFTER:
                delay = FIRST_DELAY
            log.warning("process ended; it is started again", process=self.spec.name, code=code, delay=delay)
            await self._pause(delay)
            delay = min(delay * 2, LONGEST_DELAY)

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass


async def keep_server(server: EmbeddedServer) -> None:
    """Start PostgreSQL again whenever it does not answer."""
    while True:
        await asyncio.sleep(LOOK_INTERVAL)
        if not (await asyncio.to_thread(server.status)).running:
            log.warning("PostgreSQL does not answer; it is started again")
            await _start(server)


async def _start(server: EmbeddedServer) -> None:
    try:
        await asyncio.to_thread(server.start)
    except EmbeddedServerError as error:
        log.error("PostgreSQL could not be started", error=str(error))
