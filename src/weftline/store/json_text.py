"""JSON text that PostgreSQL accepts."""

from __future__ import annotations

import re
from typing import Any

import orjson

from weftline.store.errors import Unstorable

NUL = "\\u0000"
"""How JSON text writes the one character that PostgreSQL's text types cannot hold."""

_REAL_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The same where the backslash is not itself escaped."""


def encode(value: Any) -> str:
    """JSON text that PostgreSQL accepts.

    Raises:
        Unstorable: the value is no JSON, or holds a NUL character.
    """
    try:
        text = orjson.dumps(value).decode()
    except (orjson.JSONEncodeError, TypeError, RecursionError) as error:
        raise Unstorable(f"not storable as JSON: {error}") from error
    check_text(text)
    return text


def check_text(text: str) -> None:
    """See that PostgreSQL accepts JSON text, also where it gets it sealed: what can be stored must not depend on that.

    Raises:
        Unstorable: it holds a NUL character.
    """
    if NUL in text and _REAL_NUL.search(text):
        raise Unstorable("a string holds the NUL character (U+0000), which PostgreSQL cannot store")
