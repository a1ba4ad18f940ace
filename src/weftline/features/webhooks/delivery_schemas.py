"""Deliveries on the wire."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.schemas import aware, masked
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.webhooks.deliveries import ORDER, Filter
from weftline.features.webhooks.messages import PAYLOAD
from weftline.features.webhooks.models import Attempt, Delivery, DeliveryStatus

_HIDDEN = "null for those who must not see all of the workflow's data"


class DeliveryQuery(ListQuery):
    """Which deliveries."""

    order: ClassVar = ORDER

    status: list[DeliveryStatus] = Field(
        default_factory=list[DeliveryStatus], description="Only those that stand there."
    )
    kind: list[str] = Field(default_factory=list[str], max_length=50, description="Only those of these events.")
    execution_id: Annotated[UUID | None, Field(description="Only those about this execution.")] = None
    since: Annotated[datetime | None, Field(description="Only those planned then or later.")] = None

    def wanted(self) -> Filter:
        """As the service takes it."""
        return Filter(self.status, self.kind, self.execution_id, aware(self.since))


class DeliveryOut(Wire):
    """An event that a webhook is told."""

    id: Annotated[UUID, Field(description="The message's id, its header `webhook-id`.")]
    webhook_id: UUID
    kind: Annotated[str, Field(description="What happened.")]
    workflow_id: str | None
    execution_id: UUID | None
    status: Annotated[
        DeliveryStatus, Field(description="`due`: it is to be tried, or tried again; `failed`: it was given up.")
    ]
    attempts: Annotated[int, Field(description="How often it was tried.")]
    due_at: Annotated[
        datetime | None,
        Field(description="When it is tried next; null where it is done, or waits for another about the same thing."),
    ]
    last_status: Annotated[int | None, Field(description="The status that was answered last.")]
    last_error: Annotated[str | None, Field(description="Why the last attempt failed.")]
    created_at: datetime
    settled_at: Annotated[datetime | None, Field(description="When it was delivered or given up.")]

    @classmethod
    def of(cls, delivery: Delivery) -> DeliveryOut:
        """A delivery as it may be shown."""
        return cls(**_of_delivery(delivery))


class AttemptOut(Wire):
    """One try at a delivery."""

    number: int
    started_at: datetime
    duration_ms: int
    request_headers: Annotated[dict[str, str], Field(description="All but the signature.")]
    status: Annotated[int | None, Field(description="The status that was answered; null where nothing was.")]
    response: Annotated[str | None, Field(description=f"How the answer begins; {_HIDDEN}.")]
    error: Annotated[str | None, Field(description="Why it failed.")]

    @classmethod
    def of(cls, attempt: Attempt, *, is_hidden: bool) -> AttemptOut:
        """An attempt as it may be shown; an answer may repeat what was sent."""
        shown = cls.model_validate(attempt)
        return shown.model_copy(update={"response": None}) if is_hidden else shown


class DeliveryDetail(DeliveryOut):
    """A delivery with what was sent, and its attempts."""

    body: Annotated[dict[str, Any], Field(description="What is sent, as far as the caller may see the data in it.")]
    attempt_log: Annotated[list[AttemptOut], Field(description="What came of each attempt, the first one first.")]

    @classmethod
    def detail(
        cls, delivery: Delivery, attempts: list[Attempt], mask: FieldMask | None, *, may_see: bool
    ) -> DeliveryDetail:
        """A delivery as somebody may see it.

        Args:
            delivery: it.
            attempts: at it.
            mask: what they must not see of the workflow's data.
            may_see: whether they may see that data at all.
        """
        body = delivery.body
        if PAYLOAD in body["data"]:
            data = {name: value for name, value in body["data"].items() if name != PAYLOAD}
            if may_see:
                data[PAYLOAD] = masked(body["data"][PAYLOAD], mask)
            body = {**body, "data": data}
        is_hidden = mask is not None or not may_see
        log = [AttemptOut.of(each, is_hidden=is_hidden) for each in attempts]
        return cls(**_of_delivery(delivery), body=body, attempt_log=log)


class RedeliveryBody(Demand):
    """What is delivered again."""

    since: Annotated[datetime, Field(description="What was planned then or later, and given up.")]

    def moment(self) -> datetime:
        """The time with its zone; UTC where none was given."""
        return self.since if self.since.tzinfo is not None else self.since.replace(tzinfo=UTC)


class Redelivered(Wire):
    """What is delivered again."""

    redelivered: Annotated[int, Field(description="How many deliveries; ask again where it is 1,000.")]


def _of_delivery(delivery: Delivery) -> dict[str, Any]:
    is_planned = delivery.status == DeliveryStatus.DUE and delivery.due_at.year < MAXYEAR
    return {
        "id": delivery.id,
        "webhook_id": delivery.webhook_id,
        "kind": delivery.kind,
        "workflow_id": delivery.workflow_id,
        "execution_id": delivery.execution_id,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "due_at": delivery.due_at if is_planned else None,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "created_at": delivery.created_at,
        "settled_at": delivery.settled_at,
    }
