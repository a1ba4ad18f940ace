"""Everything that the reference consists of, as files."""

from __future__ import annotations

import json

from weftline.api.document import api_document
from weftline.api.reference.errors import error_pages, errors_page
from weftline.api.reference.integrations import integration_pages, integrations_page
from weftline.api.reference.library import library_page
from weftline.api.reference.operations import operation_pages

DOCUMENT = "api/openapi.json"


def reference_files() -> dict[str, str]:
    """The files' texts, by their paths below the reference's directory."""
    document = api_document()
    return {
        DOCUMENT: json.dumps(document, indent=1, ensure_ascii=False) + "\n",
        "errors.md": errors_page(),
        "integrations.md": integrations_page(),
        "library.md": library_page(),
        **{f"api/{name}": text for name, text in operation_pages(document).items()},
        **{f"errors/{name}": text for name, text in error_pages(document).items()},
        **{f"integrations/{name}": text for name, text in integration_pages().items()},
    }
