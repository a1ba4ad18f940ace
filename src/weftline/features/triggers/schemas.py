"""Triggers on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from weftline.features.access.fields.masking import FieldMask
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.triggers.models import Trigger, TriggerStatus, TriggerType
from weftline.features.triggers.repository import ORDER
from weftline.features.triggers.setups import WebhookSetupOut
from weftline.features.triggers.sources import Source, State
from weftline.features.triggers.standing import upcoming


class RejectedEventOut(Wire):
    """An event of another system that could start nothing."""

    event_id: Annotated[str, Field(description="The other system's id of it.")]
    at: Annotated[datetime, Field(description="When it came.")]
    error: Annotated[dict[str, Any], Field(description="Why not.")]


class IntegrationStateOut(Wire):
    """How a trigger of an integration stands."""

    kind: Annotated[
        Literal["POLLING", "EVENT", "WEBHOOK"],
        Field(description="Whether the other system is asked, listened to, or calls."),
    ]
    state: Annotated[
        State,
        Field(
            description="`waiting` for the next look or call; `working`; `listening`; `failing`: the last look came to"
            " nothing; `held`: somebody has to see to its connection; `off`: nobody looks."
        ),
    ]
    last_run_at: Annotated[datetime | None, Field(description="The last look, or call.")]
    next_run_at: Annotated[datetime | None, Field(description="The next look; null while one is under way.")]
    failures: Annotated[int, Field(description="Looks in a row that came to nothing.")]
    last_error: Annotated[dict[str, Any] | None, Field(description="Why a look came to nothing the last time.")]
    last_error_at: Annotated[datetime | None, Field(description="When that was.")]
    held: Annotated[dict[str, Any] | None, Field(description="What somebody has to see to.")]
    received: Annotated[int, Field(description="Events that came.")]
    duplicates: Annotated[int, Field(description="Those that had come before, and were dropped.")]
    rejected: Annotated[int, Field(description="Those that could start nothing.")]
    has_cursor: Annotated[bool, Field(description="It knows how far it has come; `reset` lets it forget.")]
    rejected_events: Annotated[
        list[RejectedEventOut], Field(description="The last ten that could start nothing; of a single trigger only.")
    ]

    @classmethod
    def of(cls, source: Source, mask: FieldMask | None) -> IntegrationStateOut:
        """How a trigger stands, as somebody may see it.

        Args:
            source: how it stands.
            mask: what they must not see of the workflow's data.
        """

        def shown(error: dict[str, Any] | None) -> dict[str, Any] | None:
            return {"code": error["code"]} if error is not None and mask is not None else error

        told = source._asdict()
        for name in ("last_error", "held"):
            told[name] = shown(told[name])
        told["rejected_events"] = [
            {"event_id": each.event_id, "at": each.at, "error": shown(each.error)} for each in source.rejected_events
        ]
        return cls(**told)


class TriggerOut(Wire):
    """What starts executions of a workflow."""

    id: UUID
    workflow_id: str
    key: Annotated[str, Field(description="Its id within the workflow.")]
    type: TriggerType
    name: str | None
    status: TriggerStatus
    version_number: Annotated[int, Field(description="The published version, which declares it.")]
    declaration: Annotated[dict[str, Any], Field(description="What that version says of it.")]
    next_times: Annotated[list[datetime], Field(description="The next five times of an active schedule.")]
    url: Annotated[
        str | None, Field(description="Where it is called, if it is; null for those who may not manage the trigger.")
    ] = None
    setup: Annotated[
        WebhookSetupOut | None,
        Field(
            description="What to set at the other system, so that it calls the address; of a single trigger only, and"
            " null for those who may not manage it."
        ),
    ] = None
    fired: Annotated[int, Field(description="Executions that it has started.")]
    failed: Annotated[int, Field(description="Times that it fired and could start none.")]
    skipped: Annotated[int, Field(description="Times that it started none because another still ran.")]
    last_fired_at: datetime | None
    last_execution_id: UUID | None
    last_error: Annotated[dict[str, Any] | None, Field(description="Why it could not start one the last time.")]
    last_error_at: datetime | None
    integration: Annotated[
        IntegrationStateOut | None, Field(description="How one of an integration stands; null for another.")
    ] = None
    paused_at: datetime | None
    paused_reason: str | None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(
        cls,
        trigger: Trigger,
        mask: FieldMask | None,
        url: str | None = None,
        source: Source | None = None,
        setup: WebhookSetupOut | None = None,
    ) -> TriggerOut:
        """A trigger as somebody may see it.

        Args:
            trigger: it.
            mask: what they must not see of the workflow's data; an error may tell of it.
            url: its address, where they may see that.
            source: how one of an integration stands.
            setup: what to set at the other system, where they may see the address.
        """
        error = trigger.last_error
        if error is not None and mask is not None:
            error = {"code": error["code"]}
        return cls(
            id=trigger.id,
            workflow_id=trigger.workflow_id,
            key=trigger.key,
            type=TriggerType(trigger.type),
            name=trigger.declaration.get("name"),
            status=TriggerStatus(trigger.status),
            version_number=trigger.version_number,
            declaration=trigger.declaration,
            next_times=upcoming(trigger),
            url=url,
            setup=setup,
            fired=trigger.fired,
            failed=trigger.failed,
            skipped=trigger.skipped,
            last_fired_at=trigger.last_fired_at,
            last_execution_id=trigger.last_execution_id,
            last_error=error,
            last_error_at=trigger.last_error_at,
            integration=None if source is None else IntegrationStateOut.of(source, mask),
            paused_at=trigger.paused_at,
            paused_reason=trigger.paused_reason,
            created_at=trigger.created_at,
            updated_at=trigger.updated_at,
        )


class TriggerPageQuery(ListQuery):
    """Which part of the triggers, in which order."""

    order: ClassVar = ORDER


class TriggerQuery(TriggerPageQuery):
    """Which triggers to list."""

    workflow_id: Annotated[str | None, Field(max_length=128)] = None
    type: Annotated[list[TriggerType], Field(description="May be given several times.")] = Field(
        default_factory=list[TriggerType]
    )
    status: Annotated[list[TriggerStatus], Field(description="May be given several times.")] = Field(
        default_factory=list[TriggerStatus]
    )


class ReasonBody(Demand):
    """Why."""

    reason: Annotated[str | None, Field(max_length=1_000, description="For the audit log.")] = None


class FireBody(Demand):
    """What fires a trigger."""

    payload: Annotated[Any, Field(description="An event's payload, or the body of a webhook's call.")] = None


class Fired(Wire):
    """What a trigger has started."""

    execution_id: Annotated[UUID | None, Field(description="Null where its condition does not hold.")]


class BackfillBody(Demand):
    """Which span of the past to fill."""

    from_: Annotated[datetime, Field(alias="from", description="A time without a zone is in UTC.")]
    to: Annotated[datetime, Field(description="Not later than now.")]
    dry_run: Annotated[bool, Field(description="Only say what would be started.")] = False


class Backfilled(Wire):
    """What filling a span comes to."""

    times: Annotated[list[datetime], Field(description="What the schedule names in the span; at most 1,000.")]
    to_start: Annotated[list[datetime], Field(description="Those that started nothing before; they do now.")]
    dry_run: bool
