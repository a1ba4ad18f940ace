"""What a plugin is told of: the events that webhooks are told of, too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginEvent:
    """Something that happened in a tenant.

    Attributes:
        id: the same each time that the plugin is told of this.
        tenant_id: in which tenant.
        kind: such as ``execution.failed``.
        occurred_at: when.
        workflow_id: of which workflow.
        execution_id, task_id: of which execution, of which task; None where it is about none.
        step_id: the node that it happened to, if one.
        data: the event's own, without the fields that rules of the tenant hide; None where there is none, or it is
            encrypted or too large.
    """

    id: UUID
    tenant_id: UUID
    kind: str
    occurred_at: datetime
    workflow_id: str
    execution_id: UUID | None = None
    task_id: UUID | None = None
    step_id: str | None = None
    data: Mapping[str, Any] | None = None


EventHandler: TypeAlias = Callable[[PluginEvent], Awaitable[None]]
"""Is told of an event, at least once, and of those of one execution in their order.

It has 15 seconds, and must not block. Where it raises, or takes longer, the plugin is told again after 5 seconds, 30
seconds, 2 and 10 minutes, by all of its handlers for the event; then that is given up, and the plugin's page tells of
it.
"""
