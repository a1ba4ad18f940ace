"""Notices of failure on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.access.fields.masking import FieldMask
from weftline.features.executions.schemas import masked
from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Wire
from weftline.features.notifications.channel import Channel
from weftline.features.notifications.models import Notification, NotificationStatus
from weftline.features.notifications.repository import ORDER

_HIDDEN = "null where part of the workflow's data is hidden from the caller"


class NotificationOut(Wire):
    """Somebody who is told that an execution failed."""

    id: Annotated[UUID, Field(description="Its id, the `Idempotency-Key` of its webhooks.")]
    channel: Annotated[Channel, Field(description="The way it goes.")]
    recipients: Annotated[list[str] | None, Field(description=f"Addresses or URLs; {_HIDDEN}.")]
    delivered: Annotated[list[str] | None, Field(description=f"Those who were told; {_HIDDEN}.")]
    template: Annotated[str | None, Field(description="The message template that has the words.")]
    error: Annotated[dict[str, Any], Field(description="How the execution failed.")]
    status: Annotated[
        NotificationStatus,
        Field(
            description="`sent` once everybody was told, mail once it is in the outbox; `failed` where somebody was "
            "not and will not be; else `due`."
        ),
    ]
    attempts: Annotated[int, Field(description="How often sending it was tried, of at most 8 times.")]
    due_at: Annotated[datetime | None, Field(description="When it is tried next.")]
    last_error: Annotated[str | None, Field(description=f"What went wrong at the last attempt; {_HIDDEN}.")]
    created_at: Annotated[datetime, Field(description="When the execution failed.")]

    @classmethod
    def of(cls, notice: Notification, mask: FieldMask | None) -> NotificationOut:
        """A notice as somebody may see it.

        Args:
            notice: it.
            mask: what they must not see of the workflow's data. Whom it goes to may come from there.
        """
        payload = notice.payload
        return cls(
            id=notice.id,
            channel=payload["channel"],
            recipients=payload["recipients"] if mask is None else None,
            delivered=notice.delivered if mask is None else None,
            template=payload.get("template"),
            error=masked(payload["error"], mask),
            status=notice.status,
            attempts=notice.attempts,
            due_at=notice.due_at if notice.status == NotificationStatus.DUE else None,
            last_error=notice.last_error if mask is None else None,
            created_at=notice.created_at,
        )


class NotificationQuery(ListQuery):
    """Which part of an execution's notices."""

    order: ClassVar = ORDER
