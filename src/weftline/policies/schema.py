"""The schema that tenants' policies are checked against: who acts, on what, under which circumstances.

Every kind of resource has the same attributes, all of them optional, so that one condition serves them all. What a
request may carry and what this says must agree; a test has Cedar compare them.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

import cedarpy

from weftline.policies.statement import group_of

UNGOVERNED = frozenset({"policy:read", "policy:manage", "access:explain"})
"""What roles alone decide about, so that no policy can keep a tenant from mending its policies."""

UNGOVERNED_BY_PLUGINS = frozenset({"plugin:read", "plugin:manage"})
"""What policies of plugins have no say about besides, so that none can keep a tenant from disabling its plugin."""

_FACTS = """{
    startedBy?: String,
    status?: String,
    tags: Set<String>,
    amount?: Long,
    department?: String,
} tags String;
"""

_ENTITIES = f"""\
entity Role, Group;
entity User, Service in [Role, Group] {{
    id: String,
    name: String,
    email?: String,
    department?: String,
    methods: Set<String>,
}};
entity Workflow, Tenant {_FACTS}
entity Execution, Task in [Workflow] {_FACTS}
type Circumstances = {{
    rbac: Bool,
    mfa: Bool,
    now: datetime,
    date: String,
    hour: Long,
    weekday: Long,
    address?: ipaddr,
}};
"""

_APPLIES_TO = """\
appliesTo {
    principal: [User, Service],
    resource: [Workflow, Execution, Task, Tenant],
    context: Circumstances,
};
"""


def governed(actions: Collection[str]) -> frozenset[str]:
    """Those of the actions that policies have a say about."""
    return frozenset(actions) - UNGOVERNED


def schema_text(actions: Collection[str]) -> str:
    """The schema in Cedar's own notation.

    Args:
        actions: names of permissions.
    """
    ordered = sorted(governed(actions))
    groups = [f"action {_quoted(group)};\n" for group in sorted({group_of(action) for action in ordered})]
    each = [f"action {_quoted(action)} in [{_quoted(group_of(action))}] {_APPLIES_TO}" for action in ordered]
    return "".join((_ENTITIES, *groups, *each))


@lru_cache(maxsize=4)
def schema(actions: frozenset[str]) -> cedarpy.Schema:
    """The compiled schema; see :func:`schema_text`."""
    return cedarpy.Schema.from_str(schema_text(actions))


def _quoted(name: str) -> str:
    # names of permissions are plain words and colons
    return f'"{name}"'
