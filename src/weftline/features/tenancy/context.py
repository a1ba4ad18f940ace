"""The tenant of whatever runs now, wherever it runs.

It is the current caller's, who is kept in a context variable: tasks that a request starts, and threads that
``asyncio.to_thread`` starts for it, have the same.
"""

from __future__ import annotations

from uuid import UUID

from weftline.features.access.caller import current_caller


class NoTenant(LookupError):
    """Nobody acts now, and so for no tenant."""


def current_tenant() -> UUID:
    """The tenant in which the current caller acts.

    Raises:
        NoTenant: there is no caller.
    """
    caller = current_caller()
    if caller is None:
        raise NoTenant("there is no caller, and so no tenant")
    return caller.tenant_id
