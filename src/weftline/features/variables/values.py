"""What the value of a variable may be, by its type."""

from __future__ import annotations

from typing import Any

import orjson

from weftline.features.variables.errors import InvalidVariable
from weftline.features.variables.models import VariableType
from weftline.model.masking import MIN_LENGTH

MAX_BYTES = 16_384
"""Of a value, as JSON text or as the text itself."""


def check_value(type: VariableType, value: Any) -> None:
    """Refuse a value that does not fit.

    Args:
        type: the variable's.
        value: JSON.

    Raises:
        InvalidVariable: it does not; the message says what would, and never the value.
    """
    if value is None:
        raise InvalidVariable("A value is needed; a variable that is not wanted any more is removed.", "required")
    match type:
        case "STRING" | "SECRET":
            _check_text(type, value)
        case "NUMBER":
            # bodies hold no number that JSON cannot say, nor an integer of more than 64 bits
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise InvalidVariable("A NUMBER is a number.", "type_mismatch")
        case "BOOLEAN":
            if not isinstance(value, bool):
                raise InvalidVariable("A BOOLEAN is true or false.", "type_mismatch")
        case "JSON":
            if len(orjson.dumps(value)) > MAX_BYTES:
                raise InvalidVariable(f"A value has at most {MAX_BYTES:,} bytes.", "too_large")


def _check_text(type: VariableType, value: Any) -> None:
    if not isinstance(value, str):
        raise InvalidVariable(f"A {type} is text.", "type_mismatch")
    if len(value.encode()) > MAX_BYTES:
        raise InvalidVariable(f"A value has at most {MAX_BYTES:,} bytes.", "too_large")
    if type == "SECRET" and len(value.strip()) < MIN_LENGTH:
        raise InvalidVariable(
            f"A SECRET has at least {MIN_LENGTH} characters: shorter ones could not be hidden in what actions say.",
            "too_short",
        )
