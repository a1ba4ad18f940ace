"""What the log tells of an exception of an author's code."""

from __future__ import annotations

import traceback
from typing import Any

MAX_LINES = 200


def told(error: BaseException, *, is_encrypted: bool) -> dict[str, Any]:
    """An exception as a log entry's field: as it is, or without its words, which may quote encrypted data."""
    return {"exception": _without_words(error)} if is_encrypted else {"exc_info": error}


def _without_words(error: BaseException) -> str:
    """Where an exception and what led to it were raised, the newest first, and their types."""
    lines: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(lines) < MAX_LINES:
        lines.append(f"{type(cause).__qualname__} (its words are withheld: the workflow is encrypted)\n")
        lines += traceback.format_tb(cause.__traceback__)
        cause = cause.__cause__ or cause.__context__
    return "".join(lines)
