"""Jobs over HTTP: what remote workers and those who look after them call."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Path, Query, Request

from weftline.features.access.caller import Caller
from weftline.features.access.http import gate_of, requires
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.http.wire import JsonResponse
from weftline.features.jobs import examples
from weftline.features.jobs.errors import JobClosed, JobNotFound, LockLost, RepeatedJob
from weftline.features.jobs.permissions import READ, WORK
from weftline.features.jobs.schemas import (
    AnsweredOut,
    BatchBody,
    BatchItem,
    BatchItemOut,
    BatchOut,
    CompleteBody,
    ExtendBody,
    ExtendedOut,
    FailBody,
    FetchBody,
    JobError,
    JobOut,
    TaskQueueOut,
    TaskQueueQuery,
)
from weftline.features.jobs.service import JobService
from weftline.features.jobs.waiting import Wish
from weftline.language.fields import TASK_QUEUE_PATTERN
from weftline.store.inbox import MessageKind
from weftline.store.jobs import Answer, Job

Reader = Annotated[Caller, requires(READ)]
Worker = Annotated[Caller, requires(WORK, takes_key=False)]
"""A job's token sees to it that no answer counts twice; jobs that were fetched and lost come back by themselves."""

JobId = Annotated[UUID, Path(description="The job's id.", examples=[examples.ID])]
Queue = Annotated[
    str, Path(description="The task queue's name.", pattern=TASK_QUEUE_PATTERN, examples=[examples.QUEUE])
]


def job_routes(jobs: JobService) -> APIRouter:
    """The routes of jobs."""
    router = api_router(tag="Remote workers")
    _add_fetching(router, jobs)
    _add_answering(router, jobs)
    _add_looking(router, jobs)
    return router


def _add_fetching(router: APIRouter, jobs: JobService) -> None:
    @router.post(
        "/task-queues/{queue}/fetch",
        summary="Fetch jobs",
        response_model=None,
        responses=answers({"items": [examples.FETCHED]}, description="The jobs; none where none came in time."),
    )
    async def fetch_jobs(
        caller: Worker,
        queue: Queue,
        request: Request,
        body: Annotated[FetchBody, Body(openapi_examples={"example": {"value": examples.FETCH}})],
    ) -> JsonResponse:
        """Gives the caller jobs of a task queue, and waits for some where there are none.

        Each is the caller's alone until `lockedUntil`, or for longer where it is extended. Then it is given to somebody
        else; the fifth time that happens, the attempt has failed. Secrets in inputs are shown as they are.
        """
        wish = Wish(body.worker_id, body.max_jobs, body.lock_seconds, request.is_disconnected)
        found = await jobs.fetch_or_wait(caller.tenant_id, queue, wish, body.wait_seconds)
        return JsonResponse({"items": [_fetched(caller.tenant_id, job) for job in found]})

    @router.post(
        "/jobs/{job_id}/extend",
        summary="Extend a job",
        responses=answers(examples.EXTENDED, description="Whether to go on, and until when the job is the caller's.")
        | failures(JobNotFound, LockLost),
    )
    async def extend_job(
        caller: Worker,
        job_id: JobId,
        body: Annotated[ExtendBody, Body(openapi_examples={"example": {"value": examples.EXTEND}})],
    ) -> ExtendedOut:
        """Lets the caller keep a job for longer: its heartbeat. The answer says where its step is no longer wanted."""
        until = await jobs.extend(caller.tenant_id, job_id, body.token, body.lock_seconds, body.progress)
        return ExtendedOut(id=job_id, cancelled=until is None, locked_until=until)


