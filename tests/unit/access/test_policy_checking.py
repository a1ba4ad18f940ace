"""Checking policies before they are saved."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from policy_requests import ACTIONS

from weftline.policies.bounds import MAX_BYTES
from weftline.policies.checking import MAX_PROBLEMS, check
from weftline.policies.problems import PolicyProblem


def when(condition: str, head: str = "principal, action, resource") -> str:
    return f"forbid({head})\nwhen {{ {condition} }};"


def only(source: str) -> PolicyProblem:
    """The one problem that a policy has."""
    (problem,) = check(source, ACTIONS)
    return problem


@pytest.mark.parametrize(
    "source",
    [
        "permit(principal, action, resource);",
        when('principal in Role::"clerk" && !(resource in Workflow::"purchase")'),
        when(
            "resource has startedBy && resource.startedBy == principal.id",
            'principal, action in Action::"task:*", resource',
        ),
        when(
            'resource.hasTag("region") && resource.getTag("region") != "EU"',
            "principal is User, action, resource is Task",
        ),
        when('context has address && !context.address.isInRange(ip("10.0.0.0/8")) || context.hour >= 18'),
        '// hours\n@id("x") @note("// not a comment ?x") '
        + when('context.date == "a \\" ?x (((((((((((((((((((((((((((" '),
        when("&&".join(["context.mfa"] * 150)),
    ],
)
def test_a_good_policy_has_no_problems(source: str) -> None:
    assert check(source, ACTIONS) == []


def test_a_misspelt_action_is_placed_and_the_right_one_proposed() -> None:
    problem = only('forbid(principal,\n  action == Action::"task:complet", resource);')
    assert problem.code == "unknown_action"
    assert (problem.line, problem.column) == (2, 22)
    assert problem.hint == "Did you mean 'task:complete'?"


def test_acts_on_policies_are_none_of_theirs() -> None:
    problem = only('forbid(principal, action == Action::"policy:manage", resource);')
    assert problem.code == "unknown_action"
    assert problem.hint and "Roles alone" in problem.hint


@pytest.mark.parametrize(
    ("source", "code", "place", "part"),
    [
        (when("resource.amout > 5"), "invalid_policy", (2, 17), "`amout` not found"),
        (when("resource.amount > 5"), "invalid_policy", (2, 17), "optional attribute `amount`"),
        (when('context.hour == "noon"'), "invalid_policy", (None, None), "Long and String"),
        (when('principal in Team::"x"'), "invalid_policy", (2, 21), "unrecognized entity type `Team`"),
        (when("ip(principal.name).isLoopback()"), "invalid_policy", (None, None), "non-literal"),
        (when("foo"), "syntax", (2, 8), "invalid variable: foo"),
        (when("context.hour = 5"), "syntax", (2, 21), "not a valid operator"),
        ("permit(principal", "syntax", (None, None), "end of input"),
        (when('"abc'), "syntax", (None, None), "invalid token"),
        ("", "not_one_statement", (None, None), "exactly one"),
        ("// nothing", "not_one_statement", (None, None), "exactly one"),
        ("permit(principal, action, resource);" * 2, "not_one_statement", (None, None), "exactly one"),
        ("permit(principal == ?principal, action, resource);", "template_slot", (1, 21), "?principal"),
        (when("resource.hasTag(principal.id)"), "computed_tag", (None, None), "written out"),
        (when(f'principal.name like "{"a" * 1001}"'), "too_complex", (None, None), "like"),
        ("// " + "x" * MAX_BYTES, "too_large", (None, None), "longer than"),
        ("// " + "é" * (MAX_BYTES // 2), "too_large", (None, None), "longer than"),
    ],
)
def test_what_is_wrong_is_said_and_placed_where_it_can_be(
    source: str, code: str, place: tuple[int | None, int | None], part: str
) -> None:
    problem = only(source)
    assert problem.code == code
    assert part in problem.message
    assert (problem.line, problem.column) == place


def test_no_more_problems_are_told_than_anybody_reads() -> None:
    many = when(" || ".join(f'principal in Type{number}::"x"' for number in range(60)))
    assert len(check(many, ACTIONS)) == MAX_PROBLEMS


PATHOLOGICAL = {
    "parentheses": lambda n: "(" * n + "context.mfa" + ")" * n,
    "unclosed": lambda n: "(" * n,
    "sets": lambda n: "[" * n + "1" + "]" * n + " == [1]",
    "records": lambda n: "{a:" * n + "1" + "}" * n + " == {a: 1}",
    "negations": lambda n: "!(" * n + "context.mfa" + ")" * n,
    "calls": lambda n: "principal.s.hasTag(" * n + '"a"' + ")" * n,
    "sums": lambda n: "+".join(["1"] * n) + " > 0",
    "conjunctions": lambda n: "&&".join(["context.mfa"] * n),
    "paths": lambda n: "principal" + ".s" * n,
    "has": lambda n: "principal has " + ".".join(["s"] * n),
    "indices": lambda n: "principal" + '["s"]' * n,
    "elses": lambda n: "if context.mfa then true else " * n + "true",
    "ifs": lambda n: "if " * n + "true " + "then true else true " * n,
    "minuses": lambda n: "-" * n + "1 > 0",
    "commented": lambda n: "/" + "(" * n + "//\n" + ")" * n,
    "quoted": lambda n: '"\\\n"' + "(" * n + '"' + ")" * n,
}

# In a thread with as little stack as a platform is known to give, and in a process of its own: it may not end.
CHECK_ALL = """
import json, sys, threading
from weftline.policies.checking import check
from weftline.features.access.policies.engine import PolicyEngine, PolicySource
from uuid import UUID

def run():
    actions = frozenset({"task:complete", "task:read"})
    for source in json.load(sys.stdin):
        problems = check(source, actions)
        engine = PolicyEngine.compile([PolicySource(UUID(int=1), "one", source)], actions)
        print(problems[0].code if problems else "fine", engine.touches("task:read"), flush=True)

threading.stack_size(512 * 1024)
thread = threading.Thread(target=run)
thread.start()
thread.join()
"""


def check_apart(sources: list[str]) -> list[str]:
    """What another process says about each of the policies."""
    process = subprocess.run(
        [sys.executable, "-c", CHECK_ALL], input=json.dumps(sources), capture_output=True, text=True
    )
    assert process.returncode == 0, (process.stderr, process.stdout)
    return process.stdout.splitlines()


def test_no_nesting_and_no_length_ends_the_process() -> None:
    refused = [when(make(size)) for make in PATHOLOGICAL.values() for size in (800, 8_000)] + ["(" * 5_000_000]
    assert set(check_apart(refused)) <= {"too_complex True", "too_large True"}
    borderline = [when(make(size)) for make in PATHOLOGICAL.values() for size in (5, 10, 19, 100, 250, 390)]
    assert len(check_apart(borderline)) == len(borderline)


def test_the_worst_that_is_accepted_fits_the_smallest_stack() -> None:
    chain = "context.mfa" + " || context.mfa" * 8
    nested = "(" * 18 + f"{chain})" + f" && {chain})" * 17
    sums = "(1" + "+1" * 18 + "+"
    assert check_apart([when(nested), when(sums * 18 + "1" + ")" * 18 + " > 0")]) == ["fine True"] * 2


@given(st.text(st.sampled_from('()[]{}.,;:"\\?!&|<>=+-* \n/aif1'), max_size=60))
def test_any_text_gets_an_answer(text: str) -> None:
    for source in (text, when(text)):
        for problem in check(source, ACTIONS):
            assert problem.message
            assert (problem.line is None) == (problem.column is None)
