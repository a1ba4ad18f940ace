"""What can be wrong with a request about workflows.

::

    NotFound            ├── WorkflowNotFound
                        └── VersionNotFound
    Conflict            ├── WorkflowExists
                        └── NotPublished
    PreconditionFailed  └── WorkflowChanged
    Malformed           └── MalformedDefinition
    Invalid             └── InvalidDefinition
"""

from __future__ import annotations

from collections.abc import Iterable

from weftline.features.errors import Conflict, FieldError, Invalid, Malformed, NotFound, PreconditionFailed
from weftline.language import Problem


class WorkflowNotFound(NotFound):
    """There is no workflow of this id."""

    code = "workflow_not_found"
    title = "Workflow not found"

    def __init__(self, workflow_id: str) -> None:
        super().__init__(f"There is no workflow '{workflow_id}'.")


class VersionNotFound(NotFound):
    """The workflow has no version of this number."""

    code = "version_not_found"
    title = "Version not found"

    def __init__(self, workflow_id: str, number: int) -> None:
        super().__init__(f"Workflow '{workflow_id}' has no version {number}.")


class WorkflowExists(Conflict):
    """The id is taken."""

    code = "workflow_exists"
    title = "Workflow exists"

    def __init__(self, workflow_id: str) -> None:
        super().__init__(
            f"There is a workflow '{workflow_id}' already. PUT its definition to /workflows/{workflow_id} instead."
        )


class NotPublished(Conflict):
    """No version may run yet."""

    code = "not_published"
    title = "Nothing published"

    def __init__(self, workflow_id: str) -> None:
        super().__init__(f"No version of workflow '{workflow_id}' is published yet.")


class WorkflowChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "workflow_changed"

    def __init__(self, workflow_id: str) -> None:
        super().__init__(f"Workflow '{workflow_id}' was changed since you read it. Read it again.")


class MalformedDefinition(Malformed):
    """The text is neither JSON nor YAML that can hold a definition."""

    code = "malformed_definition"
    title = "Malformed definition"


class InvalidDefinition(Invalid):
    """The document is not a valid workflow."""

    code = "invalid_definition"
    title = "Definition not valid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        errors = [FieldError(each.pointer, each.message, each.code, each.hint) for each in problems]
        found = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
        super().__init__(f"The definition has {found}.", errors)
