"""Paths that are made of what people enter."""

from __future__ import annotations

from urllib.parse import quote

from weftline.authoring.errors import ActionError


def path(*parts: object) -> str:
    """A path below a connection's base URL, each of whose parts stays one part.

    Raises:
        ActionError: code ``invalid_input``; a part is empty, ``.`` or ``..``, which would lead to another path.
    """
    texts = [str(part) for part in parts]
    for text in texts:
        if text in ("", ".", ".."):
            raise ActionError(f"'{text}' cannot be part of an address", code="invalid_input", retryable=False)
    return "/".join(quote(text, safe="") for text in texts)
