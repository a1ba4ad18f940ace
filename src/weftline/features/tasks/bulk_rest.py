"""Acts on many human tasks over HTTP."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Request
from pydantic import Field

from weftline.features.access.caller import Caller
from weftline.features.access.http import gate_of, requires
from weftline.features.access.permissions import Permission
from weftline.features.http.bulk import MAX_ITEMS, BulkOut, do_each
from weftline.features.http.examples import answers
from weftline.features.http.wire import Demand
from weftline.features.tasks import examples
from weftline.features.tasks.permissions import COMPLETE, DELEGATE, MANAGE
from weftline.features.tasks.schemas import CompleteBody, DelegateBody, ReassignBody
from weftline.features.tasks.service import TaskService

Lister = Annotated[Caller, requires(COMPLETE, listing=True)]


class _Item(Demand):
    id: Annotated[UUID, Field(description="The task's id.")]


class ClaimItem(_Item):
    """A task to claim."""

    act: Literal["claim"]


class ReleaseItem(_Item):
    """A task to release."""

    act: Literal["release"]


class CompleteItem(_Item, CompleteBody):
    """A task to complete, and what the caller decides."""

    act: Literal["complete"]


class DelegateItem(_Item, DelegateBody):
    """A task to hand on, and to whom."""

    act: Literal["delegate"]


class ReassignItem(_Item, ReassignBody):
    """A task to assign anew, and to whom."""

    act: Literal["reassign"]


Item = ClaimItem | ReleaseItem | CompleteItem | DelegateItem | ReassignItem

PERMISSIONS: dict[str, Permission] = {
    "claim": COMPLETE,
    "release": COMPLETE,
    "complete": COMPLETE,
    "delegate": DELEGATE,
    "reassign": MANAGE,
}


class TasksBody(Demand):
    """What to do, and to which tasks."""

    items: Annotated[
        list[Annotated[Item, Field(discriminator="act")]],
        Field(min_length=1, max_length=MAX_ITEMS, description="Done in this order."),
    ]


def add_bulk_routes(router: APIRouter, tasks: TaskService) -> None:
    """Add the route of acts on many tasks to those of tasks."""

    @router.post(
        "/bulk",
        summary="Do something to many tasks",
        responses=answers(examples.BULK_DONE, description="What became of each item, in their order."),
    )
    async def act_on_tasks(
        caller: Lister,
        body: Annotated[TasksBody, Body(openapi_examples={"example": {"value": examples.BULK}})],
        request: Request,
    ) -> BulkOut:
        """Claims, releases, completes, delegates or reassigns tasks, each as its own route would: done or refused by
        itself. An item that needs a permission which the caller lacks is refused."""

        async def act(item: Item) -> UUID:
            await gate_of(request).allow(caller, PERMISSIONS[item.act], {"task_id": str(item.id)})
            await _do(tasks, caller, item)
            return item.id

        return await do_each(body.items, act, lambda item: item.id)


async def _do(tasks: TaskService, caller: Caller, item: Item) -> None:
    match item:
        case ClaimItem():
            await tasks.claim(caller, item.id)
        case ReleaseItem():
            await tasks.release(caller, item.id)
        case CompleteItem():
            await tasks.complete(caller, item.id, item.decision())
        case DelegateItem():
            await tasks.delegate(caller, item.id, item.to, item.reason)
        case ReassignItem():
            await tasks.reassign(caller, item.id, item.assign_to, item.reason)
