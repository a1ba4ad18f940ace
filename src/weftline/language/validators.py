"""Checks of values that plugins add, and that JSON Schemas name.

::

    {"type": "string", "x-validator": "acme-seals.stamp"}
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

from weftline.authoring.plugin import VALIDATOR_KEYWORD
from weftline.authoring.plugin.registry import plugin_of, step_validators
from weftline.language.hints import nearest
from weftline.language.json_values import pointer
from weftline.language.problems import Problems

_VALUES = frozenset({"enum", "const", "default", "examples"})
"""Keywords that hold values, and no schemas."""


class NamedCheck:
    """A check as a keyword of JSON Schema.

    It is looked up for each value anew: a schema outlives the start and the stop of plugins.

    Args:
        parent_schema, schema_path: the schema that has the keyword, and where it stands.
        value: of the keyword.

    Raises:
        ValueError: the keyword names nothing.
    """

    def __init__(self, parent_schema: dict[str, Any], value: object, schema_path: list[str | int]) -> None:
        if not isinstance(value, str):
            raise ValueError(f"`{VALIDATOR_KEYWORD}` is the name of a check, a string")
        self._name = value

    def validate(self, instance: object) -> None:
        """Check a value.

        Raises:
            ValueError: something is wrong with it, or it cannot be checked.
        """
        check = step_validators.get(self._name)
        if check is None:
            raise ValueError(f"cannot be checked now: the plugin '{plugin_of(self._name)}' does not run here")
        if (fault := check(instance)) is not None:
            raise ValueError(fault)


def named_checks(schema: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str, str]]:
    """Every check that a schema names, with the JSON pointer to where."""
    if isinstance(schema, Mapping):
        for key, value in cast("Mapping[str, object]", schema).items():
            if key == VALIDATOR_KEYWORD and isinstance(value, str):
                yield value, pointer((*path, key))
            elif key not in _VALUES:
                yield from named_checks(value, (*path, key))
    elif isinstance(schema, list):
        for index, value in enumerate(cast("list[object]", schema)):
            yield from named_checks(value, (*path, index))


def without_named_checks(document: dict[str, Any]) -> dict[str, Any]:
    """A definition whose schemas name no check; for where plugins do not run."""
    return cast("dict[str, Any]", _without(document))


def _without(value: object) -> object:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return {key: _without(each) for key, each in members.items() if key != VALIDATOR_KEYWORD}
    return [_without(each) for each in cast("list[object]", value)] if isinstance(value, list) else value


def check_named_checks(schema: object, place: str, known: Collection[str], problems: Problems) -> None:
    """Adds a problem for each check that a schema names and that is not there."""
    for name, where in named_checks(schema):
        if name not in known:
            problems.add(
                "unknown_validator", f"{place}{where}", f"there is no check `{name}` here", hint_for(name, known)
            )


def hint_for(name: str, known: Collection[str]) -> str | None:
    """What may have been meant, or what there is."""
    if near := nearest(name, known):
        return f"did you mean `{near}`?"
    if not known:
        return f"the plugin '{plugin_of(name)}' has to run, and to be enabled"
    return f"there are {', '.join(f'`{each}`' for each in sorted(known)[:20])}"
