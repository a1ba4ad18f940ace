"""What can be wrong with a request about message templates.

::

    NotFound            └── MessageTemplateNotFound
    Conflict            ├── MessageTemplateExists
                        └── TooManyMessageTemplates
    PreconditionFailed  └── MessageTemplateChanged
    Invalid             └── InvalidMessageTemplate
"""

from __future__ import annotations

from collections.abc import Iterable

from weftline.features.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed
from weftline.language.errors import SyntaxProblem
from weftline.language.json_values import pointer


class MessageTemplateNotFound(NotFound):
    """There is no template of this name."""

    code = "message_template_not_found"
    title = "Message template not found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no message template '{name}'.")


class MessageTemplateExists(Conflict):
    """The name is taken."""

    code = "message_template_exists"
    title = "Message template exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a message template '{name}' already.")


class TooManyMessageTemplates(Conflict):
    """The tenant has as many templates as it may have."""

    code = "too_many_message_templates"
    title = "Too many message templates"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} message templates.")


class MessageTemplateChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "message_template_changed"

    def __init__(self, name: str) -> None:
        super().__init__(f"Message template '{name}' was changed since you read it. Read it again.")


class InvalidMessageTemplate(Invalid):
    """Its expressions cannot be compiled."""

    code = "invalid_message_template"
    title = "Message template not valid"

    def __init__(self, problems: Iterable[SyntaxProblem]) -> None:
        errors = [FieldError(pointer(each.path), each.message, each.code, each.hint) for each in problems]
        super().__init__("The message template has expressions that cannot be used; see 'errors'.", errors)
