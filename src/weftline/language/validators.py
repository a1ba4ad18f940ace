"""Checks of values that plugins add, and that JSON Schemas name.

::

    {"type": "string", "x-validator": "acme-seals.stamp"}
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from weftline.authoring.plugin import VALIDATOR_KEYWORD
from weftline.authoring.plugin.registry import plugin_of
from weftline.authoring.schema_check import named_checks
from weftline.language.hints import nearest
from weftline.language.json_values import pointer
from weftline.language.problems import Problems


def without_named_checks(document: dict[str, Any]) -> dict[str, Any]:
    """A definition whose schemas name no check; for where plugins do not run."""
    return cast("dict[str, Any]", _without(document))


def _without(value: object) -> object:
    if isinstance(value, Mapping):
        members = cast("Mapping[str, object]", value)
        return {key: _without(each) for key, each in members.items() if key != VALIDATOR_KEYWORD}
    return [_without(each) for each in cast("list[object]", value)] if isinstance(value, list) else value


def has_to_run(plugin_id: str) -> str:
    """What there is to do about a plugin that is not there, on a platform."""
    return f"the plugin '{plugin_id}' has to run, and to be enabled"


def check_named_checks(
    schema: object,
    place: str,
    known: Collection[str],
    problems: Problems,
    absent: Callable[[str], str] = has_to_run,
) -> None:
    """Adds a problem for each check that a schema names and that is not there.

    Args:
        schema: any JSON value.
        place: JSON pointer to it.
        known: names of the checks that are there.
        problems: to add to.
        absent: what there is to do about a plugin that is not there, by its id.
    """
    for name, path in named_checks(schema):
        if name not in known:
            problems.add(
                "unknown_validator",
                f"{place}{pointer(path)}",
                f"there is no check `{name}` here",
                hint_for(name, known, absent),
            )


def hint_for(name: str, known: Collection[str], absent: Callable[[str], str] = has_to_run) -> str:
    """What may have been meant, which plugin is missing, or what there is."""
    if near := nearest(name, known):
        return f"did you mean `{near}`?"
    plugin = plugin_of(name)
    if plugin != name and plugin not in map(plugin_of, known):
        return absent(plugin)
    return f"there are {', '.join(f'`{each}`' for each in sorted(known)[:20])}"
