"""What can be wrong with a request about integrations and connections.

::

    NotFound            ├── IntegrationNotFound
                        ├── ActionNotFound
                        └── ConnectionNotFound
    Conflict            ├── ConnectionExists
                        ├── ConnectionInUse
                        ├── NotAuthorizable
                        └── TooManyConnections
    PreconditionFailed  └── ConnectionChanged
    Invalid             └── InvalidConnection

None of them says what somebody entered as credentials.
"""

from __future__ import annotations

from collections.abc import Sequence

from weftline.features.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed


class IntegrationNotFound(NotFound):
    """There is no integration of this name."""

    code = "integration_not_found"
    title = "Integration not found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no integration '{name}'.")


class ActionNotFound(NotFound):
    """The integration has no action of this name."""

    code = "action_not_found"
    title = "Action not found"

    def __init__(self, integration: str, name: str) -> None:
        super().__init__(f"The integration '{integration}' has no action '{name}'.")


class ConnectionNotFound(NotFound):
    """There is no connection of this id that the caller may see."""

    code = "connection_not_found"
    title = "Connection not found"

    def __init__(self) -> None:
        super().__init__("There is no connection of this id.")


class ConnectionExists(Conflict):
    """The name is taken."""

    code = "connection_exists"
    title = "Connection exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a connection '{name}' already.")


class ConnectionInUse(Conflict):
    """Published workflows name it."""

    code = "connection_in_use"
    title = "Connection in use"

    def __init__(self, name: str, workflows: Sequence[str]) -> None:
        named = ", ".join(f"'{each}'" for each in workflows)
        super().__init__(
            f"Published workflows name the connection '{name}': {named}. Their steps would fail without it. Change them"
            " first, or remove it all the same with 'force=true', on the command line with '--force'."
        )


class NotAuthorizable(Conflict):
    """Nobody can allow access to it in a browser."""

    code = "not_authorizable"
    title = "Connection not authorizable"

    def __init__(self, name: str) -> None:
        super().__init__(f"The connection '{name}' does not sign in by OAuth 2.0 with an authorization code.")


class TooManyConnections(Conflict):
    """There are as many as there may be."""

    code = "too_many_connections"
    title = "Too many connections"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} connections.")


class ConnectionChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "connection_changed"

    def __init__(self) -> None:
        super().__init__("The connection was changed since you read it. Read it again.")


class InvalidConnection(Invalid):
    """A connection cannot be like this."""

    code = "invalid_connection"
    title = "Connection not valid"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("The connection cannot be like this; see 'errors'.", errors)
