"""Starting many executions: read from any iterable, sent a part at a time."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weftline.client.errors import InvalidAnswer
from weftline.client.operations import given
from weftline.client.plan import Buffered, Exhausted, Plan, Pull
from weftline.client.request import Text, build, to_json
from weftline.client.session import Session

MAX_LINES = 1_000
"""Starts in a request."""

MAX_BYTES = 4_000_000
"""Bytes in a request."""


@dataclass(frozen=True, slots=True)
class Start:
    """How to start an execution.

    Attributes:
        input: what goes in.
        idempotency_key: a second start under the same key finds the first.
        tags, attributes: what it can be found by.
        priority: 9 runs first, 0 last.
        context: what its actions are told of whom it runs for.
    """

    input: Mapping[str, Any] = field(default_factory=dict[str, Any])
    idempotency_key: str | None = None
    tags: Sequence[str] | None = None
    attributes: Mapping[str, Any] | None = None
    priority: int | None = None
    context: Mapping[str, Any] | None = None

    def body(self) -> dict[str, Any]:
        """The same as the API reads it."""
        return given(
            input=self.input,
            idempotencyKey=self.idempotency_key,
            tags=self.tags,
            attributes=self.attributes,
            priority=self.priority,
            context=self.context,
        )


@dataclass(frozen=True, slots=True)
class BatchedStart:
    """What came of one start of many.

    Attributes:
        index: its place among them, from 0.
        id: of its execution; None where there is none.
        error: why there is none.
    """

    index: int
    id: str | None
    error: str | None = None


class BatchStarting(Buffered[BatchedStart]):
    """Starts executions, a part at a time.

    Args:
        session: what all requests have in common.
        workflow: of which workflow.
        starts: how each is started.
    """

    def __init__(
        self,
        session: Session,
        workflow: str,
        starts: Iterable[Mapping[str, Any] | Start] | AsyncIterable[Mapping[str, Any] | Start],
    ) -> None:
        super().__init__()
        self._session = session
        self._path = ("workflows", workflow, "executions", "batch")
        self._starts: Iterator[Any] | AsyncIterator[Any] = (
            aiter(starts) if isinstance(starts, AsyncIterable) else iter(starts)
        )
        self._carried: bytes | None = None
        self._sent = 0
        self._is_at_end = False

    def fetch(self) -> Plan[list[BatchedStart]]:
        """Start the next part, and say what came of it; see :meth:`Buffered.fetch`."""
        lines = yield from self._next_lines()
        if not lines:
            raise Exhausted
        body = Text(b"\n".join(lines), "application/x-ndjson")
        answer = yield from self._session.exchange(build("POST", self._path, body=body))
        first, self._sent = self._sent, self._sent + len(lines)
        try:
            errors = {rejected["line"]: rejected["error"] for rejected in answer.body["rejected"]}
            ids = iter(answer.body["ids"])
            return [
                BatchedStart(first + number - 1, None, errors[number])
                if number in errors
                else BatchedStart(first + number - 1, next(ids))
                for number in range(1, len(lines) + 1)
            ]
        except (KeyError, TypeError, StopIteration):
            raise InvalidAnswer(answer.host) from None

    def _next_lines(self) -> Plan[list[bytes]]:
        """The lines of the next request; none at the end."""
        lines: list[bytes] = []
        size = 0
        while len(lines) < MAX_LINES:
            line = yield from self._next_line()
            if line is None:
                break
            size += len(line) + 1
            if lines and size > MAX_BYTES:
                self._carried = line
                break
            lines.append(line)
        return lines

    def _next_line(self) -> Plan[bytes | None]:
        if self._carried is not None:
            line, self._carried = self._carried, None
            return line
        if self._is_at_end:
            return None
        try:
            start = yield Pull(self._starts)
        except Exhausted:
            self._is_at_end = True
            return None
        demand = start if isinstance(start, Start) else Start(start)
        return to_json(demand.body())
