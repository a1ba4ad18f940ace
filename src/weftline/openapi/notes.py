"""What a definition leaves out of its document."""

from __future__ import annotations

from dataclasses import dataclass

from weftline.openapi.bounds import MAX_LEFT_OUT


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of the document that the definition does not have, or has otherwise.

    Attributes:
        pointer: JSON pointer to it in the document.
        what: what it is, in two or three words.
        why: a sentence.
    """

    pointer: str
    what: str
    why: str

    def to_json(self) -> dict[str, str]:
        """The wire form."""
        return {"pointer": self.pointer, "what": self.what, "why": self.why}


class Notes:
    """Collects them, each once.

    Attributes:
        total: how many there are, those beyond :data:`MAX_LEFT_OUT` too.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], LeftOut] = {}
        self.total = 0

    def add(self, pointer: str, what: str, why: str) -> None:
        """Note that something is left out."""
        key = (pointer, what)
        if key in self._found:
            return
        self.total += 1
        if len(self._found) < MAX_LEFT_OUT:
            self._found[key] = LeftOut(pointer[:500], what[:200], why[:500])

    def listed(self) -> tuple[LeftOut, ...]:
        """All of them, in the order in which they were found."""
        return tuple(self._found.values())
