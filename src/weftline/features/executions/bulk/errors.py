"""What can be wrong with a request about acts on many executions.

::

    NotFound   └── BulkOperationNotFound
    Conflict   └── BulkOperationEnded
    TooLarge   └── TooManyExecutions
"""

from __future__ import annotations

from weftline.features.errors import Conflict, NotFound, TooLarge


class BulkOperationNotFound(NotFound):
    """There is no operation of this id."""

    code = "bulk_operation_not_found"
    title = "Bulk operation not found"

    def __init__(self) -> None:
        super().__init__("There is no bulk operation of this id.")


class BulkOperationEnded(Conflict):
    """Everything has been done already, or somebody ended it before."""

    code = "bulk_operation_ended"
    title = "Bulk operation has ended"

    def __init__(self, status: str) -> None:
        super().__init__(f"The bulk operation has ended: it is {status}.")


class TooManyExecutions(TooLarge):
    """More executions fit the filter than one operation takes."""

    code = "too_many_executions"

    def __init__(self, limit: int) -> None:
        super().__init__(f"More than {limit:,} executions fit the filter; narrow it, for instance by time.")
