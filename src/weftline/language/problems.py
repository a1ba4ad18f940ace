"""Gathering the problems of a definition, up to a number that a person can read."""

from __future__ import annotations

from collections.abc import Callable

from weftline.language.errors import Problem

MAX_PROBLEMS = 100


class Problems:
    """Problems in the order in which they were found; beyond a hundred they are only counted."""

    def __init__(self) -> None:
        self._listed: list[Problem] = []
        self._unlisted = 0

    def __bool__(self) -> bool:
        return bool(self._listed)

    def add(self, code: str, pointer: str, message: str, hint: str | Callable[[], str | None] | None = None) -> None:
        """Notes one problem. A hint that is costly to find is given as a function, asked only when listed."""
        if len(self._listed) >= MAX_PROBLEMS:
            self._unlisted += 1
            return
        self._listed.append(Problem(pointer, message, hint() if callable(hint) else hint, code))

    def listed(self) -> list[Problem]:
        """At most a hundred problems, and one more that says how many are left out."""
        if not self._unlisted:
            return list(self._listed)
        rest = Problem("", f"and {self._unlisted} more problems", "mend these first", "more_problems")
        return [*self._listed, rest]
