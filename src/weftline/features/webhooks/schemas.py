"""Outgoing webhooks on the wire."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from weftline.features.http.listing import ListQuery
from weftline.features.http.wire import Demand, Wire
from weftline.features.webhooks.models import (
    DisabledReason,
    Webhook,
    WebhookStatus,
)
from weftline.features.webhooks.repository import ORDER
from weftline.features.webhooks.service import WebhookDraft

MAX_OVERLAP_HOURS = 168

Url = Annotated[str, Field(max_length=2_000, description="Where messages are sent by `POST`; http or https.")]
Name = Annotated[str | None, Field(max_length=100, description="For people; the URL's host where not given.")]
Kinds = Annotated[
    list[str],
    Field(
        min_length=1,
        max_length=50,
        description="Which events: `execution.failed`, all of one thing such as `task.*`, or `*`.",
    ),
]
Workflows = Annotated[list[str], Field(max_length=100, description="Only events of these workflows; empty: of all.")]
IncludesData = Annotated[
    bool,
    Field(description="Send events' own data, too; never that of encrypted workflows. You need `execution:read`."),
]
DataRole = Annotated[
    str | None,
    Field(
        max_length=100,
        description="That data is what somebody of this role may see, which must be one of yours; null: what somebody "
        "without any role may.",
    ),
]


class WebhookOut(Wire):
    """An address that is told of events."""

    id: UUID
    name: str
    url: str
    kinds: list[str]
    workflows: list[str]
    include_data: bool
    data_role: str | None
    status: Annotated[WebhookStatus, Field(description="A `disabled` one is sent nothing.")]
    disabled_reason: Annotated[
        DisabledReason | None,
        Field(description="`manual`: somebody did; `gone`: it answered 410; `failing`: nothing got through for a day."),
    ]
    disabled_at: datetime | None
    failures: Annotated[int, Field(description="Attempts in a row that failed.")]
    failing_since: Annotated[datetime | None, Field(description="When the first of those was made.")]
    previous_secret_until: Annotated[
        datetime | None, Field(description="Until then messages are signed with the secret before this one, too.")
    ]
    created_by: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, webhook: Webhook) -> WebhookOut:
        """A webhook as it may be shown."""
        return cls(**_shown(webhook))


class WebhookWithSecret(WebhookOut):
    """A webhook with its secret."""

    secret: Annotated[str, Field(description="Signs messages; `whsec_…`. It is not shown again.")]

    @classmethod
    def with_secret(cls, webhook: Webhook, secret: str) -> WebhookWithSecret:
        """A webhook whose secret is new."""
        return cls(**_shown(webhook), secret=secret)


class NewWebhookBody(Demand):
    """What a new webhook is to be."""

    url: Url
    name: Name = None
    kinds: Kinds
    workflows: Workflows = Field(default_factory=list[str])
    include_data: IncludesData = False
    data_role: DataRole = None

    def draft(self) -> WebhookDraft:
        """As the service takes it."""
        return WebhookDraft(self.url, self.name, self.kinds, self.workflows, self.include_data, self.data_role)


class WebhookPatch(Demand):
    """What is to change; the rest stays as it is."""

    url: Url = ""
    name: Name = None
    kinds: Kinds = Field(default_factory=list[str])
    workflows: Workflows = Field(default_factory=list[str])
    include_data: IncludesData = False
    data_role: DataRole = None

    def values(self) -> dict[str, Any]:
        """What is given, as the service takes it."""
        given = self.model_dump(exclude_unset=True)
        if "include_data" in given:
            given["includes_data"] = given.pop("include_data")
        return given


class RotationBody(Demand):
    """How a secret is replaced."""

    overlap_hours: Annotated[
        int,
        Field(ge=0, le=MAX_OVERLAP_HOURS, description="For how long messages are signed with the one before, too."),
    ] = 24

    def overlap(self) -> timedelta:
        """As the service takes it."""
        return timedelta(hours=self.overlap_hours)


def _shown(webhook: Webhook) -> dict[str, Any]:
    has_two = len(webhook.signing_secrets()) > 1
    return {
        "id": webhook.id,
        "name": webhook.name,
        "url": webhook.url,
        "kinds": webhook.kinds,
        "workflows": webhook.workflows,
        "include_data": webhook.includes_data,
        "data_role": webhook.data_role,
        "status": webhook.status,
        "disabled_reason": webhook.disabled_reason,
        "disabled_at": webhook.disabled_at,
        "failures": webhook.failures,
        "failing_since": webhook.failing_since,
        "previous_secret_until": webhook.previous_until if has_two else None,
        "created_by": webhook.created_by,
        "created_at": webhook.created_at,
        "updated_at": webhook.updated_at,
    }


class WebhookQuery(ListQuery):
    """Which part of the list."""

    order: ClassVar = ORDER
