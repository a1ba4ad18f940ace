"""Inputs that have to stand in the definition as they are: whoever could choose them would choose what is done.

An action marks them in its input's JSON Schema by ``"x-literal": true``, as those of databases do with the text of
statements: values belong into its parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from weftline.authoring.action import registry
from weftline.authoring.errors import UnknownAction
from weftline.language.fields import Compensation, is_template
from weftline.language.problems import Problems
from weftline.language.work_nodes import ActionNode

LITERAL = "x-literal"

_HINT = "write it here, and hand values over beside it, as the action describes"


def check_literals(called: ActionNode | Compensation, place: str, problems: Problems) -> None:
    """Adds a problem for each input of an action that comes out of an expression and may not.

    Args:
        called: what calls the action.
        place: where it stands.
        problems: to add to.
    """
    names = _literals(called.action)
    if not names:
        return
    given: Any = called.input
    if not isinstance(given, Mapping):
        message = f"the input of `{called.action}` comes out of an expression, and {_listed(names)} may not"
        problems.add("not_literal", f"{place}/input", message, _HINT)
        return
    for name in names:
        if is_template(cast("Mapping[str, Any]", given).get(name)):
            message = f"`{name}` of `{called.action}` may not come out of an expression"
            problems.add("not_literal", f"{place}/input/{name}", message, _HINT)


def _literals(action: str) -> list[str]:
    """The inputs of an action that are marked; none where it is not known here."""
    try:
        schema = registry.get(action).facts.input or {}
    except UnknownAction:
        return []
    properties = cast("Mapping[str, Mapping[str, Any]]", schema.get("properties", {}))
    return [name for name, each in properties.items() if each.get(LITERAL)]


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
