"""The remote worker: fetches jobs, runs their actions, answers many at once."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
import structlog

from weftline.authoring.action import ActionDefinition, ActionRegistry
from weftline.authoring.action import registry as everything
from weftline.authoring.errors import ActionError, StepCancelled, UnknownAction
from weftline.authoring.remote.client import JobClient, RemoteError
from weftline.authoring.remote.job import RunningJob
from weftline.authoring.result import Result
from weftline.model.errors import WorkflowError

log = structlog.get_logger(__name__)

MAX_JOBS = 200
"""Jobs that the server gives, or takes answers for, at once."""

UNREADABLE = frozenset({400, 413, 422})
"""Statuses with which the server refuses what an answer says."""

WAIT_SECONDS = 30.0
"""How long the server is asked to wait for a job."""


class RemoteWorker:
    """Carries out the steps of one task queue until it is stopped.

    A job's lock is extended for as long as its action runs, so that an action may take any time. An action whose
    result is no longer wanted is cancelled, or, in a plain function, ends at its next ``ctx.heartbeat()``.

    Args:
        url: the server's address.
        api_key: of whoever has the permission ``job:work``.
        queue: the task queue.
        registry: the actions that it can run; those that ``@action`` registered, where not given.
        name: what it calls itself; host and process id, where not given.
        concurrency: jobs at once.
        threads: plain functions at once.
        lock_seconds: for how long a job is its own without being extended: how soon others get the jobs of a worker
            that is lost.
        client: makes the calls instead.

    Raises:
        ValueError: a number makes no sense.
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        queue: str,
        *,
        registry: ActionRegistry | None = None,
        name: str | None = None,
        concurrency: int = 20,
        threads: int = 16,
        lock_seconds: float = 30.0,
        client: JobClient | None = None,
    ) -> None:
        if concurrency < 1 or threads < 1:
            raise ValueError("concurrency and threads must be at least 1")
        if not 5 <= lock_seconds <= 3_600:
            raise ValueError("lock_seconds must be 5 to 3600")
        self._client = client or JobClient(url, api_key)
        self._queue = queue
        self._registry = everything if registry is None else registry
        self._name = name or f"{socket.gethostname()}-{os.getpid()}"
        self._concurrency = concurrency
        self._lock_seconds = lock_seconds
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="weft-remote")
        self._running: dict[str, RunningJob] = {}
        self._answers: deque[dict[str, Any]] = deque()
        self._has_answers = asyncio.Event()
        self._has_room = asyncio.Event()
        self._stop = asyncio.Event()

    def stop(self) -> None:
        """Fetch nothing more, and let :meth:`run` end once what runs has ended and is answered."""
        self._stop.set()

    async def run(self) -> None:
        """Work until :meth:`stop`.

        Raises:
            RemoteError: the server refuses, for example because of the key.
        """
        log.info("remote worker started", queue=self._queue, name=self._name)
        async with self._client:
            try:
                async with asyncio.TaskGroup() as group:
                    keeping, answering = group.create_task(self._keep()), group.create_task(self._answer())
                    await self._fetch()
                    await self._drain()
                    for task in (keeping, answering):
                        task.cancel()
            except ExceptionGroup as errors:
                # not `except*`: what is raised within that comes out as a group of one again
                raise _first(errors) from None
            finally:
                for job in self._running.values():
                    if job.task is not None:
                        job.task.cancel()
                self._threads.shutdown(wait=False, cancel_futures=True)
        log.info("remote worker stopped", queue=self._queue, name=self._name)

    # --- loops ------------------------------------------------------------------------------------------------------

    async def _fetch(self) -> None:
        stopped = asyncio.create_task(self._stop.wait())
        try:
            while not self._stop.is_set():
                room = self._concurrency - len(self._running)
                if room <= 0:
                    self._has_room.clear()
                    waiting = asyncio.create_task(self._has_room.wait())
                else:
                    waiting = asyncio.create_task(self._fetch_some(min(room, MAX_JOBS)))
                # a fetch under way may still bring jobs: the server gives them to somebody else where nobody listens
                await asyncio.wait([waiting, stopped], return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    await waiting
                else:
                    waiting.cancel()
                    await asyncio.gather(waiting, return_exceptions=True)
        finally:
            stopped.cancel()

    async def _fetch_some(self, limit: int) -> None:
        fetched = await self._client.fetch(
            self._queue, self._name, limit=limit, wait_seconds=WAIT_SECONDS, lock_seconds=self._lock_seconds
        )
        for each in fetched:
            job = RunningJob(each)
            self._running[job.id] = job
            job.task = asyncio.create_task(self._carry_out(job), name="weft-job")

    async def _answer(self) -> None:
        """Send answers, those together that come in while others are sent."""
        while True:
            self._has_answers.clear()
            if not self._answers:
                await self._has_answers.wait()
            batch = [self._answers.popleft() for _ in range(min(len(self._answers), MAX_JOBS))]
            await self._send(batch)
            for answer in batch:
                self._running.pop(answer["id"], None)
            self._has_room.set()

    async def _send(self, batch: list[dict[str, Any]]) -> None:
        """Send answers. One that the server cannot read must not spoil the others: its attempt has failed."""
        try:
            outcomes = await self._client.answer(batch)
        except RemoteError as error:
            if error.status not in UNREADABLE or (len(batch) == 1 and "error" in batch[0]):
                raise
            if len(batch) > 1:
                for answer in batch:
                    await self._send([answer])
                return
            failure = _error("invalid_output", f"the output cannot be stored: {error}", retryable=False)
            outcomes = await self._client.answer([{"id": batch[0]["id"], "token": batch[0]["token"], "error": failure}])
        for outcome in outcomes:
            if outcome["status"] == "refused":
                log.warning("an answer was refused", job_id=outcome["id"], code=outcome["code"])

    async def _keep(self) -> None:
        """Extend the locks of what is carried out."""
        every = self._lock_seconds / 3
        while True:
            await asyncio.sleep(every / 4)
            due = [job for job in self._running.values() if time.monotonic() - job.kept_at > every]
            await asyncio.gather(*(self._extend(job) for job in due))

    async def _extend(self, job: RunningJob) -> None:
        job.kept_at = time.monotonic()
        if not await self._client.extend(job.id, job.token, self._lock_seconds) and job.id in self._running:
            job.is_cancelled = True
            if job.task is not None:
                job.task.cancel()

    async def _drain(self) -> None:
        """Wait until nothing runs, and everything is answered."""
        while self._running:
            self._has_room.clear()
            await self._has_room.wait()

    # --- jobs -------------------------------------------------------------------------------------------------------

    async def _carry_out(self, job: RunningJob) -> None:
        """Run a job's action, and have its outcome answered; nothing is said of one that nobody wants any more."""
        try:
            answer = await self._outcome(job)
        except (StepCancelled, asyncio.CancelledError):
            self._running.pop(job.id, None)
            self._has_room.set()
            return
        self._answers.append(answer)
        self._has_answers.set()

    async def _outcome(self, job: RunningJob) -> dict[str, Any]:
        try:
            value = await self._call(self._registry.get(job.action), job)
            fields = _fields(value)
            # what is no JSON must not spoil the answers that it is sent with
            return job.answer(**orjson.loads(orjson.dumps(fields)))
        except ActionError as error:
            return job.answer(error=_error(error.code, error.message, error))
        except UnknownAction as error:
            return job.answer(error=_error("unknown_action", str(error)))
        except orjson.JSONEncodeError as error:
            return job.answer(error=_error("invalid_output", f"the output is no JSON: {error}", retryable=False))
        except Exception as error:
            kind = type(error).__name__
            log.warning("action failed", action=job.action, job_id=job.id, exc_info=error)
            message = f"{kind}: {error}" if str(error) else kind
            return job.answer(error=_error("action_failed", message, details={"type": kind}))

    async def _call(self, action: ActionDefinition, job: RunningJob) -> Any:
        context = job.context()
        if action.is_async:
            return await action.function(context)
        return await asyncio.get_running_loop().run_in_executor(self._threads, action.function, context)


def _fields(value: Any) -> dict[str, Any]:
    """What is said of an action's result."""
    if not isinstance(value, Result):
        return {"output": value}
    if not value.success:
        first = value.errors[0] if value.errors else WorkflowError("action_failed", value.message or "it failed")
        raise ActionError(first.message, code=first.code, retryable=first.retryable, details=first.details)
    return {"output": value.output, "data": None if value.data is None else dict(value.data)}


def _error(
    code: str,
    message: str,
    error: ActionError | None = None,
    *,
    retryable: bool = True,
    details: dict[str, Any] | None = None,
) -> dict[str, Any]:
    told: dict[str, Any] = {"code": code[:128], "message": message[:4_096], "retryable": retryable}
    if error is not None:
        told |= {"retryable": error.retryable, "retryAfter": error.retry_after}
        details = dict(error.details)
    if details:
        told["details"] = details
    return told


def _first(errors: BaseExceptionGroup[Exception]) -> BaseException:
    """One of several errors that came at once."""
    error = errors.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
