"""What can be wrong with a request about field rules.

::

    NotFound  └── FieldRuleNotFound
    Conflict  └── TooManyFieldRules
    Invalid   └── UnknownRoles
"""

from __future__ import annotations

from collections.abc import Iterable

from weftline.features.errors import Conflict, FieldError, Invalid, NotFound


class FieldRuleNotFound(NotFound):
    """There is no rule of this id."""

    code = "field_rule_not_found"
    title = "Field rule not found"

    def __init__(self) -> None:
        super().__init__("There is no field rule of this id.")


class TooManyFieldRules(Conflict):
    """The tenant has as many rules as it may have."""

    code = "too_many_field_rules"
    title = "Too many field rules"

    def __init__(self, limit: int) -> None:
        super().__init__(f"A tenant has at most {limit} field rules.")


class UnknownRoles(Invalid):
    """The tenant has no such roles."""

    code = "unknown_role"
    title = "Unknown role"

    def __init__(self, roles: Iterable[str]) -> None:
        errors = [FieldError("/visibleTo", f"there is no role '{role}'", "unknown_role") for role in roles]
        super().__init__("The rule names roles that do not exist; see 'errors'.", errors)
