"""What can be wrong with a request about grants.

::

    NotFound  └── GrantNotFound
    Invalid   ├── UnknownSubject
              ├── UnknownWorkflow
              └── NotOnWorkflows
"""

from __future__ import annotations

from weftline.features.errors import FieldError, Invalid, NotFound


class GrantNotFound(NotFound):
    """There is no grant of this id."""

    code = "grant_not_found"
    title = "Grant not found"

    def __init__(self) -> None:
        super().__init__("There is no grant of this id.")


class UnknownSubject(Invalid):
    """The tenant has no such member, group, role or service account."""

    code = "unknown_subject"

    def __init__(self, pointer: str, kind: str, subject_id: str) -> None:
        message = f"there is no {kind.replace('_', ' ')} '{subject_id}'"
        super().__init__("The request is not valid; see 'errors'.", [FieldError(pointer, message, self.code)])


class UnknownWorkflow(Invalid):
    """The tenant has no such workflow."""

    code = "unknown_workflow"

    def __init__(self, workflow_id: str) -> None:
        message = f"there is no workflow '{workflow_id}'"
        super().__init__("The request is not valid; see 'errors'.", [FieldError("/workflowId", message, self.code)])


class NotOnWorkflows(Invalid):
    """A permission that has nothing to do with workflows cannot be granted on one."""

    code = "not_on_workflows"

    def __init__(self, place: int, permission: str) -> None:
        message = f"'{permission}' means nothing on a single workflow"
        super().__init__(
            "The request is not valid; see 'errors'.", [FieldError(f"/permissions/{place}", message, self.code)]
        )
