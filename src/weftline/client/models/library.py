"""The template library."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class Template(Model):
    """A workflow that is ready to be installed.

    Attributes:
        source: ``BUILT_IN``, ``PLUGIN``, ``TENANT`` (one's own) or ``PUBLIC`` (another tenant's).
        plugin_id: the plugin that brings it.
        author: who published it; None where it comes with Weftline or a plugin.
        version: counted by whoever publishes it.
        is_premium: it takes a licence.
        usage_count: how often it was installed.
        required_integrations: names of the integrations that its steps use.
    """

    id: str
    name: str
    description: str
    category: str
    tags: list[str] = Field(default_factory=list[str])
    source: str = "BUILT_IN"
    plugin_id: str | None = None
    author: str | None = None
    version: int = 1
    is_published: bool = True
    is_featured: bool = False
    is_premium: bool = False
    usage_count: int = 0
    required_integrations: list[str] = Field(default_factory=list[str])


class WantedConnection(Model):
    """A connection that a template needs, under the name that the template has for it."""

    name: str
    integration: str
    purpose: str


class WantedVariable(Model):
    """A variable that a template needs; it has to be set where it has no default."""

    key: str
    type: str
    title: str
    description: str | None = None
    default: Any = None
    is_required: bool = False


class TemplateDetail(Template):
    """A template with all that it needs.

    Attributes:
        template_data: the definition.
        sample_input: something to try it with.
        tests: what its tests show, where it comes with Weftline.
        refusal: why the tenant may not install it; None: it may.
    """

    connections: list[WantedConnection] = Field(default_factory=list[WantedConnection])
    variables: list[WantedVariable] = Field(default_factory=list[WantedVariable])
    sample_input: dict[str, Any] = Field(default_factory=dict[str, Any])
    template_data: dict[str, Any] = Field(default_factory=dict[str, Any])
    tests: list[str] = Field(default_factory=list[str])
    refusal: str | None = None


class Installation(Model):
    """What a template has become, or would.

    Attributes:
        connections: the connection that each of the template's has become.
        variables: keys of the workflow's variables that were set.
    """

    workflow_id: str
    name: str
    connections: dict[str, str] = Field(default_factory=dict[str, str])
    variables: list[str] = Field(default_factory=list[str])
    is_dry_run: bool = False


class ProposedConnection(Model):
    """A connection of a workflow's, and what a template would call it."""

    name: str
    placeholder: str
    integration: str


class Finding(Model):
    """Something in a workflow that must not leave its tenant.

    Attributes:
        pointer: JSON pointer to it.
    """

    pointer: str
    message: str
    code: str
    hint: str | None = None


class TemplateProposal(Model):
    """What a workflow would be as a template.

    Attributes:
        variables: those that it reads, as :meth:`Library.publish` takes them.
        findings: what stands in the way.
    """

    workflow_version: int
    name: str
    description: str | None = None
    connections: list[ProposedConnection] = Field(default_factory=list[ProposedConnection])
    variables: list[dict[str, Any]] = Field(default_factory=list[dict[str, Any]])
    findings: list[Finding] = Field(default_factory=list[Finding])


class PublicationVersion(Model):
    """One version of a template that the tenant published.

    Attributes:
        workflow_version: of the workflow that it was made of.
        status: ``NOT_NEEDED``, ``PENDING``, ``APPROVED``, ``REJECTED``, ``SUPERSEDED`` or ``WITHDRAWN``.
        note: what the operators say about it.
    """

    number: int
    workflow_version: int
    change_description: str | None = None
    status: str
    note: str | None = None
    reviewed_at: datetime | None = None
    published_by: str
    published_at: datetime


class Publication(Model):
    """A template that the tenant published.

    Attributes:
        visibility: ``TENANT`` or ``PUBLIC``.
        is_published: False: it was taken back.
        usage_count: how often the tenant itself installed it.
        version: the newest.
    """

    id: str
    name: str
    workflow_id: str
    visibility: str
    is_published: bool
    author: str
    usage_count: int = 0
    version: PublicationVersion
    created_at: datetime
    updated_at: datetime


class PublicationDetail(Publication):
    """A template that the tenant published, with what whoever installs it gets."""

    template: dict[str, Any] = Field(default_factory=dict[str, Any])
