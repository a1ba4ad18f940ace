"""The real ``weft`` command in processes of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

ROOT = Path(__file__).parents[2]
WEFT = (sys.executable, "-m", "weftline.cli.main")
PATIENCE = 60.0
"""Seconds after which something is held not to happen at all."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(**settings: str | Path) -> dict[str, str]:
    """This process's environment with these settings and no others, where nobody has signed in to a server."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WEFT_")}
    given = {f"WEFT_{name.upper()}": str(value) for name, value in settings.items()}
    return kept | given | {"XDG_CONFIG_HOME": "/nonexistent"}


def weft(*arguments: str | Path, env: dict[str, str], cwd: Path = ROOT, input: str | None = None) -> Ended:
    """Run a command to its end."""
    ended = subprocess.run(
        [*WEFT, *map(str, arguments)], env=env, cwd=cwd, input=input, capture_output=True, text=True, timeout=PATIENCE
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


@contextmanager
def running(*arguments: str | Path, env: dict[str, str], cwd: Path = ROOT) -> Iterator[subprocess.Popen[str]]:
    """Run a command in the background; it is killed at the end where it still runs."""
    with subprocess.Popen(
        [*WEFT, *map(str, arguments)],
        env=env,
        cwd=cwd,
        text=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def weft_at_terminal(*arguments: str | Path, env: dict[str, str], answers: Mapping[str, str]) -> Ended:
    """Run a command at a terminal, and answer what it asks.

    Args:
        arguments: of the command.
        env: its environment.
        answers: by what it asks, in that order. A question is whole, with the space after it: what is typed before a
            command has switched the echo off is lost.

    Returns:
        What the terminal showed, as standard output.
    """
    terminal, line = pty.openpty()
    with subprocess.Popen(
        [*WEFT, *map(str, arguments)], env=env, cwd=ROOT, stdin=line, stdout=line, stderr=line, start_new_session=True
    ) as process:
        os.close(line)
        shown = b""
        for question, answer in answers.items():
            while question.encode() not in shown:
                more = _shown_next(terminal)
                assert more, f"the command ended without asking {question!r}:\n{shown.decode()}"
                shown += more
            os.write(terminal, f"{answer}\n".encode())
        while more := _shown_next(terminal):
            shown += more
    os.close(terminal)
    return Ended(process.returncode, shown.decode(), "")


def _shown_next(terminal: int) -> bytes:
    """What a terminal shows next; nothing once nobody holds it any more."""
    readable, _, _ = select.select([terminal], [], [], PATIENCE)
    assert readable, "the command neither asks nor ends"
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def lines_until(process: subprocess.Popen[str], text: str) -> list[str]:
    """What a process prints, up to the line that holds ``text``."""
    assert process.stdout is not None
    lines: list[str] = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"the process ended without printing {text!r}:\n{''.join(lines)}")


def eventually(look: Callable[[], T], what: str) -> T:
    """The first true value that ``look`` returns."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if value := look():
            return value
        time.sleep(0.02)
    raise AssertionError(f"never happened: {what}")


def is_running(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def children(pid: int) -> dict[str, int]:
    """The ``weft`` processes that a process started: pid by command."""
    found: dict[str, int] = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        if "weftline.cli.main" in words:
            found[words[words.index("weftline.cli.main") + 1]] = int(child)
    return found
