"""What the manager cannot do.

::

    ManagerError
    ├── NotStarted           it is used outside its `async with`
    ├── Unreachable          the server did not answer
    ├── Refused              the platform said no
    └── TenantNotAllowed     the workflow is not for this tenant, or not for several at once
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class ManagerError(Exception):
    """The manager cannot do what was asked."""


class NotStarted(ManagerError):
    """The manager is used outside its ``async with``."""

    def __init__(self) -> None:
        super().__init__("the manager is not started: use it within `async with manager:`")


class Unreachable(ManagerError):
    """The server did not answer."""


class Refused(ManagerError):
    """The platform said no.

    Attributes:
        status: of HTTP.
        code: stable, in snake_case.
        errors: what is wrong with which part: ``pointer``, ``message``, ``code``, ``hint``.
    """

    def __init__(self, status: int, code: str, message: str, errors: Sequence[Mapping[str, Any]] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.errors = tuple(errors)


class TenantNotAllowed(ManagerError):
    """A workflow is not for this tenant, or not for several at once.

    Attributes:
        workflow_id: of the workflow.
        tenant: the tenant.
    """

    def __init__(self, workflow_id: str, tenant: str, message: str) -> None:
        super().__init__(message)
        self.workflow_id = workflow_id
        self.tenant = tenant
