"""HTTP requests that a plugin answers, under ``/api/v1/plugins/{pluginId}/routes``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from uuid import UUID

Method: TypeAlias = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

USE_PLUGINS = "plugin:use"
"""Permission that every built-in role has; whoever calls a route or sees a panel needs it, whatever else they name."""

MANAGE_PLUGINS = "plugin:manage"
"""Permission that administrators have; for routes that change something and name no other."""

REFUSALS = (403, 404, 409, 422, 503)
"""HTTP statuses with which a handler can refuse."""


@dataclass(frozen=True, slots=True)
class PluginCaller:
    """Who asks.

    Attributes:
        kind: ``user``, ``service``, ``operator``, ``console`` or ``system``.
        id: the person's or the service account's; None for console and system.
        name: the e-mail address of a person.
        roles: every role in the tenant.
        permissions: what they may do in the whole tenant.
    """

    kind: str
    id: UUID | None
    name: str
    roles: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset()

    def can(self, permission: str) -> bool:
        """Whether they have a permission in the whole tenant."""
        return permission in self.permissions


@dataclass(frozen=True, slots=True)
class PluginRequest:
    """A request that was let in.

    Attributes:
        tenant_id: the tenant that it is about.
        caller: who asks.
        parameters: what the path holds at the names in braces, decoded.
        query: what follows the question mark; of a name that is given twice, the last.
        body: an instance of the route's model, valid; None where the route has none.
    """

    tenant_id: UUID
    caller: PluginCaller
    parameters: Mapping[str, str] = field(default_factory=dict[str, str])
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    body: Any = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with one place of a request's body.

    Attributes:
        pointer: JSON pointer to the place, such as ``/vatNumber``.
        message: what is wrong, a sentence.
        code: stable, in snake_case.
    """

    pointer: str
    message: str
    code: str = "invalid"


class PluginProblem(Exception):
    """What a handler raises to refuse a request; it is answered as a problem document.

    Args:
        status: one of :data:`REFUSALS`.
        code: stable, in snake_case, such as ``role_not_found``; the answer has it in ``pluginCode``, after the plugin's
            id and a dot. Its ``code`` follows from the status.
        message: a sentence for whoever asked.
        errors: what is wrong with which part of the body.
    """

    def __init__(self, status: int, code: str, message: str, errors: Sequence[Fault] = ()) -> None:
        super().__init__(message)
        if status not in REFUSALS:
            raise ValueError(f"a handler refuses with one of {', '.join(map(str, REFUSALS))}, not with {status}")
        self.status = status
        self.code = code
        self.message = message
        self.errors = tuple(errors)


RouteHandler: TypeAlias = Callable[[PluginRequest], Awaitable[object]]
"""Answers with what JSON can hold (pydantic models and dataclasses too), or None for 204.

:class:`~weftline.authoring.plugin.RecordChanged` that it lets pass is answered with 409, ``RecordInvalid`` with 422.
Whatever else it raises is logged, and answered with 500 without a word of it.
"""
