"""Deciding by a tenant's policies.

A request is allowed if roles and grants allow it or a ``permit`` matches, and no ``forbid`` matches, and nothing went
wrong while deciding. The last is ours: Cedar leaves out a policy that fails, so a ``forbid`` that fails would let
everybody through.

What roles and grants say takes part as one more policy, ``permit … when { context.rbac }``. Policies are sorted by the
actions they can have a say about when they are compiled: an action that none concerns costs a look into a dictionary.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias
from uuid import UUID

import cedarpy

from weftline.features.access.policies.request import (
    PolicyRequest,
    PolicySubject,
    Resource,
    Unanswerable,
    cedar_request,
)
from weftline.policies.problems import RefusedPolicy
from weftline.policies.schema import UNGOVERNED_BY_PLUGINS, governed
from weftline.policies.statement import Statement, read_statement

__all__ = [
    "PolicyDecision",
    "PolicyEngine",
    "PolicyFault",
    "PolicyId",
    "PolicyRequest",
    "PolicySource",
    "PolicySubject",
    "Resource",
]

MAX_SETS = 16
"""So many different choices of a tenant's policies are compiled; beyond, one of all of them serves every action."""

_RBAC = "permit(principal, action, resource) when { context.rbac };"
_FAULT = re.compile(r"^error while evaluating policy `policy(?P<number>\d+)`: (?P<message>.*)$", re.DOTALL)


PolicyId: TypeAlias = UUID | str
"""A tenant's own policy by its id, a plugin's by its name, ``<plugin id>.<name>``."""


@dataclass(frozen=True, slots=True)
class PolicySource:
    """A policy that counts for a tenant.

    Attributes:
        id: which.
        name: for people.
        source: Cedar's text.
    """

    id: PolicyId
    name: str
    source: str

    def concerns(self, statement: Statement, action: str) -> bool:
        """Whether it, read as ``statement``, can have a say about an action."""
        if isinstance(self.id, str) and action in UNGOVERNED_BY_PLUGINS:
            return False
        return statement.concerns(action)


@dataclass(frozen=True, slots=True)
class PolicyFault:
    """Something that went wrong while deciding.

    Attributes:
        policy_id: the policy that failed; None where it was the request.
        message: what went wrong.
    """

    policy_id: PolicyId | None
    message: str


@dataclass(frozen=True, slots=True)
class PolicyDecision:
    """What came out.

    Attributes:
        allowed: the answer.
        determining: the tenant's policies and its plugins' that matched and gave the answer; none where roles and
            grants alone did.
        errors: what went wrong; the answer is then no, for that reason alone.
    """

    allowed: bool
    determining: tuple[PolicyId, ...] = ()
    errors: tuple[PolicyFault, ...] = ()


class PolicyEngine:
    """A tenant's policies, ready to decide. It never changes, and may be used by several threads."""

    def __init__(self, selections: Mapping[str, _Selection], actions: frozenset[str], broken: Sequence[PolicyFault]):
        self._selections = selections
        self._actions = actions
        self._broken = tuple(broken)

    @classmethod
    def compile(cls, policies: Sequence[PolicySource], actions: Collection[str]) -> PolicyEngine:
        """The engine of some policies; kept, so that compiling the same ones again costs next to nothing.

        A policy that cannot be read does not raise: every decision it might concern is then a denial.

        Args:
            policies: the tenant's enabled policies.
            actions: names of the permissions that there are.
        """
        return _compile(tuple(policies), governed(actions))

    def touches(self, action: str) -> bool:
        """Whether any policy can have a say about an action. Where none can, roles and grants alone decide."""
        return action in self._selections or (bool(self._broken) and action in self._actions)

    def decide(self, request: PolicyRequest) -> PolicyDecision:
        """Whether the request is allowed, and why."""
        if self._broken and request.action in self._actions:
            return PolicyDecision(False, errors=self._broken)
        selection = self._selections.get(request.action)
        return PolicyDecision(request.rbac_allows) if selection is None else selection.decide(request)


@dataclass(frozen=True, slots=True)
class _Selection:
    """The policies that can have a say about some actions.

    Attributes:
        policies: in Cedar's form, which numbers them; the first is what roles and grants say.
        ids: of all but the first, in order.
        attributes, tags: what they ask for; see ``Statement``.
    """

    policies: cedarpy.PolicySet
    ids: tuple[PolicyId, ...]
    attributes: frozenset[str] | None
    tags: frozenset[str]

    def decide(self, request: PolicyRequest) -> PolicyDecision:
        try:
            question, entities = cedar_request(request, self.attributes, self.tags)
        except Unanswerable as error:
            return PolicyDecision(False, errors=(PolicyFault(None, str(error)),))
        # the library types dictionaries without their items
        answer = cedarpy.is_authorized(question, self.policies, entities)  # pyright: ignore[reportUnknownMemberType]
        if answer.diagnostics.errors:
            return PolicyDecision(False, errors=tuple(self._fault(error) for error in answer.diagnostics.errors))
        reasons = [int(reason.removeprefix("policy")) for reason in answer.diagnostics.reasons]
        determining = tuple(self.ids[number - 1] for number in sorted(reasons) if number > 0)
        return PolicyDecision(answer.allowed, determining)

    def _fault(self, message: str) -> PolicyFault:
        found = _FAULT.match(message)
        if found is None or found["number"] == "0":
            return PolicyFault(None, message)
        return PolicyFault(self.ids[int(found["number"]) - 1], found["message"])


@lru_cache(maxsize=256)
def _compile(sources: tuple[PolicySource, ...], actions: frozenset[str]) -> PolicyEngine:
    read: list[tuple[PolicySource, Statement]] = []
    broken: list[PolicyFault] = []
    for source in sources:
        try:
            read.append((source, read_statement(source.source)))
        except RefusedPolicy as refusal:
            broken.append(PolicyFault(source.id, str(refusal)))
    chosen = {
        action: tuple(number for number, (each, statement) in enumerate(read) if each.concerns(statement, action))
        for action in actions
    }
    chosen = {action: numbers for action, numbers in chosen.items() if numbers}
    if len(set(chosen.values())) > MAX_SETS:
        everything = tuple(range(len(read)))
        tenants_own = tuple(number for number in everything if not isinstance(read[number][0].id, str))
        chosen = {action: tenants_own if action in UNGOVERNED_BY_PLUGINS else everything for action in chosen}
    selections = {numbers: _select([read[number] for number in numbers]) for numbers in set(chosen.values())}
    return PolicyEngine({action: selections[numbers] for action, numbers in chosen.items()}, actions, broken)


def _select(policies: Sequence[tuple[PolicySource, Statement]]) -> _Selection:
    attributes: frozenset[str] | None = frozenset()
    for _, statement in policies:
        attributes = None if attributes is None or statement.attributes is None else attributes | statement.attributes
    return _Selection(
        cedarpy.PolicySet.from_str("\n".join([_RBAC, *(source.source for source, _ in policies)])),
        tuple(source.id for source, _ in policies),
        attributes,
        frozenset[str]().union(*(statement.tags for _, statement in policies)),
    )
