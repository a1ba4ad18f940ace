"""The process in which trials run, one after the other, until its parent kills it or closes its input.

Whoever writes a definition decides how much work it is. Here that can hurt nobody: memory is limited by the operating
system, time by the parent. What goes in and out are JSON texts, each after its length: four bytes, the highest first.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import orjson
import structlog

from weftline.authoring import Tenant
from weftline.language import DefinitionError, DurationError, load
from weftline.testing.errors import TestProblem
from weftline.testing.trial import TrialPlan, run_trial

MEMORY = 512 * 1024 * 1024
"""Bytes that a trial may take besides what the process has anyway."""

LENGTH = 4


def main() -> None:
    """Serve the parent."""
    structlog.configure(processors=[_drop])
    asks, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # nothing that is printed gets among the answers
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    _limit_memory()
    # an empty answer, for it is ready
    _write(answers, b"")
    while (asked := _read(asks)) is not None:
        _write(answers, orjson.dumps(_answer(orjson.loads(asked))))


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    try:
        return _tried(asked)
    except DefinitionError as error:
        return {"refused": "definition", "message": str(error)}
    except (TestProblem, DurationError) as error:
        return {"refused": "script", "message": str(error)}
    except MemoryError:
        return {"refused": "memory", "message": "the trial takes more memory than it may"}


def _tried(asked: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = asked["plan"]
    fields: dict[str, Any] = {**told, "tenant": Tenant(UUID(told["tenant"]["id"]), told["tenant"]["slug"])}
    plan = TrialPlan(**fields)
    _, program = load(asked["definition"])
    if program.function is not None:
        return {"refused": "function", "message": "a durable function is code, which only its own workers have"}
    flaws = [] if program.input_schema is None else program.input_schema.errors(plan.input)
    if flaws:
        return {"refused": "input", "errors": flaws}
    return asyncio.run(run_trial(program, plan))


def _read(source: IO[bytes]) -> bytes | None:
    """What the parent asks next; None where it asks no more."""
    length = source.read(LENGTH)
    return source.read(int.from_bytes(length)) if len(length) == LENGTH else None


def _write(target: IO[bytes], text: bytes) -> None:
    target.write(len(text).to_bytes(LENGTH) + text)
    target.flush()


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    limit = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _drop(*_: object) -> Any:
    raise structlog.DropEvent


if __name__ == "__main__":
    main()
