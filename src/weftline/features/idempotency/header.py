"""The header ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import re

from weftline.features.idempotency.errors import InvalidIdempotencyKey

HEADER = "Idempotency-Key"

REPLAYED = "Idempotency-Replayed"
"""The header of an answer that was given before."""

MAX_KEY = 255

_KEY = re.compile(r"[\x20-\x7e]*")


def read_key(header: str) -> str:
    """The key that the header names: a string in quotation marks, as the draft has it, or the same without.

    Args:
        header: its value.

    Raises:
        InvalidIdempotencyKey: it is empty, too long, or not of printable ASCII characters.
    """
    text = header.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        # RFC 8941, section 3.3.3
        text = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    if not 0 < len(text) <= MAX_KEY or _KEY.fullmatch(text) is None:
        raise InvalidIdempotencyKey(f"An Idempotency-Key has 1 to {MAX_KEY} printable ASCII characters.")
    return text
