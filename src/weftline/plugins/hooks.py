"""The events that one plugin wants to be told of, and who takes them."""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches

from weftline.authoring.plugin import EventHandler


class HookTable:
    """Every handler of a plugin.

    Attributes:
        patterns: what the plugin wants to be told of, each once.
    """

    def __init__(self) -> None:
        self._handlers: list[tuple[str, EventHandler]] = []
        self.patterns: list[str] = []

    def add(self, pattern: str, handler: EventHandler, known: Collection[str] | None) -> None:
        """Add a handler.

        Args:
            pattern: a kind of events, ``task.*`` for an area, or ``*``.
            handler: takes them.
            known: every pattern there is; None: they are not known in this process, which tells nobody of events.

        Raises:
            ValueError: there are no such events.
        """
        if known is not None and pattern not in known:
            close = get_close_matches(pattern, sorted(known), n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise ValueError(f"there are no events '{pattern}'{hint}")
        self._handlers.append((pattern, handler))
        self.patterns = sorted({each for each, _ in self._handlers})

    def handlers(self, kind: str) -> list[EventHandler]:
        """Those for events of a kind, in the order in which they were added."""
        fitting = ("*", kind, f"{kind.partition('.')[0]}.*")
        return [handler for pattern, handler in self._handlers if pattern in fitting]
