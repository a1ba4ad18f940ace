"""What can be done with the library."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.errors import FieldError
from weftline.features.integrations.models import Connection
from weftline.features.integrations.service import person_of
from weftline.features.library.errors import TemplateIncomplete, TemplateNotFound
from weftline.features.variables.errors import InvalidVariable
from weftline.features.variables.service import VariableDraft, VariableService
from weftline.features.variables.values import check_value
from weftline.features.workflows.changing import Workflow
from weftline.features.workflows.models import WorkflowTemplate
from weftline.features.workflows.service import WorkflowService
from weftline.language.json_values import pointer
from weftline.library import Category, TemplateEntry, WantedVariable, prepared, shipped_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """What a template becomes.

    Attributes:
        workflow_id, name: of the workflow.
        connections: by the template's name for each, the one that takes its place.
        variables: the workflow's.
        definition: the workflow's.
    """

    workflow_id: str
    name: str
    connections: Mapping[str, str]
    variables: Mapping[str, VariableDraft]
    definition: dict[str, Any]


class LibraryService:
    """Browsing the library, and installing from it.

    Args:
        database: where the tenants' connections and workflows are.
        workflows: makes workflows.
        variables: sets their variables.
        entries: makes the library; those that ship with Weftline.
    """

    def __init__(
        self,
        database: Database,
        workflows: WorkflowService,
        variables: VariableService,
        entries: Callable[[], Mapping[str, TemplateEntry]] = shipped_entries,
    ) -> None:
        self._database = database
        self._workflows = workflows
        self._variables = variables
        self._entries = entries

    def list(
        self,
        *,
        query: str | None = None,
        categories: Sequence[Category] = (),
        integration: str | None = None,
        is_featured: bool | None = None,
    ) -> list[TemplateEntry]:
        """Those of the templates that fit.

        Args:
            query: words that are all in its name, its description or its tags, in any language.
            categories: only of these; of any where empty.
            integration: only those that need this one.
            is_featured: only those that are featured, or that are not.
        """
        words = (query or "").lower().split()
        return [
            entry
            for entry in self._entries().values()
            if (not categories or entry.category in categories)
            and (integration is None or integration in entry.required_integrations)
            and (is_featured is None or entry.is_featured == is_featured)
            and _holds(entry, words)
        ]

    def get(self, id: str) -> TemplateEntry:
        """A template.

        Raises:
            TemplateNotFound: there is none of this id.
        """
        entry = self._entries().get(id)
        if entry is None:
            raise TemplateNotFound(id)
        return entry

    async def plan(
        self,
        caller: Caller,
        id: str,
        *,
        workflow_id: str | None,
        name: str,
        connections: Mapping[str, str],
        variables: Mapping[str, Any],
    ) -> Installation:
        """What a template would become.

        Args:
            caller: who installs it.
            id: which template.
            workflow_id: the workflow's id; None: the template's own, or one like it.
            name: the workflow's.
            connections: those that were chosen, by the template's name for each.
            variables: values by key.

        Raises:
            TemplateNotFound: there is none of this id.
            TemplateIncomplete: something that it needs is missing, or does not fit.
        """
        entry = self.get(id)
        async with self._database.transaction(caller.tenant_id) as session:
            usable = await _usable(session, caller)
            own_id = workflow_id or await _free_id(session, caller, entry.id)
        chosen, problems = _chosen(entry, connections, usable)
        drafts, more = _drafts(entry, variables)
        if problems or more:
            raise TemplateIncomplete([*problems, *more])
        definition = prepared(entry.definition, id=own_id, name=name, connections=chosen)
        return Installation(workflow_id=own_id, name=name, connections=chosen, variables=drafts, definition=definition)

    async def install(self, caller: Caller, template: str, planned: Installation) -> Workflow:
        """Make the draft of a workflow with its variables: all of it or nothing.

        Args:
            caller: who installs it.
            template: id of the template.
            planned: what it is to become.

        Raises:
            WorkflowExists: the id is taken.
            InvalidDefinition: an action that it calls is not there for this tenant.
            LimitReached: the tenant has as many workflows as it may.
        """

        async def furnish(session: AsyncSession, workflow: Workflow) -> None:
            await self._variables.create_in(session, caller.tenant_id, workflow.template.id, planned.variables)
            facts = {"template": template, "connections": dict(planned.connections)}
            await record(session, "library.installed", "workflow", workflow.template.id, after=facts)

        return await self._workflows.create(caller.tenant_id, planned.definition, furnish)


def _holds(entry: TemplateEntry, words: Sequence[str]) -> bool:
    texts = (entry.id, *entry.tags, *entry.name.values(), *entry.description.values())
    text = " ".join(texts).lower()
    return all(word in text for word in words)


async def _usable(session: AsyncSession, caller: Caller) -> list[tuple[str, str]]:
    """Name and integration of the connections that the caller's workflows may use."""
    statement = select(Connection.name, Connection.integration).where(
        Connection.tenant_id == caller.tenant_id,
        or_(Connection.owner_user_id.is_(None), Connection.owner_user_id == person_of(caller)),
    )
    return [(name, integration) for name, integration in await session.execute(statement)]


