"""What can be said of an action's input before it is called.

Some inputs have to stand in the definition as they are: whoever could choose them would choose what is done. An action
marks them in its input's JSON Schema by ``"x-literal": true``, as those of databases do with the text of statements:
values belong into its parameters.

Others have to pass a check of a plugin, which the schema names by ``x-validator``. Those that stand in the definition
as they are are checked here already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from weftline.authoring.action import ActionDefinition, registry
from weftline.authoring.errors import UnknownAction
from weftline.authoring.schema_check import Path
from weftline.language.fields import Compensation, is_template
from weftline.language.json_values import pointer
from weftline.language.problems import Problems
from weftline.language.work_nodes import ActionNode

LITERAL = "x-literal"

_HINT = "write it here, and hand values over beside it, as the action describes"


def check_literals(called: ActionNode | Compensation, place: str, problems: Problems) -> None:
    """Adds a problem for each input of an action that comes out of an expression and may not, or that stands there and
    does not pass its check.

    Args:
        called: what calls the action.
        place: where it stands.
        problems: to add to.
    """
    try:
        action = registry.get(called.action)
    except UnknownAction:
        # one that is not known here says nothing of its input
        return
    _check_literals(called, _literals(action), place, problems)
    given: Any = called.input
    if action.takes is not None and isinstance(given, Mapping):
        for path, message in action.takes.refused(given):
            if not _has_template(_at(given, path)):
                problems.add("schema_mismatch", f"{place}/input{pointer(path)}", message)


def _check_literals(called: ActionNode | Compensation, names: list[str], place: str, problems: Problems) -> None:
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


def _literals(action: ActionDefinition) -> list[str]:
    """The inputs of an action that are marked."""
    schema = action.facts.input or {}
    properties = cast("Mapping[str, Mapping[str, Any]]", schema.get("properties", {}))
    return [name for name, each in properties.items() if each.get(LITERAL)]


def _at(value: Any, path: Path) -> Any:
    for part in path:
        value = value[part]
    return value


def _has_template(value: object) -> bool:
    """Whether only running it shows what a value is."""
    match value:
        case dict():
            return any(map(_has_template, cast("dict[str, object]", value).values()))
        case list():
            return any(map(_has_template, cast("list[object]", value)))
        case _:
            return is_template(value)


def _listed(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)