def _add_answering(router: APIRouter, jobs: JobService) -> None:
    @router.post(
        "/jobs/complete",
        summary="Answer several jobs",
        responses=answers({"items": [examples.COMPLETED]}, description="What became of each answer, in their order.")
        | failures(RepeatedJob),
    )
    async def complete_jobs(
        caller: Worker,
        body: Annotated[BatchBody, Body(openapi_examples={"example": {"value": examples.BATCH}})],
    ) -> BatchOut:
        """Takes what came of up to 200 jobs. Each answer is taken or refused by itself."""
        seen: set[UUID] = set()
        repeated = [at for at, item in enumerate(body.items) if item.id in seen or seen.add(item.id)]
        if repeated:
            raise RepeatedJob(repeated)
        refusals = await jobs.answer_all(caller.tenant_id, [_answer_of(item) for item in body.items])
        items: list[BatchItemOut] = []
        for item, refusal in zip(body.items, refusals, strict=True):
            if refusal is None:
                items.append(BatchItemOut(id=item.id, status="completed" if item.error is None else "failed"))
            else:
                items.append(BatchItemOut(id=item.id, status="refused", code=refusal.code, detail=refusal.detail))
        return BatchOut(items=items)

    @router.post(
        "/jobs/{job_id}/complete",
        summary="Complete a job",
        responses=answers(examples.COMPLETED, description="The answer is taken, and durable.")
        | failures(JobClosed, JobNotFound, LockLost),
    )
    async def complete_job(
        caller: Worker,
        job_id: JobId,
        body: Annotated[CompleteBody, Body(openapi_examples={"example": {"value": examples.COMPLETE}})],
    ) -> AnsweredOut:
        """Says that a job is done; its execution goes on. Repeating it changes nothing."""
        await jobs.answer(caller.tenant_id, _completed(job_id, body.token, body.output, body.data))
        return AnsweredOut(id=job_id, status="completed")

    @router.post(
        "/jobs/{job_id}/fail",
        summary="Fail a job",
        responses=answers(examples.FAILED, description="The answer is taken, and durable.")
        | failures(JobClosed, JobNotFound, LockLost),
    )
    async def fail_job(
        caller: Worker,
        job_id: JobId,
        body: Annotated[FailBody, Body(openapi_examples={"example": {"value": examples.FAIL}})],
    ) -> AnsweredOut:
        """Says that a job cannot be done. The attempt has failed; the step's `retry` says what follows."""
        await jobs.answer(caller.tenant_id, _failed(job_id, body.token, body.error))
        return AnsweredOut(id=job_id, status="failed")


def _add_looking(router: APIRouter, jobs: JobService) -> None:
    @router.get(
        "/task-queues",
        summary="List task queues",
        responses=answers({"items": [examples.TASK_QUEUE], "nextCursor": None}, description="By name."),
    )
    async def list_task_queues(caller: Reader, query: Annotated[TaskQueueQuery, Query()]) -> Page[TaskQueueOut]:
        """Lists the task queues in which there are jobs, how many, and who is at them."""
        window = query.window()
        return window.page(window.over(await jobs.queues(caller.tenant_id)), TaskQueueOut.model_validate)

    @router.get(
        "/jobs/{job_id}",
        summary="Get a job",
        responses=answers(examples.JOB, description="The job.") | failures(JobNotFound),
    )
    async def get_job(caller: Reader, job_id: JobId, request: Request) -> JobOut:
        """Shows a job that waits in its task queue, or that a worker has."""
        row, input, progress = await jobs.get(caller.tenant_id, job_id)
        return JobOut.of(row, input, progress, await gate_of(request).mask(caller, row.workflow_id))


def _fetched(tenant_id: UUID, job: Job) -> dict[str, Any]:
    return {
        "id": str(job.id),
        "token": str(job.token),
        "tenant": {"id": str(tenant_id), "slug": job.slug},
        "executionId": str(job.execution_id),
        "workflowId": job.workflow_id,
        "stepId": job.step_id,
        "attempt": job.attempt,
        "action": job.action,
        "input": orjson.Fragment(job.input),
        # the same as that of an action that is called here
        "idempotencyKey": f"{job.execution_id}/{job.step_id}",
        "lockedUntil": job.locked_until,
        "losses": job.losses,
    }


def _answer_of(item: BatchItem) -> Answer:
    if item.error is not None:
        return _failed(item.id, item.token, item.error)
    return _completed(item.id, item.token, item.output, item.data)


def _completed(job_id: UUID, token: UUID, output: Any, data: dict[str, Any] | None) -> Answer:
    return Answer(job_id, token, MessageKind.JOB_COMPLETED, {"output": output, "data": data})


def _failed(job_id: UUID, token: UUID, error: JobError) -> Answer:
    payload = {"error": error.to_json(), "retry_after": error.retry_after}
    return Answer(job_id, token, MessageKind.JOB_FAILED, payload)
