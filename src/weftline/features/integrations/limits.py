"""What a connection may be used for at most, and how workers treat it when it fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT_LIMITS: Mapping[str, Any] = {
    "timeoutSeconds": 30,
    "ratePerMinute": None,
    "maxConcurrent": None,
    "breakerFailures": 5,
    "breakerSeconds": 30,
    "retry": None,
}
"""What counts where a connection says nothing."""


def full_limits(given: Mapping[str, Any]) -> dict[str, Any]:
    """Limits with what counts where nothing is said."""
    return {**DEFAULT_LIMITS, **given}
