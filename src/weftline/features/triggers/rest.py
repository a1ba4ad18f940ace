"""Triggers over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.http import requires
from weftline.features.access.policies.request import Resource
from weftline.features.http.examples import answers
from weftline.features.http.failures import failures
from weftline.features.http.listing import Window
from weftline.features.http.paging import Page
from weftline.features.http.routing import api_router
from weftline.features.triggers import examples
from weftline.features.triggers.errors import (
    CannotFire,
    InvalidBackfill,
    Overlapping,
    TriggerNotFound,
    TriggerNotReady,
    WrongTriggerType,
)
from weftline.features.triggers.models import Trigger
from weftline.features.triggers.permissions import MANAGE, READ
from weftline.features.triggers.repository import Filter
from weftline.features.triggers.schemas import (
    BackfillBody,
    Backfilled,
    FireBody,
    Fired,
    ReasonBody,
    TriggerOut,
    TriggerPageQuery,
    TriggerQuery,
)
from weftline.features.triggers.service import TriggerService
from weftline.features.triggers.setups import setup_of
from weftline.features.workflows.errors import WorkflowNotFound
from weftline.features.workflows.parameters import WorkflowId

Lister = Annotated[Caller, requires(READ, listing=True)]
Reader = Annotated[Caller, requires(READ)]
Manager = Annotated[Caller, requires(MANAGE)]
TriggerId = Annotated[UUID, Path(description="The trigger's id.", examples=[examples.ID])]
Reason = Annotated[ReasonBody | None, Body(openapi_examples={"reason": {"value": examples.REASON}})]


class Answers:
    """Triggers as callers may see them."""

    def __init__(self, service: TriggerService, gate: Gate) -> None:
        self._service = service
        self._gate = gate

    async def detail(self, caller: Caller, trigger: Trigger) -> TriggerOut:
        """A trigger, with its address for those who manage it."""
        is_manager = await self._gate.visible(caller, MANAGE, [trigger], _resource)
        url = await self._service.url(trigger) if is_manager else None
        source = await self._service.source(trigger)
        setup = None if url is None else setup_of(trigger)
        return TriggerOut.of(trigger, await self._gate.mask(caller, trigger.workflow_id), url, source, setup)

    async def page(self, caller: Caller, wanted: Filter, window: Window) -> Page[TriggerOut]:
        """Those of the triggers that fit which the caller may see, without addresses."""
        found = await self._service.list(caller.tenant_id, wanted, window)
        shown = await self._gate.visible(caller, READ, window.cut(found), _resource)
        sources = await self._service.sources(caller.tenant_id, shown)
        items = [
            TriggerOut.of(each, await self._gate.mask(caller, each.workflow_id), None, sources.get(each.id))
            for each in shown
        ]
        return window.page_of(found, items)


def trigger_routes(service: TriggerService, gate: Gate) -> APIRouter:
    """The routes of triggers."""
    router = api_router(tag="Triggers")
    shown = Answers(service, gate)
    _add_reading(router, service, gate, shown)
    _add_acts(router, service, shown)
    return router


def _add_reading(router: APIRouter, service: TriggerService, gate: Gate, shown: Answers) -> None:
    listed = answers({"items": [examples.TRIGGER], "nextCursor": None}, description="By id.")

    @router.get("/triggers", summary="List triggers", responses=listed | failures(WorkflowNotFound))
    async def list_triggers(caller: Lister, query: Annotated[TriggerQuery, Query()]) -> Page[TriggerOut]:
        """Lists what starts executions. Addresses of webhooks are shown by each trigger only."""
        ids = await gate.workflows(caller, READ)
        types, statuses = [each.value for each in query.type], [each.value for each in query.status]
        return await shown.page(caller, Filter(query.workflow_id, types, statuses, ids), query.window())

    @router.get(
        "/workflows/{workflow_id}/triggers",
        summary="List a workflow's triggers",
        responses=listed | failures(WorkflowNotFound),
    )
    async def list_workflow_triggers(
        caller: Reader, workflow_id: WorkflowId, query: Annotated[TriggerPageQuery, Query()]
    ) -> Page[TriggerOut]:
        """Lists what starts executions of a workflow: what its published version declares."""
        return await shown.page(caller, Filter(workflow_id), query.window())

    @router.get(
        "/triggers/{trigger_id}",
        summary="Get a trigger",
        responses=answers(examples.CALLED, description="The trigger.") | failures(TriggerNotFound),
    )
    async def get_trigger(caller: Reader, trigger_id: TriggerId) -> TriggerOut:
        """Shows a trigger: its next five times, or an address and what to set at the other system, and what it has
        started."""
        return await shown.detail(caller, await service.get(caller.tenant_id, trigger_id))


def _add_acts(router: APIRouter, service: TriggerService, shown: Answers) -> None:
    @router.post(
        "/triggers/{trigger_id}/pause",
        summary="Pause a trigger",
        responses=answers(examples.PAUSED, description="The paused trigger.") | failures(TriggerNotFound),
    )
    async def pause_trigger(caller: Manager, trigger_id: TriggerId, body: Reason = None) -> TriggerOut:
        """Lets a trigger fire no longer. It stays paused when another version is published."""
        return await shown.detail(caller, await service.pause(caller, trigger_id, body and body.reason))

    @router.post(
        "/triggers/{trigger_id}/resume",
        summary="Resume a trigger",
        responses=answers(examples.TRIGGER, description="The trigger.") | failures(TriggerNotFound),
    )
    async def resume_trigger(caller: Manager, trigger_id: TriggerId, body: Reason = None) -> TriggerOut:
        """Lets a paused trigger fire again. What its schedule named meanwhile is not made up for; see `backfill`."""
        return await shown.detail(caller, await service.resume(caller, trigger_id, body and body.reason))

    @router.post(
        "/triggers/{trigger_id}/rotate",
        summary="Give a webhook another address",
        responses=answers(examples.WEBHOOK, description="The trigger with its new address.")
        | failures(TriggerNotFound, WrongTriggerType),
    )
    async def rotate_trigger(caller: Manager, trigger_id: TriggerId, body: Reason = None) -> TriggerOut:
        """Gives a webhook another address. The one before is nobody's from now on."""
        return await shown.detail(caller, await service.rotate(caller, trigger_id, body and body.reason))

    @router.post(
        "/triggers/{trigger_id}/reset",
        summary="Let an integration's trigger begin anew",
        responses=answers(examples.INTEGRATION, description="The trigger.")
        | failures(TriggerNotFound, WrongTriggerType),
    )
    async def reset_trigger(caller: Manager, trigger_id: TriggerId, body: Reason = None) -> TriggerOut:
        """Lets a trigger of an integration forget how far it has come and what it has seen: it begins as a new one
        does. What is found a second time starts a second execution."""
        return await shown.detail(caller, await service.reset(caller, trigger_id, body and body.reason))

    @router.post(
        "/triggers/{trigger_id}/fire",
        status_code=202,
        summary="Fire a trigger now",
        responses=answers(examples.FIRED, status=202, description="What it has started.")
        | failures(CannotFire, Overlapping, TriggerNotFound, TriggerNotReady),
    )
    async def fire_trigger(
        caller: Manager,
        trigger_id: TriggerId,
        body: Annotated[FireBody | None, Body(openapi_examples={"order": {"value": examples.FIRE}})] = None,
    ) -> Fired:
        """Starts what a trigger starts, now: to try it, or because it did not fire when it should have."""
        return Fired(execution_id=await service.fire(caller, trigger_id, body and body.payload))

    @router.post(
        "/triggers/{trigger_id}/backfill",
        status_code=202,
        summary="Fill a span of the past",
        responses=answers(examples.BACKFILLED, status=202, description="The schedule's times in the span.")
        | failures(InvalidBackfill, TriggerNotFound, TriggerNotReady, WrongTriggerType),
    )
    async def backfill_trigger(
        caller: Manager,
        trigger_id: TriggerId,
        body: Annotated[BackfillBody, Body(openapi_examples={"span": {"value": examples.SPAN}})],
    ) -> Backfilled:
        """Starts what a schedule would have started in a span of the past, each of its times once."""
        filled = await service.backfill(caller, trigger_id, body.from_, body.to, is_dry_run=body.dry_run)
        return Backfilled(times=filled.times, to_start=filled.to_start, dry_run=body.dry_run)


def _resource(trigger: Trigger) -> Resource:
    return Resource(type="Workflow", id=trigger.workflow_id, workflow_id=trigger.workflow_id)
