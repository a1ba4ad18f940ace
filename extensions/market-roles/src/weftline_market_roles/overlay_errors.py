"""What can be wrong with an overlay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OverlayProblem:
    """One thing wrong.

    Attributes:
        pointer: its place in the overlay, a JSON pointer.
        message: what is wrong.
        hint: what may have been meant, or what to do.
    """

    pointer: str
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.pointer or '/'}: {self.message}{hint}"


class OverlayError(ValueError):
    """An overlay is none, or does not fit its base.

    Attributes:
        problems: everything that is wrong.
    """

    def __init__(self, problems: Sequence[OverlayProblem]) -> None:
        super().__init__("; ".join(map(str, problems)))
        self.problems = tuple(problems)
