"""The template library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weftline.client.models.library import Installation, Template, TemplateDetail
from weftline.client.operations import Colour, Resource, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Library(Resource[Colour]):
    """Workflows that are ready to be installed."""

    @iteration
    def list(
        self,
        *,
        query: str | None = None,
        category: str | Sequence[str] | None = None,
        integration: str | None = None,
        is_featured: bool | None = None,
        language: str | None = None,
        limit: int | None = None,
    ) -> Listing[Template]:
        """Templates by id, page by page.

        Args:
            query: only those with these words in their name, their description or their tags.
            category: only those of these, like ``finance``.
            integration: only those that need this one.
            is_featured: only those that are featured, or that are not.
            language: in which they are told, two letters; English where absent.
            limit: at most so many; None for all.
        """
        fields = given(
            query=query,
            category=texts(category),
            integration=integration,
            isFeatured=is_featured,
            language=language,
        )
        return self._list(Template, "library", limit=limit, query=fields)

    @call
    def get(self, id: str, *, language: str | None = None) -> Plan[TemplateDetail]:
        """A template: its definition, and the connections and variables that it needs."""
        return self._read(TemplateDetail, "GET", "library", id, query=given(language=language))

    @call
    def install(
        self,
        id: str,
        *,
        workflow_id: str | None = None,
        name: str | None = None,
        connections: Mapping[str, str] | None = None,
        variables: Mapping[str, Any] | None = None,
        dry_run: bool = False,
    ) -> Plan[Installation]:
        """Make the draft of a workflow from a template, with variables of its own.

        Args:
            id: the template's.
            workflow_id: the workflow's; the template's own where absent, with a number where that is taken.
            name: the workflow's.
            connections: by the template's name for each, the connection to use; where it is left out and there is just
                one to its integration, that.
            variables: values by key; the others get their defaults.
            dry_run: tell what would be made, and make nothing.
        """
        body = given(workflowId=workflow_id, name=name, connections=connections, variables=variables)
        query = {"dryRun": True} if dry_run else None
        return self._read(Installation, "POST", "library", id, "install", body=body, query=query)
