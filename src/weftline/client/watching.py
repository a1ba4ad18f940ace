"""Watching what happens: one stream of updates, whatever becomes of the connection.

The server names a position with everything that it sends. After a lost connection the client asks for what came after
the last position, so that no update is missed and none comes twice.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
import orjson
from pydantic import ValidationError

from weftline.client.errors import (
    ApiError,
    ConnectionFailed,
    InvalidAnswer,
    PositionLost,
    Problem,
    ServerError,
    TooManyRequests,
    Unauthenticated,
    WeftlineError,
    api_error,
)
from weftline.client.event_stream import EventStreamReader, ServerEvent
from weftline.client.models.updates import Update
from weftline.client.plan import Chunks, Close, Exhausted, Plan, Pull, Sleep
from weftline.client.request import build
from weftline.client.session import Retrying, Session
from weftline.model.retry import RetryPolicy

RECONNECTS = RetryPolicy(initial_interval=0.25, max_interval=5.0, jitter=0.5)
"""Pauses between attempts to connect again."""

LOST_AFTER = 300.0
"""Seconds without the server after which a watch gives up."""

QUIET = 30.0
"""Seconds for which the server may have nothing to say, besides the usual: it says so every 20."""

GO_ON = frozenset({"fell_behind", "server_stopping"})
"""Codes with which the server ends a stream that can be followed again."""

GONE = "position_expired"


class Watch:
    """A source of updates.

    Args:
        session: what all requests have in common.
        path: segments of the stream's path.
        query: what of it is wanted.
        after: the last position that was seen; None: from now on.
        ends: the watch ends with what has ended.
    """

    def __init__(
        self, session: Session, path: tuple[object, ...], query: Mapping[str, Any], after: str | None, *, ends: bool
    ) -> None:
        self._session = session
        self._path = path
        self._query = query
        self._position = after
        self._ends = ends
        self._is_at_end = False
        self._response: httpx.Response | None = None
        self._chunks: Iterator[bytes] | AsyncIterator[bytes] = iter(())
        self._reader = EventStreamReader()
        self._pending: deque[ServerEvent] = deque()

    def open(self) -> Plan[None]:
        """Connect: what happens from now on is not missed."""
        if self._response is None:
            yield from self._begin()
        event = yield from self._next_event()
        if event.name == "ready":
            self._read(event)
        else:
            self._pending.appendleft(event)

    def advance(self) -> Plan[Update]:
        """The next update; see :meth:`~weftline.client.plan.Source.advance`."""
        if self._is_at_end:
            raise Exhausted
        if self._response is None:
            yield from self._begin()
        while True:
            event = yield from self._next_event()
            update = self._read(event)
            if update is not None:
                if self._ends and update.is_end:
                    self._is_at_end = True
                    yield from self.close()
                return update

    def close(self) -> Plan[None]:
        """See :meth:`~weftline.client.plan.Source.close`."""
        self._pending.clear()
        response, self._response = self._response, None
        if response is not None:
            yield Close(response)

    def _read(self, event: ServerEvent) -> Update | None:
        update: Update | None = None
        if event.data and event.name == "message":
            try:
                update = Update.model_validate({**orjson.loads(event.data), "position": event.id})
            except (orjson.JSONDecodeError, TypeError, ValidationError) as error:
                raise InvalidAnswer(httpx.URL(self._session.url).host) from error
        if event.id is not None:
            self._position = event.id
        return update

    def _begin(self) -> Plan[None]:
        try:
            yield from self._connect()
        except ApiError as refusal:
            if refusal.code not in GO_ON:
                raise
            yield from self._reconnect(refusal)

    def _connect(self) -> Plan[None]:
        headers = {"Accept": "text/event-stream"}
        if self._position is not None:
            headers["Last-Event-ID"] = self._position
        request = build("GET", self._path, query=self._query, headers=headers, patience=QUIET)
        try:
            self._response = yield from self._session.open(request)
        except ApiError as refusal:
            raise _final(refusal) from None
        self._chunks = yield Chunks(self._response)
        self._reader = EventStreamReader()

    def _next_event(self) -> Plan[ServerEvent]:
        """The next event of the stream; connects again where the connection is lost."""
        while True:
            if self._pending:
                event = self._pending.popleft()
                if event.name != "end":
                    return event
                reason: WeftlineError = self._ended(event)
                # a token that has ended is renewed when the stream is asked for again, if it can be
                if not _is_passing(reason) and not isinstance(reason, Unauthenticated):
                    yield from self.close()
                    raise _final(reason)
            else:
                try:
                    self._pending.extend(self._reader.feed((yield Pull(self._chunks))))
                    continue
                except Exhausted:
                    reason = ConnectionFailed(self._host, "the stream has ended")
                except httpx.RequestError as error:
                    reason = ConnectionFailed(self._host, str(error) or type(error).__name__)
            yield from self._reconnect(reason)

    def _reconnect(self, reason: WeftlineError) -> Plan[None]:
        """Connect again, for as long as the server may come back."""
        end = time.monotonic() + LOST_AFTER
        attempt = 1
        while True:
            yield from self.close()
            # so that those whom one server has left do not all come to another at once; nothing secret depends on it
            pause = RECONNECTS.delay(attempt, random.random())  # noqa: S311
            if self._session.on_retry is not None:
                self._session.on_retry(Retrying(attempt, str(reason), pause))
            yield Sleep(pause)
            try:
                return (yield from self._connect())
            except WeftlineError as failure:
                if not _is_passing(failure) or time.monotonic() > end:
                    raise
                reason = failure
                attempt += 1

    @property
    def _host(self) -> str:
        return httpx.URL(self._session.url).host

    def _ended(self, event: ServerEvent) -> ApiError:
        """Why the server has ended the stream."""
        try:
            document = orjson.loads(event.data)
            return api_error(
                Problem(
                    document["status"],
                    document["code"],
                    document["title"],
                    document["detail"],
                    correlation_id=document.get("correlationId"),
                )
            )
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise InvalidAnswer(self._host) from None


def _is_passing(reason: WeftlineError) -> bool:
    """Whether the stream may be followed again soon."""
    is_busy = isinstance(reason, (ConnectionFailed, ServerError, TooManyRequests))
    return is_busy or (isinstance(reason, ApiError) and reason.code in GO_ON)


def _final(refusal: ApiError) -> WeftlineError:
    return PositionLost(refusal.detail) if refusal.code == GONE else refusal
