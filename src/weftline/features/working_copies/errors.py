"""What can be wrong with a request about working copies.

::

    NotFound            └── WorkingCopyNotFound
    Forbidden           └── WorkingCopyNeedsMember
    Conflict            └── TooManyWorkingCopies
    PreconditionFailed  └── WorkingCopyChanged
"""

from __future__ import annotations

from weftline.features.errors import Conflict, Forbidden, NotFound, PreconditionFailed


class WorkingCopyNotFound(NotFound):
    """The caller has no working copy of this workflow."""

    code = "working_copy_not_found"
    title = "Working copy not found"

    def __init__(self, workflow_id: str) -> None:
        super().__init__(f"You have no working copy of workflow '{workflow_id}'.")


class WorkingCopyNeedsMember(Forbidden):
    """Only the tenant's members keep working copies."""

    code = "working_copy_needs_member"

    def __init__(self) -> None:
        super().__init__("Only members of the tenant keep working copies. Sign in as one.")


class TooManyWorkingCopies(Conflict):
    """The caller has as many as they may."""

    code = "too_many_working_copies"
    title = "Too many working copies"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have {limit} working copies already. Remove one that you need no longer.")


class WorkingCopyChanged(PreconditionFailed):
    """It was saved elsewhere meanwhile."""

    code = "working_copy_changed"

    def __init__(self) -> None:
        super().__init__("Your working copy was saved elsewhere since you read it. Read it again.")
