"""Whether a plugin's policy can decide."""

from __future__ import annotations

from collections.abc import Collection

from weftline.authoring.plugin import Policy
from weftline.authoring.plugin.policies import MAX_PLUGIN_POLICIES
from weftline.plugins.panels import check_text


def check_policy(policy: Policy, taken: Collection[str], permissions: Collection[str] | None) -> None:
    """See that a policy can decide, and can only forbid.

    Args:
        policy: which.
        taken: names of the plugin's others.
        permissions: the platform's; None: they are not known in this process, which decides nothing, and those that do
            tell of actions that there are not.

    Raises:
        ValueError: it cannot; says where and why.
    """
    # workers decide nothing: they load the library only where a plugin has a policy
    from weftline.policies.checking import check
    from weftline.policies.problems import RefusedPolicy
    from weftline.policies.schema import UNGOVERNED_BY_PLUGINS
    from weftline.policies.statement import read_statement

    where = f"policy '{policy.name}'"
    if policy.name in taken:
        raise ValueError(f"{where}: there is another of this name")
    if len(taken) >= MAX_PLUGIN_POLICIES:
        raise ValueError(f"{where}: a plugin adds at most {MAX_PLUGIN_POLICIES} policies")
    for texts in (policy.title, policy.description):
        if texts is not None:
            check_text(texts, where)
    try:
        statement = read_statement(policy.source)
    except RefusedPolicy as refused:
        raise ValueError(f"{where}: {refused.problem.placed}") from None
    if statement.effect != "forbid":
        raise ValueError(f"{where}: a plugin's policy can only forbid; what is permitted is up to roles and tenants")
    known = _named(statement.actions) if permissions is None else set(permissions)
    problems = check(policy.source, known - UNGOVERNED_BY_PLUGINS)
    if problems:
        told = (each.placed if each.hint is None else f"{each.placed} ({each.hint})" for each in problems)
        raise ValueError(f"{where}: {'; '.join(told)}")


def _named(actions: Collection[str] | None) -> set[str]:
    """Permissions as there would be where a policy of these actions and groups is right."""
    return {each.replace(":*", ":any") for each in actions or ("any:any",)}
