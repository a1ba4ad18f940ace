"""The template library."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from weftline.client.models.base import Model


class Template(Model):
    """A workflow that is ready to be installed.

    Attributes:
        required_integrations: names of the integrations that its steps use.
    """

    id: str
    name: str
    description: str
    category: str
    tags: list[str] = Field(default_factory=list[str])
    is_published: bool = True
    is_featured: bool = False
    is_premium: bool = False
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
    """

    connections: list[WantedConnection] = Field(default_factory=list[WantedConnection])
    variables: list[WantedVariable] = Field(default_factory=list[WantedVariable])
    sample_input: dict[str, Any] = Field(default_factory=dict[str, Any])
    template_data: dict[str, Any] = Field(default_factory=dict[str, Any])


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
