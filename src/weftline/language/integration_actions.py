"""Which names in a definition may be those of an integration's actions."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, cast

_NAME = re.compile(r"[a-z][A-Za-z0-9-]{0,62}\.[A-Za-z_][A-Za-z0-9_.-]*")


def integration_actions(document: Any, known: Collection[str]) -> set[str]:
    """Names that a definition calls and that may be those of a tenant's integrations: ``<integration>.<action>``.

    Args:
        document: plain JSON values of any depth, a definition or not.
        known: names that are known anyway; they are left out.
    """
    found: set[str] = set()
    pending: list[Any] = [document]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += cast("list[Any]", value)
        elif isinstance(value, dict):
            node = cast("dict[str, Any]", value)
            action = node.get("action")
            if isinstance(action, str) and action not in known and _NAME.fullmatch(action):
                found.add(action)
            pending += node.values()
    return found
