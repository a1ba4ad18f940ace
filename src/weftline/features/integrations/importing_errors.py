"""What can be wrong with an import.

::

    NotFound     └── IntegrationNotFound (of this folder's errors)
    Conflict     ├── IntegrationExists
                 ├── IntegrationInUse
                 └── TooManyIntegrations
    Invalid      └── InvalidDocument
"""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import Conflict, FieldError, Invalid


class IntegrationExists(Conflict):
    """The name is that of an integration which comes with the platform."""

    code = "integration_exists"
    title = "Integration exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"'{name}' is an integration that comes with the platform. Import it under another name.")


class IntegrationInUse(Conflict):
    """Published workflows call its actions."""

    code = "integration_in_use"
    title = "Integration in use"

    def __init__(self, name: str, workflows: Sequence[str]) -> None:
        named = ", ".join(f"'{each}'" for each in workflows)
        super().__init__(
            f"Published workflows call actions of '{name}': {named}. Their steps would fail without it. Change them"
            " first, or remove it all the same with 'force=true', on the command line with '--force'."
        )


class TooManyIntegrations(Conflict):
    """There are as many as there may be."""

    code = "too_many_integrations"
    title = "Too many integrations"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} imported integrations.")


class InvalidDocument(Invalid):
    """There is no document, or it cannot be read."""

    code = "invalid_document"
    title = "Document not valid"

    def __init__(self, pointer: str, message: str, code: str = "invalid") -> None:
        super().__init__("Nothing can be imported; see 'errors'.", [FieldError(pointer, message, code)])
