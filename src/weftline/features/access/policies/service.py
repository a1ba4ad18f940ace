"""What can be done with policies."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func
from sqlalchemy.ext.asyncio import AsyncSession

from weftline.features.access.caller import Caller
from weftline.features.access.permissions import CATALOGUE
from weftline.features.access.policies import repository
from weftline.features.access.policies.errors import (
    InvalidPolicy,
    PermitNeedsEverything,
    PolicyChanged,
    PolicyNameTaken,
    PolicyNotFound,
    TooManyPolicies,
)
from weftline.features.access.policies.models import Policy
from weftline.features.access.revocations import revoke
from weftline.features.audit.trail import record
from weftline.features.database import Database
from weftline.features.http.listing import Window
from weftline.model.ids import uuid7
from weftline.policies.checking import check
from weftline.policies.problems import PolicyProblem
from weftline.policies.statement import read_statement

MAX_POLICIES = 200
MAX_TOTAL = 256 * 1024
"""Characters of all policies of a tenant."""


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """What somebody wants a policy to be.

    Attributes:
        name: for people, unique within the tenant.
        description: what it is for.
        source: Cedar's text of one policy.
        is_enabled: whether it takes part in decisions.
    """

    name: str
    description: str | None
    source: str
    is_enabled: bool


class PolicyService:
    """Writing and finding policies.

    Args:
        database: where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def problems(self, source: str) -> Sequence[PolicyProblem]:
        """Everything that is wrong with a policy; nothing is stored."""
        return await asyncio.to_thread(check, source, CATALOGUE)

    async def get(self, tenant_id: UUID, policy_id: UUID) -> Policy:
        """A policy.

        Raises:
            PolicyNotFound: there is none of this id.
        """
        async with self._database.transaction(tenant_id) as session:
            return await _existing(session, tenant_id, policy_id)

    async def list(self, tenant_id: UUID, window: Window) -> Sequence[Policy]:
        """Policies; see ``repository.list_policies``."""
        async with self._database.transaction(tenant_id) as session:
            return await repository.list_policies(session, tenant_id, window)

    async def create(self, caller: Caller, draft: PolicyDraft) -> Policy:
        """Save a new policy.

        Raises:
            InvalidPolicy: it could not decide.
            PermitNeedsEverything: it permits, and the caller may not do everything.
            PolicyNameTaken, TooManyPolicies: there is no room for it.
        """
        await self._check(caller, draft.source)
        policy = Policy(tenant_id=caller.tenant_id, id=uuid7(), created_by=caller.id)
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.lock(session, caller.tenant_id)
            await _fill(session, policy, draft)
            session.add(policy)
            await session.flush()
            await session.refresh(policy)
            await revoke(session, "tenant", caller.tenant_id)
            await record(session, "policy.created", "policy", policy.id, after=_snapshot(policy))
        return policy

    async def replace(
        self, caller: Caller, policy_id: UUID, draft: PolicyDraft, *, expected_etag: str | None = None
    ) -> Policy:
        """Change a policy. That it failed is forgotten.

        Args:
            caller: who changes it.
            policy_id: which.
            draft: what it becomes.
            expected_etag: change it only if it is still in this state.

        Raises:
            PolicyNotFound: there is none of this id.
            PolicyChanged: it is not in the expected state.
            InvalidPolicy, PermitNeedsEverything, PolicyNameTaken, TooManyPolicies: see :meth:`create`.
        """
        await self._check(caller, draft.source)
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.lock(session, caller.tenant_id)
            policy = await _existing(session, caller.tenant_id, policy_id, expected_etag)
            before = _snapshot(policy)
            await _fill(session, policy, draft)
            policy.last_error = policy.failed_at = None
            policy.etag += 1
            policy.updated_at = func.now()
            await session.flush()
            await session.refresh(policy)
            await revoke(session, "tenant", caller.tenant_id)
            await record(session, "policy.changed", "policy", policy.id, before=before, after=_snapshot(policy))
        return policy

    async def remove(self, caller: Caller, policy_id: UUID, *, expected_etag: str | None = None) -> Policy:
        """Remove a policy, and return what it was.

        Raises:
            PolicyNotFound: there is none of this id.
            PolicyChanged: it is not in the expected state.
        """
        async with self._database.transaction(caller.tenant_id) as session:
            await repository.lock(session, caller.tenant_id)
            policy = await _existing(session, caller.tenant_id, policy_id, expected_etag)
            await session.delete(policy)
            await session.flush()
            await revoke(session, "tenant", caller.tenant_id)
            await record(session, "policy.removed", "policy", policy.id, before=_snapshot(policy))
        return policy

    async def _check(self, caller: Caller, source: str) -> None:
        if problems := await self.problems(source):
            raise InvalidPolicy(problems)
        # whatever it permits, the caller must be allowed already: nobody lifts themselves up
        statement = await asyncio.to_thread(read_statement, source)
        if statement.effect == "permit" and not all(caller.can(each) for each in CATALOGUE):
            raise PermitNeedsEverything


async def _existing(
    session: AsyncSession, tenant_id: UUID, policy_id: UUID, expected_etag: str | None = None
) -> Policy:
    policy = await repository.get(session, tenant_id, policy_id)
    if policy is None:
        raise PolicyNotFound
    if expected_etag is not None and expected_etag != str(policy.etag):
        raise PolicyChanged
    return policy


async def _fill(session: AsyncSession, policy: Policy, draft: PolicyDraft) -> None:
    """Make the policy what is wanted, if the tenant's other policies leave room for it."""
    if await repository.is_taken(session, policy.tenant_id, draft.name, by_other_than=policy.id):
        raise PolicyNameTaken(draft.name)
    others = await repository.extent(session, policy.tenant_id, without=policy.id)
    if others.policies >= MAX_POLICIES:
        raise TooManyPolicies(f"A tenant has at most {MAX_POLICIES} policies.")
    if others.characters + len(draft.source) > MAX_TOTAL:
        raise TooManyPolicies(f"The policies of a tenant have at most {MAX_TOTAL} characters altogether.")
    policy.name = draft.name
    policy.description = draft.description
    policy.source = draft.source
    policy.is_enabled = draft.is_enabled


def _snapshot(policy: Policy) -> dict[str, Any]:
    """The policy as the audit log keeps it."""
    return {
        "name": policy.name,
        "description": policy.description,
        "source": policy.source,
        "isEnabled": policy.is_enabled,
    }
