"""How an operation can fail in ways of its own: declared beside its route, shown in the OpenAPI document.

::

    @router.get("/{task_id}", responses=answers(examples.TASK) | failures(TaskNotFound))

What any operation can answer (nobody has signed in, the body is not JSON, the database is away) is not declared:
``weftline.api.failing`` knows it from the route.
"""

from __future__ import annotations

from typing import Any

from weftline.features.errors import Conflict, DomainError

FAILURES = "x-failures"
"""Where a route's response keeps the codes until the document is made."""


def failures(*errors: type[DomainError] | str) -> dict[int | str, dict[str, Any]]:
    """The failures of an operation, for its route's ``responses``.

    Args:
        errors: the classes of what it raises; the code where one class has several
            (:class:`~weftline.features.executions.errors.NotNow`).
    """
    found: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        status, code = (Conflict.status, error) if isinstance(error, str) else (error.status, error.code)
        found.setdefault(status, {"description": "", FAILURES: []})[FAILURES].append(code)
    return found
