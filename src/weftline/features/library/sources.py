"""The workflows that templates are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.policies.request import Resource
from weftline.features.database import Database
from weftline.features.errors import FieldError
from weftline.features.library import publication_repository as repository
from weftline.features.library.composing import (
    Own,
    integrations_of,
    invalid_definition,
    placeholders_for,
    variables_of,
)
from weftline.features.library.errors import NotPublishable
from weftline.features.variables.models import Variable
from weftline.features.variables.service import TENANT
from weftline.features.workflows import permissions as of_workflows
from weftline.features.workflows.service import WorkflowService
from weftline.language import Workflow, validate
from weftline.library import credentials_in


class Source(NamedTuple):
    """The workflow that a template is made of.

    Attributes:
        number: of its version.
        workflow, document: the version, and as it is stored.
        own: what is its tenant's.
    """

    number: int
    workflow: Workflow
    document: dict[str, Any]
    own: Own


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a workflow would be as a template.

    Attributes:
        workflow_version: number of the version that it is about.
        name, description: the workflow's.
        connections: name, suggested placeholder and integration of each that it uses.
        variables: those that it reads, as an entry has them; of secrets without a value.
        findings: what stands in the definition that must not leave the tenant.
    """

    workflow_version: int
    name: str
    description: str | None
    connections: Sequence[tuple[str, str, str]]
    variables: Sequence[dict[str, Any]]
    findings: Sequence[FieldError]


class Sources:
    """Reads workflows as what templates are made of.

    Args:
        database: where the tenants' connections and variables are.
        workflows: finds workflows.
        gate: knows what callers may do.
    """

    def __init__(self, database: Database, workflows: WorkflowService, gate: Gate) -> None:
        self._database = database
        self._workflows = workflows
        self._gate = gate

    async def propose(self, caller: Caller, workflow_id: str, number: int | None = None) -> Proposal:
        """What a workflow would be as a template.

        Args:
            caller: who asks.
            workflow_id: the workflow.
            number: of its version; None: the published one, else the latest.

        Raises:
            WorkflowNotFound, VersionNotFound: there is no such thing.
            NotPublishable: the definition is not valid.
        """
        source = await self.read(caller, workflow_id, number)
        used = integrations_of(source.document, source.own)
        suggested = placeholders_for(used)
        async with self._database.transaction(caller.tenant_id) as session:
            known = await _variables(session, caller.tenant_id, workflow_id)
        return Proposal(
            workflow_version=source.number,
            name=source.workflow.name or workflow_id,
            description=source.workflow.description,
            connections=[(name, suggested[name], integration) for name, integration in used.items()],
            variables=[_wanted(key, known.get(key)) for key in variables_of(source.workflow)],
            findings=[
                FieldError(each.pointer, each.message, each.code, each.hint)
                for each in credentials_in(source.document, ("definition",))
            ],
        )

    async def read(self, caller: Caller, workflow_id: str, number: int | None = None) -> Source:
        """A workflow, and what is to be known of its tenant.

        Args:
            caller: who asks; they have to be allowed to see it.
            workflow_id: the workflow.
            number: of its version; None: the published one, else the latest.

        Raises:
            PermissionDenied: the caller may not see it.
            WorkflowNotFound, VersionNotFound: there is no such thing.
            NotPublishable: the definition is not valid.
        """
        resource = Resource(type="Workflow", id=workflow_id, workflow_id=workflow_id)
        await self._gate.require(caller, of_workflows.READ, resource)
        template, version = await self._workflows.get(caller.tenant_id, workflow_id, number)
        if number is None and template.published_version not in (None, version.version_number):
            template, version = await self._workflows.get(caller.tenant_id, workflow_id, template.published_version)
        document = version.definition
        problems = await self._workflows.problems(caller.tenant_id, document)
        workflow = validate(document).workflow
        if problems or workflow is None:
            raise NotPublishable(invalid_definition(problems))
        async with self._database.transaction(caller.tenant_id) as session:
            own = Own(
                connections=await repository.integrations_by_connection(session, caller.tenant_id),
                private=await repository.addresses_of_members(session, caller.tenant_id),
            )
        return Source(version.version_number, workflow, document, own)


def _wanted(key: str, known: Variable | None) -> dict[str, Any]:
    """A variable as an entry has it, by what the tenant has of it."""
    if known is None:
        return {"key": key, "type": "STRING", "title": {"en": key}}
    wanted: dict[str, Any] = {"key": key, "type": known.type, "title": {"en": key}}
    if known.description:
        wanted["description"] = {"en": known.description}
    if known.value is not None:
        wanted["default"] = known.value
    return wanted


async def _variables(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> dict[str, Variable]:
    """By name, the variables that a workflow sees: its own before its tenant's."""
    statement = select(Variable).where(Variable.tenant_id == tenant_id, Variable.workflow_id.in_((workflow_id, TENANT)))
    return {each.key: each for each in await session.scalars(statement.order_by(Variable.workflow_id))}
