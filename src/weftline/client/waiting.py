"""Waiting for an execution: the server says when something happens to it; where it cannot, one looks now and then."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from dataclasses import replace

import httpx

from weftline.client.errors import WaitTimedOut, WeftlineError
from weftline.client.event_stream import EventStreamReader
from weftline.client.models.executions import Execution
from weftline.client.plan import Chunks, Close, Exhausted, Plan, Pull, Sleep
from weftline.client.request import build
from weftline.client.session import Session
from weftline.client.watching import QUIET

FIRST_LOOK, LAST_LOOK, SLOWER = 0.1, 2.0, 1.5
"""Seconds between looks where nobody says when to look: at first, at most, and the factor from one to the next."""

LATE = 0.5
"""Seconds by which a wait may end late."""


class Waiting:
    """Waits for an execution.

    Args:
        session: what all requests have in common.
        id: of the execution.
        look: reads it.
        timeout: seconds to wait at most; None for ever.
        until: statuses besides the last ones that are waited for.
    """

    def __init__(
        self,
        session: Session,
        id: str,
        look: Callable[[], Plan[Execution]],
        timeout: float | None,
        until: Collection[str],
    ) -> None:
        self._session = session
        self._id = id
        self._look = look
        self._until = until
        self._end = None if timeout is None else time.monotonic() + timeout
        self._is_told = session.can_stream
        self._pause = FIRST_LOOK
        self._response: httpx.Response | None = None
        self._chunks: Iterator[bytes] | AsyncIterator[bytes] = iter(())
        self._reader = EventStreamReader()
        self._opened_at = 0.0

    def run(self) -> Plan[Execution]:
        """Wait.

        Raises:
            WaitTimedOut: the execution is not there in time; it goes on.
        """
        try:
            execution = yield from self._wait()
        except Exception:
            yield from self._close()
            raise
        yield from self._close()
        return execution

    def _wait(self) -> Plan[Execution]:
        execution = yield from self._look()
        while not execution.has_ended and execution.status not in self._until:
            left = None if self._end is None else self._end - time.monotonic()
            if left is not None and left <= 0:
                raise WaitTimedOut(execution)
            if self._is_told:
                yield from self._listen(left)
            else:
                yield Sleep(self._pause if left is None else min(self._pause, left))
                self._pause = min(self._pause * SLOWER, LAST_LOOK)
            execution = yield from self._look()
        return execution

    def _listen(self, left: float | None) -> Plan[None]:
        """Wait until something may have happened, or the time is over."""
        try:
            if self._response is None:
                # what happened before the stream began is seen by the next look
                yield from self._open(left)
            events = self._reader.feed((yield Pull(self._chunks)))
            is_over = any(event.name == "end" for event in events)
        except httpx.TimeoutException:
            yield from self._close()
            return
        except (Exhausted, httpx.RequestError, WeftlineError):
            is_over = True
        if is_over:
            self._is_told = False
        if is_over or (left is not None and time.monotonic() - self._opened_at > LATE):
            # the stream would be waited for as long as when it began, which is too long by now
            yield from self._close()

    def _open(self, left: float | None) -> Plan[None]:
        # a status besides the last ones may come with any event
        query = {"kinds": [] if self._until else ["execution.*"]}
        headers = {"Accept": "text/event-stream"}
        request = build("GET", ("executions", self._id, "live"), query=query, headers=headers, patience=QUIET)
        if left is not None:
            request = replace(request, is_repeatable=False, silence=left)
        self._opened_at = time.monotonic()
        self._response = yield from self._session.open(request)
        self._chunks = yield Chunks(self._response)
        self._reader = EventStreamReader()

    def _close(self) -> Plan[None]:
        response, self._response = self._response, None
        if response is not None:
            yield Close(response)
