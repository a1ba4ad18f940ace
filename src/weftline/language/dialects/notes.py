"""Gathering notes, up to a number that a person can read."""

from __future__ import annotations

from collections import Counter

from weftline.language.dialects.base import Fate, Note, Path
from weftline.language.json_values import pointer

MAX_NOTES = 200
"""Of each fate."""


class Notes:
    """Notes in the order in which they were made; beyond 200 of a fate they are only counted."""

    def __init__(self) -> None:
        self._listed: list[Note] = []
        self._made: Counter[Fate] = Counter()

    def add(self, fate: Fate, path: Path, construct: str, message: str) -> None:
        """Make a note."""
        self._made[fate] += 1
        if self._made[fate] <= MAX_NOTES:
            self._listed.append(Note(pointer(path), construct, fate, message))

    def listed(self) -> list[Note]:
        """The notes, and for each fate one more that says how many are left out."""
        more = {fate: made - MAX_NOTES for fate, made in self._made.items() if made > MAX_NOTES}
        return [*self._listed, *(Note("", "more", fate, f"and {count:,} more") for fate, count in more.items())]
