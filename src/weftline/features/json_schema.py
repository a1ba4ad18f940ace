"""Checking values against the JSON Schemas that definitions carry.

Whoever writes a definition writes its schemas: they may neither fetch other documents nor spend unbounded time in a
regular expression.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import jsonschema_rs

from weftline.features.errors import FieldError
from weftline.language.json_values import pointer

MAX_ERRORS = 50
"""So many errors of one value are told."""

MAX_MESSAGE = 300
"""Characters of one error's message."""


class InvalidSchema(ValueError):
    """The schema itself is not valid.

    Attributes:
        pointer: JSON pointer to the place within the schema.
        message: what is wrong.
    """

    def __init__(self, pointer: str, message: str) -> None:
        super().__init__(message)
        self.pointer = pointer
        self.message = message


class JsonSchema:
    """A compiled schema.

    Args:
        schema: a JSON Schema of any draft; 2020-12 where it does not say.

    Raises:
        InvalidSchema: it is none, or refers to another document.
    """

    def __init__(self, schema: dict[str, Any] | bool) -> None:
        try:
            self._validator = jsonschema_rs.validator_for(
                schema, offline=True, pattern_options=jsonschema_rs.RegexOptions()
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            path = error.instance_path if isinstance(error, jsonschema_rs.ValidationError) else []
            raise InvalidSchema(pointer(tuple(path)), _first_line(error)) from None
        except ValueError as error:
            raise InvalidSchema("", str(error)) from None

    def errors(self, value: object, at: str = "") -> list[FieldError]:
        """What is wrong with ``value``, at most :data:`MAX_ERRORS`.

        Args:
            value: JSON.
            at: JSON pointer to the value within the request, put before each error's own.
        """
        if self._validator.is_valid(value):
            return []
        return [
            FieldError(at + pointer(tuple(error.instance_path)), _shortened(error.message), "schema_mismatch")
            for error in islice(self._validator.iter_errors(value), MAX_ERRORS)
        ]


def _shortened(message: str) -> str:
    # it may quote the whole value
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]} …"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
