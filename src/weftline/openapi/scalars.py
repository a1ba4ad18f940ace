"""Texts and numbers as they can be kept."""

from __future__ import annotations

import math
from typing import Any

from weftline.language.json_values import MAX_INT, MIN_INT, storable_text


def clean_scalar(value: Any) -> Any:
    """A scalar as it can be kept."""
    if isinstance(value, str):
        return value if value.isascii() and "\0" not in value else storable_text(value)
    if isinstance(value, int) and not MIN_INT <= value <= MAX_INT:
        try:
            return float(value)
        except OverflowError:
            return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
