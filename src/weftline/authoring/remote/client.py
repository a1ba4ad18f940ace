"""The calls that a remote worker makes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self, cast

import httpx
import structlog

from weftline.client import ApiError, AsyncClient, ConnectionFailed, RetryPolicy, ServerError, TooManyRequests

log = structlog.get_logger(__name__)

PAUSES = RetryPolicy(initial_interval=0.2, max_interval=30.0, jitter=0.5)
"""Between calls that get no answer. They are repeated for ever."""

ONCE = RetryPolicy(max_attempts=1)

NOT_FOUND, CONFLICT = 404, 409

TIMEOUT = 15.0
"""Seconds of silence after which a call is given up, besides what it is meant to wait."""


class RemoteError(Exception):
    """The server refuses what a remote worker asks, and would again.

    Attributes:
        status: of HTTP.
        code: the problem's; empty where the answer was none.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class JobClient:
    """Calls the server. What gets no answer, or one that says "not now", is repeated until it does.

    Args:
        url: the server's address.
        api_key: of whoever has the permission ``job:work``.
        transport: sends the requests; None: over the network.
    """

    def __init__(self, url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._http = httpx.AsyncClient(transport=transport)
        self._client = AsyncClient(url, http=self._http, token=api_key, timeout=TIMEOUT, retries=ONCE)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def fetch(
        self, queue: str, worker: str, *, limit: int, wait_seconds: float, lock_seconds: float
    ) -> list[dict[str, Any]]:
        """Jobs of a task queue; none where none came in time.

        Raises:
            RemoteError: the server refuses.
        """
        body = {"workerId": worker, "maxJobs": limit, "waitSeconds": wait_seconds, "lockSeconds": lock_seconds}
        answer = await self._post("task-queues", queue, "fetch", body=body, wait_seconds=wait_seconds)
        return cast("list[dict[str, Any]]", answer["items"])

    async def answer(self, answers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Say what came of jobs; returns what became of each answer.

        Raises:
            RemoteError: the server refuses them all.
        """
        return cast(
            "list[dict[str, Any]]", (await self._post("jobs", "complete", body={"items": list(answers)}))["items"]
        )

    async def extend(self, job_id: str, token: str, lock_seconds: float) -> bool:
        """Keep a job; returns whether its result is still wanted.

        Raises:
            RemoteError: the server refuses for another reason than that.
        """
        try:
            answer = await self._post("jobs", job_id, "extend", body={"token": token, "lockSeconds": lock_seconds})
        except RemoteError as error:
            if error.status in (NOT_FOUND, CONFLICT):
                return False
            raise
        return not answer["cancelled"]

    async def _post(self, *path: str, body: dict[str, Any], wait_seconds: float = 0.0) -> dict[str, Any]:
        attempt = 1
        while True:
            try:
                answer = await self._client.request("POST", path, body=body, patience=wait_seconds)
            except (ConnectionFailed, ServerError, TooManyRequests) as error:
                # so that many workers do not come back at the same instant; nothing secret depends on it
                pause = PAUSES.delay(attempt, random.random())  # noqa: S311
                if isinstance(error, ApiError):
                    pause = max(pause, error.retry_after or 0.0)
                log.warning("the server does not answer", reason=str(error), again_in_seconds=round(pause, 1))
                await asyncio.sleep(pause)
                attempt += 1
            except ApiError as error:
                message = f"the server refuses ({error.status}): {error.detail}"
                raise RemoteError(error.status, error.code, message) from None
            else:
                return cast("dict[str, Any]", answer.body)
