"""From text to plain JSON values, within bounds."""

from __future__ import annotations

from typing import Any, cast

import orjson

from weftline.language.json_values import storable_text
from weftline.openapi.bounds import MAX_BYTES, MAX_NESTING, MAX_VALUES
from weftline.openapi.errors import DocumentError
from weftline.openapi.scalars import clean_scalar
from weftline.openapi.yaml_text import read_yaml_with_aliases


def read_document(content: bytes | str) -> dict[str, Any]:
    """The object that a document's text is, JSON or YAML.

    NUL characters become replacement characters, and numbers beyond 64 bits lose their last digits, for neither can be
    kept.

    Raises:
        DocumentError: it is neither, or is too long, too deep or too large.
    """
    text = _text(content)
    start = text.lstrip()[:1]
    if not start:
        raise DocumentError("The document is empty.")
    if start == "<":
        raise DocumentError(
            "This is a page or XML, no OpenAPI document. Where it is the address of a documentation page, look there"
            " for its openapi.json, openapi.yaml or swagger.json."
        )
    value = _json(text) if start in "{[" else None
    if value is None:
        value = read_yaml_with_aliases(text)
    if not isinstance(value, dict):
        kind = "a list" if isinstance(value, list) else "no object"
        raise DocumentError(f"An OpenAPI document is an object; this is {kind}.")
    return cast("dict[str, Any]", value)


def _text(content: bytes | str) -> str:
    if isinstance(content, str):
        content = content.encode("utf-8", "replace")
    if len(content) > MAX_BYTES:
        raise DocumentError(f"The document is longer than {MAX_BYTES // 1_000_000} MB.")
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(f"The document is not UTF-8: byte {error.start} cannot be read.") from None


def _json(text: str) -> Any:
    """The value, or None where it is no JSON, but may be YAML."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "recursion" in str(error).lower():
            raise DocumentError(f"The document nests deeper than {MAX_NESTING} levels.") from None
        return None
    return _cleaned(value)


def _cleaned(root: Any) -> Any:
    """The same values, each as it can be kept."""
    pending: list[tuple[object, int]] = [(root, 1)]
    count = 0
    while pending:
        container, depth = pending.pop()
        if depth > MAX_NESTING:
            raise DocumentError(f"The document nests deeper than {MAX_NESTING} levels.")
        if isinstance(container, dict):
            found = cast("dict[str, Any]", container)
            if any("\0" in key for key in found):
                again = {storable_text(key): value for key, value in found.items()}
                found.clear()
                found.update(again)
            children: list[tuple[Any, Any]] = list(found.items())
        elif isinstance(container, list):
            children = list(enumerate(cast("list[Any]", container)))
        else:
            continue
        count += len(children)
        if count > MAX_VALUES:
            raise DocumentError(f"The document holds more than {MAX_VALUES:,} values.")
        for key, child in children:
            if isinstance(child, dict | list):
                pending.append((cast("object", child), depth + 1))
            else:
                clean = clean_scalar(child)
                if clean is not child:
                    cast("Any", container)[key] = clean
    return root
