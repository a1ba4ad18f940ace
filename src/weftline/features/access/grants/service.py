"""What can be done with grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Authority, Caller
from weftline.features.access.grants import repository
from weftline.features.access.grants.errors import GrantNotFound, NotOnWorkflows, UnknownSubject, UnknownWorkflow
from weftline.features.access.grants.models import GrantRow, SubjectType
from weftline.features.access.lock import lock_access
from weftline.features.access.permissions import BUILT_IN_ROLES
from weftline.features.access.revocations import revoke
from weftline.features.access.roles import repository as roles
from weftline.features.access.roles.giving import check_permissions, check_within
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.model.ids import uuid7

WORKFLOW_RESOURCES = ("workflow:", "execution:", "task:", "statistics:")
"""What permissions begin with that make sense on one workflow."""


@dataclass(frozen=True, slots=True)
class GrantDraft:
    """What somebody wants to grant.

    Attributes:
        subject_type, subject_id: to whom.
        permissions: names.
        workflow_id: on which workflow; None: in the whole tenant.
    """

    subject_type: SubjectType
    subject_id: str
    permissions: tuple[str, ...]
    workflow_id: str | None


class GrantService:
    """Making, finding and withdrawing grants.

    Args:
        database: where they are.
        cache: what follows from them.
    """

    def __init__(self, database: Database, cache: AccessCache) -> None:
        self._database = database
        self._cache = cache

    async def list(self, tenant_id: UUID, wanted: repository.Filter, window: Window) -> Sequence[GrantRow]:
        """Grants; see ``repository.list_grants``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_grants(session, tenant_id, wanted, window)

    async def get(self, tenant_id: UUID, grant_id: UUID) -> GrantRow:
        """A grant.

        Raises:
            GrantNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, grant_id)

    async def create(self, caller: Caller, draft: GrantDraft) -> GrantRow:
        """Grant permissions.

        Raises:
            UnknownNames, UnknownSubject, UnknownWorkflow, NotOnWorkflows: it names what cannot be.
            BeyondOwnAuthority: the caller has not all of it.
        """
        check_permissions(draft.permissions)
        if draft.workflow_id is not None:
            for place, each in enumerate(draft.permissions):
                if not each.startswith(WORKFLOW_RESOURCES):
                    raise NotOnWorkflows(place, each)
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            subject_id = await checked_subject(
                session, tenant_id, draft.subject_type, draft.subject_id, pointer="/subjectId"
            )
            if draft.workflow_id is not None and not await repository.workflow_exists(
                session, tenant_id, draft.workflow_id
            ):
                raise UnknownWorkflow(draft.workflow_id)
            grant = GrantRow(
                tenant_id=tenant_id,
                id=uuid7(),
                subject_type=draft.subject_type.value,
                subject_id=subject_id,
                permissions=sorted(set(draft.permissions)),
                workflow_id=draft.workflow_id,
                created_by=caller.id,
            )
            check_within(caller, authority_in(grant))
            session.add(grant)
            await session.flush()
            await session.refresh(grant)
            await revoke_subject(session, grant)
            await record(session, "grant.created", "grant", grant.id, after=told(grant))
        forget_subject(self._cache, grant)
        return grant

    async def remove(self, caller: Caller, grant_id: UUID) -> GrantRow:
        """Withdraw a grant, and return what it was.

        Raises:
            GrantNotFound: there is none of this id.
            BeyondOwnAuthority: the caller has not all of it.
        """
        tenant_id = caller.tenant_id
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            grant = await _existing(session, tenant_id, grant_id)
            check_within(caller, authority_in(grant))
            await session.delete(grant)
            await session.flush()
            await revoke_subject(session, grant)
            await record(session, "grant.removed", "grant", grant_id, before=told(grant))
        forget_subject(self._cache, grant)
        return grant


async def checked_subject(
    session: AsyncSession, tenant_id: UUID, kind: SubjectType, subject_id: str, *, pointer: str
) -> str:
    """A subject's id, in the form in which it is stored.

    Raises:
        UnknownSubject: the tenant has none such.
    """
    if kind is SubjectType.ROLE:
        exists = subject_id in BUILT_IN_ROLES or await roles.get(session, tenant_id, subject_id) is not None
    else:
        exists = await repository.subject_exists(session, tenant_id, kind, subject_id)
    if not exists:
        raise UnknownSubject(pointer, kind.value, subject_id)
    return subject_id if kind is SubjectType.ROLE else str(UUID(subject_id))


def authority_in(grant: GrantRow) -> Authority:
    """What a grant gives."""
    allowed = frozenset(grant.permissions)
    if grant.workflow_id is None:
        return Authority(permissions=allowed)
    return Authority(on_workflows={grant.workflow_id: allowed})


async def revoke_subject(session: AsyncSession, grant: GrantRow) -> None:
    """Make every process forget what followed from a grant."""
    await revoke(session, *_forgotten(grant))


def forget_subject(cache: AccessCache, grant: GrantRow) -> None:
    """Make this process forget it at once, after the commit."""
    cache.forget(*_forgotten(grant))


def told(grant: GrantRow) -> dict[str, Any]:
    """The grant as the audit log keeps it."""
    return {
        "subjectType": grant.subject_type,
        "subjectId": grant.subject_id,
        "permissions": grant.permissions,
        "workflowId": grant.workflow_id,
    }


def _forgotten(grant: GrantRow) -> tuple[Literal["user", "tenant"], UUID]:
    # a service account is read anew like a person; whoever is in a group or has a role is not known here
    if grant.subject_type in (SubjectType.USER, SubjectType.SERVICE_ACCOUNT):
        return "user", UUID(grant.subject_id)
    return "tenant", grant.tenant_id


async def _existing(session: AsyncSession, tenant_id: UUID, grant_id: UUID) -> GrantRow:
    grant = await repository.get(session, tenant_id, grant_id)
    if grant is None:
        raise GrantNotFound
    return grant
