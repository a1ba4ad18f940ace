"""The template library: what can be installed, and what the tenant publishes in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from weftline.client.models.library import (
    Installation,
    Publication,
    PublicationDetail,
    PublicationVersion,
    Template,
    TemplateDetail,
    TemplateProposal,
)
from weftline.client.operations import Colour, Resource, call, given, iteration, texts
from weftline.client.paging import Listing
from weftline.client.plan import Plan


class Library(Resource[Colour]):
    """Workflows that are ready to be installed, and those that the tenant publishes as such."""

    @iteration
    def list(
        self,
        *,
        query: str | None = None,
        category: str | Sequence[str] | None = None,
        integration: str | None = None,
        source: str | Sequence[str] | None = None,
        is_featured: bool | None = None,
        language: str | None = None,
        limit: int | None = None,
    ) -> Listing[Template]:
        """Templates by id, page by page.

        Args:
            query: only those with these words in their name, their description or their tags.
            category: only those of these, like ``finance``.
            integration: only those that need this one.
            source: only those from there: ``BUILT_IN``, ``PLUGIN``, ``TENANT``, ``PUBLIC``.
            is_featured: only those that are featured, or that are not.
            language: in which they are told, two letters; English where absent.
            limit: at most so many; None for all.
        """
        fields = given(
            query=query,
            category=texts(category),
            integration=integration,
            source=texts(source),
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

    @call
    def propose(self, workflow: str, *, version: int | None = None) -> Plan[TemplateProposal]:
        """What a workflow would need as a template, and what stands in the way.

        Args:
            workflow: its id.
            version: its number; the published one where absent, else the latest.
        """
        return self._read(TemplateProposal, "GET", "workflows", workflow, "template", query=given(version=version))

    @call
    def publish(self, id: str, workflow: str, template: Mapping[str, Any]) -> Plan[PublicationDetail]:
        """Publish a workflow as a template.

        Args:
            id: the template's.
            workflow: the workflow's.
            template: ``category``, ``name`` and ``description`` by language, ``visibility``, ``author``,
                ``connections``, ``variables``, ``sampleInput`` …
        """
        body = {**template, "id": id, "workflowId": workflow}
        return self._read(PublicationDetail, "POST", "publications", body=body)

    @call
    def publish_version(self, id: str, template: Mapping[str, Any]) -> Plan[PublicationDetail]:
        """Publish a template anew, also one that was taken back; see :meth:`publish`."""
        return self._read(PublicationDetail, "POST", "publications", id, "versions", body=dict(template))

    @call
    def unpublish(self, id: str) -> Plan[PublicationDetail]:
        """Take a template back; what was installed from it stays as it is."""
        return self._read(PublicationDetail, "POST", "publications", id, "unpublish")

    @iteration
    def publications(self, *, limit: int | None = None) -> Listing[Publication]:
        """What the tenant has published, by id, page by page.

        Args:
            limit: at most so many; None for all.
        """
        return self._list(Publication, "publications", limit=limit)

    @call
    def publication(self, id: str) -> Plan[PublicationDetail]:
        """A template that the tenant has published, as whoever installs it gets it."""
        return self._read(PublicationDetail, "GET", "publications", id)

    @iteration
    def publication_versions(self, id: str, *, limit: int | None = None) -> Listing[PublicationVersion]:
        """The versions of a publication, the newest first, page by page.

        Args:
            id: the template's.
            limit: at most so many; None for all.
        """
        return self._list(PublicationVersion, "publications", id, "versions", limit=limit)
