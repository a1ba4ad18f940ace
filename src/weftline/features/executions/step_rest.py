"""Step executions over HTTP."""

from __future__ import annotations

from typing import Annotated, cast

from fastapi import APIRouter, Query

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.access.policies.request import Resource
from weftline.features.access.resources import RunRow, resource_of_run
from weftline.features.executions import examples
from weftline.features.executions.errors import ExecutionNotFound
from weftline.features.executions.models import Execution
from weftline.features.executions.permissions import READ
from weftline.features.executions.rest import ExecutionId
from weftline.features.executions.schemas import UNKNOWN_STEP, StepOut
from weftline.features.executions.step_reader import MAX_EXECUTIONS, Position, StepReader
from weftline.features.executions.step_schemas import StepExecutionOut, StepExecutionPage, StepPageQuery, StepQuery
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page, decode_number, encode_cursor
from weftline.features.http.routing import api_router

Lister = Annotated[Caller, requires(READ, listing=True)]
Reader = Annotated[Caller, requires(READ)]

STEP = {
    **examples.STEPS["items"][0],
    "executionId": examples.ID,
    "workflowId": "greeting",
    "versionNumber": 1,
}


def step_routes(steps: StepReader, gate: Gate) -> APIRouter:
    """The routes of step executions."""
    router = api_router(tag="Executions")

    @router.get(
        "/executions/{execution_id}/steps",
        summary="List an execution's steps",
        responses=answers(examples.STEPS, description="In the order in which they began.")
        | failures(ExecutionNotFound),
    )
    async def list_steps(
        caller: Reader, execution_id: ExecutionId, query: Annotated[StepPageQuery, Query()]
    ) -> Page[StepOut]:
        """Lists every step that has begun, as the log tells it."""
        first = 0 if query.cursor is None else decode_number(query.cursor)
        page = await steps.of_execution(caller.tenant_id, execution_id, first=first, limit=query.limit)
        mask = await gate.mask(caller, page.workflow_id)
        headings = page.version.steps
        return Page(
            items=[StepOut.of(step, headings.get(step.node, UNKNOWN_STEP), mask) for step in page.steps],
            next_cursor=encode_cursor([str(first + len(page.steps))]) if page.has_more else None,
        )

    @router.get(
        "/step-executions",
        summary="Search steps across executions",
        responses=answers({"items": [STEP], "skipped": [], "nextCursor": None}, description="Newest executions first."),
    )
    async def search_steps(caller: Lister, query: Annotated[StepQuery, Query()]) -> StepExecutionPage:
        """Finds steps across executions: the newest executions first, and each one's steps as they began.

        Logs are read for this, of some executions at a time: a page may hold few steps, or none, and still have a
        next one. Follow `nextCursor` until it is null. What is narrowed down by `workflowId` and times is found sooner.
        """
        wanted, start = query.filter(), query.start()
        rows = await steps.candidates(
            caller.tenant_id, wanted, await gate.workflows(caller, READ), None if start is None else start.execution_id
        )
        page = rows[:MAX_EXECUTIONS]
        shown = await gate.visible(caller, READ, page, _resource)
        masks = {each: await gate.mask(caller, each) for each in {row.workflow_id for row in shown}}
        found = await steps.search(caller.tenant_id, shown, masks, wanted, start=start, limit=query.limit)
        following = found.next
        if following is None and len(rows) > len(page):
            following = Position(rows[-1].id)
        return StepExecutionPage(
            items=[StepExecutionOut.of_hit(hit, masks[hit.row.workflow_id]) for hit in found.hits],
            skipped=list(found.skipped),
            next_cursor=None if following is None else encode_cursor([str(part) for part in following]),
        )

    return router


def _resource(row: Execution) -> Resource:
    return resource_of_run("Execution", cast("RunRow", row))
