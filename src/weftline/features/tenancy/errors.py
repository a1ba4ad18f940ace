"""What can be wrong with a request about tenants.

::

    NotFound            └── TenantNotFound
    Conflict            ├── NameTaken
                        ├── WrongTenantStatus
                        ├── OwnTenant
                        └── LimitReached
    PreconditionFailed  └── TenantChanged
"""

from __future__ import annotations

from weftline.features.errors import Conflict, NotFound, PreconditionFailed


class TenantNotFound(NotFound):
    """There is no such tenant, or the caller may not see it."""

    code = "tenant_not_found"
    title = "Tenant not found"

    def __init__(self, name: object = None) -> None:
        super().__init__("There is no such tenant." if name is None else f"There is no tenant '{name}'.")


class NameTaken(Conflict):
    """Another tenant has this slug or domain."""

    code = "tenant_name_taken"
    title = "Name taken"

    def __init__(self, field: str) -> None:
        super().__init__(f"Another tenant has this {field} already.")


class WrongTenantStatus(Conflict):
    """The tenant does not stand where this can be done."""

    code = "wrong_tenant_status"
    title = "Wrong status"


class OwnTenant(Conflict):
    """Nobody shuts the tenant that they are in."""

    code = "own_tenant"
    title = "Own tenant"

    def __init__(self) -> None:
        super().__init__("You are signed in to this very tenant: sign in to another one, or use the console.")


class LimitReached(Conflict):
    """The tenant has as much of something as it may."""

    code = "limit_reached"
    title = "Limit reached"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"The tenant may have {limit:,} {what}, and has them.")


class TenantChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "tenant_changed"

    def __init__(self) -> None:
        super().__init__("The tenant was changed since you read it. Read it again.")
