"""Whether values fit JSON Schemas of actions and triggers, and pass the checks of plugins that schemas name.

::

    {"type": "string", "x-validator": "acme-seals.stamp"}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

import jsonschema_rs

from weftline.authoring.plugin.parts import VALIDATOR_KEYWORD
from weftline.authoring.plugin.registry import plugin_of, step_validators

VALUE = "the value"
"""What messages call a value. They are kept and shown where the value itself may be hidden, so none repeats it."""

_VALUES = frozenset({"enum", "const", "default", "examples"})
"""Keywords that hold values, and no schemas."""

_DEPENDING = frozenset({"if", "then", "else", "anyOf", "oneOf", "not", "dependentSchemas", "contains"})
"""Keywords under which it depends on other values whether a schema counts."""

Path = tuple[str | int, ...]


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


KEYWORDS: dict[str, type[jsonschema_rs.KeywordValidator]] = {VALIDATOR_KEYWORD: NamedCheck}
"""What schemas may say besides what JSON Schema has."""


def named_checks(schema: object, path: Path = ()) -> Iterator[tuple[str, Path]]:
    """Every check that a schema names, with the path to where."""
    if isinstance(schema, Mapping):
        for key, value in cast("Mapping[str, object]", schema).items():
            if key == VALIDATOR_KEYWORD and isinstance(value, str):
                yield value, (*path, key)
            elif key not in _VALUES:
                yield from named_checks(value, (*path, key))
    elif isinstance(schema, list):
        for index, value in enumerate(cast("list[object]", schema)):
            yield from named_checks(value, (*path, index))


class SchemaCheck:
    """Checks values against a JSON Schema, which is compiled when the first value comes.

    Args:
        schema: the schema; it refers to nothing outside itself.

    Attributes:
        checks: names of the checks that the schema names.
    """

    __slots__ = ("_schema", "_validator", "checks")

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self._schema = schema
        self._validator: Any = None
        self.checks = frozenset(name for name, _ in named_checks(schema))

    def problem(self, value: Any) -> str | None:
        """Where and how a value does not fit, beginning with its place like ``.amount``; None where it does."""
        validator = self._compiled()
        if validator.is_valid(value):
            return None
        error = next(iter(validator.iter_errors(value)))
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.instance_path)
        return f"{place}: {error.message}"

    def missing(self) -> str | None:
        """A check that the schema names and that is not there now; None where all are."""
        return next((name for name in sorted(self.checks) if step_validators.get(name) is None), None)

    def refused(self, value: Any) -> Iterator[tuple[Path, str]]:
        """What the checks say that the schema names, whatever else is wrong with a value, with the path to where.

        For values of which some parts are not known yet: what other parts decide is left out, and so is everything
        while a check is missing.
        """
        if not self.checks or self.missing() is not None:
            return
        for error in self._compiled().iter_errors(value):
            path: list[str | int] = error.evaluation_path
            if path and path[-1] == VALIDATOR_KEYWORD and _DEPENDING.isdisjoint(path):
                yield tuple(error.instance_path), error.message

    def _compiled(self) -> Any:
        if self._validator is None:
            # a schema may come from outside: it fetches nothing, and its patterns take no unbounded time
            self._validator = jsonschema_rs.validator_for(
                dict(self._schema),
                offline=True,
                pattern_options=jsonschema_rs.RegexOptions(),
                mask=VALUE,
                keywords=KEYWORDS,
            )
        return self._validator
