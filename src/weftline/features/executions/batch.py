"""Many starts in one request: a line of JSON each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from weftline.features.errors import DomainError
from weftline.features.executions.demand import StartDemand, read_start
from weftline.features.executions.errors import TooManyLines
from weftline.features.executions.starter import Starter
from weftline.features.http.body import parse_json

MAX_LINES = 10_000


class Rejected(NamedTuple):
    """A line that started nothing: its number, from 1, and why."""

    line: int
    error: str


class BatchStarted(NamedTuple):
    """What a batch led to: the executions of the accepted lines, in their order, and the lines rejected."""

    ids: Sequence[UUID]
    rejected: Sequence[Rejected]


async def start_batch(starter: Starter, tenant_id: UUID, workflow_id: str, text: bytes) -> BatchStarted:
    """Start an execution for every line of ``text`` that can be started, all in one transaction.

    Args:
        starter: starts them.
        tenant_id, workflow_id: of which workflow.
        text: newline-delimited JSON; empty lines are passed over.

    Raises:
        TooManyLines: there are more than :data:`MAX_LINES`.
        WorkflowNotFound, WorkflowArchived, NotPublished: none can be started.
    """
    if text.count(b"\n") > MAX_LINES:
        raise TooManyLines(MAX_LINES)
    # in a thread, for ten thousand take their time
    demands, rejected = await asyncio.to_thread(_read, text)
    answers = await starter.start_many(tenant_id, workflow_id, list(demands.values()))
    ids: list[UUID] = []
    for line, answer in zip(demands, answers, strict=True):
        if isinstance(answer, DomainError):
            rejected.append(Rejected(line, _sentence(answer)))
        else:
            ids.append(answer.id)
    return BatchStarted(ids, sorted(rejected))


def _read(text: bytes) -> tuple[dict[int, StartDemand], list[Rejected]]:
    """The demand of each line, by number, and the lines that make none."""
    demands: dict[int, StartDemand] = {}
    rejected: list[Rejected] = []
    for number, line in enumerate(text.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            demands[number] = read_start(parse_json(line))
        except DomainError as error:
            rejected.append(Rejected(number, _sentence(error)))
    return demands, rejected


def _sentence(error: DomainError) -> str:
    if not error.errors:
        return error.detail
    return "; ".join(f"{each.pointer}: {each.message}" if each.pointer else each.message for each in error.errors)
