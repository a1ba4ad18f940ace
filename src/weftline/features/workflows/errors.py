"""What can be wrong with a request about workflows.

::

    NotFound            ├── WorkflowNotFound
                        └── VersionNotFound
    Conflict            ├── WorkflowExists
                        ├── NotPublished
                        ├── WorkflowArchived
                        ├── WrongStatus
                        └── VersionNotPublished
    PreconditionFailed  └── WorkflowChanged
    Malformed           ├── MalformedDefinition
                        └── UnknownDialect
    Invalid             ├── InvalidDefinition
                        └── NotConvertible
"""

from __future__ import annotations

from collections.abc import Iterable

from weftline.features.errors import Conflict, FieldError, Invalid, Malformed, NotFound, PreconditionFailed
from weftline.language import Problem, dialects
from weftline.model.status import TemplateStatus


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


class WorkflowArchived(Conflict):
    """It was put away."""

    code = "workflow_archived"
    title = "Workflow is archived"

    def __init__(self, workflow_id: str) -> None:
        super().__init__(f"Workflow '{workflow_id}' is archived. Restore it first.")


class WrongStatus(Conflict):
    """It cannot become this from where it stands."""

    code = "wrong_status"
    title = "Not possible now"

    def __init__(self, workflow_id: str, current: TemplateStatus, target: TemplateStatus) -> None:
        super().__init__(f"Workflow '{workflow_id}' is {current}: it cannot become {target} from there.")


class VersionNotPublished(Conflict):
    """The version never ran, and so is nothing to go back to."""

    code = "version_not_published"
    title = "Version not published"

    def __init__(self, workflow_id: str, number: int) -> None:
        super().__init__(f"Version {number} of workflow '{workflow_id}' was never published.")


class WorkflowChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "workflow_changed"

    def __init__(self, workflow_id: str) -> None:
        super().__init__(f"Workflow '{workflow_id}' was changed since you read it. Read it again.")


class MalformedDefinition(Malformed):
    """The text is neither JSON nor YAML that can hold a definition."""

    code = "malformed_definition"
    title = "Malformed definition"


class UnknownDialect(Malformed):
    """No dialect has this name."""

    code = "unknown_dialect"
    title = "Unknown dialect"


class NotConvertible(Invalid):
    """The document, or the definition, says what the other side cannot."""

    code = "not_convertible"
    title = "Not convertible"

    def __init__(self, error: dialects.NotConvertible) -> None:
        errors = [FieldError(note.pointer, f"{note.construct}: {note.message}", note.fate) for note in error.notes]
        super().__init__(f"{error}.", errors)


class InvalidDefinition(Invalid):
    """The document is not a valid workflow."""

    code = "invalid_definition"
    title = "Definition not valid"

    def __init__(self, problems: Iterable[Problem]) -> None:
        errors = [FieldError(each.pointer, each.message, each.code, each.hint) for each in problems]
        found = "1 problem" if len(errors) == 1 else f"{len(errors)} problems"
        super().__init__(f"The definition has {found}.", errors)
