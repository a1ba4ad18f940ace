"""Everything that the reference consists of, as files."""

from __future__ import annotations

import json
from typing import Any, cast

from weftline.api.document import api_document
from weftline.api.reference.errors import error_pages, errors_page
from weftline.api.reference.integrations import integration_pages, integrations_page
from weftline.api.reference.library import library_page
from weftline.api.reference.operations import operation_pages

DOCUMENT = "api/openapi.json"

LEVELS = 4
"""How deep the document is spread over lines: each part of an operation and of a schema has one of its own.

Indented to the end, it would be half as large again.
"""


def reference_files() -> dict[str, str]:
    """The files' texts, by their paths below the reference's directory."""
    document = api_document()
    return {
        DOCUMENT: _lines(document, LEVELS) + "\n",
        "errors.md": errors_page(),
        "integrations.md": integrations_page(),
        "library.md": library_page(),
        **{f"api/{name}": text for name, text in operation_pages(document).items()},
        **{f"errors/{name}": text for name, text in error_pages(document).items()},
        **{f"integrations/{name}": text for name, text in integration_pages().items()},
    }


def _lines(value: Any, levels: int, indent: str = "") -> str:
    """JSON whose outer levels are indented, and whose inner ones stand on a line."""
    if levels == 0 or not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    inner = indent + " "
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        parts = [f"{json.dumps(key)}:{_lines(each, levels - 1, inner)}" for key, each in fields.items()]
        start, end = "{}"
    else:
        parts = [_lines(each, levels - 1, inner) for each in cast("list[Any]", value)]
        start, end = "[]"
    return f"{start}\n{inner}" + f",\n{inner}".join(parts) + f"\n{indent}{end}"
