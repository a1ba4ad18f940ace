"""Every list, sorted by everything that it says it can be sorted by, and read page by page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.api.client import V1, Client
from tests.api.definitions import GREETING
from tests.api.people import People
from tests.conftest import Connect
from weftline import connectors
from weftline.api.document import api_document
from weftline.api.sharing import operations_in
from weftline.model.ids import DEFAULT_TENANT, uuid7

KEYS = re.compile(r"`(\w+)`")
REASON = {"X-Reason": "Looking around"}

assert connectors.github is not None, "declares integrations by being imported"

EXAMPLES: dict[str, Callable[[str], dict[str, Any]]] = {
    "/tenants": lambda name: {"name": name, "slug": f"tenant-{name}", "admin": {"email": f"{name}@tenant.example"}},
    "/users": lambda name: {"email": f"{name}@example.com"},
    "/groups": lambda name: {"name": name},
    "/roles": lambda name: {"id": name, "name": name},
    "/service-accounts": lambda name: {"name": name},
    "/api-keys": lambda name: {"name": name},
    "/grants": lambda name: {
        "subjectType": "role",
        "subjectId": "viewer",
        "permissions": ["execution:read"],
        "workflowId": name,
    },
    "/policies": lambda name: {"name": name, "source": "permit(principal, action, resource);"},
    "/field-rules": lambda name: {"field": name, "effect": "hide"},
    "/message-templates": lambda name: {"name": name, "channel": "email", "subject": "s", "body": "b"},
    "/variables": lambda name: {"key": name, "value": name},
    "/workflows/a/variables": lambda name: {"key": name, "value": name},
    "/connections": lambda name: {
        "integrationId": "http",
        "name": name,
        "authType": "NONE",
        "config": {"baseUrl": "https://127.0.0.1.invalid"},
        "test": False,
    },
    "/publications": lambda name: {
        "id": f"template-{name}",
        "workflowId": name,
        "visibility": "PUBLIC",
        "category": "data",
        "name": {"en": name},
        "description": {"en": name},
        "author": "A",
    },
    "/webhooks": lambda name: {"name": name, "url": "https://127.0.0.1.invalid/", "kinds": ["execution.*"]},
}
"""What is made three of."""

ELSEWHERE = {
    f"{V1}/executions",
    f"{V1}/executions/{{execution_id}}/children",
    f"{V1}/plugins",
    f"{V1}/plugins/panels",
    f"{V1}/plugins/policies",
}
"""Lists of what has started and ended: see ``test_lists``; of plugins and what they add: ``test_plugins``,
``test_plugin_parts``, ``test_plugin_policies``."""

WITH_TASKS = """
    INSERT INTO human_tasks (tenant_id, id, execution_id, workflow_id, step_id, name, due_at)
    SELECT $1::uuid, $2::uuid, $3::uuid, 'a', 'ask~1@', 'first', now() UNION ALL
    SELECT $1::uuid, gen_random_uuid(), $3::uuid, 'a', 'ask~2@', 'second', NULL UNION ALL
    SELECT $1::uuid, gen_random_uuid(), $3::uuid, 'a', 'ask~3@', 'third', now()
"""
WITH_VOTES = """
    INSERT INTO task_votes (tenant_id, task_id, voter_id, voter, is_approving, data, voted_at)
    SELECT $1, $2, gen_random_uuid(), n::text, true, '{}', now() - make_interval(mins => n / 2)
    FROM generate_series(1, 4) AS n
"""
WITH_DELEGATIONS = """
    INSERT INTO task_delegations (tenant_id, task_id, id, from_name, to_id, to_name, created_at)
    SELECT $1, $2, gen_random_uuid(), n::text, gen_random_uuid(), 'b', now() - make_interval(mins => n / 2)
    FROM generate_series(1, 4) AS n
"""
WITH_JOBS = """
    INSERT INTO jobs (tenant_id, id, execution_id, workflow_id, step_id, attempt, queue, action, input, priority,
                      created_at, is_held)
    SELECT $1, gen_random_uuid(), $2, 'a', 'ship', n, queue, 'ship', '{}', 5, now() - n * interval '1 minute',
           queue = 'slow'
    FROM unnest(ARRAY['quick', 'slow', 'other', 'other']) WITH ORDINALITY AS made(queue, n)
"""
WITH_NOTICES = """
    INSERT INTO notifications (tenant_id, id, execution_id, workflow_id, payload, created_at)
    SELECT $1, gen_random_uuid(), $2, 'a', '{"channel": "email", "recipients": [], "error": {}}',
           now() - make_interval(mins => n / 2)
    FROM generate_series(1, 4) AS n
"""
WITH_FAILURES = """
    INSERT INTO bulk_failures (tenant_id, operation_id, number, execution_id, code, message)
    SELECT $1, $2, n, gen_random_uuid(), 'execution_ended', 'It has ended.' FROM generate_series(1, 4) AS n
