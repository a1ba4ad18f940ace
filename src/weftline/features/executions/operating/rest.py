"""The operator's tools over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from weftline.features.access.caller import Caller
from weftline.features.access.http import requires
from weftline.features.executions.demand import MAX_KEY
from weftline.features.executions.errors import (
    AmbiguousStep,
    ConcurrencyLimit,
    ExecutionEnded,
    ExecutionNotFound,
    InvalidInput,
    InvalidSettings,
    UnknownStep,
)
from weftline.features.executions.examples import SUMMARY
from weftline.features.executions.listing import Filter
from weftline.features.executions.operating import examples
from weftline.features.executions.operating.retry import Retry
from weftline.features.executions.operating.rollback import Rollback
from weftline.features.executions.operating.schemas import (
    DataBody,
    RestartBody,
    Restarted,
    RetriedExecution,
    RetryBody,
    RetryPlanOut,
    RollbackBody,
    RollbackPlanOut,
    SkipBody,
    side_effects,
)
from weftline.features.executions.operating.service import Operating, Restart
from weftline.features.executions.operating.skip import Skip
from weftline.features.executions.permissions import OPERATE, READ, RETRY, ROLL_BACK
from weftline.features.executions.repeating import replayed
from weftline.features.executions.rest import ExecutionId, Executions, acted, body_like
from weftline.features.executions.schemas import ExecutionPageQuery, ExecutionSummary
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.http.wire import JsonResponse, Wire
from weftline.features.idempotency.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from weftline.features.idempotency.header import read_key
from weftline.features.tenancy.errors import LimitReached
from weftline.features.workflows.errors import NotPublished, WorkflowArchived, WorkflowNotFound

Reader = Annotated[Caller, requires(READ)]
Operator = Annotated[Caller, requires(OPERATE)]
Retrier = Annotated[Caller, requires(RETRY)]
Restarter = Annotated[Caller, requires(RETRY, takes_key=False)]
"""Starts one execution, which itself remembers the key."""
RollerBack = Annotated[Caller, requires(ROLL_BACK)]
IdempotencyKey = Annotated[
    str | None,
    Header(min_length=1, max_length=MAX_KEY, description="A second restart under the same key finds the first."),
]


def operating_routes(executions: Executions, operating: Operating) -> APIRouter:
    """The routes of the operator's tools."""
    router = api_router("/executions/{execution_id}", tag="Executions")
    _add_going_back(router, executions, operating)
    _add_going_on(router, executions, operating)
    _add_children(router, executions)
    return router


def _add_going_back(router: APIRouter, executions: Executions, operating: Operating) -> None:
    @router.post(
        "/rollback",
        summary="Roll an execution back",
        response_class=Response,
        responses={
            **acted(examples.ROLLED_BACK),
            **answers(
                examples.ROLLED_BACK,
                description="The execution afterwards; of a dry run a plan: `toStepId`, `toSeq`, `undone` (in order), "
                "`cannotUndo`, `cancelled`.",
            ),
        }
        | failures(
            ExecutionNotFound,
            UnknownStep,
            ExecutionEnded,
            "being_undone",
            "not_started",
            "gone_back_meanwhile",
            "migrated_since",
            "not_possible",
            "step_not_reached",
            "unclear_point",
            "unusable_version",
        ),
    )
    async def roll_back_execution(
        caller: RollerBack,
        execution_id: ExecutionId,
        body: Annotated[RollbackBody | None, body_like(examples.ROLLBACK)] = None,
    ) -> Response:
        """Undoes what completed after a step, the newest first, and goes on from that step; without a step undoes
        everything, and rests. An execution that has ended is rolled back as well."""
        body = body or RollbackBody()
        wanted = Rollback(body.to_step_id, body.redo, body.pause, body.reason)
        if body.dry_run:
            plan = await operating.plan_rollback(caller, execution_id, wanted)
            return _written(RollbackPlanOut.of(plan))
        return await executions.after(caller, await operating.roll_back(caller, execution_id, wanted))

    @router.post(
        "/retry",
        summary="Retry an execution",
        response_class=Response,
        responses={
            **acted(examples.RETRIED),
            **answers(
                examples.RETRIED,
                description="The execution afterwards; of a dry run a plan: `stepId`, `sideEffects`, `cancelled`.",
            ),
        }
        | failures(
            AmbiguousStep,
            ExecutionNotFound,
            UnknownStep,
            ExecutionEnded,
            "nothing_to_retry",
            "step_not_open",
            "paused",
            "step_not_named",
            "being_undone",
            "not_started",
            "gone_back_meanwhile",
            "migrated_since",
            "not_possible",
            "step_not_reached",
            "unclear_point",
            "unusable_version",
        ),
    )
    async def retry_execution(
        caller: Retrier,
        execution_id: ExecutionId,
        body: Annotated[RetryBody | None, body_like(examples.RETRY)] = None,
    ) -> Response:
        """Tries what failed again: the execution goes on from there. With a step, does that one again and what comes
        after it; nothing is undone, and the answer names the effects that there may be once more."""
        body = body or RetryBody()
        wanted = Retry(body.name(), body.input, body.data, body.reason)
        if body.dry_run:
            return _written(RetryPlanOut.of(await operating.plan_retry(caller, execution_id, wanted)))
        done, plan = await operating.retry(caller, execution_id, wanted)
        detail = await executions.detail(caller, done.snapshot)
        retried = RetriedExecution(**dict(detail), side_effects=side_effects(plan))
        return _written(retried, 200 if done.is_effective else 202)