async def _free_id(session: AsyncSession, caller: Caller, wanted: str) -> str:
    """The id that was wanted, with the first number that makes it free where it is taken."""
    statement = select(WorkflowTemplate.id).where(
        WorkflowTemplate.tenant_id == caller.tenant_id, WorkflowTemplate.id.startswith(wanted, autoescape=True)
    )
    taken = set(await session.scalars(statement))
    number = 1
    while (id := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return id


def _chosen(
    entry: TemplateEntry, connections: Mapping[str, str], usable: Iterable[tuple[str, str]]
) -> tuple[dict[str, str], list[FieldError]]:
    """The connection for each that the template names, and what is wrong with the choice."""
    by_integration: dict[str, list[str]] = {}
    for name, integration in usable:
        by_integration.setdefault(integration, []).append(name)
    chosen: dict[str, str] = {}
    problems = [
        FieldError(pointer(("connections", name)), f"the template has no connection '{name}'", "unknown_field")
        for name in connections.keys() - entry.connections.keys()
    ]
    for name, wanted in entry.connections.items():
        known = by_integration.get(wanted.integration, [])
        choice = connections.get(name) or (known[0] if len(set(known)) == 1 else None)
        place = pointer(("connections", name))
        if choice is None:
            hint = f"Connect to '{wanted.integration}' first." if not known else f"Choose one of {', '.join(known)}."
            problems.append(FieldError(place, f"a connection to '{wanted.integration}' is needed", "required", hint))
        elif choice not in known:
            message = f"there is no connection '{choice}' to '{wanted.integration}'"
            problems.append(FieldError(place, message, "unknown_connection"))
        else:
            chosen[name] = choice
    return chosen, problems


def _drafts(entry: TemplateEntry, values: Mapping[str, Any]) -> tuple[dict[str, VariableDraft], list[FieldError]]:
    """The workflow's variables, and what is wrong with the values."""
    drafts: dict[str, VariableDraft] = {}
    known = {each.key for each in entry.variables}
    problems = [
        FieldError(pointer(("variables", key)), f"the template has no variable '{key}'", "unknown_field")
        for key in values.keys() - known
    ]
    for wanted in entry.variables:
        value = values.get(wanted.key, wanted.default)
        try:
            check_value(wanted.type, value)
        except InvalidVariable as error:
            problems += [
                FieldError(pointer(("variables", wanted.key)), each.message, each.code) for each in error.errors
            ]
        else:
            drafts[wanted.key] = VariableDraft(wanted.type, value, _told(wanted))
    return drafts, problems


def _told(wanted: WantedVariable) -> str:
    return (wanted.description or wanted.title)["en"]
