"""What can be wrong with a request about variables.

::

    NotFound            └── VariableNotFound
    Conflict            ├── VariableExists
                        ├── SystemVariable
                        └── TooManyVariables
    PreconditionFailed  └── VariableChanged
    Invalid             └── InvalidVariable

None of them says a value.
"""

from __future__ import annotations

from weftline.features.errors import Conflict, FieldError, Invalid, NotFound, PreconditionFailed


class VariableNotFound(NotFound):
    """There is no variable of this name here."""

    code = "variable_not_found"
    title = "Variable not found"

    def __init__(self, key: str) -> None:
        super().__init__(f"There is no variable '{key}' here.")


class VariableExists(Conflict):
    """The name is taken."""

    code = "variable_exists"
    title = "Variable exists"

    def __init__(self, key: str) -> None:
        super().__init__(f"There is a variable '{key}' here already.")


class SystemVariable(Conflict):
    """The platform gives this one."""

    code = "system_variable"
    title = "System variable"

    def __init__(self, key: str) -> None:
        super().__init__(f"The platform itself gives '{key}': it can be neither set nor removed.")


class TooManyVariables(Conflict):
    """There are as many as there may be."""

    code = "too_many_variables"
    title = "Too many variables"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant, and each of its workflows, has at most {limit} variables.")


class VariableChanged(PreconditionFailed):
    """Somebody else changed it."""

    code = "variable_changed"

    def __init__(self, key: str) -> None:
        super().__init__(f"Variable '{key}' was changed since you read it. Read it again.")


class InvalidVariable(Invalid):
    """The value does not fit the type."""

    code = "invalid_variable"
    title = "Variable not valid"

    def __init__(self, message: str, code: str = "invalid") -> None:
        super().__init__("The variable's value cannot be used; see 'errors'.", [FieldError("/value", message, code)])
