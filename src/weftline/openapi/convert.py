"""From a document to the definition of an integration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.authoring.integrations.auth import NO_AUTH
from weftline.openapi.bounds import MAX_DESCRIPTION, MAX_TITLE
from weftline.openapi.definition import ConvertedIntegration
from weftline.openapi.document import Document, line, mapping, prose
from weftline.openapi.naming import integration_name
from weftline.openapi.operations import OperationReader
from weftline.openapi.schemas import Schemas
from weftline.openapi.security import find_security
from weftline.openapi.servers import find_place, fixed_place


def convert(
    root: dict[str, Any],
    *,
    source_url: str | None = None,
    base_url: str | None = None,
    known: Mapping[tuple[str, str], str] | None = None,
) -> ConvertedIntegration:
    """Make an integration of a document. Whatever in it cannot be used is left out, and listed.

    Args:
        root: the document, as :func:`weftline.openapi.reading.read_document` gives it.
        source_url: where it came from, to which relative addresses in it belong.
        base_url: where the system is, in place of what the document says.
        known: names of actions from an earlier import, by method and path.

    Raises:
        DocumentError: it is neither OpenAPI 3 nor Swagger 2.
    """
    document = Document(root)
    place = find_place(document, source_url) if base_url is None else fixed_place(base_url)
    security = find_security(document, place.base_url)
    schemas = Schemas(document)
    actions = OperationReader(document, schemas, security, place.base_url, source_url).read(known or {})
    schemas.finish()
    webhooks = mapping(root.get("webhooks"))
    if webhooks:
        document.notes.add("/webhooks", "webhooks", f"{len(webhooks)}; what the system calls is no action.")
    if not actions:
        document.notes.add("/paths", "operations", "There are none.")
    info = document.at("info")
    title = line(info.get("title"), MAX_TITLE) or "Imported API"
    is_open = any(each is NO_AUTH for each in security.auth)
    return ConvertedIntegration(
        name=integration_name(title),
        title=title,
        description=prose(info.get("description"), MAX_DESCRIPTION) or prose(info.get("summary"), MAX_DESCRIPTION),
        version=line(str(info.get("version") or ""), 100),
        format=document.format[:40],
        base_url=place.base_url,
        config=place.config,
        auth=security.auth,
        needs_connection=not is_open or "{" in place.base_url,
        docs_url=_docs_url(document),
        actions=actions,
        schemas=schemas.defs,
        left_out=document.notes.listed(),
        left_out_total=document.notes.total,
    )


def _docs_url(document: Document) -> str | None:
    url = document.at("externalDocs").get("url")
    return url if isinstance(url, str) and url.startswith(("https://", "http://")) and len(url) < 2_000 else None
