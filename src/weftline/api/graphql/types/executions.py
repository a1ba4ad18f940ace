"""Executions with their steps and events."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias, TypeVar
from uuid import UUID

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.ids import uuid
from weftline.api.graphql.loaders import EventsOf, StepsOf
from weftline.api.graphql.paging import After, Connection, First, checked, connection
from weftline.api.graphql.scalars import JSON
from weftline.api.graphql.shapes import description_of, field_type, shape, shown
from weftline.features.executions.many.reader import Window
from weftline.features.executions.permissions import READ
from weftline.features.executions.schemas import (
    EventOut,
    ExecutionDetail,
    ExecutionQuery,
    ExecutionSummary,
    StepOut,
    StepRef,
    TriggeredBy,
    UndoOut,
)
from weftline.features.http import listing
from weftline.features.http.paging import DEFAULT_LIMIT, Page, decode_number, encode_cursor

if TYPE_CHECKING:
    from weftline.api.graphql.types.tenants import Tenant
    from weftline.api.graphql.types.workflows import WorkflowTemplate

TemplateShape: TypeAlias = Annotated["WorkflowTemplate", strawberry.lazy("weftline.api.graphql.types.workflows")]
TenantShape: TypeAlias = Annotated["Tenant", strawberry.lazy("weftline.api.graphql.types.tenants")]
Parent: TypeAlias = strawberry.Parent[ExecutionSummary]

T = TypeVar("T")

MAX_PARTS = 1_000
PARTS = 50
"""Steps or events that are shown where nobody says how many."""

Parts = Annotated[int, strawberry.argument(description=f"At most so many, up to {MAX_PARTS:,}.")]


@shape(TriggeredBy)
class Cause:
    """The trigger that started an execution."""


@shape(StepRef)
class StepReference:
    """One activation of a node."""


@shape(UndoOut)
class Undoable:
    """Something that has completed and can be undone."""


@shape(StepOut)
class StepExecution:
    """One run of one node within an execution."""


@shape(EventOut)
class Event:
    """One fact of an execution's log."""


@demand(ExecutionQuery, without=PAGING)
class ExecutionFilter:
    """Which executions to list: those that fit everything that is given."""


async def detail_of(parent: ExecutionSummary, info: Info) -> ExecutionDetail:
    """All of an execution; loaded where a list has shown its row only."""
    if isinstance(parent, ExecutionDetail):
        return parent
    await info.context.may_see(parent.id)
    return await info.context.load.detail.load(parent.id)


async def _steps(parent: Parent, info: Info, first: Parts = PARTS, after: After = None) -> Connection[StepExecution]:
    start = 0 if after is None else decode_number(after)
    window = Window(parent.id, start, checked(first, at_most=MAX_PARTS))
    await info.context.may_see(parent.id)
    page = await info.context.load.steps.load(StepsOf(window, parent.workflow_id, parent.version_number))
    cursors = (encode_cursor([str(start + number)]) for number in range(1, len(page.items) + 1))
    return connection(page.items, cursors, end=page.next_cursor, after=after)


async def _events(parent: Parent, info: Info, first: Parts = PARTS, after: After = None) -> Connection[Event]:
    start = 0 if after is None else decode_number(after)
    window = Window(parent.id, start, checked(first, at_most=MAX_PARTS))
    await info.context.may_see(parent.id)
    page = await info.context.load.events.load(EventsOf(window, parent.workflow_id))
    cursors = (encode_cursor([str(event.seq)]) for event in page.items)
    return connection(page.items, cursors, end=page.next_cursor, after=after)


async def _template(parent: Parent, info: Info) -> TemplateShape | None:
    return shown(await info.context.load.template.load(parent.workflow_id))


async def _tenant(info: Info) -> TenantShape:
    return shown(await info.context.load.tenant.load(info.context.caller.tenant_id))


async def _market_role(parent: Parent) -> str | None:
    role = parent.attributes.get("marketRole")
    return None if role is None else str(role)


