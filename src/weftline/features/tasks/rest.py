"""Human tasks over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request

from weftline.features.access.caller import Caller
from weftline.features.access.http import gate_of, requires
from weftline.features.access.policies.request import Resource
from weftline.features.access.resources import resource_of_run
from weftline.features.executions.schemas import masked
from weftline.features.http.examples import answers
from weftline.features.http.paging import InvalidCursor, Page, PageQuery, decode_cursor, decode_uuid, encode_cursor
from weftline.features.http.routing import api_router
from weftline.features.tasks import examples
from weftline.features.tasks.links import LinkService
from weftline.features.tasks.models import HumanTask
from weftline.features.tasks.permissions import COMPLETE, DELEGATE, MANAGE, READ
from weftline.features.tasks.repository import TaskRun
from weftline.features.tasks.schemas import (
    CommentBody,
    CommentOut,
    CompleteBody,
    DelegateBody,
    DelegationOut,
    DelegationsOut,
    LinkBody,
    LinkOut,
    ReassignBody,
    TaskOut,
    TaskQuery,
    VoteOut,
    VotesOut,
)
from weftline.features.tasks.service import TaskService

Lister = Annotated[Caller, requires(READ, listing=True)]
Reader = Annotated[Caller, requires(READ)]
Completer = Annotated[Caller, requires(COMPLETE)]
Delegator = Annotated[Caller, requires(DELEGATE)]
Manager = Annotated[Caller, requires(MANAGE)]

TaskId = Annotated[UUID, Path(description="The task's id.", examples=[examples.ID])]


def task_routes(tasks: TaskService, links: LinkService) -> APIRouter:
    """The routes of human tasks."""
    router = api_router("/tasks", tag="Tasks")
    _add_reading(router, tasks)
    _add_doing(router, tasks)
    _add_handing_on(router, tasks, links)
    return router


def _add_reading(router: APIRouter, tasks: TaskService) -> None:
    @router.get(
        "",
        summary="List tasks",
        responses=answers({"items": [examples.OPEN], "nextCursor": None}, description="Newest first."),
    )
    async def list_tasks(caller: Lister, query: Annotated[TaskQuery, Query()], request: Request) -> Page[TaskOut]:
        """Lists the human tasks that the caller can see, the newest first: their own, or everybody's."""
        before = None if query.cursor is None else _position(query.cursor)
        found = await tasks.list(caller, query.filter(), before=before, limit=query.limit + 1)
        page = found[: query.limit]
        shown = [await _out(request, caller, task) for task in await _permitted(request, caller, tasks, page)]
        more = len(found) > len(page)
        cursor = encode_cursor([page[-1].created_at.isoformat(), str(page[-1].id)]) if more else None
        return Page(items=shown, next_cursor=cursor)

    @router.get("/{task_id}", summary="Get a task", responses=answers(examples.OPEN, description="The task."))
    async def get_task(caller: Reader, task_id: TaskId, request: Request) -> TaskOut:
        """Shows a task."""
        return await _out(request, caller, await tasks.get(caller, task_id))

    @router.get(
        "/{task_id}/votes",
        summary="List a task's votes",
        responses=answers({"items": [examples.VOTE]}, description="Oldest first."),
    )
    async def list_votes(caller: Reader, task_id: TaskId, request: Request) -> VotesOut:
        """Lists what people decided on a task, the oldest first."""
        task, votes = await tasks.votes(caller, task_id)
        mask = await gate_of(request).mask(caller, task.workflow_id)
        items = [VoteOut.model_validate(vote) for vote in votes]
        return VotesOut(items=[item.model_copy(update={"data": masked(item.data, mask)}) for item in items])

    @router.get(
        "/{task_id}/delegations",
        summary="List a task's delegations",
        responses=answers({"items": [examples.DELEGATION]}, description="Oldest first."),
    )
    async def list_delegations(caller: Reader, task_id: TaskId) -> DelegationsOut:
        """Lists who handed a task to whom, the oldest first."""
        found = await tasks.delegations(caller, task_id)
        return DelegationsOut(items=[DelegationOut.model_validate(each) for each in found])

    @router.get(
        "/{task_id}/comments",
        summary="List a task's comments",
        responses=answers({"items": [examples.COMMENTED], "nextCursor": None}, description="Oldest first."),
    )
    async def list_comments(caller: Reader, task_id: TaskId, query: Annotated[PageQuery, Query()]) -> Page[CommentOut]:
        """Lists what was said about a task, the oldest first."""
        after = None if query.cursor is None else decode_uuid(query.cursor)
        found = await tasks.comments(caller, task_id, after=after, limit=query.limit + 1)
        items = [CommentOut.model_validate(comment) for comment in found[: query.limit]]
        return Page(items=items, next_cursor=encode_cursor([str(items[-1].id)]) if len(found) > len(items) else None)


