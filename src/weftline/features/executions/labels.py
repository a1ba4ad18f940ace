"""What executions are found by and ordered by: tags, search attributes, priority. Read by hand: starts are many."""

from __future__ import annotations

import re

from weftline.features.errors import FieldError
from weftline.language.json_values import Json, pointer
from weftline.machine.admission import MAX_TEXT, Scalar, scalar

MAX_TAGS = 32
MAX_TAG = 128
MAX_ATTRIBUTES = 32
MAX_PRIORITY = 9

ATTRIBUTE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def read_tags(value: Json, errors: list[FieldError]) -> list[str] | None:
    """Tags as somebody sent them; what is wrong is added to ``errors``."""
    if value is None:
        return None
    given = value if isinstance(value, list) else [None]
    tags = [tag for tag in given if isinstance(tag, str) and 0 < len(tag) <= MAX_TAG]
    if len(tags) < len(given) or len(tags) > MAX_TAGS:
        message = f"must be at most {MAX_TAGS} texts of 1 to {MAX_TAG} characters"
        errors.append(FieldError("/tags", message, "type_mismatch"))
    return tags


def read_attributes(value: Json, errors: list[FieldError]) -> dict[str, Scalar] | None:
    """Search attributes as somebody sent them; what is wrong is added to ``errors``."""
    if value is None:
        return None
    if not isinstance(value, dict) or len(value) > MAX_ATTRIBUTES:
        errors.append(FieldError("/attributes", f"must be an object of at most {MAX_ATTRIBUTES}", "type_mismatch"))
        return None
    attributes: dict[str, Scalar] = {}
    for name, given in value.items():
        place = pointer(("attributes", name))
        if ATTRIBUTE_NAME.fullmatch(name) is None:
            message = "a name is a letter, and then at most 63 letters, digits, dots, dashes and underscores"
            errors.append(FieldError(place, message, "invalid_name"))
            continue
        try:
            attributes[name] = fit_attribute(given)
        except ValueError as error:
            errors.append(FieldError(place, str(error), "type_mismatch"))
    return attributes


def fit_attribute(value: Json) -> Scalar:
    """A search attribute's value as it is kept.

    Raises:
        ValueError: it cannot be one.
    """
    attribute = scalar(value)
    if attribute is None:
        raise ValueError(f"must be a text of at most {MAX_TEXT} characters, a number, true or false")
    return attribute


def read_priority(value: Json, errors: list[FieldError]) -> int | None:
    """A priority as somebody sent it; what is wrong is added to ``errors``."""
    if value is None or (type(value) is int and 0 <= value <= MAX_PRIORITY):
        return value
    message = f"must be a whole number from 0 (last) to {MAX_PRIORITY} (first)"
    errors.append(FieldError("/priority", message, "type_mismatch"))
    return None
