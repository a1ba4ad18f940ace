"""Reading and writing workflow templates and versions within a transaction of the caller's."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnClause,
    Integer,
    Select,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from weftline.features.http.listing import Ordering, SortKey, Window
from weftline.features.rows import Connection, Shapes, Statement
from weftline.features.workflows.calls import Target
from weftline.features.workflows.models import WorkflowTemplate, WorkflowVersion
from weftline.model.status import TemplateStatus

_SUBWORKFLOWS: ColumnClause[Any] = literal_column("""'$.nodes[*] ? (@.type == "subworkflow")'::jsonpath""")

# the characters that mean something in a pattern
_ESCAPED, _ESCAPE = re.compile(r"[\\%_]"), r"\\\g<0>"

ID = SortKey("id", WorkflowTemplate.id)
ORDER = Ordering(
    ID,
    SortKey("name", WorkflowTemplate.name),
    SortKey("createdAt", WorkflowTemplate.created_at, datetime),
    SortKey("updatedAt", WorkflowTemplate.updated_at, datetime),
    tie=ID,
    default="id",
)

_NUMBER = SortKey("versionNumber", WorkflowVersion.version_number, int)
VERSIONS = Ordering(_NUMBER, tie=_NUMBER, default="-versionNumber")


async def add_template(session: AsyncSession, tenant_id: UUID, values: dict[str, Any]) -> WorkflowTemplate | None:
    """Insert a template; None where its id is taken."""
    statement = (
        insert(WorkflowTemplate)
        .values(tenant_id=tenant_id, **values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "id"])
        .returning(WorkflowTemplate)
    )
    return (await session.scalars(statement)).one_or_none()


async def get_template(
    session: AsyncSession, tenant_id: UUID, workflow_id: str, *, lock: bool = False
) -> WorkflowTemplate | None:
    """A template, locked against other changes of it or its versions where ``lock`` says so."""
    return await session.get(WorkflowTemplate, (tenant_id, workflow_id), with_for_update=True if lock else None)


async def get_version(session: AsyncSession, tenant_id: UUID, workflow_id: str, number: int) -> WorkflowVersion | None:
    """A version with its definition."""
    return await session.get(WorkflowVersion, (tenant_id, workflow_id, number))


async def read_workflow(
    connection: Connection, tenant_id: UUID, workflow_id: str, number: int | None
) -> tuple[WorkflowTemplate | None, WorkflowVersion | None]:
    """A template with a version, the latest where no number is given; None for what there is none of."""
    values = {"tenant_id": tenant_id, "id": workflow_id, "number": number}
    template = await _TEMPLATE.first(connection, values)
    return template, None if template is None else await _VERSION.first(connection, values)


async def list_templates(
    connection: Connection,
    tenant_id: UUID,
    window: Window,
    *,
    statuses: Collection[TemplateStatus],
    query: str | None,
    ids: Collection[str] | None = None,
) -> Sequence[WorkflowTemplate]:
    """Those of the templates that fit.

    Args:
        connection: bound to the tenant.
        tenant_id: whose.
        window: which part of them, in which order.
        statuses: only those that stand at one of these.
        query: only those whose id or name holds this text, whatever its case.
        ids: only these; None for any.
    """
    values: dict[str, Any] = {"tenant_id": tenant_id, "statuses": [status.value for status in statuses]}
    if ids is not None:
        values["ids"] = ids
    if query:
        values["query"] = f"%{_ESCAPED.sub(_ESCAPE, query)}%"
    values |= window.values
    statement = _PAGES.get((frozenset(values), window.shape), lambda: window.of(_fitting(values)))
    return await statement.all(connection, values)


async def list_versions(
    session: AsyncSession, tenant_id: UUID, workflow_id: str, window: Window
) -> Sequence[WorkflowVersion]:
    """A part of a workflow's versions, without their definitions."""
    statement = select(WorkflowVersion).where(
        WorkflowVersion.tenant_id == tenant_id, WorkflowVersion.template_id == workflow_id
    )
    return (await session.scalars(window.of(statement).options(defer(WorkflowVersion.definition)))).all()


async def calling_parts(
    session: AsyncSession, tenant_id: UUID, targets: Collection[Target]
) -> dict[Target, dict[str, Any]]:
    """Of the published versions among ``targets``, the parts of their definitions that may start other workflows."""
    of_active = [target.workflow_id for target in targets if target.version is None]
    numbered = [(target.workflow_id, target.version) for target in targets if target.version is not None]
    definition = cast(WorkflowVersion.definition, JSONB)
    parts = func.jsonb_build_object(
        "nodes", func.jsonb_path_query_array(definition, _SUBWORKFLOWS), "settings", definition["settings"]
    )
    columns = (WorkflowVersion.template_id, WorkflowVersion.version_number, WorkflowVersion.is_active, parts)
    statement = select(*columns).where(
        WorkflowVersion.tenant_id == tenant_id,
        WorkflowVersion.published_at.is_not(None),
        or_(
            WorkflowVersion.template_id.in_(of_active) & WorkflowVersion.is_active,
            tuple_(WorkflowVersion.template_id, WorkflowVersion.version_number).in_(numbered),
        ),
    )
    found: dict[Target, dict[str, Any]] = {}
    for workflow_id, number, is_active, document in await session.execute(statement):
        found[Target(workflow_id, number)] = document
        if is_active:
            found[Target(workflow_id)] = document
    return {target: found[target] for target in targets if target in found}


async def deactivate_versions(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> None:
    """No version of the workflow is the active one any more."""
    await session.execute(
        update(WorkflowVersion)
        .where(
            WorkflowVersion.tenant_id == tenant_id,
            WorkflowVersion.template_id == workflow_id,
            WorkflowVersion.is_active,
        )
        .values(is_active=False)
    )


async def now(session: AsyncSession) -> datetime:
    """The transaction's time."""
    return (await session.scalars(select(func.now()))).one()


def _fitting(given: Collection[str]) -> Select[WorkflowTemplate]:
    """The statement that selects the templates that fit, by what is asked for; see ``weftline.features.rows``."""
    statement = select(WorkflowTemplate).where(
        WorkflowTemplate.tenant_id == _TENANT, WorkflowTemplate.status == any_(_list("statuses"))
    )
    if "ids" in given:
        statement = statement.where(WorkflowTemplate.id == any_(_list("ids")))
    if "query" in given:
        pattern = bindparam("query", type_=TEXT)
        statement = statement.where(or_(WorkflowTemplate.id.ilike(pattern), WorkflowTemplate.name.ilike(pattern)))
    return statement


def _list(name: str) -> BindParameter[Any]:
    return bindparam(name, type_=ARRAY(TEXT))


_TENANT, _ID = bindparam("tenant_id", type_=Uuid()), bindparam("id", type_=TEXT)
_WANTED = bindparam("number", type_=Integer)

_TEMPLATE = Statement[WorkflowTemplate](
    select(WorkflowTemplate).where(WorkflowTemplate.tenant_id == _TENANT, WorkflowTemplate.id == _ID)
)
_LATEST = select(WorkflowTemplate.latest_version).where(
    WorkflowTemplate.tenant_id == _TENANT, WorkflowTemplate.id == _ID
)
_VERSION = Statement[WorkflowVersion](
    select(WorkflowVersion).where(
        WorkflowVersion.tenant_id == _TENANT,
        WorkflowVersion.template_id == _ID,
        WorkflowVersion.version_number == func.coalesce(_WANTED, _LATEST.scalar_subquery()),
    )
)
_PAGES = Shapes[WorkflowTemplate]()
