"""Checking a policy before it is saved."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

import cedarpy

from weftline.language.hints import nearest
from weftline.policies.problems import PolicyProblem, RefusedPolicy, problem_about
from weftline.policies.schema import UNGOVERNED, UNGOVERNED_BY_PLUGINS, governed, schema
from weftline.policies.statement import read_statement

MAX_PROBLEMS = 20
"""So many problems of one policy are told."""

_PREFIX = re.compile(r"^for policy `[^`]*`, ")
_KIND = re.compile(r" on entity type `\w+`")
_UNKNOWN_ACTION = re.compile(r'unrecognized action `Action::"(?P<name>[^"]*)"`')
_QUOTED = re.compile(r"`([^`]+)`")


def check(source: str, actions: Collection[str]) -> list[PolicyProblem]:
    """What is wrong with a policy; nothing where it can be saved.

    Safe for any text, and bounded in time: milliseconds as a rule, a quarter of a second at worst. Python's other
    threads run meanwhile.

    Args:
        source: Cedar's text of one policy.
        actions: names of the permissions that there are.
    """
    try:
        read_statement(source)
    except RefusedPolicy as refusal:
        return [refusal.problem]
    known = governed(actions)
    # the library types a dictionary that may be given in place of a schema without its items
    result = cedarpy.validate_policies(source, schema(known), release_gil=True)  # pyright: ignore[reportUnknownMemberType]
    # the same is told for every kind of resource
    messages = dict.fromkeys(_KIND.sub("", _PREFIX.sub("", error.error)) for error in result.errors)
    return list(_problems(source, list(messages)[:MAX_PROBLEMS], known))


def _problems(source: str, messages: list[str], actions: frozenset[str]) -> Iterator[PolicyProblem]:
    for message in messages:
        if (unknown := _UNKNOWN_ACTION.search(message)) is not None:
            name = unknown["name"]
            yield problem_about(
                source, name, f"there is no action '{name}'", "unknown_action", _action_hint(name, actions)
            )
        # what an unknown action makes impossible besides need not be told
        elif not (message.startswith("unable to find an applicable action") and len(messages) > 1):
            quoted = _QUOTED.search(message)
            yield problem_about(source, quoted and quoted[1], message, "invalid_policy")


def _action_hint(name: str, actions: frozenset[str]) -> str | None:
    if name in UNGOVERNED:
        return "Roles alone decide about it, so that no policy can keep anybody from mending the policies."
    if name in UNGOVERNED_BY_PLUGINS:
        return "No plugin has a say about it, so that none can keep a tenant from disabling its plugin."
    meant = nearest(name, sorted(actions))
    return f"Did you mean '{meant}'?" if meant else None
