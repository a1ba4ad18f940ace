"""Texts of others, made fit to stand in a line, or in several."""

from __future__ import annotations

import unicodedata

_BREAKING = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of control characters, lone surrogates and separators of lines and paragraphs."""


def one_line(text: str, limit: int) -> str:
    """A text as one line of at most ``limit`` characters; what is longer ends in an ellipsis."""
    line = " ".join("".join(" " if unicodedata.category(char) in _BREAKING else char for char in text).split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def lines(text: str, limit: int) -> str:
    """A text of at most ``limit`` characters with its line breaks, and no other control character."""
    kept = "\n".join(
        "".join(" " if unicodedata.category(char) in _BREAKING else char for char in line).rstrip()
        for line in text[: limit + 1].strip().splitlines()
    )
    return kept if len(kept) <= limit else f"{kept[: limit - 1]}…"
