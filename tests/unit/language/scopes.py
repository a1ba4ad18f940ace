"""A scope for tests: names from a dictionary."""

from __future__ import annotations

from typing import Any


class DictScope:
    """Looks names up in ``values`` and remembers which were asked for."""

    def __init__(self, **values: Any) -> None:
        self.values = values
        self.asked: list[str] = []

    def lookup(self, name: str) -> Any:
        self.asked.append(name)
        return self.values[name]
