"""What an application says when it has a workflow executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from weftline.authoring import RequestInfo


@dataclass(frozen=True, slots=True)
class WorkflowContext:
    """The input of an execution, and whom it runs for. Its steps find all of it in their ``Context``.

    Attributes:
        data: the input, JSON.
        tenant: slug or id of the tenant; None: the manager's own.
        user_id: on whose behalf, as the application knows them.
        user_role, user_permissions: likewise.
        request: the web request within which it is asked for.
        metadata: anything else to keep with the execution, JSON.
    """

    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    tenant: str | None = None
    user_id: str | None = None
    user_role: str | None = None
    user_permissions: Sequence[str] = ()
    request: RequestInfo | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def to_json(self, *, cross_tenant: bool = False) -> dict[str, Any]:
        """The ``context`` of a start, as the API takes it.

        Args:
            cross_tenant: it is one of several executions, one in each of several tenants.
        """
        user: dict[str, Any] = {}
        for name, value in (("id", self.user_id), ("role", self.user_role)):
            if value is not None:
                user[name] = value
        if self.user_permissions:
            user["permissions"] = list(self.user_permissions)
        out: dict[str, Any] = {}
        if self.request is not None:
            out["request"] = self.request.to_json()
        if user:
            out["user"] = user
        if self.metadata:
            out["metadata"] = dict(self.metadata)
        if cross_tenant:
            out["crossTenant"] = True
        return out
