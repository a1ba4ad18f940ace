"""Plays both terminals of an example: runs it, and does what it waits for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

WEFT = [sys.executable, "-m", "weftline.cli.main"]

Answer = Callable[[str], None]


def play(example: str, input: dict[str, Any], answer: Answer) -> int:
    """Run an example to its end.

    Args:
        example: its folder's name.
        input: what it starts with.
        answer: called with each line that ``weft run`` shows; does what the line asks for.

    Returns:
        The exit code of ``weft run``.
    """
    command = [
        *(*WEFT, "run", str(Path(__file__).parent / example / "workflow.json")),
        *("--actions", f"examples.{example}.actions", "--input", json.dumps(input)),
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            print(line, end="", file=sys.stderr)
            answer(line)
    return process.returncode


def send_signal(line: str, payload: Any = None) -> None:
    """Send the signal that a line of ``weft run`` names, if it does."""
    found = re.search(r"weft signal (\S+) ([\w-]+)", line)
    if found:
        _weft("signal", *found.groups(), "--payload", json.dumps(payload))


def complete_task(line: str, *answer: str) -> None:
    """Complete the task that a line of ``weft run`` points at, if it does.

    Args:
        line: the line.
        answer: options of ``weft task complete``.
    """
    found = re.search(r"weft task list --execution ([0-9a-f-]+)", line)
    if found:
        [task] = json.loads(_weft("task", "list", "--execution", found[1], "--json"))
        _weft("task", "complete", task["id"], *answer)


def _weft(*arguments: str) -> str:
    print("$ weft", *arguments, file=sys.stderr)
    return subprocess.run([*WEFT, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout
