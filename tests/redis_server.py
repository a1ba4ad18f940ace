"""A real Redis for tests: Debian's own, reached by a socket, with nothing of it kept."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

PROGRAM = "redis-server"


@contextmanager
def redis_directory() -> Iterator[Path]:
    """A directory for a server's socket, whose path must be short."""
    with TemporaryDirectory(prefix="weft-") as directory:
        yield Path(directory)


@contextmanager
def redis_server(directory: Path) -> Iterator[str]:
    """A Redis of its own, on a socket in ``directory``, until the context ends; its URL.

    Without the program the test is skipped, but never where CI runs: there it is installed.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        assert "CI" not in os.environ, f"{PROGRAM} is missing: apt-get install redis-server"
        pytest.skip(f"{PROGRAM} is not installed")
    socket = directory / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(socket), "--save", "", "--appendonly", "no"]
    with subprocess.Popen([program, *options], cwd=directory, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            while "ready to accept connections" not in (line := process.stdout.readline()).lower():
                assert line, "redis-server ended"
            yield f"unix://{socket}"
        finally:
            process.terminate()
