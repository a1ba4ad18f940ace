"""JSON Schemas that definitions carry, compiled.

Whoever writes a definition writes its schemas: they may neither fetch other documents nor spend unbounded time in a
regular expression.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import jsonschema_rs

from weftline.authoring.schema_check import KEYWORDS, VALUE
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


class CompiledSchema:
    """A compiled schema; see :class:`weftline.language.program.FormSchema`.

    Args:
        schema: a JSON Schema of any draft; 2020-12 where it does not say.

    Raises:
        InvalidSchema: it is none, or refers to another document.
    """

    def __init__(self, schema: dict[str, Any] | bool) -> None:
        try:
            self._validator = jsonschema_rs.validator_for(
                schema,
                offline=True,
                pattern_options=jsonschema_rs.RegexOptions(),
                mask=VALUE,
                keywords=KEYWORDS,
            )
        except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError) as error:
            path = error.instance_path if isinstance(error, jsonschema_rs.ValidationError) else []
            raise InvalidSchema(pointer(tuple(path)), _first_line(error)) from None
        except ValueError as error:
            raise InvalidSchema("", _first_line(error)) from None

    def errors(self, value: Any) -> list[tuple[str, str]]:
        """For each thing wrong with ``value`` its JSON pointer and a sentence; at most :data:`MAX_ERRORS`."""
        if self._validator.is_valid(value):
            return []
        return [
            (pointer(tuple(error.instance_path)), _shortened(error.message))
            for error in islice(self._validator.iter_errors(value), MAX_ERRORS)
        ]


def _shortened(message: str) -> str:
    # it may quote much of the schema
    return message if len(message) <= MAX_MESSAGE else f"{message[:MAX_MESSAGE]} …"


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
