"""Policies over HTTP: writing them, what they decide, and why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from tests.api.client import PATIENCE, Client, problem
from tests.api.definitions import GREETING
from tests.api.people import People
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.access.policies.engine import PolicyFault
from weftline.features.access.policies.failures import PolicyFailures
from weftline.features.access.policies.service import MAX_POLICIES, MAX_TOTAL
from weftline.model.ids import DEFAULT_TENANT

NO_PUBLISHING = 'forbid(principal, action == Action::"workflow:publish", resource);'
OVERFLOW = """\
forbid(principal, action == Action::"workflow:publish", resource)
when { context.hour * 0 + 9223372036854775807 + 1 > 0 };
"""


def body(source: str = NO_PUBLISHING, **fields: Any) -> dict[str, Any]:
    return {"name": "No publishing", "source": source, **fields}


Refresh = Callable[[], Awaitable[None]]


@pytest.fixture
def refresh(application: Application) -> Refresh:
    """Lets the application notice at once what it would notice within a second."""
    assert application.services is not None
    return application.services.cache.refresh


def forget_rules(application: Application) -> None:
    """Lets the application read the tenant anew, which was changed past it."""
    assert application.services is not None
    application.services.cache.forget("tenant", DEFAULT_TENANT)


async def create(api: Client, source: str = NO_PUBLISHING, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/policies", body(source, **fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def trail(tenant: asyncpg.Connection) -> list[asyncpg.Record]:
    """What the audit log tells of policies."""
    return await tenant.fetch(
        "SELECT action, resource_id, before, after FROM audit_log WHERE resource_type = 'policy' ORDER BY seq"
    )


async def test_a_policy_is_saved_shown_changed_and_removed(api: Client) -> None:
    answer = await api.post("/policies", body(description="Freeze"))
    assert answer.status_code == 201
    policy = answer.json()
    assert answer.headers["location"] == f"/api/v1/policies/{policy['id']}"
    assert policy["name"] == "No publishing" and policy["description"] == "Freeze"
    assert policy["isEnabled"] is True and policy["lastError"] is None and policy["createdBy"]

    shown = await api.get(f"/policies/{policy['id']}")
    assert shown.json() == policy and shown.headers["etag"] == answer.headers["etag"]

    changed = await api.put(f"/policies/{policy['id']}", body(name="Freeze", isEnabled=False))
    assert changed.status_code == 200 and changed.headers["etag"] != answer.headers["etag"]
    assert changed.json()["name"] == "Freeze"
    assert changed.json()["description"] is None and changed.json()["isEnabled"] is False

    removed = await api.http.delete(f"/api/v1/policies/{policy['id']}")
    assert removed.status_code == 200 and removed.json() == changed.json()
    problem(await api.get(f"/policies/{policy['id']}"), 404, "policy_not_found")
    problem(await api.put(f"/policies/{policy['id']}", body()), 404, "policy_not_found")
    problem(await api.http.delete(f"/api/v1/policies/{policy['id']}"), 404, "policy_not_found")


async def test_policies_are_listed_by_the_page(api: Client) -> None:
    ids = [(await create(api, name=f"Policy {number}"))["id"] for number in range(3)]
    first = (await api.get("/policies", params={"limit": 2})).json()
    assert [policy["id"] for policy in first["items"]] == ids[:2]
    rest = (await api.get("/policies", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [policy["id"] for policy in rest["items"]] == ids[2:] and rest["nextCursor"] is None


async def test_a_policy_that_somebody_else_changed_is_left_alone(api: Client) -> None:
    answer = await api.post("/policies", body())
    path, etag = f"/policies/{answer.json()['id']}", answer.headers["etag"]
    assert (await api.put(path, body(name="One"), headers={"if-match": etag})).status_code == 200
    problem(await api.put(path, body(name="Two"), headers={"if-match": etag}), 412, "policy_changed")
    problem(await api.http.delete(f"/api/v1{path}", headers={"if-match": etag}), 412, "policy_changed")
    assert (await api.get(path)).json()["name"] == "One"


async def test_two_policies_cannot_have_one_name(api: Client) -> None:
    await create(api)
    other = await create(api, name="Other")
    problem(await api.post("/policies", body()), 409, "policy_name_taken")
    problem(await api.put(f"/policies/{other['id']}", body()), 409, "policy_name_taken")
    answers = await asyncio.gather(*(api.post("/policies", body(name="At once")) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_what_could_not_decide_is_not_saved(api: Client) -> None:
    document = problem(
        await api.post("/policies", body("forbid(principal,\n action, resorce);")), 422, "invalid_policy"
    )
    (error,) = document["errors"]
    assert error["pointer"] == "/source" and error["code"] == "syntax"
    assert error["message"].startswith("line 2, column 10: ")
    problem(await api.post("/policies", body("(" * 16_000)), 422, "invalid_policy")
    problem(await api.post("/policies", body("x" * 17_000)), 422, "invalid_request")
    problem(await api.post("/policies", {**body(), "createdBy": str(uuid4())}), 422, "invalid_request")
    assert (await api.get("/policies")).json()["items"] == []


async def test_validation_tells_every_problem_and_stores_nothing(api: Client) -> None:
    answer = await api.post("/policies/validate", {"source": NO_PUBLISHING.replace("publish", "publsh")})
    assert answer.json() == {
        "valid": False,
        "problems": [
            {
                "message": "there is no action 'workflow:publsh'",
                "code": "unknown_action",
                "line": 1,
                "column": 38,
                "hint": "Did you mean 'workflow:publish'?",
            }
        ],
    }
    assert (await api.post("/policies/validate", {"source": NO_PUBLISHING})).json() == {"valid": True, "problems": []}
    assert (await api.get("/policies")).json()["items"] == []


async def test_there_is_an_end_to_how_many_and_how_long(api: Client, connect: Connect) -> None:
    own = await connect("weft_api", DEFAULT_TENANT)
    insert = (
        "INSERT INTO policies (tenant_id, id, name, source)"
        " SELECT $1, gen_random_uuid(), n::text, $3 FROM generate_series(1, $2) n"
    )
    long = "// " + "x" * 16_000
    await own.execute(insert, DEFAULT_TENANT, MAX_TOTAL // len(long), long)
    problem(await api.post("/policies", body(NO_PUBLISHING + long[:12_000])), 409, "too_many_policies")
    await own.execute("DELETE FROM policies")
    await own.execute(insert, DEFAULT_TENANT, MAX_POLICIES, NO_PUBLISHING)
    problem(await api.post("/policies", body()), 409, "too_many_policies")
    some = (await api.get("/policies", params={"limit": 1})).json()["items"][0]
    assert (await api.put(f"/policies/{some['id']}", body())).status_code == 200


async def test_every_change_is_recorded_with_before_and_after(api: Client, tenant: asyncpg.Connection) -> None:
    policy = await create(api)
    await api.put(f"/policies/{policy['id']}", body(name="Freeze"))
    await api.http.delete(f"/api/v1/policies/{policy['id']}")
    created, changed, removed = await trail(tenant)
    assert [each["action"] for each in (created, changed, removed)] == [
        "policy.created",
        "policy.changed",
        "policy.removed",
    ]
    assert {each["resource_id"] for each in (created, changed, removed)} == {policy["id"]}
    assert created["before"] is None and removed["after"] is None
    assert created["after"] == changed["before"] and changed["after"] == removed["before"]
    assert "Freeze" in changed["after"] and NO_PUBLISHING[:20] in changed["after"]


async def test_what_is_refused_leaves_no_trace(api: Client, tenant: asyncpg.Connection) -> None:
    await create(api)
    await api.post("/policies", body())
    await api.post("/policies", body("nonsense"))
    assert len(await trail(tenant)) == 1


async def test_a_policy_counts_once_it_is_noticed_and_no_longer_once_it_is_disabled(
    api: Client, refresh: Refresh
) -> None:
    await api.post("/workflows", GREETING)
    policy = await create(api)
    await refresh()
    problem(await api.post("/workflows/greeting/publish"), 403, "permission_denied")
    await api.put(f"/policies/{policy['id']}", body(isEnabled=False))
    await refresh()
    assert (await api.post("/workflows/greeting/publish")).status_code == 200


async def test_a_permit_lets_in_whom_no_role_does(api: Client, people: People, refresh: Refresh) -> None:
    await api.post("/workflows", GREETING)
    grace = await people.join("grace", "viewer")
    problem(await grace.post("/workflows/greeting/publish"), 403, "permission_denied")
    await create(
        api,
        'permit(principal in Role::"viewer", action == Action::"workflow:publish", resource in Workflow::"greeting");',
    )
    await refresh()
    assert (await grace.post("/workflows/greeting/publish")).status_code == 200


async def test_only_who_may_do_everything_saves_a_permit(
    api: Client, people: People, connect: Connect, application: Application
) -> None:
    own = await connect("weft_api", DEFAULT_TENANT)
    await own.execute(
        "INSERT INTO roles (tenant_id, id, name, permissions) VALUES ($1, 'guard', 'Guard', $2)",
        DEFAULT_TENANT,
        ["policy:read", "policy:manage"],
    )
    forget_rules(application)
    guard = await people.join("guard", "guard")
    permit = "permit(principal, action, resource);"
    problem(await guard.post("/policies", body(permit)), 403, "permit_needs_everything")
    policy = await create(guard)
    problem(await guard.put(f"/policies/{policy['id']}", body(permit)), 403, "permit_needs_everything")
    assert (await api.put(f"/policies/{policy['id']}", body(permit))).status_code == 200
    assert (await guard.http.delete(f"/api/v1/policies/{policy['id']}")).status_code == 200


async def test_no_policy_locks_anybody_out_of_the_policies(api: Client, refresh: Refresh) -> None:
    policy = await create(api, "forbid(principal, action, resource);")
    await refresh()
    problem(await api.get("/workflows/greeting"), 403, "permission_denied")
    assert (await api.http.delete(f"/api/v1/policies/{policy['id']}")).status_code == 200
    await refresh()
    problem(await api.get("/workflows/greeting"), 404, "workflow_not_found")


async def test_members_without_the_permission_see_no_policies(api: Client, people: People) -> None:
    policy = await create(api)
    author = await people.join("ada", "author", "operator", "approver")
    problem(await author.get("/policies"), 403, "permission_denied")
    problem(await author.get(f"/policies/{policy['id']}"), 403, "permission_denied")
    problem(await author.post("/policies", body(name="Mine")), 403, "permission_denied")
    problem(await author.post("/policies/validate", {"source": ""}), 403, "permission_denied")
    problem(await author.put(f"/policies/{policy['id']}", body()), 403, "permission_denied")
    problem(await author.http.delete(f"/api/v1/policies/{policy['id']}"), 403, "permission_denied")
    problem(await author.post("/access/explain", {"action": "task:read"}), 403, "permission_denied")


async def when_noted(api: Client, policy_id: str) -> dict[str, Any]:
    """A policy as soon as its failure is written on it."""
    async with asyncio.timeout(PATIENCE):
        while not (policy := (await api.get(f"/policies/{policy_id}")).json())["lastError"]:
            pass
        return policy


async def test_a_policy_that_fails_denies_and_tells_the_administrator(api: Client, refresh: Refresh) -> None:
    await api.post("/workflows", GREETING)
    policy = await create(api, OVERFLOW)
    await refresh()
    problem(await api.post("/workflows/greeting/publish"), 403, "permission_denied")
    shown = await when_noted(api, policy["id"])
    assert "overflow" in shown["lastError"] and shown["failedAt"]
    mended = (await api.put(f"/policies/{policy['id']}", body())).json()
    assert mended["lastError"] is None and mended["failedAt"] is None


async def test_a_policy_broken_behind_the_applications_back_denies_and_says_so(
    api: Client, refresh: Refresh, connect: Connect
) -> None:
    policy = await create(api)
    own = await connect("weft_api", DEFAULT_TENANT)
    await own.execute("UPDATE policies SET source = $1", "(" * 16_000)
    await refresh()
    problem(await api.get("/workflows/greeting"), 403, "permission_denied")
    assert "nest" in (await when_noted(api, policy["id"]))["lastError"]


async def test_one_policy_is_noted_once_a_minute(api: Client, application: Application) -> None:
    policy = await create(api)
    assert application.services is not None
    failures = PolicyFailures(application.services.database)
    for message in ("first", "second"):
        failures.report(DEFAULT_TENANT, [PolicyFault(UUID(policy["id"]), message), PolicyFault(None, message)])
        await failures.close()
    assert (await api.get(f"/policies/{policy['id']}")).json()["lastError"] == "first"


async def explain(api: Client, action: str, **fields: Any) -> tuple[bool, list[tuple[str, str, str | None]]]:
    answer = await api.post("/access/explain", {"action": action, **fields})
    assert answer.status_code == 200, answer.text
    account = answer.json()
    return account["allowed"], [(each["kind"], each["effect"], each["id"]) for each in account["reasons"]]


async def test_a_decision_is_explained_by_roles_grants_and_policies(
    api: Client, people: People, refresh: Refresh, connect: Connect
) -> None:
    await api.post("/workflows", GREETING)
    grace = await people.join("grace", "viewer", "author")
    whom = {"subject": str(grace.id), "resource": {"type": "Workflow", "id": "greeting"}}
    assert await explain(api, "workflow:publish", **whom) == (True, [("role", "permit", "author")])
    assert await explain(api, "execution:cancel", **whom) == (False, [])

    own = await connect("weft_api", DEFAULT_TENANT)
    await own.execute(
        "INSERT INTO grants (tenant_id, id, subject_type, subject_id, permissions, workflow_id)"
        " VALUES ($1, gen_random_uuid(), 'user', $2, '{execution:cancel}', 'greeting')",
        DEFAULT_TENANT,
        str(grace.id),
    )
    policy = await create(api)
    await refresh()
    assert await explain(api, "execution:cancel", **whom) == (True, [("grant", "permit", "greeting")])
    reasons = [("role", "permit", "author"), ("policy", "forbid", policy["id"])]
    assert await explain(api, "workflow:publish", **whom) == (False, reasons)


async def test_one_may_ask_about_oneself_and_the_tenant_as_a_whole(api: Client) -> None:
    assert await explain(api, "policy:manage") == (True, [("role", "permit", "admin")])


async def test_the_second_factor_can_be_supposed_or_not(api: Client, people: People, refresh: Refresh) -> None:
    policy = await create(
        api, 'forbid(principal, action == Action::"workflow:publish", resource) unless { context.mfa };'
    )
    await refresh()
    grace = await people.join("grace", "author")
    who = str(grace.id)
    assert (await explain(api, "workflow:publish", subject=who))[0]
    allowed, reasons = await explain(api, "workflow:publish", subject=who, secondFactor=False)
    assert not allowed and reasons[-1] == ("policy", "forbid", policy["id"])


async def test_an_error_explains_itself(api: Client, refresh: Refresh) -> None:
    policy = await create(api, OVERFLOW)
    await refresh()
    answer = (await api.post("/access/explain", {"action": "workflow:publish"})).json()
    assert answer["allowed"] is False
    error = answer["reasons"][-1]
    assert (error["kind"], error["id"], error["name"]) == ("error", policy["id"], "No publishing")
    assert "overflow" in error["message"]


async def test_what_cannot_be_explained_is_said(api: Client) -> None:
    problem(await api.post("/access/explain", {"action": "task:fly"}), 422, "unknown_action")
    problem(
        await api.post("/access/explain", {"action": "task:read", "subject": str(uuid4())}), 404, "subject_not_found"
    )
    nothing = {"type": "Task", "id": str(uuid4())}
    problem(await api.post("/access/explain", {"action": "task:read", "resource": nothing}), 404, "not_found")
