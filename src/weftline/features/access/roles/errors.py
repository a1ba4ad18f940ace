"""What can be wrong with a request about roles.

::

    Forbidden           └── BeyondOwnAuthority
    NotFound            └── RoleNotFound
    Conflict            ├── RoleExists
                        ├── RoleInUse
                        └── TooManyRoles
    PreconditionFailed  └── RoleChanged
    Invalid             ├── UnknownNames
                        └── RoleCycle
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from weftline.features.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, PreconditionFailed
from weftline.language.hints import nearest


class BeyondOwnAuthority(Forbidden):
    """Nobody gives, changes or takes away what they do not have themselves."""

    code = "beyond_own_authority"

    def __init__(self, missing: Iterable[str]) -> None:
        super().__init__(f"You do not have this yourself: {', '.join(sorted(missing))}.")


class RoleNotFound(NotFound):
    """The tenant has no custom role of this id."""

    code = "role_not_found"
    title = "Role not found"

    def __init__(self, role_id: str) -> None:
        super().__init__(f"There is no role '{role_id}' that can be changed.")


class RoleExists(Conflict):
    """The id is taken."""

    code = "role_exists"
    title = "Role exists"

    def __init__(self, role_id: str) -> None:
        super().__init__(f"There is a role '{role_id}' already.")


class RoleInUse(Conflict):
    """Somebody has the role, or another role inherits it."""

    code = "role_in_use"
    title = "Role is used"

    def __init__(self, role_id: str, users: Sequence[str]) -> None:
        super().__init__(f"The role '{role_id}' is used by {', '.join(users)}. Take it from them first.")


class TooManyRoles(Conflict):
    """The tenant has as many roles as any may."""

    code = "too_many_roles"
    title = "Too many roles"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} roles of its own.")


class RoleChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "role_changed"

    def __init__(self) -> None:
        super().__init__("The role was changed since you read it. Read it again.")


class UnknownNames(Invalid):
    """A list names roles or permissions that there are not."""

    def __init__(self, kind: str, unknown: Iterable[tuple[str, str]], known: Collection[str]) -> None:
        """Says which.

        Args:
            kind: ``role`` or ``permission``.
            unknown: place (JSON pointer) and name of each.
            known: what there is.
        """
        errors = [
            FieldError(
                pointer,
                f"there is no {kind} '{name}'",
                f"unknown_{kind}",
                None if (meant := nearest(name, sorted(known))) is None else f"Did you mean '{meant}'?",
            )
            for pointer, name in unknown
        ]
        super().__init__("The request is not valid; see 'errors'.", errors)


class RoleCycle(Invalid):
    """A role would inherit itself."""

    code = "role_cycle"

    def __init__(self, place: int, role_id: str) -> None:
        message = f"'{role_id}' is or inherits this role itself"
        super().__init__("A role cannot inherit itself.", [FieldError(f"/inherits/{place}", message, self.code)])
