"""How long a request may take: until its body has come in, and until its answer begins."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from weftline.api.context import loggable
from weftline.api.problems import refuse
from weftline.features.errors import DomainError
from weftline.features.http.patience import Deadline, set_deadline

log = structlog.get_logger(__name__)


LONGEST_INTERVAL = 0.25
"""Seconds between looks at what is under way."""


class BodyTimeout(DomainError):
    """The body did not come in. The connection is of no more use."""

    status = 408
    code = "body_timeout"
    title = "Body too slow"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The body of a request must come in within {seconds:g} seconds.")


class RequestTimeout(DomainError):
    """The request could not be answered in time."""

    status = 503
    code = "request_timeout"
    title = "Request timed out"
    retry_after = 1.0

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"The request was not answered within {seconds:g} seconds and was given up. Whether it took effect is not"
            " known, unless it came with an Idempotency-Key: then it can be sent again."
        )


class _Running(Deadline):
    """A request under way.

    Attributes:
        task: answers it.
        is_reading: its body is coming in.
        is_over: its time was up, and the task was cancelled.
    """

    __slots__ = ("is_over", "is_reading", "task")

    def __init__(self, end: float, task: asyncio.Task[Any]) -> None:
        super().__init__(end)
        self.task = task
        self.is_reading = False
        self.is_over = False


class TimeLimit:
    """Gives up requests that take too long.

    The time in which the body comes in has a limit of its own, and does not count towards the whole. What waits by
    intention asks for more time (``weftline.features.http.patience``); once an answer has begun, it may last.

    One timer looks after all requests, a few times within the shortest limit: a timer for each costs far more than most
    requests do.

    Args:
        app: what answers.
        seconds: until the answer begins.
        body_seconds: until the body has come in.
    """

    def __init__(self, app: ASGIApp, *, seconds: float, body_seconds: float) -> None:
        self._app = app
        self._seconds = seconds
        self._body_seconds = body_seconds
        self._interval = min(LONGEST_INTERVAL, seconds / 8, body_seconds / 8)
        self._running: set[_Running] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        running = _Running(loop.time() + self._seconds, task)
        self._running.add(running)
        if self._timer is None:
            self._timer = loop.call_later(self._interval, self._look, loop)
        has_begun = False

        async def send_on(message: Message) -> None:
            nonlocal has_begun
            if running.is_over:
                # what was given up fails in ways of its own
                return
            if not has_begun:
                has_begun = True
                self._running.discard(running)
            await send(message)

        set_deadline(running)
        try:
            await self._app(scope, self._in_time(receive, running, loop), send_on)
        except asyncio.CancelledError:
            if not running.is_over or task.uncancel():
                raise
        except Exception:
            if not running.is_over:
                raise
        finally:
            self._running.discard(running)
            set_deadline(None)
        if running.is_over:
            log.warning("request given up", path=loggable(scope["path"]), reads=running.is_reading)
            late = BodyTimeout(self._body_seconds) if running.is_reading else RequestTimeout(self._seconds)
            await refuse(scope, send, late)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Give up what has had its time."""
        now = loop.time()
        for running in self._running:
            if running.end <= now and not running.is_over:
                running.is_over = True
                running.task.cancel()
        self._timer = loop.call_later(self._interval, self._look, loop) if self._running else None

    def _in_time(self, receive: Receive, running: _Running, loop: asyncio.AbstractEventLoop) -> Receive:
        """Receives the body in its own time; what comes after it, such as the client's going away, at any time."""
        until = 0.0
        is_complete = False

        async def receive_in_time() -> Message:
            nonlocal until, is_complete
            if is_complete:
                return await receive()
            began, end = loop.time(), running.end
            until = until or began + self._body_seconds
            running.end, running.is_reading = until, True
            message = await receive()
            running.end, running.is_reading = end + loop.time() - began, False
            is_complete = not message.get("more_body", False)
            return message

        return receive_in_time
