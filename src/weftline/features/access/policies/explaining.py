"""Why somebody may or may not do something."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from weftline.authoring.plugin.registry import plugin_of
from weftline.features.access.cache import AccessCache
from weftline.features.access.caller import Caller
from weftline.features.access.gate import Explanation, Gate
from weftline.features.access.permissions import CATALOGUE
from weftline.features.access.policies import repository
from weftline.features.access.policies.engine import PolicyFault, PolicyId, PolicySource, Resource
from weftline.features.access.policies.errors import SubjectNotFound, UnknownAction
from weftline.features.access.policies.request import ResourceType
from weftline.features.access.resources import load_resource
from weftline.features.database import Database

ReasonKind = Literal["role", "grant", "policy", "error"]

_PARAMETERS: dict[ResourceType, str] = {"Workflow": "workflow_id", "Execution": "execution_id", "Task": "task_id"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that a decision rests on.

    Attributes:
        kind: a role, a grant, a policy, or an error while deciding, which denies.
        effect: what it speaks for.
        id: the role's or the policy's; the workflow's for a grant on it; None where there is none to name.
        name: the policy's.
        plugin: the plugin whose policy it is; None where it is the tenant's own.
        message: what went wrong.
    """

    kind: ReasonKind
    effect: Literal["permit", "forbid"]
    id: str | None = None
    name: str | None = None
    plugin: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """A decision and what it rests on. Where nothing speaks for it, the answer is no.

    Attributes:
        allowed: the decision.
        subject: about whom.
        reasons: everything that had a say.
    """

    allowed: bool
    subject: Caller
    reasons: list[Reason]


class Explaining:
    """Explains decisions of the gate.

    Args:
        database: under the API's role.
        cache: tenants' rules and members.
        gate: decides.
        besides: policies that count for a tenant besides its own.
    """

    def __init__(
        self,
        database: Database,
        cache: AccessCache,
        gate: Gate,
        besides: Callable[[UUID], Sequence[PolicySource]] = lambda _: (),
    ) -> None:
        self._database = database
        self._cache = cache
        self._gate = gate
        self._besides = besides

    async def explain(
        self,
        caller: Caller,
        action: str,
        *,
        subject_id: UUID | None = None,
        resource_type: ResourceType = "Tenant",
        resource_id: str = "",
        with_second_factor: bool = True,
    ) -> Account:
        """Why somebody may or may not do something now, from the address that the caller asks from.

        Args:
            caller: who asks.
            action: name of the permission that it takes.
            subject_id: a member or a service account; the caller where not given, as signed in.
            resource_type, resource_id: on what; the tenant itself where not given.
            with_second_factor: whether the subject is to be thought of as having given one.

        Raises:
            UnknownAction: there is no such permission.
            SubjectNotFound: there is no such member or service account.
            NotFound: there is no such resource.
        """
        if action not in CATALOGUE:
            raise UnknownAction(action)
        subject = caller if subject_id is None else await self._subject(caller, subject_id, with_second_factor)
        place = _PARAMETERS.get(resource_type)
        params = {} if place is None else {place: resource_id}
        resource = await load_resource(self._database, caller.tenant_id, params)
        explanation = await self._gate.explain(subject, action, resource)
        reasons = [
            *await self._of_roles(subject, action, explanation, resource),
            *await self._of_policies(subject, explanation),
        ]
        return Account(explanation.allowed, subject, reasons)

    async def _subject(self, caller: Caller, subject_id: UUID, with_second_factor: bool) -> Caller:
        tenant_id = caller.tenant_id
        if (member := await self._cache.member(tenant_id, subject_id)) is not None:
            methods = frozenset({"pwd", "otp"} if with_second_factor else {"pwd"})
            return Caller(tenant_id, "user", subject_id, member.name, member.authority, methods=methods)
        if (account := await self._cache.service(tenant_id, subject_id)) is not None:
            methods = frozenset({"key"})
            return Caller(tenant_id, "service", subject_id, account.name, account.authority, methods=methods)
        raise SubjectNotFound

    async def _of_roles(
        self, subject: Caller, action: str, explanation: Explanation, resource: Resource
    ) -> list[Reason]:
        if explanation.by_grant:
            return [Reason("grant", "permit", resource.workflow_id)]
        if not explanation.by_permission:
            return []
        rules = await self._cache.rules(subject.tenant_id)
        assert rules is not None
        roles = sorted(role for role in subject.authority.roles if action in rules.permissions_of([role]))
        return [Reason("role", "permit", role) for role in roles] or [Reason("grant", "permit")]

    async def _of_policies(self, subject: Caller, explanation: Explanation) -> list[Reason]:
        decision = explanation.policy
        if decision is None:
            return []
        ids = {*decision.determining, *(fault.policy_id for fault in decision.errors)}
        named = {id for id in ids if isinstance(id, UUID)}
        async with self._database.transaction(subject.tenant_id) as session:
            own = await repository.names(session, subject.tenant_id, named)
        names = {**own, **{each.id: each.name for each in self._besides(subject.tenant_id)}}
        effect = "permit" if decision.allowed else "forbid"
        return [
            *(_of_policy("policy", effect, id, names) for id in decision.determining),
            *(_error(fault, names) for fault in decision.errors),
        ]


def _error(fault: PolicyFault, names: Mapping[PolicyId, str]) -> Reason:
    if fault.policy_id is None:
        return Reason("error", "forbid", message=fault.message)
    return _of_policy("error", "forbid", fault.policy_id, names, fault.message)


def _of_policy(
    kind: ReasonKind,
    effect: Literal["permit", "forbid"],
    id: PolicyId,
    names: Mapping[PolicyId, str],
    message: str | None = None,
) -> Reason:
    plugin = None if isinstance(id, UUID) else plugin_of(id)
    return Reason(kind, effect, str(id), names.get(id), plugin, message)
