"""Values that a schema gives where nobody has given one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def completed(schema: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """An object in which what is left out has its default.

    Args:
        schema: JSON Schema of the object; the ``default`` of its own properties counts, not of those deeper.
        values: what was given.
    """
    known: Mapping[str, Mapping[str, Any]] = schema.get("properties", {})
    return {name: each["default"] for name, each in known.items() if "default" in each} | dict(values)
