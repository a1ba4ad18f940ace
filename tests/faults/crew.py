"""Worker processes that a test starts, kills, freezes and thaws."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.faults.worker_process import work

LEASE_SECONDS = 1.5


class WorkerProcess:
    """One process with a worker in it.

    Args:
        url: of the database.
        name: the worker's.
        logs: directory for what it logs.
    """

    def __init__(self, url: str, name: str, logs: Path) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.worker_process", url, name, str(LEASE_SECONDS)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """How the process ended; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it without warning; it is gone when this returns."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """How it has ended, once it has by itself."""
        return self._process.wait(60)

    def stop(self) -> None:
        """Let it end in good order."""
        self._process.terminate()
        assert self._process.wait(30) == 0, self.log.read_text()[-4_000:]

    def freeze(self) -> None:
        """Halt it; it stands still when this returns."""
        self._process.send_signal(signal.SIGSTOP)
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), "the process ended before it could be frozen"

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    def said(self, event: str) -> bool:
        """Whether it has logged this event."""
        return f'"event":"{event}"' in self.log.read_text()


class Litter:
    """Many worker processes, one after another, forked from one that has imported everything: each begins at once.

    Args:
        url: of the database.
        logs: directory for what they log.
    """

    def __init__(self, url: str, logs: Path) -> None:
        self._url = url
        self._log = logs / "litter.log"
        self._context = get_context("forkserver")
        self._context.set_forkserver_preload(["tests.faults.worker_process"])
        self._members: list[BaseProcess] = []

    def bear(self, name: str) -> BaseProcess:
        """Start a worker process."""
        member = self._context.Process(target=work, args=(self._url, name, LEASE_SECONDS, str(self._log)), daemon=True)
        member.start()
        self._members.append(member)
        return member

    def dismiss(self) -> None:
        """Kill whoever still runs."""
        for member in self._members:
            member.kill()
            member.join()


class Crew:
    """The worker processes of one test.

    Args:
        url: of the database.
        logs: directory for what they log.
    """

    def __init__(self, url: str, logs: Path) -> None:
        self._url = url
        self._logs = logs
        self._members: list[WorkerProcess] = []

    def hire(self, name: str) -> WorkerProcess:
        """Start a worker process."""
        member = WorkerProcess(self._url, name, self._logs)
        self._members.append(member)
        return member

    def dismiss(self) -> None:
        """Kill whoever still runs, frozen ones too."""
        for member in self._members:
            member.kill()


@contextmanager
def crew(url: str, logs: Path) -> Iterator[Crew]:
    """A crew that is gone at the end of the block."""
    made = Crew(url, logs)
    try:
        yield made
    finally:
        made.dismiss()


@contextmanager
def litter(url: str, logs: Path) -> Iterator[Litter]:
    """A litter that is gone at the end of the block."""
    made = Litter(url, logs)
    try:
        yield made
    finally:
        made.dismiss()
