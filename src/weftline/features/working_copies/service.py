"""What can be done with working copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from weftline.features.access.caller import Caller
from weftline.features.access.gate import Gate
from weftline.features.access.policies.request import Resource
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.features.workflows.permissions import READ, WRITE
from weftline.features.working_copies import repository
from weftline.features.working_copies.errors import (
    TooManyWorkingCopies,
    WorkingCopyChanged,
    WorkingCopyNeedsMember,
    WorkingCopyNotFound,
)
from weftline.features.working_copies.models import WorkingCopy
from weftline.features.working_copies.repository import Place
from weftline.model.ids import uuid7

MAX_COPIES = 200
"""Of one person in one tenant."""

TELL_AGAIN = timedelta(minutes=1)
"""After a rest of so long, those who follow the workflow are told again that somebody edits it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be saved.

    Attributes:
        definition: any JSON object.
        based_on_version, based_on_etag: the version, and the state of the workflow, that its author began with.
    """

    definition: dict[str, Any]
    based_on_version: int | None = None
    based_on_etag: str | None = None


class WorkingCopyService:
    """Saving and finding working copies. Everybody reads and changes only their own.

    Args:
        database: where they are.
        gate: decides who may work on which workflow.
    """

    def __init__(self, database: Database, gate: Gate) -> None:
        self._database = database
        self._gate = gate

    async def save(
        self,
        caller: Caller,
        workflow_id: str,
        draft: Draft,
        *,
        expected_etag: str | None = None,
        is_first: bool = False,
    ) -> WorkingCopy:
        """Make or replace the caller's working copy of a workflow, which need not exist.

        The audit log is told of its beginning, and not of each time that it is saved.

        Args:
            caller: whose it is.
            workflow_id: of which workflow.
            draft: what it holds.
            expected_etag: the state that it must be in; None for any.
            is_first: there must be none.

        Raises:
            PermissionDenied: they may not change the workflow.
            WorkingCopyNeedsMember: they are no member of the tenant.
            TooManyWorkingCopies: they have as many as they may.
            WorkingCopyChanged: it is not in the expected state, or there is one already.
        """
        await self._gate.require(caller, WRITE, _workflow(workflow_id))
        place = _place(caller, workflow_id)
        async with self._database.transaction(caller.tenant_id) as session:
            before = await repository.get(session, place, lock=True)
            if is_first and before is not None:
                raise WorkingCopyChanged
            if expected_etag is not None and (before is None or expected_etag != str(before.etag)):
                raise WorkingCopyChanged
            if before is None:
                if not await repository.is_member(session, place):
                    raise WorkingCopyNeedsMember
                if await repository.count(session, caller.tenant_id, place.owner_id) >= MAX_COPIES:
                    raise TooManyWorkingCopies(MAX_COPIES)
            is_new_to_others = before is None or before.updated_at < datetime.now(UTC) - TELL_AGAIN
            values = {
                "id": uuid7(),
                "definition": draft.definition,
                "based_on_version": draft.based_on_version,
                "based_on_etag": draft.based_on_etag,
            }
            saved = await repository.save(session, place, values, replace=not is_first)
            if saved is None:
                raise WorkingCopyChanged
            if is_new_to_others:
                await repository.tell(session, place)
            if before is None:
                await record(session, "working-copy.created", "workflow", workflow_id, after=_told(saved))
            return saved

    async def get(self, caller: Caller, workflow_id: str) -> WorkingCopy:
        """The caller's working copy of a workflow.

        Raises:
            PermissionDenied: they may not change the workflow any more.
            WorkingCopyNotFound: they have none.
        """
        await self._gate.require(caller, WRITE, _workflow(workflow_id))
        async with self._database.transaction(caller.tenant_id) as session:
            found = await repository.get(session, _place(caller, workflow_id))
        if found is None:
            raise WorkingCopyNotFound(workflow_id)
        return found

    async def remove(self, caller: Caller, workflow_id: str, *, expected_etag: str | None = None) -> WorkingCopy:
        """Remove the caller's working copy of a workflow, and return what it was.

        Raises:
            WorkingCopyNotFound: they have none.
            WorkingCopyChanged: it is not in the expected state.
        """
        place = _place(caller, workflow_id)
        async with self._database.transaction(caller.tenant_id) as session:
            found = await repository.get(session, place, lock=True)
            if found is None:
                raise WorkingCopyNotFound(workflow_id)
            if expected_etag is not None and expected_etag != str(found.etag):
                raise WorkingCopyChanged
            await session.delete(found)
            await session.flush()
            await repository.tell(session, place)
            await record(session, "working-copy.removed", "workflow", workflow_id, before=_told(found))
            return found

    async def list(
        self, caller: Caller, window: Window, *, workflow_id: str | None = None
    ) -> tuple[Sequence[WorkingCopy], Mapping[UUID, str]]:
        """The caller's own working copies, or everybody's of one workflow; and what their owners are called.

        Definitions are left out.

        Raises:
            PermissionDenied: they may not see the workflow.
        """
        owner = None if workflow_id is not None else _owner(caller)
        if workflow_id is not None:
            await self._gate.require(caller, READ, _workflow(workflow_id))
        async with self._database.transaction(caller.tenant_id) as session:
            found = await repository.list_copies(
                session, caller.tenant_id, window, owner_id=owner, workflow_id=workflow_id
            )
            return found, await repository.names_of(session, [each.owner_id for each in found])


def _owner(caller: Caller) -> UUID:
    if caller.id is None or caller.kind == "service":
        raise WorkingCopyNeedsMember
    return caller.id


def _place(caller: Caller, workflow_id: str) -> Place:
    return Place(caller.tenant_id, workflow_id, _owner(caller))


def _workflow(workflow_id: str) -> Resource:
    return Resource(type="Workflow", id=workflow_id, workflow_id=workflow_id)


def _told(copy: WorkingCopy) -> dict[str, Any]:
    """What the audit log tells of a working copy."""
    return {"basedOnVersion": copy.based_on_version}
