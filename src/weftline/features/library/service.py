"""What can be done with the library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.library.entitlements import Entitlements
from weftline.features.library.errors import NotEntitled, TemplateIncomplete, TemplateNotFound
from weftline.features.library.installing import (
    Installation,
    chosen_connections,
    free_id,
    usable_connections,
    variable_drafts,
)
from weftline.features.library.models import Publication, TemplateFacts
from weftline.features.library.shelves import Shelves, Source, Template
from weftline.features.variables.service import VariableService
from weftline.features.workflows.changing import Workflow
from weftline.features.workflows.service import WorkflowService
from weftline.library import Category, prepared


class LibraryService:
    """Browsing the library, and installing from it.

    Args:
        database: where the tenants' connections and workflows are.
        shelves: the templates.
        workflows: makes workflows.
        variables: sets their variables.
        entitlements: knows who may install premium templates.
    """

    def __init__(
        self,
        database: Database,
        shelves: Shelves,
        workflows: WorkflowService,
        variables: VariableService,
        entitlements: Entitlements,
    ) -> None:
        self._database = database
        self._shelves = shelves
        self._workflows = workflows
        self._variables = variables
        self._entitlements = entitlements

    async def list(
        self,
        tenant_id: UUID,
        *,
        query: str | None = None,
        categories: Sequence[Category] = (),
        integration: str | None = None,
        sources: Sequence[Source] = (),
        is_featured: bool | None = None,
    ) -> list[Template]:
        """Those of the templates that a tenant sees that fit.

        Args:
            tenant_id: who looks.
            query: words that are all in its name, its description or its tags, in any language.
            categories: only of these; of any where empty.
            integration: only those that need this one.
            sources: only those that come from there; from anywhere where empty.
            is_featured: only those that are featured, or that are not.
        """
        words = (query or "").lower().split()
        return [
            template
            for template in await self._shelves.all(tenant_id)
            if (not categories or template.category in categories)
            and (integration is None or integration in template.entry.required_integrations)
            and (not sources or template.source in sources)
            and (is_featured is None or template.is_featured == is_featured)
            and _holds(template, words)
        ]

    async def get(self, tenant_id: UUID, id: str) -> Template:
        """A template.

        Raises:
            TemplateNotFound: the tenant sees none of this id.
        """
        for template in await self._shelves.all(tenant_id):
            if template.id == id:
                return template
        raise TemplateNotFound(id)

    async def refusal(self, tenant_id: UUID, template: Template) -> str | None:
        """Why a tenant may not install a template, a sentence for people; None: it may."""
        return await self._entitlements.may_install(tenant_id, template.id) if template.is_premium else None

    async def plan(
        self,
        caller: Caller,
        template: Template,
        *,
        workflow_id: str | None,
        name: str,
        connections: Mapping[str, str],
        variables: Mapping[str, Any],
    ) -> Installation:
        """What a template would become.

        Args:
            caller: who installs it.
            template: which template.
            workflow_id: the workflow's id; None: the template's own, or one like it.
            name: the workflow's.
            connections: those that were chosen, by the template's name for each.
            variables: values by key.

        Raises:
            NotEntitled: it is premium, and the tenant has no licence for it.
            TemplateIncomplete: something that it needs is missing, or does not fit.
        """
        refusal = await self.refusal(caller.tenant_id, template)
        if refusal is not None:
            raise NotEntitled(template.id, refusal)
        entry = template.entry
        async with self._database.transaction(caller.tenant_id) as session:
            usable = await usable_connections(session, caller)
            own_id = workflow_id or await free_id(session, caller, entry.id)
        chosen, problems = chosen_connections(entry, connections, usable)
        drafts, more = variable_drafts(entry, variables)
        if problems or more:
            raise TemplateIncomplete([*problems, *more])
        definition = prepared(entry.definition, id=own_id, name=name, connections=chosen)
        return Installation(workflow_id=own_id, name=name, connections=chosen, variables=drafts, definition=definition)

    async def install(self, caller: Caller, template: Template, planned: Installation) -> Workflow:
        """Make the draft of a workflow with its variables: all of it or nothing.

        Args:
            caller: who installs it.
            template: what is installed.
            planned: what it is to become.

        Raises:
            WorkflowExists: the id is taken.
            InvalidDefinition: an action that it calls is not there for this tenant.
            LimitReached: the tenant has as many workflows as it may.
        """

        async def furnish(session: AsyncSession, workflow: Workflow) -> None:
            await self._variables.create_in(session, caller.tenant_id, workflow.template.id, planned.variables)
            facts = {
                "template": template.id,
                "templateVersion": template.version,
                "source": template.source,
                "connections": dict(planned.connections),
            }
            await record(session, "library.installed", "workflow", workflow.template.id, after=facts)
            await _count(session, caller.tenant_id, template)

        return await self._workflows.create(caller.tenant_id, planned.definition, furnish)


async def _count(session: AsyncSession, tenant_id: UUID, template: Template) -> None:
    """Count that a template was installed: a tenant's own for it alone, others for everybody."""
    if template.source == "TENANT":
        own = update(Publication).where(Publication.tenant_id == tenant_id, Publication.id == template.id)
        await session.execute(own.values(usage_count=Publication.usage_count + 1))
        return
    first = insert(TemplateFacts).values(id=template.id, usage_count=1)
    more = {"usage_count": TemplateFacts.usage_count + 1}
    await session.execute(first.on_conflict_do_update(index_elements=[TemplateFacts.id], set_=more))


def _holds(template: Template, words: Sequence[str]) -> bool:
    entry = template.entry
    texts = (entry.id, *entry.tags, *entry.name.values(), *entry.description.values(), template.author or "")
    text = " ".join(texts).lower()
    return all(word in text for word in words)
