"""Triggers."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import strawberry

from weftline.api.graphql.context import Info
from weftline.api.graphql.demands import PAGING, demand, read
from weftline.api.graphql.ids import uuid
from weftline.api.graphql.paging import After, Connection, First, connection
from weftline.api.graphql.scalars import JSON
from weftline.api.graphql.shapes import shape, shown
from weftline.features.http.paging import DEFAULT_LIMIT
from weftline.features.triggers.models import Trigger as Row
from weftline.features.triggers.permissions import MANAGE, READ
from weftline.features.triggers.repository import Filter
from weftline.features.triggers.rest import Answers
from weftline.features.triggers.schemas import (
    Fired,
    IntegrationStateOut,
    ReasonBody,
    RejectedEventOut,
    TriggerOut,
    TriggerQuery,
)
from weftline.features.triggers.setups import WebhookSettingOut, WebhookSetupOut

Id: TypeAlias = Annotated[strawberry.ID, strawberry.argument(description="The trigger's id.")]
Reason: TypeAlias = Annotated[str | None, strawberry.argument(description="Why; the audit log keeps it.")]


@shape(RejectedEventOut)
class RejectedEvent:
    """An event of another system that could start nothing."""


@shape(IntegrationStateOut, long={"received", "duplicates", "rejected"})
class IntegrationState:
    """How a trigger of an integration stands."""


@shape(WebhookSettingOut)
class WebhookSetting:
    """Something to set at another system."""


@shape(WebhookSetupOut)
class WebhookSetup:
    """What is to be set at another system, so that it calls a trigger's address."""


@shape(TriggerOut, long={"fired", "failed", "skipped"})
class Trigger:
    """What starts executions of a template."""


@shape(Fired)
class Firing:
    """What a trigger has started."""


@demand(TriggerQuery, without=PAGING)
class TriggerFilter:
    """Which triggers to list: those that fit everything that is given."""


@strawberry.type
class TriggerQueries:
    """What can be asked of triggers."""

    @strawberry.field(description="What starts executions. Addresses of webhooks are shown by `trigger` only.")
    async def triggers(
        self,
        info: Info,
        filter: Annotated[TriggerFilter | None, strawberry.argument(description="Which.")] = None,
        first: First = DEFAULT_LIMIT,
        after: After = None,
    ) -> Connection[Trigger]:
        """A page of triggers."""
        operation = info.context
        await operation.allow(READ, listing=True)
        query = read(TriggerQuery, filter, "filter", limit=first, cursor=after)
        ids = await operation.services.gate.workflows(operation.caller, READ)
        types, statuses = [each.value for each in query.type], [each.value for each in query.status]
        wanted = Filter(query.workflow_id, types, statuses, ids)
        window = query.window()
        page = await _answers(info).page(operation.caller, wanted, window)
        cursors = (window.cursor_of(item) for item in page.items)
        return connection(page.items, cursors, end=page.next_cursor, after=after)

    @strawberry.field(description="A trigger: its next times, or a webhook's address, and what it has started.")
    async def trigger(self, info: Info, id: Id) -> Trigger:
        """One trigger."""
        operation, wanted = info.context, uuid(id, "trigger")
        await operation.allow(READ, trigger_id=str(wanted))
        return await _detail(info, await operation.services.triggers.get(operation.caller.tenant_id, wanted))


@strawberry.type
class TriggerActs:
    """What can be done to triggers."""

    @strawberry.mutation(description="Lets a trigger fire no longer, also when another version is published.")
    async def pause_trigger(self, info: Info, id: Id, reason: Reason = None) -> Trigger:
        """Pause a trigger."""
        operation, wanted = info.context, uuid(id, "trigger")
        await operation.allow(MANAGE, trigger_id=str(wanted))
        why = read(ReasonBody, None, "", reason=reason).reason
        return await _detail(info, await operation.services.triggers.pause(operation.caller, wanted, why))

    @strawberry.mutation(description="Lets a paused trigger fire again.")
    async def resume_trigger(self, info: Info, id: Id, reason: Reason = None) -> Trigger:
        """Resume a trigger."""
        operation, wanted = info.context, uuid(id, "trigger")
        await operation.allow(MANAGE, trigger_id=str(wanted))
        why = read(ReasonBody, None, "", reason=reason).reason
        return await _detail(info, await operation.services.triggers.resume(operation.caller, wanted, why))

    @strawberry.mutation(description="Lets a trigger of an integration forget how far it has come, and begin anew.")
    async def reset_trigger(self, info: Info, id: Id, reason: Reason = None) -> Trigger:
        """Reset a trigger."""
        operation, wanted = info.context, uuid(id, "trigger")
        await operation.allow(MANAGE, trigger_id=str(wanted))
        why = read(ReasonBody, None, "", reason=reason).reason
        return await _detail(info, await operation.services.triggers.reset(operation.caller, wanted, why))

    @strawberry.mutation(description="Starts what a trigger starts, now.")
    async def fire_trigger(
        self,
        info: Info,
        id: Id,
        payload: Annotated[
            JSON | None, strawberry.argument(description="An event's payload, or the body of a webhook's call.")
        ] = None,
    ) -> Firing:
        """Fire a trigger."""
        operation, wanted = info.context, uuid(id, "trigger")
        await operation.allow(MANAGE, trigger_id=str(wanted))
        given: Any = payload
        return shown(Fired(execution_id=await operation.services.triggers.fire(operation.caller, wanted, given)))


def _answers(info: Info) -> Answers:
    return Answers(info.context.services.triggers, info.context.services.gate)


async def _detail(info: Info, trigger: Row) -> Trigger:
    return shown(await _answers(info).detail(info.context.caller, trigger))
