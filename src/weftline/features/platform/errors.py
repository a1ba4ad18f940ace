"""What can be wrong with a request of an operator's.

::

    Forbidden           ├── EveryTenantNeeded
                        └── PersonNeeded
    NotFound            └── OperatorNotFound
    Conflict            └── OwnOperatorship
    PreconditionFailed  ├── OperatorChanged
                        └── SettingsChanged
    Invalid             ├── ReasonRequired
                        └── UnknownTenant
"""

from __future__ import annotations

from uuid import UUID

from weftline.features.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, PreconditionFailed


class EveryTenantNeeded(Forbidden):
    """What concerns the platform as a whole is for operators who may see every tenant."""

    code = "every_tenant_needed"

    def __init__(self) -> None:
        super().__init__("Only operators who may see every tenant may do this.")


class PersonNeeded(Forbidden):
    """Only a person with a session can do this."""

    code = "person_needed"

    def __init__(self) -> None:
        super().__init__("Sign in as a person for this: it cannot be done from the console.")


class OperatorNotFound(NotFound):
    """There is no such operator, or no such person to become one."""

    code = "operator_not_found"
    title = "Operator not found"

    def __init__(self, what: str) -> None:
        super().__init__(f"There is no {what} of this id.")


class OwnOperatorship(Conflict):
    """Nobody changes what they may do as an operator themselves."""

    code = "own_operatorship"
    title = "Own rights"

    def __init__(self) -> None:
        super().__init__("Ask another operator to change what you may do as one.")


class OperatorChanged(PreconditionFailed):
    """Somebody else appointed, changed or dismissed them."""

    code = "operator_changed"

    def __init__(self) -> None:
        super().__init__("The operator was changed since you read it. Read it again.")


class SettingsChanged(PreconditionFailed):
    """Somebody else changed them."""

    code = "settings_changed"

    def __init__(self) -> None:
        super().__init__("The settings were changed since you read them. Read them again.")


class ReasonRequired(Invalid):
    """Acts across tenants need a reason."""

    code = "reason_required"
    title = "Reason required"

    def __init__(self) -> None:
        super().__init__("Say why: send the header 'X-Reason', or the query parameter 'reason'. It is recorded.")


class UnknownTenant(Invalid):
    """A list of tenants names one that does not exist."""

    code = "unknown_tenant"
    title = "Unknown tenant"

    def __init__(self, place: int, tenant_id: UUID) -> None:
        message = f"there is no tenant {tenant_id}"
        super().__init__(
            "The request is not valid; see 'errors'.", [FieldError(f"/tenants/{place}", message, self.code)]
        )
