"""Child processes that never outlive the benchmark that started them."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from benchmarks.peers.environment import PeerUnavailable

_GRACE_SECONDS = 3.0


@asynccontextmanager
async def child(
    command: Sequence[str],
    log: Path,
    cwd: Path,
    *,
    environment: Mapping[str, str] | None = None,
    grace: float = _GRACE_SECONDS,
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a command with piped stdin and stdout, its stderr in `log`; on leaving, end it and its children.

    Args:
        command: the program and its arguments.
        log: a file to be made.
        cwd: the directory to run it in.
        environment: its variables; this process's own where missing.
        grace: seconds that it has to stop in order before it is killed.
    """
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            cwd=cwd,
            env=environment,
            # A group of its own: servers fork workers, and ending the group by its id ends those too.
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await _end(process, grace)


async def _end(process: asyncio.subprocess.Process, grace: float) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    # HTTP servers wait for open connections before they stop, the peers' for ever: hence the second signal.
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), grace)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


async def read_line(process: asyncio.subprocess.Process, log: Path, seconds: float) -> bytes:
    """Return the next line that a child prints.

    Raises:
        PeerUnavailable: it printed none within `seconds`, or ended first; the message quotes the end of `log`.
    """
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), seconds)
    except TimeoutError as error:
        raise PeerUnavailable(f"no answer within {seconds:.0f} s: {_tail(log)}") from error
    if not line:
        raise PeerUnavailable(f"ended early: {_tail(log)}")
    return line


def _tail(log: Path) -> str:
    return log.read_text(errors="replace")[-2000:].strip()


def free_ports(count: int) -> list[int]:
    """Return distinct loopback TCP ports that nothing listens on now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in sockets]
    finally:
        for listener in sockets:
            listener.close()
