"""What a tenant can set for a plugin: told by the plugin's own model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import structlog
from pydantic import BaseModel, ValidationError

from weftline.features.errors import FieldError
from weftline.features.plugins.errors import InvalidConfiguration

log = structlog.get_logger(__name__)

AT = "/configuration"
"""Where a request has the configuration."""


def schema_of(model: type[BaseModel] | None) -> dict[str, Any] | None:
    """The JSON Schema; None where nothing can be set."""
    return None if model is None else model.model_json_schema()


def secret_names(schema: Mapping[str, Any] | None) -> frozenset[str]:
    """The fields that are sealed: whatever holds a ``SecretStr``."""
    properties: Mapping[str, Any] = {} if schema is None else schema.get("properties", {})
    return frozenset(name for name, field in properties.items() if _is_secret(field))


def check(plugin_id: str, model: type[BaseModel] | None, wanted: Mapping[str, Any]) -> None:
    """See that a configuration, secrets among it, is valid.

    Raises:
        InvalidConfiguration: it is not; says everything that is wrong.
    """
    if model is None:
        if wanted:
            raise InvalidConfiguration([FieldError(AT, "the plugin has nothing to configure")])
        return
    unknown = [
        FieldError(f"{AT}/{_escaped(name)}", "the plugin has no such field", "unknown_field")
        for name in wanted
        if name not in schema_properties(model)
    ]
    try:
        model.model_validate(dict(wanted))
    except ValidationError as error:
        found = [
            FieldError(AT + "".join(f"/{_escaped(part)}" for part in each["loc"]), each["msg"], each["type"])
            for each in error.errors(include_input=False, include_url=False, include_context=False)
        ]
        raise InvalidConfiguration([*unknown, *found]) from None
    except Exception as error:
        # a validator of the plugin's own has a defect; its message may hold what was entered
        log.exception("a plugin failed to check its configuration", plugin=plugin_id)
        kind = type(error).__name__
        raise InvalidConfiguration([*unknown, FieldError(AT, f"the plugin failed to check it: {kind}")]) from None
    if unknown:
        raise InvalidConfiguration(unknown)


def schema_properties(model: type[BaseModel]) -> frozenset[str]:
    """Names of the fields, as a configuration has them."""
    return frozenset(model.model_json_schema().get("properties", {}))


def _is_secret(schema: object) -> bool:
    """Whether a field's schema says anywhere that it is written only, as within a list of alternatives."""
    if isinstance(schema, dict):
        field = cast("dict[str, object]", schema)
        return field.get("writeOnly") is True or any(_is_secret(each) for each in field.values())
    return isinstance(schema, list) and any(_is_secret(each) for each in cast("list[object]", schema))


def _escaped(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
