"""Who acts: the caller of the current request, with what they may do."""

from __future__ import annotations

import getpass
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from weftline.features.access.permissions import ADMIN, CATALOGUE

CallerKind = Literal["user", "service", "operator", "console", "system"]

NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Authority:
    """What somebody may do in one tenant, and what rules may ask about them.

    Attributes:
        roles: every role, inherited ones too.
        permissions: allowed in the whole tenant.
        on_workflows: allowed on one workflow and what it runs, by the workflow's id.
        groups: names of their groups.
        department: where they work.
        requires_mfa: a role of theirs, or the tenant, asks for a second factor.
    """

    roles: frozenset[str] = NOTHING
    permissions: frozenset[str] = NOTHING
    on_workflows: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    groups: frozenset[str] = NOTHING
    department: str | None = None
    requires_mfa: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who acts, in one tenant.

    Attributes:
        tenant_id: the tenant they act in.
        kind: a person, a service account, an operator of the platform who has entered the tenant, the owner of the
            machine at its console, or the system itself.
        id: the person's or the service account's; None for console and system.
        name: the e-mail address of a person.
        authority: what they may do.
        session_id: the session they signed in to.
        key_id: the API key they use.
        methods: how they proved who they are (``amr`` of RFC 8176: ``pwd``, ``otp``; ``ext``, ``key``).
        is_platform_operator: may use the routes of the platform.
        reason: why an operator entered the tenant.
        scopes: the only permissions that the key may use, whoever else would allow more; None: not bounded.
    """

    tenant_id: UUID
    kind: CallerKind
    id: UUID | None
    name: str
    authority: Authority
    session_id: UUID | None = None
    key_id: UUID | None = None
    methods: frozenset[str] = NOTHING
    is_platform_operator: bool = False
    reason: str | None = None
    scopes: frozenset[str] | None = None

    def can(self, permission: str) -> bool:
        """Whether their roles and grants allow it in the whole tenant."""
        return permission in self.authority.permissions

    def can_on(self, permission: str, workflow_id: str) -> bool:
        """Whether their roles and grants allow it on a workflow and what it runs."""
        return self.can(permission) or permission in self.authority.on_workflows.get(workflow_id, NOTHING)

    def workflows_where(self, permission: str) -> frozenset[str] | None:
        """The workflows on which they may do it; None where that is all of them."""
        if self.can(permission):
            return None
        return frozenset(id for id, allowed in self.authority.on_workflows.items() if permission in allowed)


def almighty(tenant_id: UUID, kind: CallerKind, name: str, *, id: UUID | None = None) -> Caller:
    """A caller with every permission of the tenant: whoever owns the machine, or the system itself."""
    authority = Authority(frozenset({ADMIN}), frozenset(CATALOGUE))
    return Caller(tenant_id, kind, id, name, authority, is_platform_operator=kind == "console")


def console_name() -> str:
    """What the account of the machine is called, at whose console somebody sits."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # a container may run under an id that has no name
        return f"uid {os.getuid()}"


_current: ContextVar[Caller | None] = ContextVar("caller", default=None)


def current_caller() -> Caller | None:
    """Who acts now: in a request, its caller; None where nobody has signed in."""
    return _current.get()


def set_caller(caller: Caller) -> None:
    """From now on, in this task and the threads and tasks it starts, this caller acts."""
    _current.set(caller)


@contextmanager
def acting_as(caller: Caller) -> Generator[None]:
    """Let a caller act for a while."""
    token = _current.set(caller)
    try:
        yield
    finally:
        _current.reset(token)