def _add_going_on(router: APIRouter, executions: Executions, operating: Operating) -> None:
    @router.post(
        "/skip",
        summary="Skip a step",
        response_class=Response,
        responses=acted(examples.SKIPPED)
        | failures(AmbiguousStep, ExecutionNotFound, UnknownStep, ExecutionEnded, "step_not_open"),
    )
    async def skip_step(
        caller: Operator, execution_id: ExecutionId, body: Annotated[SkipBody, body_like(examples.SKIP)]
    ) -> Response:
        """Passes over a step that is open, over a compensation that failed, or over the step whose failure ended the
        execution."""
        wanted = Skip(body.name(), body.output, body.reason)
        return await executions.after(caller, await operating.skip(caller, execution_id, wanted))

    @router.patch(
        "/data",
        summary="Change an execution's data",
        response_class=Response,
        responses=acted(examples.CHANGED) | failures(ExecutionNotFound, ExecutionEnded),
    )
    async def change_execution_data(
        caller: Operator, execution_id: ExecutionId, body: Annotated[DataBody, body_like(examples.DATA)]
    ) -> Response:
        """Sets and removes keys of the shared data of an execution, between two of its steps."""
        done = await operating.change_data(caller, execution_id, body.set, body.remove, body.reason)
        return await executions.after(caller, done)

    @router.post(
        "/restart",
        status_code=201,
        summary="Start an execution anew",
        response_class=JsonResponse,
        responses=answers(examples.RESTARTED, status=201, description="The new execution.")
        | failures(
            InvalidIdempotencyKey,
            IdempotencyKeyReused,
            ExecutionNotFound,
            WorkflowNotFound,
            NotPublished,
            WorkflowArchived,
            ConcurrencyLimit,
            LimitReached,
            InvalidInput,
            InvalidSettings,
        ),
    )
    async def restart_execution(
        caller: Restarter,
        execution_id: ExecutionId,
        body: Annotated[RestartBody | None, body_like(examples.RESTART)] = None,
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Starts a new execution with the same input; the first one stays as it is."""
        body = body or RestartBody()
        key = None if idempotency_key is None else read_key(idempotency_key)
        wanted = Restart(body.input, body.data, body.latest, key)
        workflow_id = await executions.reader.workflow_of(caller.tenant_id, execution_id)
        started = await operating.restart(caller, execution_id, wanted)
        restarted = Restarted(
            id=started.id,
            workflow_id=workflow_id,
            version_number=started.version_number,
            restarted_from=execution_id,
        )
        answer = _written(restarted, 201)
        answer.headers.update(replayed(started))
        return answer


def _add_children(router: APIRouter, executions: Executions) -> None:
    @router.get(
        "/children",
        summary="List an execution's children",
        responses=answers({"items": [SUMMARY], "nextCursor": None}, description="Newest first.")
        | failures(ExecutionNotFound),
    )
    async def list_children(
        caller: Reader, execution_id: ExecutionId, query: Annotated[ExecutionPageQuery, Query()]
    ) -> Page[ExecutionSummary]:
        """Lists the executions that an execution started, each as it last came to rest."""
        await executions.reader.workflow_of(caller.tenant_id, execution_id)
        return await executions.page(caller, Filter(parent_id=execution_id), query.window())


def _written(answer: Wire, status_code: int = 200) -> Response:
    return Response(answer.model_dump_json(by_alias=True), status_code=status_code, media_type="application/json")
