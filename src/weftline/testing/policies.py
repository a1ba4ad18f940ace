"""Asking a plugin's policies, without a platform around them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cedarpy
import orjson

from weftline.authoring.plugin import Policy
from weftline.policies.schema import schema
from weftline.policies.statement import group_of

PRINCIPAL: Mapping[str, Any] = {"id": "somebody", "name": "somebody@example.com", "methods": ["pwd"]}
CONTEXT: Mapping[str, Any] = {"rbac": True, "mfa": False, "date": "2026-03-04", "hour": 10, "weekday": 3}
"""What a request has where a test does not say otherwise: a Wednesday morning, a password, no second factor."""

_NOW = {"now": {"__extn": {"fn": "datetime", "arg": "2026-03-04T10:00:00Z"}}}


def forbidding(
    policies: Iterable[Policy],
    action: str,
    principal: Mapping[str, Any],
    resource: Mapping[str, Any],
    context: Mapping[str, Any],
) -> list[str]:
    """Names of the policies that forbid something; see ``StartedPlugin.forbidding``."""
    given = list(policies)
    actor: dict[str, Any] = {"type": "User", **PRINCIPAL, **principal}
    target: dict[str, Any] = {"type": "Tenant", "id": "acme", "tags": [], **resource}
    roles, groups = actor.pop("roles", ()), actor.pop("groups", ())
    workflow, values = target.pop("workflow", None), target.pop("input", {})
    actor_parents = [*(_uid("Role", each) for each in roles), *(_uid("Group", each) for each in groups)]
    target_parents = [] if workflow is None else [_uid("Workflow", workflow)]
    entities = [
        _entity(actor, actor_parents, {}),
        _entity(target, target_parents, {name: str(value) for name, value in values.items()}),
        {"uid": _uid("Action", action), "attrs": {}, "parents": [_uid("Action", group_of(action))]},
    ]
    request: dict[str, Any] = {
        "principal": _uid(actor["type"], actor["id"]),
        "action": _uid("Action", action),
        "resource": _uid(target["type"], target["id"]),
        "context": {**_NOW, **CONTEXT, **context},
    }
    text = "\n".join(["permit(principal, action, resource);", *(each.source for each in given)])
    facts = orjson.dumps(entities).decode()
    # the library types dictionaries without their items
    answer = cedarpy.is_authorized(request, text, facts, schema(frozenset({action})))  # pyright: ignore[reportUnknownMemberType]
    if answer.diagnostics.errors:
        raise ValueError("; ".join(answer.diagnostics.errors))
    numbers = sorted(int(reason.removeprefix("policy")) for reason in answer.diagnostics.reasons)
    return [given[number - 1].name for number in numbers if number > 0]


def _entity(facts: Mapping[str, Any], parents: Sequence[Mapping[str, str]], tags: Mapping[str, str]) -> dict[str, Any]:
    is_person = facts["type"] in ("User", "Service")
    attributes = {name: value for name, value in facts.items() if name != "type" and (name != "id" or is_person)}
    return {"uid": _uid(facts["type"], facts["id"]), "attrs": attributes, "parents": parents, "tags": tags}


def _uid(kind: str, id: str) -> dict[str, str]:
    return {"type": kind, "id": id}
