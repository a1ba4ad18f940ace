"""What a document comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from weftline.authoring.integrations.auth import Auth
from weftline.openapi.notes import LeftOut
from weftline.openapi.reachability import bundled


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedAction:
    """An operation as an action.

    Attributes:
        name: behind the integration's and a dot.
        title, description: for people; the description is Markdown.
        tags: its groups, the first one foremost.
        input, output: JSON Schemas that refer to :attr:`ConvertedIntegration.schemas`.
        operation: how it is called; see :mod:`weftline.authoring.integrations.operation`.
        pointer: JSON pointer to it in the document.
        is_deprecated: the document advises against it.
    """

    name: str
    title: str
    description: str
    tags: Sequence[str]
    input: dict[str, Any]
    output: dict[str, Any] | bool
    operation: dict[str, Any]
    pointer: str
    is_deprecated: bool = False

    @property
    def method(self) -> str:
        """Of HTTP."""
        return self.operation["method"]

    @property
    def path(self) -> str:
        """Below the base URL."""
        return self.operation["path"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedIntegration:
    """A document as an integration.

    Attributes:
        name: what it may be called.
        title, description: for people.
        version: of the system's API, as the document says.
        format: like ``OpenAPI 3.0.1``.
        base_url: below which paths are; ``{name}`` stands for a value of a connection's configuration.
        config: JSON Schema of that configuration.
        auth: the ways of signing in, the usual one first.
        needs_connection: False: it can be called without one.
        docs_url: where the system's own documentation is.
        actions: in the order of the document.
        schemas: what the actions' schemas refer to as ``#/$defs/<name>``.
        left_out: what the definition does not have, or has otherwise.
        left_out_total: how much that is; more than are listed, where there is very much.
    """

    name: str
    title: str
    description: str
    version: str
    format: str
    base_url: str
    config: dict[str, Any]
    auth: Sequence[Auth]
    needs_connection: bool
    docs_url: str | None
    actions: Sequence[ConvertedAction]
    schemas: Mapping[str, dict[str, Any] | bool]
    left_out: Sequence[LeftOut]
    left_out_total: int

    def whole(self, schema: dict[str, Any] | bool, limit: int = 1_000) -> dict[str, Any]:
        """A schema of one of its actions with the definitions that it refers to.

        Args:
            schema: ``input`` or ``output``.
            limit: so many definitions are taken; those beyond take any value.
        """
        return bundled(schema, self.schemas, limit)
