"""Who may use a workflow, in one piece: a list of people and a list of roles on the template.

Behind the lists stand ordinary grants, all of the same permissions; grants of anything else on the workflow are left
alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Authority, Caller
from weftline.features.access.grants import repository
from weftline.features.access.grants.models import GrantRow, SubjectType
from weftline.features.access.grants.service import checked_subject
from weftline.features.access.lock import lock_access
from weftline.features.access.revocations import revoke
from weftline.features.access.roles.giving import check_within
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.executions import permissions as executions
from weftline.features.http.conditional import fingerprint, require_state
from weftline.features.tasks import permissions as tasks
from weftline.features.workflows import permissions as workflows
from weftline.features.workflows.errors import WorkflowNotFound
from weftline.model.ids import uuid7

USE = sorted((workflows.READ, executions.START, executions.READ, tasks.READ, tasks.COMPLETE))
"""What somebody may do with a workflow who is on its lists."""

_TYPES = (SubjectType.USER, SubjectType.ROLE)


@dataclass(frozen=True, slots=True)
class WorkflowPermissions:
    """Who may use a workflow, besides those whose roles allow it anyhow.

    Attributes:
        user_ids: members.
        role_ids: whoever has one of these roles.
    """

    user_ids: tuple[UUID, ...]
    role_ids: tuple[str, ...]

    @property
    def etag(self) -> str:
        """The lists' state."""
        return fingerprint(sorted(map(str, self.user_ids)), sorted(self.role_ids))


class WorkflowPermissionService:
    """Reads and writes the lists.

    Args:
        database: where grants are.
        cache: what follows from them.
    """

    def __init__(self, database: Database, cache: AccessCache) -> None:
        self._database = database
        self._cache = cache

    async def get(self, tenant_id: UUID, workflow_id: str) -> WorkflowPermissions:
        """Who may use a workflow.

        Raises:
            WorkflowNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return _lists(await _listed(session, tenant_id, workflow_id))

    async def put(
        self, caller: Caller, workflow_id: str, wanted: WorkflowPermissions, *, expected_etag: str | None = None
    ) -> WorkflowPermissions:
        """Say who may use a workflow.

        Args:
            caller: who says so.
            workflow_id: which.
            wanted: who.
            expected_etag: only if the lists are still in this state.

        Raises:
            PreconditionFailed: they are not.
            WorkflowNotFound: there is none of this id.
            UnknownSubject: the tenant has no such member or role.
            BeyondOwnAuthority: the caller may not use the workflow themselves.
        """
        tenant_id = caller.tenant_id
        check_within(caller, Authority(on_workflows={workflow_id: frozenset(USE)}))
        async with self._database.transaction(tenant_id) as session:
            await lock_access(session, tenant_id)
            before = await _listed(session, tenant_id, workflow_id)
            require_state(expected_etag, _lists(before).etag, "The list")
            subjects = await _checked(session, tenant_id, wanted)
            for grant in before:
                if (grant.subject_type, grant.subject_id) in subjects:
                    subjects.remove((grant.subject_type, grant.subject_id))
                else:
                    await session.delete(grant)
            session.add_all(_grant(caller, workflow_id, *subject) for subject in sorted(subjects))
            await session.flush()
            after = _lists(await _listed(session, tenant_id, workflow_id))
            await revoke(session, "tenant", tenant_id)
            await record(
                session,
                "workflow.permissions_changed",
                "workflow",
                workflow_id,
                before=_told(_lists(before)),
                after=_told(after),
            )
        self._cache.forget("tenant", tenant_id)
        return after


async def _listed(session: AsyncSession, tenant_id: UUID, workflow_id: str) -> list[GrantRow]:
    if not await repository.workflow_exists(session, tenant_id, workflow_id):
        raise WorkflowNotFound(workflow_id)
    found = await repository.on_workflow(session, tenant_id, workflow_id, _TYPES)
    return [grant for grant in found if sorted(grant.permissions) == USE]


async def _checked(session: AsyncSession, tenant_id: UUID, wanted: WorkflowPermissions) -> set[tuple[str, str]]:
    subjects: set[tuple[str, str]] = set()
    for kind, ids, pointer in (
        (SubjectType.USER, [str(id) for id in wanted.user_ids], "/userIds"),
        (SubjectType.ROLE, wanted.role_ids, "/roleIds"),
    ):
        for place, id in enumerate(ids):
            subject = await checked_subject(session, tenant_id, kind, id, pointer=f"{pointer}/{place}")
            subjects.add((kind.value, subject))
    return subjects


def _grant(caller: Caller, workflow_id: str, subject_type: str, subject_id: str) -> GrantRow:
    return GrantRow(
        tenant_id=caller.tenant_id,
        id=uuid7(),
        subject_type=subject_type,
        subject_id=subject_id,
        permissions=USE,
        workflow_id=workflow_id,
        created_by=caller.id,
    )


def _lists(grants: list[GrantRow]) -> WorkflowPermissions:
    return WorkflowPermissions(
        tuple(sorted({UUID(each.subject_id) for each in grants if each.subject_type == SubjectType.USER})),
        tuple(sorted({each.subject_id for each in grants if each.subject_type == SubjectType.ROLE})),
    )


def _told(lists: WorkflowPermissions) -> dict[str, list[str]]:
    return {"userIds": [str(id) for id in lists.user_ids], "roleIds": [*lists.role_ids]}
