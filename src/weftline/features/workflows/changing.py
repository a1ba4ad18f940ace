"""What every change of a workflow begins and ends with, within a transaction of the caller's."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple, cast
from uuid import UUID

import orjson
from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.audit.trail import record
from weftline.features.workflows import repository
from weftline.features.workflows.errors import WorkflowArchived, WorkflowChanged, WorkflowNotFound
from weftline.features.workflows.models import WorkflowTemplate, WorkflowVersion
from weftline.language import Workflow as Definition
from weftline.model.status import TemplateStatus


class Workflow(NamedTuple):
    """A template and one of its versions, as a rule the latest."""

    template: WorkflowTemplate
    version: WorkflowVersion


async def lock_template(
    session: AsyncSession, tenant_id: UUID, workflow_id: str, expected_etag: str | None
) -> WorkflowTemplate:
    """A template that nobody else can change until the transaction ends.

    Args:
        session: bound to the tenant.
        tenant_id, workflow_id: which.
        expected_etag: the state in which it must be; None for any.

    Raises:
        WorkflowNotFound: there is none of this id.
        WorkflowChanged: it is not in the expected state.
    """
    template = await repository.get_template(session, tenant_id, workflow_id, lock=True)
    if template is None:
        raise WorkflowNotFound(workflow_id)
    if expected_etag is not None and expected_etag != str(template.etag):
        raise WorkflowChanged(workflow_id)
    return template


def refuse_archived(template: WorkflowTemplate) -> None:
    """See that a workflow was not put away.

    Raises:
        WorkflowArchived: it was.
    """
    if template.status == TemplateStatus.ARCHIVED.value:
        raise WorkflowArchived(template.id)


async def version_of(session: AsyncSession, template: WorkflowTemplate, number: int) -> WorkflowVersion:
    """A version that the template says exists."""
    version = await repository.get_version(session, template.tenant_id, template.id, number)
    assert version is not None
    return version


def new_version(template: WorkflowTemplate, definition: Definition, document: dict[str, Any]) -> WorkflowVersion:
    """A version for the template's latest number, not published yet."""
    return WorkflowVersion(
        tenant_id=template.tenant_id,
        template_id=template.id,
        version_number=template.latest_version,
        label=definition.version,
        definition=document,
        definition_hash=hash_of(document),
        is_active=False,
    )


def headings(definition: Definition) -> dict[str, Any]:
    """What a template repeats of its latest definition, for lists."""
    return {"name": definition.name or definition.id, "description": definition.description}


def hash_of(document: dict[str, Any]) -> str:
    """What equal documents have in common."""
    return hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS)).hexdigest()


def shows_the_same(version: WorkflowVersion, document: dict[str, Any]) -> bool:
    """Whether a version's document equals another, and its forms have their fields in the same order."""
    return version.definition_hash == hash_of(document) and _ordered(version.definition) == _ordered(document)


def _ordered(value: Any) -> Any:
    """A value that equals another only where the properties of its schemas come in the same order."""
    if isinstance(value, list):
        return [_ordered(each) for each in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    members = cast("dict[str, Any]", value)
    properties = members.get("properties")
    order = list(cast("dict[str, Any]", properties)) if isinstance(properties, dict) else None
    return order, {name: _ordered(each) for name, each in members.items()}


async def save(session: AsyncSession, template: WorkflowTemplate) -> None:
    """Write what was changed of a template and its versions: the template is in another state now."""
    template.etag += 1
    template.updated_at = func.now()
    await session.flush()
    await session.refresh(template)


def told(version: WorkflowVersion) -> dict[str, Any]:
    """What the audit log tells of a version."""
    return {"versionNumber": version.version_number, "definitionHash": version.definition_hash}


async def record_version(
    session: AsyncSession, action: str, version: WorkflowVersion, before: dict[str, Any] | None = None
) -> None:
    """Tell the audit log what became of a version, at the end of the transaction."""
    await record(
        session,
        action,
        "workflow",
        version.template_id,
        before=before,
        after=told(version),
        reason=version.change_description,
        tenant_id=version.tenant_id,
    )
