"""Human tasks over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.http import gate_of, requires
from weftline.features.access.policies.request import Resource
from weftline.features.access.resources import resource_of_run
from weftline.features.executions.schemas import masked
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.shared import Shared, same_request
from weftline.features.tasks import examples
from weftline.features.tasks.bulk_rest import add_bulk_routes
from weftline.features.tasks.errors import (
    AlreadyVoted,
    CannotTakeTask,
    FourEyes,
    HandedOver,
    InvalidForm,
    NotAssigned,
    NotClaimable,
    NotHolder,
    PeopleOnly,
    TaskClaimed,
    TaskClosed,
    TaskNotFound,
    UnknownMember,
    UnknownOutcome,
)
from weftline.features.tasks.links import LinkService
from weftline.features.tasks.models import HumanTask, TaskVote
from weftline.features.tasks.permissions import COMPLETE, DELEGATE, MANAGE, READ
from weftline.features.tasks.repository import TaskRun
from weftline.features.tasks.schemas import (
    CommentBody,
    CommentOut,
    CommentQuery,
    CompleteBody,
    DelegateBody,
    DelegationOut,
    DelegationQuery,
    LinkBody,
    LinkOut,
    ReassignBody,
    TaskOut,
    TaskQuery,
    VoteOut,
    VoteQuery,
    plain_task,
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
    add_bulk_routes(router, tasks)
    _add_handing_on(router, tasks, links)
    return router


def _add_reading(router: APIRouter, tasks: TaskService) -> None:
    shared = Shared()

    @router.get(
        "",
        summary="List tasks",
        response_model=Page[TaskOut],
        responses=answers({"items": [examples.OPEN], "nextCursor": None}, description="Newest first."),
    )
    async def list_tasks(caller: Lister, query: Annotated[TaskQuery, Query()], request: Request) -> Response:
        """Lists the human tasks that the caller can see: their own, or everybody's. The newest first unless asked
        otherwise."""
        gate, window = gate_of(request), query.window()

        async def page(at_turn: Callable[[], None]) -> bytes:
            found = await tasks.list(caller, query.filter(), window, at_turn=at_turn)
            seen = await permitted(gate, caller, tasks, window.cut(found))
            plain = [plain_task(task, await gate.mask(caller, task.workflow_id)) for task in seen]
            return bytes(window.plain_page(found, plain).body)

        body = await shared.get(same_request(caller, request), page)
        return Response(body, media_type="application/json")

    @router.get(
        "/{task_id}",
        summary="Get a task",
        responses=answers(examples.OPEN, description="The task.") | failures(TaskNotFound),
    )
    async def get_task(caller: Reader, task_id: TaskId, request: Request) -> TaskOut:
        """Shows a task."""
        return await _out(request, caller, await tasks.get(caller, task_id))

    @router.get(
        "/{task_id}/votes",
        summary="List a task's votes",
        responses=answers({"items": [examples.VOTE], "nextCursor": None}, description="Oldest first.")
        | failures(TaskNotFound),
    )
    async def list_votes(
        caller: Reader, task_id: TaskId, query: Annotated[VoteQuery, Query()], request: Request
    ) -> Page[VoteOut]:
        """Lists what people decided on a task, the oldest first unless asked otherwise."""
        window = query.window()
        task, votes = await tasks.votes(caller, task_id)
        mask = await gate_of(request).mask(caller, task.workflow_id)

        def show(vote: TaskVote) -> VoteOut:
            item = VoteOut.model_validate(vote)
            return item.model_copy(update={"data": masked(item.data, mask)})

        return window.page(window.over(votes), show)

    @router.get(
        "/{task_id}/delegations",
        summary="List a task's delegations",
        responses=answers({"items": [examples.DELEGATION], "nextCursor": None}, description="Oldest first.")
        | failures(TaskNotFound),
    )
    async def list_delegations(
        caller: Reader, task_id: TaskId, query: Annotated[DelegationQuery, Query()]
    ) -> Page[DelegationOut]:
        """Lists who handed a task to whom, the oldest first unless asked otherwise."""
        window = query.window()
        return window.page(window.over(await tasks.delegations(caller, task_id)), DelegationOut.model_validate)

    @router.get(
        "/{task_id}/comments",
        summary="List a task's comments",
        responses=answers({"items": [examples.COMMENTED], "nextCursor": None}, description="Oldest first.")
        | failures(TaskNotFound),
    )
    async def list_comments(
        caller: Reader, task_id: TaskId, query: Annotated[CommentQuery, Query()]
    ) -> Page[CommentOut]:
        """Lists what was said about a task, the oldest first unless asked otherwise."""
        window = query.window()
        return window.page(await tasks.comments(caller, task_id, window), CommentOut.model_validate)


def _add_doing(router: APIRouter, tasks: TaskService) -> None:
    @router.post(
        "/{task_id}/claim",
        summary="Claim a task",
        responses=answers(examples.CLAIMED, description="The claimed task.")
        | failures(
            AlreadyVoted,
            FourEyes,
            HandedOver,
            NotAssigned,
            NotClaimable,
            PeopleOnly,
            TaskClaimed,
            TaskClosed,
            TaskNotFound,
        ),
    )
    async def claim_task(caller: Completer, task_id: TaskId, request: Request) -> TaskOut:
        """Gives an open task to the caller. Safe to repeat for whoever has it."""
        return await _out(request, caller, await tasks.claim(caller, task_id))

    @router.post(
        "/{task_id}/release",
        summary="Release a task",
        responses=answers(examples.OPEN, description="The task, open again.")
        | failures(NotHolder, TaskClosed, TaskNotFound),
    )
    async def release_task(caller: Completer, task_id: TaskId, request: Request) -> TaskOut:
        """Gives a claimed task back to those it is assigned to. Safe to repeat."""
        return await _out(request, caller, await tasks.release(caller, task_id))

    @router.post(
        "/{task_id}/complete",
        summary="Complete a task",
        responses=answers(examples.COMPLETED, description="The task, completed unless more people must agree.")
        | failures(
            AlreadyVoted,
            FourEyes,
            HandedOver,
            InvalidForm,
            NotAssigned,
            PeopleOnly,
            TaskClaimed,
            TaskClosed,
            TaskNotFound,
            UnknownOutcome,
        ),
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
        responses=answers(examples.COMMENTED, status=201, description="The comment.") | failures(TaskNotFound),
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
        responses=answers(examples.DELEGATED, description="The task, claimed by another.")
        | failures(
            AlreadyVoted,
            CannotTakeTask,
            FourEyes,
            HandedOver,
            NotAssigned,
            NotHolder,
            PeopleOnly,
            TaskClaimed,
            TaskClosed,
            TaskNotFound,
            UnknownMember,
        ),
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
        responses=answers(examples.REASSIGNED, description="The task, open to others.")
        | failures(FourEyes, TaskClosed, TaskNotFound),
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
        responses=answers(examples.SENT_LINK, status=201, description="What was sent, and to whom.")
        | failures(CannotTakeTask, FourEyes, TaskClosed, TaskNotFound, UnknownMember, UnknownOutcome),
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


async def permitted(gate: Gate, caller: Caller, tasks: TaskService, page: Sequence[HumanTask]) -> Sequence[HumanTask]:
    """The tasks without those that the tenant's policies hide."""
    if not await gate.looks_at_each(caller, READ):
        return page
    return [run.task for run in await gate.visible(caller, READ, await tasks.runs(caller, page), _resource)]


def _resource(run: TaskRun) -> Resource:
    return resource_of_run("Task", run)


async def _out(request: Request, caller: Caller, task: HumanTask) -> TaskOut:
    return await shown(gate_of(request), caller, task)


async def shown(gate: Gate, caller: Caller, task: HumanTask) -> TaskOut:
    """A task as the caller may see it."""
    # what the row holds, and not the row: its attributes are slow to look up
    out = TaskOut.model_validate(vars(task))
    mask = await gate.mask(caller, task.workflow_id)
    return out if mask is None else out.model_copy(update={"data": masked(out.data, mask)})
