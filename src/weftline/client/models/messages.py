"""What goes out: webhooks, templates of messages, and notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class Webhook(Model):
    """An address that is told what happens.

    Attributes:
        kinds: of what it is told, such as ``execution.failed`` or ``task.*``.
        workflows: only of these; empty for all.
        include_data: it is told the data, too, as far as ``data_role`` sees them.
        status: ``active`` or ``disabled``.
        disabled_reason: ``manual``, ``gone`` (it answered so) or ``failing``.
        failures: deliveries that failed in a row, since ``failing_since``.
        previous_secret_until: until when deliveries are signed with the secret before, too.
    """

    id: str
    name: str
    url: str
    kinds: list[str]
    workflows: list[str] = Field(default_factory=list[str])
    include_data: bool = False
    data_role: str | None = None
    status: str
    disabled_reason: str | None = None
    disabled_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    previous_secret_until: datetime | None = None
    created_by: str
    created_at: datetime
    updated_at: datetime


class WebhookWithSecret(Webhook):
    """A webhook whose secret was just made.

    Attributes:
        secret: checks deliveries; it is shown only this once.
    """

    secret: str = Field(repr=False)


class Delivery(Model):
    """One message to a webhook.

    Attributes:
        kind: what it tells.
        status: ``due``, ``delivered`` or ``failed``.
        attempts: how often it was sent.
        due_at: when it is sent next.
        last_status, last_error: how the last attempt ended.
        settled_at: when it was delivered or given up.
    """

    id: str
    webhook_id: str
    kind: str
    workflow_id: str | None = None
    execution_id: str | None = None
    status: str
    attempts: int
    due_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None
    created_at: datetime
    settled_at: datetime | None = None


class DeliveryAttempt(Model):
    """One time that a message was sent.

    Attributes:
        status: of HTTP; None where there was no answer.
        response: how the answer begins.
    """

    number: int
    started_at: datetime
    duration_ms: int
    request_headers: dict[str, Any] = Field(default_factory=dict[str, Any])
    status: int | None = None
    response: str | None = None
    error: str | None = None


class DeliveryDetail(Delivery):
    """A message with what it says and every attempt to send it."""

    body: dict[str, Any]
    attempt_log: list[DeliveryAttempt] = Field(default_factory=list[DeliveryAttempt])


class Redelivered(Model):
    """How many messages are sent again."""

    redelivered: int


class MessageTemplate(Model):
    """The text of messages.

    Attributes:
        channel: ``email`` or ``webhook``.
        subject: of mails.
    """

    name: str
    channel: str
    subject: str | None = None
    body: str
    created_at: datetime
    updated_at: datetime


class Notification(Model):
    """A notice of an execution's failure.

    Attributes:
        channel: ``email`` or ``webhook``.
        delivered: to which of the recipients it has gone.
        error: what it tells.
        status: ``due``, ``sent`` or ``failed``.
    """

    id: str
    channel: str
    recipients: list[str] | None = None
    delivered: list[str] | None = None
    template: str | None = None
    error: dict[str, Any]
    status: str
    attempts: int
    due_at: datetime | None = None
    last_error: str | None = None
    created_at: datetime
