"""Errors of fields, found by the JSON Schemas that definitions carry."""

from __future__ import annotations

from typing import Any

from weftline.features.errors import FieldError
from weftline.language.json_schema import CompiledSchema


class JsonSchema:
    """A compiled schema.

    Args:
        schema: a JSON Schema of any draft; 2020-12 where it does not say.

    Raises:
        InvalidSchema: it is none, or refers to another document.
    """

    def __init__(self, schema: dict[str, Any] | bool) -> None:
        self._compiled = CompiledSchema(schema)

    def errors(self, value: object, at: str = "") -> list[FieldError]:
        """What is wrong with ``value``, up to a number that a person can read.

        Args:
            value: JSON.
            at: JSON pointer to the value within the request, put before each error's own.
        """
        return [
            FieldError(at + pointer, message, "schema_mismatch") for pointer, message in self._compiled.errors(value)
        ]
