"""Deciding by policies."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone

import cedarpy
import orjson
import pytest
from policy_requests import ACTIONS, GRACE, NOON, ROBOT, TASK, allows, ask, engine, id_of

from weftline.features.access.policies.engine import PolicyDecision, PolicyFault, Resource
from weftline.features.access.policies.request import cedar_request
from weftline.policies.schema import governed, schema

PERMIT = "permit(principal, action, resource);"
FORBID = "forbid(principal, action, resource);"
OVERFLOW = (
    "forbid(principal, action, resource) when { resource has amount && resource.amount * 9223372036854775807 > 0 };"
)
FOUR_EYES = """
forbid(principal, action == Action::"task:complete", resource)
when { resource has startedBy && resource.startedBy == principal.id };
"""


@pytest.mark.parametrize("allowed", [True, False])
def test_without_policies_roles_decide(allowed: bool) -> None:
    assert engine().decide(ask(rbac_allows=allowed)) == PolicyDecision(allowed)


def test_a_permit_allows_what_roles_do_not() -> None:
    assert engine(only=PERMIT).decide(ask(rbac_allows=False)) == PolicyDecision(True, (id_of("only"),))


def test_a_forbid_overrules_roles_and_permits() -> None:
    assert engine(yes=PERMIT, no=FORBID).decide(ask()) == PolicyDecision(False, (id_of("no"),))


def test_where_nothing_matches_the_answer_of_the_roles_stands_and_no_policy_is_named() -> None:
    four_eyes = engine(only=FOUR_EYES)
    assert four_eyes.decide(ask()) == PolicyDecision(True)
    assert four_eyes.decide(ask(rbac_allows=False)) == PolicyDecision(False)


def test_every_policy_that_determines_the_answer_is_named() -> None:
    decision = engine(one=PERMIT, other=FOUR_EYES, two=PERMIT).decide(ask())
    assert decision == PolicyDecision(True, (id_of("one"), id_of("two")))


def test_who_started_it_may_not_complete_it() -> None:
    own = ask(resource=replace(TASK, started_by=GRACE.id))
    assert engine(only=FOUR_EYES).decide(own) == PolicyDecision(False, (id_of("only"),))


def test_a_forbid_that_fails_forbids() -> None:
    decision = engine(broken=OVERFLOW, yes=PERMIT).decide(ask())
    assert not decision.allowed
    assert [fault.policy_id for fault in decision.errors] == [id_of("broken")]
    assert "overflow" in decision.errors[0].message


def test_a_permit_that_fails_forbids_too() -> None:
    decision = engine(broken=OVERFLOW.replace("forbid", "permit")).decide(ask())
    assert not decision.allowed and decision.errors


def test_a_policy_that_cannot_be_read_denies_everything_that_policies_govern() -> None:
    broken = engine(broken="permit(", yes=PERMIT)
    for action in governed(ACTIONS):
        decision = broken.decide(ask(action))
        assert not decision.allowed
        assert decision.errors == (PolicyFault(id_of("broken"), "unexpected end of input"),)
        assert broken.touches(action)


@pytest.mark.parametrize("action", ["policy:read", "policy:manage", "access:explain"])
@pytest.mark.parametrize("source", [FORBID, "permit("])
def test_no_policy_keeps_anybody_from_mending_the_policies(source: str, action: str) -> None:
    policies = engine(only=source)
    assert not policies.touches(action)
    assert policies.decide(ask(action)) == PolicyDecision(True)
    assert policies.decide(ask(action, rbac_allows=False)) == PolicyDecision(False)


def test_actions_that_no_policy_concerns_are_not_touched() -> None:
    policies = engine(
        one='forbid(principal, action == Action::"task:complete", resource);',
        group='forbid(principal, action in [Action::"workflow:*", Action::"task:claim"], resource);',
    )
    touched = {action for action in ACTIONS if policies.touches(action)}
    assert touched == {"task:complete", "task:claim", "workflow:read", "workflow:publish"}
    assert not policies.decide(ask("workflow:publish")).allowed
    assert policies.decide(ask("execution:start")).allowed


def test_many_different_choices_of_policies_decide_alike() -> None:
    names = [f"thing:act{number}" for number in range(20)]
    sources = {name: f'forbid(principal, action == Action::"{name}", resource);' for name in names}
    crowded = engine(frozenset(names), **sources)
    for name in names:
        assert crowded.decide(ask(name)) == PolicyDecision(False, (id_of(name),))


@pytest.mark.parametrize(
    "condition",
    [
        'principal == User::"grace"',
        'principal in Role::"approver"',
        'principal in Group::"purchasing"',
        'principal.id == "grace"',
        'principal.name == "grace@example.org"',
        'principal has email && principal.email like "*@example.org"',
        'principal.methods.contains("otp")',
        "principal has department && resource has department && principal.department == resource.department",
        'resource is Task && resource in Workflow::"purchase"',
        'resource.tags.contains("urgent")',
        'resource has status && resource.status == "open"',
        "resource has amount && resource.amount > 10000",
        'resource.hasTag("region") && resource.getTag("region") == "EU"',
        'action == Action::"task:complete"',
        'action in Action::"task:*"',
        "context.mfa",
        "!context.rbac",
        "context.hour == 12 && context.weekday == 3",
        'context.date == "2026-03-04"',
        'context.now == datetime("2026-03-04T12:30:00Z")',
        'context has address && context.address.isInRange(ip("10.0.0.0/8"))',
        '[context].contains(context) && context["hour"] == 12 && context.now > datetime("2026-01-01")',
    ],
)
def test_what_a_policy_may_ask(condition: str) -> None:
    assert allows(condition)
    assert not allows(f"!({condition})")


@pytest.mark.parametrize(
    "condition",
    [
        'resource.hasTag("nothing")',
        'principal in Role::"admin"',
        'resource in Workflow::"other"',
        'action in Action::"workflow:*"',
    ],
)
def test_what_is_not_so_does_not_match(condition: str) -> None:
    assert not allows(condition)


def test_absent_facts_are_absent() -> None:
    tenant = Resource(type="Tenant", id="acme")
    for attribute in ("startedBy", "status", "amount", "department"):
        assert not allows(f"resource has {attribute}", resource=tenant)
    assert not allows("principal has email || principal has department", subject=ROBOT)
    assert not allows("context has address", address=None)
    assert not allows("context has address", address="testclient")


def test_the_hour_is_that_of_the_moments_own_time_zone() -> None:
    in_tokyo = NOON.astimezone(timezone(timedelta(hours=9)))
    assert allows('context.hour == 21 && context.now == datetime("2026-03-04T12:30:00Z")', now=in_tokyo)


def test_an_address_with_a_zone_or_of_version_6_can_be_asked_about() -> None:
    assert allows('context has address && context.address.isInRange(ip("fe80::/10"))', address="fe80::1%eth0")


def test_a_tag_hidden_in_a_record_is_handed_over() -> None:
    assert allows('{"Value": resource.hasTag("region"), "Var": true}.Value')


def test_names_cannot_break_out_of_the_request() -> None:
    strange = 'a"}],"x\n\\\u2028'
    assert allows('principal.id like "a*" && !(principal in Role::"admin")', subject=replace(GRACE, id=strange))


@pytest.mark.parametrize(
    ("condition", "resource"),
    [
        (
            'resource.hasTag("note") && resource.getTag("note") like "*x*"',
            replace(TASK, attributes={"note": "a" * 513}),
        ),
        ("resource has amount && resource.amount > 0", replace(TASK, amount=2**63)),
        ("resource has amount && resource.amount > 0", replace(TASK, amount=2**70)),
        ('resource.hasTag("note") && resource.getTag("note") == ""', replace(TASK, attributes={"note": "\ud800"})),
    ],
)
def test_what_cannot_be_put_to_cedar_is_denied(condition: str, resource: Resource) -> None:
    decision = engine(only=f"forbid(principal, action, resource) when {{ {condition} }};").decide(
        ask(resource=resource)
    )
    assert not decision.allowed
    assert [fault.policy_id for fault in decision.errors] == [None]


def test_long_values_that_no_policy_asks_for_do_not_matter() -> None:
    wordy = replace(TASK, attributes={"note": "a" * 100_000, "region": "EU"})
    assert allows('resource.hasTag("region")', resource=wordy)


@pytest.mark.parametrize("subject", [GRACE, ROBOT])
@pytest.mark.parametrize(
    "resource",
    [
        TASK,
        replace(TASK, type="Execution"),
        Resource(type="Workflow", id="purchase", workflow_id="purchase"),
        Resource(type="Tenant", id="acme"),
    ],
)
def test_requests_are_what_the_schema_says(subject: object, resource: Resource) -> None:
    request = ask(subject=subject, resource=resource)
    question, entities = cedar_request(request, None, frozenset(resource.attributes))
    known = schema(governed(ACTIONS))
    # the schema knows the actions itself
    things = [entity for entity in orjson.loads(str(entities)) if entity["uid"]["type"] != "Action"]
    answer = cedarpy.is_authorized(question, PERMIT, things, known)
    assert answer.allowed and not answer.diagnostics.errors


def test_compiling_the_same_policies_again_gives_the_same_engine() -> None:
    assert engine(only=PERMIT) is engine(only=PERMIT)
    assert engine(only=PERMIT) is not engine(only=FORBID)
