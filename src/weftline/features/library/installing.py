"""What a template becomes for one tenant: its connections, its variables and its id there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.errors import FieldError
from weftline.features.integrations.models import Connection
from weftline.features.integrations.service import person_of
from weftline.features.variables.errors import InvalidVariable
from weftline.features.variables.service import VariableDraft
from weftline.features.variables.values import check_value
from weftline.features.workflows.models import WorkflowTemplate
from weftline.language.json_values import pointer
from weftline.library import TemplateEntry, WantedVariable


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


async def usable_connections(session: AsyncSession, caller: Caller) -> list[tuple[str, str]]:
    """Name and integration of the connections that the caller's workflows may use."""
    statement = select(Connection.name, Connection.integration).where(
        Connection.tenant_id == caller.tenant_id,
        or_(Connection.owner_user_id.is_(None), Connection.owner_user_id == person_of(caller)),
    )
    return [(name, integration) for name, integration in await session.execute(statement)]


async def free_id(session: AsyncSession, caller: Caller, wanted: str) -> str:
    """The id that was wanted, with the first number that makes it free where it is taken."""
    statement = select(WorkflowTemplate.id).where(
        WorkflowTemplate.tenant_id == caller.tenant_id, WorkflowTemplate.id.startswith(wanted, autoescape=True)
    )
    taken = set(await session.scalars(statement))
    number = 1
    while (id := wanted if number == 1 else f"{wanted}-{number}") in taken:
        number += 1
    return id


def chosen_connections(
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


def variable_drafts(
    entry: TemplateEntry, values: Mapping[str, Any]
) -> tuple[dict[str, VariableDraft], list[FieldError]]:
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
