"""The nodes that do something: call, send, tell, set."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from weftline.language.fields import ConnectionName, DurationTemplate, JsonTemplate, RetryField, TaskQueue
from weftline.language.node_base import FlowNode


class ActionNode(FlowNode):
    """Calls a registered action. What it returns is the step's output."""

    example: ClassVar[dict[str, Any]] = {
        "id": "charge",
        "type": "action",
        "action": "chargeCard",
        "input": {"amount": "${order.total}"},
        "output": {"receipt": "${result.receiptId}"},
        "retry": {"maxAttempts": 5, "initialInterval": "2s"},
        "timeout": "30s",
        "compensate": {"action": "refund", "input": {"receipt": "${result.receiptId}"}},
        "next": "ship",
    }

    type: Literal["action"]
    """What kind of node this is."""
    action: Annotated[str, Field(min_length=1, max_length=256)]
    """The name under which the action is registered, or under which the task queue's workers know it."""
    queue: TaskQueue | None = None
    """The task queue whose remote workers carry the step out; absent: a worker that has the action calls it."""
    connection: ConnectionName | None = None
    """The connection that the action of an integration works with, by name: one of whoever started the execution, else
    the tenant's; absent: the integration's usual one."""
    input: JsonTemplate = None
    """What the action gets; absent: nothing but the shared `data`."""
    retry: RetryField | None = None
    """How failed attempts are retried; absent: the workflow's `settings.retry`."""
    timeout: DurationTemplate | None = None
    """The longest an attempt may take."""


class HttpNode(FlowNode):
    """Sends an HTTP request: shorthand for the built-in action `http`."""

    example: ClassVar[dict[str, Any]] = {
        "id": "notify-crm",
        "type": "http",
        "method": "POST",
        "url": "https://crm.example/customers/${customer.id}",
        "headers": {"Accept": "application/json"},
        "body": {"status": "active"},
        "timeout": "10s",
    }

    type: Literal["http"]
    """What kind of node this is."""
    url: Annotated[str, Field(min_length=1)]
    """The address, with `${ … }` where needed; a path, where a connection says of what."""
    connection: ConnectionName | None = None
    """The connection, of any integration, whose base address and credentials the request uses, by name."""
    method: str = "GET"
    """The request method."""
    headers: dict[str, JsonTemplate] | str | None = None
    """Request headers."""
    query: dict[str, JsonTemplate] | str | None = None
    """Parameters to add to the address."""
    body: JsonTemplate = None
    """Sent as JSON; a text is sent as it is."""
    retry: RetryField | None = None
    """How failed attempts are retried; absent: the workflow's `settings.retry`."""
    timeout: DurationTemplate | None = None
    """The longest an attempt may take."""


class SetNode(FlowNode):
    """Sets keys of the shared `data`."""

    example: ClassVar[dict[str, Any]] = {
        "id": "defaults",
        "type": "set",
        "values": {"currency": "EUR", "total": "${price * quantity}"},
        "next": "charge",
    }

    type: Literal["set"]
    """What kind of node this is."""
    values: dict[str, JsonTemplate]
    """Keys and their new values."""


class EmitNode(FlowNode):
    """Sends an event to whatever waits for it. It does not matter whether anything does."""

    example: ClassVar[dict[str, Any]] = {
        "id": "announce",
        "type": "emit",
        "event": "order-paid",
        "correlation": "${order.id}",
        "payload": {"total": "${order.total}"},
    }

    type: Literal["emit"]
    """What kind of node this is."""
    event: Annotated[str, Field(min_length=1)]
    """The event's name."""
    correlation: JsonTemplate = None
    """Only waits with this correlation get it."""
    payload: JsonTemplate = None
    """What they get."""


class NotificationNode(FlowNode):
    """Tells people something by mail, or another system by a webhook: shorthand for the built-in action `notify`."""

    example: ClassVar[dict[str, Any]] = {
        "id": "welcome",
        "type": "notification",
        "channel": "email",
        "to": "${customer.email}",
        "template": "welcome",
        "data": {"name": "${customer.name}"},
    }

    type: Literal["notification"]
    """What kind of node this is."""
    channel: Literal["email", "webhook"] = "email"
    """How."""
    to: str | list[str]
    """Whom: one or several mail addresses, or the webhook's address."""
    subject: str | None = None
    """The subject line."""
    message: str | None = None
    """The text."""
    template: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """A message template's name; instead of `message`."""
    data: JsonTemplate = None
    """Values for the template; a webhook gets them as they are."""
    retry: RetryField | None = None
    """How a failed delivery is retried; absent: the workflow's `settings.retry`."""
    timeout: DurationTemplate | None = None
    """The longest a delivery may take."""
