"""Policies and requests for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from weftline.features.access.policies.engine import (
    PolicyEngine,
    PolicyRequest,
    PolicySource,
    PolicySubject,
    Resource,
)

ACTIONS = frozenset(
    {
        "task:read",
        "task:claim",
        "task:complete",
        "workflow:read",
        "workflow:publish",
        "execution:start",
        "policy:read",
        "policy:manage",
        "access:explain",
    }
)

GRACE = PolicySubject(
    id="grace",
    type="User",
    name="grace@example.org",
    roles=frozenset({"approver", "viewer"}),
    groups=frozenset({"purchasing"}),
    department="finance",
    methods=frozenset({"pwd", "otp"}),
)
ROBOT = PolicySubject(id="robot", type="Service", name="importer", roles=frozenset({"operator"}))

TASK = Resource(
    type="Task",
    id="t1",
    workflow_id="purchase",
    started_by="ada",
    status="open",
    tags=frozenset({"urgent"}),
    amount=20_000,
    department="finance",
    attributes={"region": "EU", "iban": "DE00"},
)

# a Wednesday
NOON = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)


def id_of(name: str) -> UUID:
    """The id of the policy of this name."""
    return uuid5(NAMESPACE_OID, name)


def engine(actions: frozenset[str] = ACTIONS, /, **sources: str) -> PolicyEngine:
    """The engine of policies, each under its name."""
    policies = [PolicySource(id_of(name), name, source) for name, source in sources.items()]
    return PolicyEngine.compile(policies, actions)


def ask(action: str = "task:complete", **fields: Any) -> PolicyRequest:
    """A request that roles allow: Grace completes a task. ``fields`` differ."""
    request = PolicyRequest(
        subject=GRACE, action=action, resource=TASK, now=NOON, mfa=True, address="10.1.2.3", rbac_allows=True
    )
    return replace(request, **fields)


def allows(condition: str, **fields: Any) -> bool:
    """Whether a condition is fulfilled by a request that nothing else allows."""
    source = f"permit(principal, action, resource) when {{ {condition} }};"
    decision = engine(only=source).decide(ask(**{"rbac_allows": False, **fields}))
    assert not decision.errors
    return decision.allowed
