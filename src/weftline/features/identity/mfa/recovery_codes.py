"""Recovery codes: each works once in place of an authenticator app's code."""

from __future__ import annotations

import base64
import hashlib
from secrets import token_bytes

COUNT = 10
LENGTH = 32
"""Base32 characters of a code, 160 bits: so many need no salt and no slow hash."""

_GROUP = 4


def new_codes() -> list[str]:
    """Fresh codes, as they are shown, once."""
    return [_shown(base64.b32encode(token_bytes(LENGTH * 5 // 8)).decode()) for _ in range(COUNT)]


def code_hash(code: str) -> bytes:
    """What is stored of a code, however it was typed in."""
    return hashlib.sha256(normal(code).encode()).digest()


def normal(code: str) -> str:
    """A code of either kind without what makes it readable: spaces, dashes and case."""
    return "".join(code.split()).replace("-", "").upper()


def _shown(code: str) -> str:
    return "-".join(code[start : start + _GROUP] for start in range(0, LENGTH, _GROUP))
