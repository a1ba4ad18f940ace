"""Conditions as other systems write them, in CEL."""

from __future__ import annotations

import re

_TEXT_OR_EQUALITY = re.compile(r"'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"|[!=]==", re.DOTALL)


def to_cel(condition: str) -> str:
    """``condition`` in CEL, where it is written in JavaScript's manner: ``===`` is ``==``, also of other systems."""
    return _TEXT_OR_EQUALITY.sub(lambda found: {"===": "==", "!==": "!="}.get(found[0], found[0]), condition)
