"""Contents of files as JSON: text as it is, anything else in base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from weftline.connectors.hosts import invalid
from weftline.connectors.schema import Schema, choice, text

ENCODINGS = ("text", "base64")

CONTENT: dict[str, Schema] = {
    "content": text("What is in it: text, or base64 where `encoding` says so.", **{"x-lines": 6}),
    "encoding": choice("How `content` is written.", *ENCODINGS, default="text"),
}
"""Properties of whatever holds a content."""


def read_content(holder: Mapping[str, Any]) -> bytes:
    """The bytes that a content stands for.

    Args:
        holder: with the properties :data:`CONTENT`.

    Raises:
        ActionError: code ``invalid_input``: it is no base64.
    """
    content = holder["content"]
    if holder.get("encoding", "text") == "text":
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError) as error:
        raise invalid(f"'content' is no base64: {error}") from None


def content_json(content: bytes) -> dict[str, str]:
    """A content as JSON: its text where it is UTF-8, else base64."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text = "\0"
    # the database stores no NUL in text
    if "\0" in text:
        return {"content": base64.b64encode(content).decode(), "encoding": "base64"}
    return {"content": text, "encoding": "text"}