def _add_doing(router: APIRouter, tasks: TaskService) -> None:
    @router.post(
        "/{task_id}/claim",
        summary="Claim a task",
        responses=answers(examples.CLAIMED, description="The claimed task."),
    )
    async def claim_task(caller: Completer, task_id: TaskId, request: Request) -> TaskOut:
        """Gives an open task to the caller. Safe to repeat for whoever has it."""
        return await _out(request, caller, await tasks.claim(caller, task_id))

    @router.post(
        "/{task_id}/release",
        summary="Release a task",
        responses=answers(examples.OPEN, description="The task, open again."),
    )
    async def release_task(caller: Completer, task_id: TaskId, request: Request) -> TaskOut:
        """Gives a claimed task back to those it is assigned to. Safe to repeat."""
        return await _out(request, caller, await tasks.release(caller, task_id))

    @router.post(
        "/{task_id}/complete",
        summary="Complete a task",
        responses=answers(examples.COMPLETED, description="The task, completed unless more people must agree."),
    )
    async def complete_task(
        caller: Completer,
        task_id: TaskId,
        request: Request,
        body: Annotated[CompleteBody | None, Body(openapi_examples={"example": {"value": examples.COMPLETE}})] = None,
    ) -> TaskOut:
        """Decides on a task; where that ends it, its execution goes on.

        Where several people must agree, each of them completes it once, and the first outcome that does not approve
        ends it.
        """
        said = body or CompleteBody()
        return await _out(request, caller, await tasks.complete(caller, task_id, said.decision()))

    @router.post(
        "/{task_id}/comments",
        status_code=201,
        summary="Comment on a task",
        responses=answers(examples.COMMENTED, status=201, description="The comment."),
    )
    async def comment_on_task(
        caller: Completer,
        task_id: TaskId,
        body: Annotated[CommentBody, Body(openapi_examples={"example": {"value": examples.COMMENT}})],
    ) -> CommentOut:
        """Says something about a task to everybody who can see it."""
        return CommentOut.model_validate(await tasks.comment(caller, task_id, body.text))


def _add_handing_on(router: APIRouter, tasks: TaskService, links: LinkService) -> None:
    @router.post(
        "/{task_id}/delegate",
        summary="Delegate a task",
        responses=answers(examples.DELEGATED, description="The task, claimed by another."),
    )
    async def delegate_task(
        caller: Delegator,
        task_id: TaskId,
        request: Request,
        body: Annotated[DelegateBody, Body(openapi_examples={"example": {"value": examples.DELEGATE}})],
    ) -> TaskOut:
        """Hands a task that the caller has claimed to another member.

        Where several people must agree, it hands on the caller's say.
        """
        return await _out(request, caller, await tasks.delegate(caller, task_id, body.to, body.reason))

    @router.post(
        "/{task_id}/reassign",
        summary="Reassign a task",
        responses=answers(examples.REASSIGNED, description="The task, open to others."),
    )
    async def reassign_task(
        caller: Manager,
        task_id: TaskId,
        request: Request,
        body: Annotated[ReassignBody, Body(openapi_examples={"example": {"value": examples.REASSIGN}})],
    ) -> TaskOut:
        """Assigns a task to others, whoever has it now."""
        return await _out(request, caller, await tasks.reassign(caller, task_id, body.assign_to, body.reason))

    @router.post(
        "/{task_id}/links",
        status_code=201,
        summary="Send a link to a task",
        responses=answers(examples.SENT_LINK, status=201, description="What was sent, and to whom."),
    )
    async def send_task_link(
        caller: Manager,
        task_id: TaskId,
        body: Annotated[LinkBody, Body(openapi_examples={"example": {"value": examples.LINK}})],
    ) -> LinkOut:
        """Mails a member a link by which they can decide once, without signing in.

        The link itself is told to nobody but them.
        """
        link, member = await links.send(caller, task_id, body.user, body.outcome)
        return LinkOut(
            id=link.id,
            task_id=link.task_id,
            user_id=link.user_id,
            email=member.email,
            outcome=link.outcome,
            created_at=link.created_at,
            expires_at=link.expires_at,
        )


async def _permitted(
    request: Request, caller: Caller, tasks: TaskService, page: Sequence[HumanTask]
) -> Sequence[HumanTask]:
    """The tasks without those that the tenant's policies hide."""
    gate = gate_of(request)
    if not await gate.looks_at_each(caller, READ):
        return page
    return [run.task for run in await gate.visible(caller, READ, await tasks.runs(caller, page), _resource)]


def _resource(run: TaskRun) -> Resource:
    return resource_of_run("Task", run)


async def _out(request: Request, caller: Caller, task: HumanTask) -> TaskOut:
    """A task as the caller may see it."""
    out = TaskOut.model_validate(task)
    return out.model_copy(update={"data": masked(out.data, await gate_of(request).mask(caller, task.workflow_id))})


def _position(cursor: str) -> tuple[datetime, UUID]:
    created_at, task_id = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(created_at), UUID(task_id)
    except ValueError:
        raise InvalidCursor("The cursor was not handed out by this list.") from None
