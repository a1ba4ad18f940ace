"""Locks on a home that the kernel drops when their holder dies, however it dies (flock)."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from weftline.store.embedded.errors import HomeInUseError


class FileLock:
    """A lock on a file, shared or exclusive, for as long as this object holds it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the lock."""
        return self._descriptor is not None

    def fileno(self) -> int:
        """The descriptor that the lock is held by; a process that inherits it holds the lock, too.

        Raises:
            RuntimeError: this object does not hold the lock.
        """
        if self._descriptor is None:
            raise RuntimeError(f"{self.path} is not locked")
        return self._descriptor

    def acquire(self, *, shared: bool = False) -> None:
        """Takes the lock, waiting for whoever is in the way."""
        self._lock(fcntl.LOCK_SH if shared else fcntl.LOCK_EX)

    def try_acquire(self) -> bool:
        """Takes the lock alone if nobody else holds it; else a shared lock held before is lost."""
        try:
            self._lock(fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        return True

    def release(self) -> None:
        """Gives the lock up; safe to call without holding it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def read(self) -> str:
        """What the holder has written into the file."""
        try:
            return self.path.read_text()
        except FileNotFoundError:
            return ""

    def write(self, content: str) -> None:
        """Leaves a note in the file; call while holding the lock."""
        descriptor = self.fileno()
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content.encode(), 0)

    @contextmanager
    def exclusively(self) -> Generator[None]:
        """Holds the lock for the body."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def _lock(self, operation: int) -> None:
        if self._descriptor is None:
            self._descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        fcntl.flock(self._descriptor, operation)


class Ownership:
    """The right to be the one Weftline process of a home; commands that only visit its database need none.

    Args:
        home: an existing directory, or one to be made.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self._lock = FileLock(home / "lock")

    def acquire(self) -> None:
        """Takes the home.

        Raises:
            HomeInUseError: another process has it; the error carries that one's pid.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        if not self._lock.try_acquire():
            note = self._lock.read()
            raise HomeInUseError(self.home, int(note) if note.isdigit() else None)
        self._lock.write(str(os.getpid()))

    def release(self) -> None:
        """Gives the home up; safe to call twice."""
        if self._lock.held:
            self._lock.write("")
            self._lock.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
