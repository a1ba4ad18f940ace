"""What people like to be told by mail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

Topic = Literal["signIns", "tasks", "escalations"]


def wants_mail(preferences: Mapping[str, Any], topic: Topic) -> bool:
    """Whether somebody wants mail about something; they do unless they said otherwise.

    Args:
        preferences: of ``users``.
        topic: about what.
    """
    return bool(preferences.get("notifications", {}).get(topic, True))
