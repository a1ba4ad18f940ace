"""Bodies of answers, which may be anything."""

from __future__ import annotations

from typing import Any, cast


def fields(body: Any) -> dict[str, Any]:
    """The fields of a body that is a JSON object; none where it is something else."""
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}
