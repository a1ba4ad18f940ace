"""What can be done with variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.audit.trail import record
from weftline.features.database import Database, driver
from weftline.features.http.listing import Window
from weftline.features.tenancy.models import Tenant
from weftline.features.variables import repository
from weftline.features.variables.errors import (
    SystemVariable,
    TooManyVariables,
    VariableChanged,
    VariableExists,
    VariableNotFound,
)
from weftline.features.variables.models import Variable, VariableType
from weftline.features.variables.values import check_value
from weftline.features.workflows.errors import WorkflowNotFound
from weftline.features.workflows.models import WorkflowTemplate
from weftline.model.ids import uuid7
from weftline.store.keyring import Keyring
from weftline.store.variables import SECRET, SYSTEM_VARIABLES, secret_context, system_values

MAX_VARIABLES = 500
"""Of a tenant, and of each of its workflows."""

TENANT = ""
"""The scope of what belongs to the whole tenant."""


@dataclass(frozen=True, slots=True)
class VariableDraft:
    """What somebody wants a variable to be.

    Attributes:
        type: what kind of value it has.
        value: JSON that fits the type.
        description: for people.
    """

    type: VariableType
    value: Any
    description: str | None = None


@dataclass(frozen=True, slots=True)
class VariableChange:
    """What somebody wants changed.

    Attributes:
        fields: the names of those that are to change.
        type, value, description: what they become.
    """

    fields: frozenset[str]
    type: VariableType | None = None
    value: Any = None
    description: str | None = None


class VariableService:
    """Setting and finding variables.

    A scope is a workflow's id, or ``TENANT``; what is the workflow's stands before what is its tenant's.

    Args:
        database: where they are.
        keyring: seals secrets.
        platform_url: where people reach the platform.
    """

    def __init__(self, database: Database, keyring: Keyring, platform_url: str) -> None:
        self._database = database
        self._keyring = keyring
        self._platform_url = platform_url

    async def get(self, tenant_id: UUID, scope: str, key: str) -> Variable:
        """A variable.

        Raises:
            VariableNotFound, WorkflowNotFound: there is none of this name, or no such workflow.
        """
        async with self._database.transaction(tenant_id) as session:
            await _check_scope(session, tenant_id, scope)
            return await _existing(session, tenant_id, scope, key)

    async def check_scope(self, tenant_id: UUID, scope: str) -> None:
        """See that there can be variables here.

        Raises:
            WorkflowNotFound: there is no such workflow.
        """
        async with self._database.transaction(tenant_id) as session:
            await _check_scope(session, tenant_id, scope)

    async def list(
        self,
        tenant_id: UUID,
        scope: str,
        window: Window,
        *,
        types: Sequence[VariableType] = (),
        query: str | None = None,
    ) -> Sequence[Variable]:
        """Variables; see ``repository.list_variables``.

        Raises:
            WorkflowNotFound: there is no such workflow.
        """
        async with self._database.transaction(tenant_id) as session:
            await _check_scope(session, tenant_id, scope)
            return await repository.list_variables(session, tenant_id, scope, window, types=types, query=query)

    async def system(
        self, tenant_id: UUID, *, types: Sequence[VariableType] = (), query: str | None = None
    ) -> Sequence[tuple[str, str, str]]:
        """Key, value and description of the variables that the platform gives; filters are those of :meth:`list`."""
        async with self._database.transaction(tenant_id) as session:
            slug = (await session.scalars(select(Tenant.slug).where(Tenant.id == tenant_id))).one()
        if types and "STRING" not in types:
            return []
        return [
            (key, value, SYSTEM_VARIABLES[key])
            for key, value in system_values(tenant_id, slug, self._platform_url).items()
            if not query or query.lower() in f"{key} {SYSTEM_VARIABLES[key]}".lower()
        ]

    async def create(self, caller: Caller, scope: str, key: str, draft: VariableDraft) -> Variable:
        """Make a new variable.

        Raises:
            InvalidVariable: the value does not fit.
            SystemVariable, VariableExists, TooManyVariables: there is no room for it.
            WorkflowNotFound: there is no such workflow.
        """
        variable, _ = await self._set(caller, scope, key, draft, may_exist=False)
        return variable

    async def set(
        self, caller: Caller, scope: str, key: str, draft: VariableDraft, *, expected_etag: str | None = None
    ) -> tuple[Variable, bool]:
        """Make a variable, or replace it.

        Returns:
            What it is now, and whether it is new.

        Raises:
            VariableChanged: it is not in the expected state.
            InvalidVariable, SystemVariable, TooManyVariables, WorkflowNotFound: see :meth:`create`.
        """
        return await self._set(caller, scope, key, draft, may_exist=True, expected_etag=expected_etag)

    async def change(
        self, caller: Caller, scope: str, key: str, change: VariableChange, *, expected_etag: str | None = None
    ) -> Variable:
        """Change some of a variable.

        Raises:
            VariableNotFound: there is none of this name.
            VariableChanged: it is not in the expected state.
            InvalidVariable: the value does not fit the type; a secret's old value fits no other type.
            SystemVariable, WorkflowNotFound: see :meth:`create`.
        """
        _refuse_system(key)
        async with self._database.transaction(caller.tenant_id) as session:
            await _check_scope(session, caller.tenant_id, scope)
            await repository.begin_change(session, caller.tenant_id)
            variable = await _existing(session, caller.tenant_id, scope, key, expected_etag)
            type = change.type if "type" in change.fields and change.type is not None else variable.type
            is_new_value = "value" in change.fields or type != variable.type
            before = _facts(variable)
            if "description" in change.fields:
                variable.description = change.description
            if is_new_value:
                await self._fill(session, variable, type, change.value if "value" in change.fields else variable.value)
            await _changed(session, variable)
            await _record(session, "variable.changed", variable, before, {"valueChanged": is_new_value})
        return variable

    async def remove(self, caller: Caller, scope: str, key: str, *, expected_etag: str | None = None) -> Variable:
        """Remove a variable, and return what it was. Expressions that name it fail from then on.

        Raises:
            VariableNotFound, VariableChanged, SystemVariable, WorkflowNotFound: see :meth:`change`.
        """
        _refuse_system(key)
        async with self._database.transaction(caller.tenant_id) as session:
            await _check_scope(session, caller.tenant_id, scope)
            await repository.begin_change(session, caller.tenant_id)
            variable = await _existing(session, caller.tenant_id, scope, key, expected_etag)
            await session.delete(variable)
            await session.flush()
            resource = _resource(variable)
            await record(session, "variable.removed", "variable", resource, before=_facts(variable))
        return variable

    async def create_in(
        self, session: AsyncSession, tenant_id: UUID, scope: str, drafts: Mapping[str, VariableDraft]
    ) -> None:
        """Give a new workflow its variables, within the transaction that makes it.

        Args:
            session: the transaction.
            tenant_id: whose workflow.
            scope: the workflow's id.
            drafts: the variables by name.

        Raises:
            InvalidVariable, SystemVariable: one of them cannot be.
        """
        for key, draft in drafts.items():
            _refuse_system(key)
            await self._add(session, tenant_id, scope, key, draft)

    async def _add(
        self, session: AsyncSession, tenant_id: UUID, scope: str, key: str, draft: VariableDraft
    ) -> Variable:
        variable = Variable(tenant_id=tenant_id, workflow_id=scope, key=key, id=uuid7())
        variable.description = draft.description
        await self._fill(session, variable, draft.type, draft.value)
        session.add(variable)
        await session.flush()
        await session.refresh(variable)
        await _record(session, "variable.created", variable)
        return variable

    async def _set(
        self,
        caller: Caller,
        scope: str,
        key: str,
        draft: VariableDraft,
        *,
        may_exist: bool,
        expected_etag: str | None = None,
    ) -> tuple[Variable, bool]:
        _refuse_system(key)
        check_value(draft.type, draft.value)
        async with self._database.transaction(caller.tenant_id) as session:
            await _check_scope(session, caller.tenant_id, scope)
            await repository.begin_change(session, caller.tenant_id)
            variable = await repository.get(session, caller.tenant_id, scope, key)
            if variable is None:
                if expected_etag is not None:
                    raise VariableChanged(key)
                if await repository.count(session, caller.tenant_id, scope) >= MAX_VARIABLES:
                    raise TooManyVariables(MAX_VARIABLES)
                return await self._add(session, caller.tenant_id, scope, key, draft), True
            if not may_exist:
                raise VariableExists(key)
            _check_etag(variable, expected_etag)
            before = _facts(variable)
            variable.description = draft.description
            await self._fill(session, variable, draft.type, draft.value)
            await _changed(session, variable)
            await _record(session, "variable.changed", variable, before, {"valueChanged": True})
        return variable, False

    async def _fill(self, session: AsyncSession, variable: Variable, type: VariableType, value: Any) -> None:
        """Give a variable its value, sealed where it is a secret."""
        check_value(type, value)
        variable.type = type
        if type == SECRET:
            cipher = await self._keyring.cipher(await driver(session), variable.tenant_id)
            variable.sealed = cipher.seal(value.encode(), secret_context(variable.workflow_id, variable.key))
            variable.value = None
        else:
            variable.value, variable.sealed = value, None


def _refuse_system(key: str) -> None:
    if key in SYSTEM_VARIABLES:
        raise SystemVariable(key)


async def _check_scope(session: AsyncSession, tenant_id: UUID, scope: str) -> None:
    if scope != TENANT and await session.get(WorkflowTemplate, (tenant_id, scope)) is None:
        raise WorkflowNotFound(scope)


async def _existing(
    session: AsyncSession, tenant_id: UUID, scope: str, key: str, expected_etag: str | None = None
) -> Variable:
    variable = await repository.get(session, tenant_id, scope, key)
    if variable is None:
        raise VariableNotFound(key)
    _check_etag(variable, expected_etag)
    return variable


def _check_etag(variable: Variable, expected_etag: str | None) -> None:
    if expected_etag is not None and expected_etag != str(variable.etag):
        raise VariableChanged(variable.key)


async def _changed(session: AsyncSession, variable: Variable) -> None:
    variable.etag += 1
    variable.updated_at = func.now()
    await session.flush()
    await session.refresh(variable)


async def _record(
    session: AsyncSession,
    action: str,
    variable: Variable,
    before: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    after = {**_facts(variable), **(more or {})}
    await record(session, action, "variable", _resource(variable), before=before, after=after)


def _facts(variable: Variable) -> dict[str, Any]:
    """What the audit log may know: not the value, whatever the type is."""
    return {
        "key": variable.key,
        "workflowId": variable.workflow_id or None,
        "type": variable.type,
        "description": variable.description,
    }


def _resource(variable: Variable) -> str:
    return f"{variable.workflow_id}/{variable.key}" if variable.workflow_id else variable.key