"""


async def post(api: Client, path: str, body: Any = None) -> dict[str, Any]:
    answer = await api.post(path, body, headers=REASON)
    assert answer.status_code in (200, 201, 202), f"{path}: {answer.text}"
    return answer.json()


async def fill(api: Client, people: People, connect: Connect) -> dict[str, str]:
    """Put some of everything into every list, and return what the paths of lists name."""
    for name in ("c", "b", "a"):
        triggers = [{"id": f"{name}{number}", "type": "webhook"} for number in range(3)]
        workflow = {**GREETING, "id": name, "name": name.upper(), "triggers": triggers}
        await api.publish(workflow)
    for number in range(2):
        await api.put("/workflows/a", {**workflow, "description": str(number)})
        await post(api, "/workflows/a/publish")
    for path, body in EXAMPLES.items():
        made = [await post(api, path, body(name)) for name in ("c", "a", "b")]
        if path == "/groups":
            group_id = made[0]["id"]
        if path == "/webhooks":
            webhook_id = made[0]["id"]
    for name in ("c", "a", "b"):
        copy = await api.put(f"/working-copies/{name}", {"definition": {"id": name}})
        assert copy.status_code == 200, copy.text
    anew = {key: value for key, value in EXAMPLES["/publications"]("a").items() if key not in ("id", "workflowId")}
    for _ in range(2):
        await post(api, "/publications/template-a/versions", anew)
    await api.put("/variables/SECRET", {"type": "SECRET", "value": "s"})
    for name in ("ada", "grace", "linus"):
        person = await people.join(name)
        await api.put(f"/groups/{group_id}/members/{person.id}", {})
        answer = await api.put(f"/platform/operators/{person.id}", {"tenants": None}, headers=REASON)
        assert answer.status_code == 200, answer.text
    ids = [await api.start("a", {"name": "Ada"}) for _ in range(3)]
    operations = [await post(api, "/bulk-operations", {"act": "cancel", "filter": {}}) for _ in range(3)]
    for _ in range(3):
        await post(api, f"/webhooks/{webhook_id}/test")
        await post(api, "/platform/signing-keys/rotate", {})
        await post(api, "/platform/encryption-keys/rotate", {"newDataKeys": True, "tenant": str(DEFAULT_TENANT)})
    execution_id, task_id = UUID(ids[0]), uuid7()
    worker, server = await connect("weft_worker", DEFAULT_TENANT), await connect("weft_api", DEFAULT_TENANT)
    await worker.execute(WITH_TASKS, DEFAULT_TENANT, task_id, execution_id)
    await server.execute(WITH_VOTES, DEFAULT_TENANT, task_id)
    await server.execute(WITH_DELEGATIONS, DEFAULT_TENANT, task_id)
    await worker.execute(WITH_JOBS, DEFAULT_TENANT, execution_id)
    await worker.execute(WITH_NOTICES, DEFAULT_TENANT, execution_id)
    await server.execute(WITH_FAILURES, DEFAULT_TENANT, UUID(operations[0]["id"]))
    for text in ("one", "two", "three"):
        await post(api, f"/tasks/{task_id}/comments", {"text": text})
        # another session each time
        await api.sign_in()
    return {
        "workflow_id": "a",
        "publication_id": "template-a",
        "group_id": group_id,
        "webhook_id": webhook_id,
        "operation_id": operations[0]["id"],
        "execution_id": str(execution_id),
        "task_id": str(task_id),
        "tenant_id": str(DEFAULT_TENANT),
        "integration_name": "github",
    }


async def pages(api: Client, path: str, sort: str, limit: int) -> list[dict[str, Any]]:
    """Every item of a list, page by page."""
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await api.get(path, params={"limit": str(limit), "sort": sort, **cursor}, headers=REASON)
        assert answer.status_code == 200, f"{path} by {sort}: {answer.text}"
        page = answer.json()
        items += page["items"]
        if page["nextCursor"] is None:
            return items
        cursor = {"cursor": page["nextCursor"]}


def comparable(value: Any) -> Any:
    """A value as it is compared: times as times."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return value


async def test_every_list_is_sorted_by_all_that_it_says(api: Client, people: People, connect: Connect) -> None:
    named = await fill(api, people, connect)
    for method, path, operation in operations_in(api_document()):
        parameters = {each["name"]: each for each in operation.get("parameters", ()) if method == "get"}
        # the index of plugins is not there without a setting: see test_plugin_market
        if "sort" not in parameters or path in (f"{V1}/tenants", f"{V1}/platform/plugins/index"):
            continue
        place = path.removeprefix(V1).format(**named)
        by = parameters["sort"]["description"].partition(": ")[2].partition(". ")[0]
        keys = KEYS.findall(by)
        assert keys, path
        for sort in [f"{sign}{key}" for key in keys for sign in ("", "-")]:
            whole = await pages(api, place, sort, 200)
            assert len(whole) > 2 or path in ELSEWHERE, f"{place} by {sort}"
            assert await pages(api, place, sort, 2) == whole, f"{place} by {sort}"
            values = [comparable(each.get(sort.removeprefix("-"))) for each in whole]
            held = [value for value in values if value is not None]
            assert values == held + [None] * (len(values) - len(held)), f"{place} by {sort}: what has none is last"
            assert held == sorted(held, reverse=sort.startswith("-")), f"{place} by {sort}"
