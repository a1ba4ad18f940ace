"""What can be wrong with a request about policies.

::

    Forbidden           └── PermitNeedsEverything
    NotFound            ├── PolicyNotFound
                        └── SubjectNotFound
    Conflict            ├── PolicyNameTaken
                        └── TooManyPolicies
    PreconditionFailed  └── PolicyChanged
    Invalid             ├── InvalidPolicy
                        └── UnknownAction
"""

from __future__ import annotations

from collections.abc import Iterable

from weftline.features.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, PreconditionFailed
from weftline.policies.problems import PolicyProblem


class PermitNeedsEverything(Forbidden):
    """A permit allows what roles do not; whoever writes one must be allowed all of it."""

    code = "permit_needs_everything"

    def __init__(self) -> None:
        super().__init__("Only somebody with every permission of the tenant may save a policy that permits.")


class PolicyNotFound(NotFound):
    """There is no policy of this id."""

    code = "policy_not_found"
    title = "Policy not found"

    def __init__(self) -> None:
        super().__init__("There is no policy of this id.")


class SubjectNotFound(NotFound):
    """There is no member and no service account of this id."""

    code = "subject_not_found"
    title = "Subject not found"

    def __init__(self) -> None:
        super().__init__("There is no active member and no active service account of this id.")


class PolicyNameTaken(Conflict):
    """Another policy has this name."""

    code = "policy_name_taken"
    title = "Name taken"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a policy '{name}' already.")


class TooManyPolicies(Conflict):
    """The tenant's policies would be more than every request should wait for."""

    code = "too_many_policies"
    title = "Too many policies"


class PolicyChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "policy_changed"

    def __init__(self) -> None:
        super().__init__("The policy was changed since you read it. Read it again.")


class InvalidPolicy(Invalid):
    """The text is no policy that could decide."""

    code = "invalid_policy"
    title = "Policy not valid"

    def __init__(self, problems: Iterable[PolicyProblem]) -> None:
        errors = [FieldError("/source", each.placed, each.code, each.hint) for each in problems]
        super().__init__("The policy is not valid; see 'errors'.", errors)


class UnknownAction(Invalid):
    """There is no permission of this name."""

    code = "unknown_action"
    title = "Unknown action"

    def __init__(self, action: str) -> None:
        message = f"there is no permission '{action}'"
        super().__init__("The request is not valid; see 'errors'.", [FieldError("/action", message, "unknown_action")])