async def _state(parent: Parent, info: Info) -> JSON:
    detail = await detail_of(parent, info)
    window = Window(parent.id, 0, MAX_PARTS)
    page = await info.context.load.steps.load(StepsOf(window, parent.workflow_id, parent.version_number))
    return JSON(
        {
            "status": detail.status.name,
            "currentStepId": detail.current_steps[0] if detail.current_steps else None,
            "stepStates": {
                step.step_id: {
                    "status": step.step_status,
                    "data": step.output,
                    "error": step.error,
                    "startedAt": step.started_at,
                    "completedAt": step.completed_at,
                }
                for step in page.items
            },
            "data": detail.data,
        }
    )


def _of_detail(name: str) -> Callable[[Parent, Info], Coroutine[Any, Any, Any]]:
    """Resolves a field that only an execution's detail has."""

    async def resolve(parent: Parent, info: Info) -> Any:
        value = getattr(await detail_of(parent, info), name)
        return str(value) if isinstance(value, UUID) else value

    resolve.__annotations__["return"] = field_type(name, ExecutionDetail.model_fields[name])
    return resolve


def _detailed(cls: type[T]) -> type[T]:
    """Give a class the fields that only an execution's detail has."""
    for name, field in ExecutionDetail.model_fields.items():
        if name not in ExecutionSummary.model_fields:
            said = description_of(ExecutionDetail, name, field)
            cls.__annotations__[name] = field_type(name, field)
            setattr(cls, name, strawberry.field(resolver=_of_detail(name), description=said))
    return cls


@shape(ExecutionSummary, long={"execution_time_ms"})
@_detailed
class Execution:
    """A run of a template's version. In lists, what is not loaded from its log is as it last came to rest."""

    tenant: TenantShape = strawberry.field(resolver=_tenant, description="Whose it is.")
    template: TemplateShape | None = strawberry.field(
        resolver=_template, description="What it runs a version of; null for those who may not see templates."
    )
    steps: Connection[StepExecution] = strawberry.field(
        resolver=_steps, description="Every step that has begun, in that order, as the log tells it."
    )
    events: Connection[Event] = strawberry.field(
        resolver=_events, description="The facts of its log in order; a cursor stands for an event's number."
    )
    market_role: str | None = strawberry.field(
        resolver=_market_role, description="The market role that it is for: its search attribute `marketRole`."
    )
    state: JSON = strawberry.field(
        resolver=_state,
        description="Where it stands, as one value: `status`, `currentStepId`, `data`, and `stepStates` by the node's"
        f" id (of the first {MAX_PARTS:,} steps, each node as it ran last).",
    )


@strawberry.type
class ExecutionQueries:
    """What can be asked of executions."""

    @strawberry.field(description="Executions, the newest first.")
    async def executions(
        self,
        info: Info,
        filter: Annotated[ExecutionFilter | None, strawberry.argument(description="Which.")] = None,
        sort: Annotated[str | None, strawberry.argument(description=ExecutionQuery.order.description)] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[Execution]:
        """A page of executions."""
        query = read(ExecutionQuery, filter, "filter", sort=sort, limit=first, cursor=after)
        page, window = await page_of(info, query)
        return connection(
            page.items, (window.cursor_of(item) for item in page.items), end=page.next_cursor, after=after
        )

    @strawberry.field(description="An execution as it is now, as its log tells it.")
    async def execution(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Execution:
        """One execution."""
        return shown(await see(info, id))


async def page_of(info: Info, query: ExecutionQuery) -> tuple[Page[ExecutionSummary], listing.Window]:
    """A page of the executions that the caller may see, and where it is.

    Raises:
        PermissionDenied: they may see none at all.
    """
    operation = info.context
    await operation.allow(READ, listing=True)
    window = query.window()
    wanted = query.filter(await operation.services.gate.workflows(operation.caller, READ))
    page = await operation.executions.page(operation.caller, wanted, window)
    operation.sees(item.id for item in page.items)
    return page, window


async def see(info: Info, id: str) -> ExecutionDetail:
    """An execution that the caller may see.

    Raises:
        PermissionDenied, ExecutionNotFound: they may not, or there is none.
    """
    operation, wanted = info.context, uuid(id, "execution")
    await operation.may_see(wanted)
    return await operation.load.detail.load(wanted)
