"""What a policy is about, read off its parsed form: which actions, and what it asks of a request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast

import cedarpy
import orjson

from weftline.policies.bounds import find_excess
from weftline.policies.problems import PolicyProblem, RefusedPolicy, problem_about

Effect = Literal["permit", "forbid"]

MAX_PATTERN = 1_000
"""Characters of all a policy's ``like`` patterns: matching takes their product with the text's length."""

GROUP_SUFFIX = ":*"
"""``Action::"task:*"`` has every action on tasks in it."""

_NAMED = re.compile(r"[`'](.+?)[`']|: (\S+)$")
"""The word that a message of Cedar's is about."""

_PLACES = ("left", "right", "arg", "if", "then", "else", "in")
"""Where Cedar's JSON form of a policy has the operands of an operator."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy.

    Attributes:
        effect: ``permit`` or ``forbid``.
        actions: the actions and groups of actions that its head names; None where it is about all.
        attributes: names of the attributes it may ask for; None where any.
        tags: names of the tags it may ask for.
    """

    effect: Effect
    actions: frozenset[str] | None
    attributes: frozenset[str] | None
    tags: frozenset[str]

    def concerns(self, action: str) -> bool:
        """Whether it can have a say about an action."""
        return self.actions is None or not self.actions.isdisjoint((action, group_of(action)))


def group_of(action: str) -> str:
    """The group that an action is in: all actions on the same kind of thing."""
    return action.partition(":")[0] + GROUP_SUFFIX


def read_statement(source: str) -> Statement:
    """What a policy is about.

    Args:
        source: Cedar's text of one policy.

    Raises:
        RefusedPolicy: it cannot be read, is not one policy, or exceeds the bounds.
    """
    if (excess := find_excess(source)) is not None:
        raise RefusedPolicy(excess)
    try:
        parsed = orjson.loads(cedarpy.policies_to_json_str(source))
    except ValueError as error:
        raise RefusedPolicy(_syntax_problem(source, str(error))) from None
    policies = list(parsed["staticPolicies"].values())
    if len(policies) != 1:
        raise RefusedPolicy(PolicyProblem("write exactly one permit or forbid in a policy", "not_one_statement"))
    return _read(policies[0])


def _read(policy: dict[str, Any]) -> Statement:
    attributes: set[str] = set()
    tags: set[str] = set()
    patterns = 0
    takes_whole_context = False
    for operator, operands in _operations(policy["conditions"]):
        if operator in (".", "has"):
            attributes.add(operands["attr"])
        elif operator in ("getTag", "hasTag"):
            tags.add(_literal(operands["right"]))
        elif operator == "like":
            patterns += len(operands["pattern"])
        elif operator == "Var":
            takes_whole_context |= operands == "context"
    if patterns > MAX_PATTERN:
        message = f"the patterns after 'like' have more than {MAX_PATTERN} characters"
        raise RefusedPolicy(PolicyProblem(message, "too_complex"))
    return Statement(
        policy["effect"],
        _named_actions(policy["action"]),
        None if takes_whole_context else frozenset(attributes),
        frozenset(tags),
    )


def _named_actions(head: dict[str, Any]) -> frozenset[str] | None:
    if head["op"] == "All":
        return None
    return frozenset(entity["id"] for entity in head.get("entities") or [head["entity"]])


def _operations(conditions: list[Any]) -> Iterator[tuple[str, Any]]:
    """Every operator of the conditions with its operands; of variables, those that do not stand before a ``.``."""
    pending: list[dict[str, Any]] = [condition["body"] for condition in conditions]
    while pending:
        ((operator, operands),) = pending.pop().items()
        yield operator, operands
        if operator not in (".", "has") or "Var" not in operands["left"]:
            pending.extend(_operands(operator, operands))


def _operands(operator: str, operands: Any) -> Iterable[dict[str, Any]]:
    """The expressions within an expression."""
    if operator in ("Value", "Var"):
        return ()
    if operator == "Record":
        return cast("dict[str, dict[str, Any]]", operands).values()
    # of a set, or of a function of an extension type
    if isinstance(operands, list):
        return cast("list[dict[str, Any]]", operands)
    return [operands[place] for place in _PLACES if place in operands]


def _literal(expression: dict[str, Any]) -> str:
    name = expression.get("Value")
    if not isinstance(name, str):
        message = "the name of a tag must be written out, not worked out"
        raise RefusedPolicy(PolicyProblem(message, "computed_tag"))
    return name


def _syntax_problem(source: str, message: str) -> PolicyProblem:
    named = _NAMED.search(message)
    return problem_about(source, named and (named[1] or named[2]), message, "syntax")
