"""The dialect ``native``: our own definitions, which stay what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from weftline.language.dialects.base import Document, Reading, Writing
from weftline.language.dialects.nodes import NodesDialect

NAME = "native"


class NativeDialect:
    """Our own definitions."""

    name = NAME
    description = "Weftline's own definitions."

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Whether it has nodes that are not those of the dialect of node records."""
        nodes = document.get("nodes")
        has_nodes = isinstance(nodes, list) and bool(cast("list[object]", nodes))
        return has_nodes and not NodesDialect().recognises(document)

    def read(self, document: Document) -> Reading:
        """The document itself."""
        return Reading(document)

    def write(self, definition: Document) -> Writing:
        """The definition itself."""
        return Writing(definition)
