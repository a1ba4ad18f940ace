"""Errors that few meet: limits that are far away, moments that pass quickly, and things that nobody has made."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from tests.api.client import V1, Client, problem
from tests.api.ledger import Ledger, line, step, undoable
from tests.api.test_operating import JOB, started
from tests.api.test_review import onboarding
from tests.api.test_triggers import trigger_of
from tests.api.world import World
from weftline.api.app import Application
from weftline.engine.worker import Worker
from weftline.features.access.caller import almighty
from weftline.features.access.roles import service as roles
from weftline.features.audit.service import AuditService
from weftline.features.executions.bulk import service as bulk
from weftline.features.executions.migrating import service as migrating
from weftline.features.integrations import importing_service as imports
from weftline.features.integrations import service as connections
from weftline.features.keys import service as keys
from weftline.features.notifications.templates import service as message_templates
from weftline.features.variables import service as variables
from weftline.features.webhooks import service as webhooks
from weftline.model.ids import DEFAULT_TENANT

NOBODYS = UUID("0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21")
WEBHOOK = {"url": "https://hooks.example.com/weftline", "name": "Order desk", "kinds": ["execution.failed"]}
CONNECTION = {"integrationId": "http", "name": "shop", "config": {"baseUrl": "https://shop.example.com"}, "test": False}
DOCUMENT = {"name": "shop-api", "document": {"openapi": "3.1.0", "info": {"title": "Shop"}, "paths": {}}}
WAIT: dict[str, Any] = {"id": "wait", "type": "wait", "event": "go"}
FORK: dict[str, Any] = {
    "id": "fork",
    "nodes": [
        {"id": "both", "type": "parallel", "branches": ["left", "right"]},
        {"id": "left", "type": "wait", "event": "left"},
        {"id": "right", "type": "wait", "event": "right"},
    ],
}


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"/bulk-operations/{NOBODYS}", "bulk_operation_not_found"),
        (f"/platform/mail/{NOBODYS}", "mail_not_found"),
        (f"/triggers/{NOBODYS}", "trigger_not_found"),
    ],
)
async def test_what_nobody_has_made_is_not_there(api: Client, path: str, code: str) -> None:
    problem(await api.get(path), 404, code)


@pytest.mark.parametrize(
    ("module", "limit", "path", "body", "code"),
    [
        (keys, "MAX_KEYS", "/api-keys", {"name": "a"}, "too_many_keys"),
        (roles, "MAX_ROLES", "/roles", {"id": "a-role", "name": "A", "permissions": []}, "too_many_roles"),
        (
            message_templates,
            "MAX_TEMPLATES",
            "/message-templates",
            {"name": "a", "channel": "email", "subject": "A", "body": "A"},
            "too_many_message_templates",
        ),
        (webhooks, "MAX_WEBHOOKS", "/webhooks", WEBHOOK, "too_many_webhooks"),
        (connections, "MAX_CONNECTIONS", "/connections", CONNECTION, "too_many_connections"),
        (imports, "MAX_INTEGRATIONS", "/integrations/import", DOCUMENT, "too_many_integrations"),
        (variables, "MAX_VARIABLES", "/variables", {"key": "A", "type": "STRING", "value": "a"}, "too_many_variables"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_a_tenant_has_so_many_of_a_thing_and_no_more(
    api: Client, monkeypatch: pytest.MonkeyPatch, module: Any, limit: str, path: str, body: Any, code: str
) -> None:
    monkeypatch.setattr(module, limit, 0)
    problem(await api.post(path, body), 409, code)


async def test_a_webhook_has_the_deliveries_that_it_made_and_no_others(api: Client) -> None:
    made = await api.post("/webhooks", WEBHOOK)
    assert made.status_code == 201, made.text
    id = (made.json().get("webhook") or made.json())["id"]
    problem(await api.get(f"/webhooks/{id}/deliveries/{NOBODYS}"), 404, "delivery_not_found")


async def test_operations_on_many_take_so_many_and_no_more(api: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.publish(line("job", WAIT))
    await api.start("job")
    monkeypatch.setattr(bulk, "MAX_EXECUTIONS", 0)
    problem(await api.post("/bulk-operations", {"act": "cancel", "filter": {}}), 413, "too_many_executions")
    monkeypatch.setattr(migrating, "MAX_EXECUTIONS", 0)
    body = {"fromVersion": 1, "toVersion": 1}
    problem(await api.post("/workflows/job/migrations", body), 413, "too_many_executions")


async def test_names_and_addresses_that_cannot_be(world: World) -> None:
    admin = {"email": "ada@example.com", "name": "Ada"}
    body = {"name": "Acme", "slug": "api", "admin": admin}
    problem(await world.operator.post("/tenants", body), 422, "invalid_tenant_name")
    problem(await world.operator.post("/users", {"email": "ada@", "name": "Ada", "roles": []}), 422, "invalid_email")
    subject = {"subjectType": "user", "subjectId": world.operator.id}
    grant = {**subject, "permissions": ["workflow:read"], "workflowId": "nobodys"}
    problem(await world.operator.post("/grants", grant), 422, "unknown_workflow")
    account = {"name": "robot", "roles": []}
    assert (await world.operator.post("/service-accounts", account)).status_code == 201
    problem(await world.operator.post("/service-accounts", account), 409, "service_account_name_taken")


async def test_the_console_enters_no_tenant(application: Application) -> None:
    console = almighty(DEFAULT_TENANT, "console", "console")
    transport = httpx.ASGITransport(application.acting_as(console))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.post(f"{V1}/platform/tenants/{DEFAULT_TENANT}/enter", json={"reason": "Ticket 4711"})
    problem(answer, 403, "person_needed")


async def test_an_audit_log_is_verified_once_at_a_time(api: Client, application: Application) -> None:
    assert application.services is not None
    audit: AuditService = application.services.audit
    audit._verifying.add(DEFAULT_TENANT)  # pyright: ignore[reportPrivateUsage] - as while somebody else is at it
    problem(await api.post("/audit/verify"), 429, "verification_running")


async def test_a_trigger_that_may_start_one_at_a_time_is_not_fired_twice(api: Client) -> None:
    schedule = {"id": "nightly", "type": "schedule", "cron": "0 2 * * *"}
    settings = {"concurrency": {"limit": 1, "policy": "reject"}}
    await api.publish({"id": "flow", "nodes": [WAIT], "triggers": [schedule], "settings": settings})
    trigger = await trigger_of(api, "nightly")
    assert (await api.post(f"/triggers/{trigger['id']}/fire", {})).status_code == 202
    problem(await api.post(f"/triggers/{trigger['id']}/fire", {}), 409, "overlapping")


async def test_what_runs_well_has_nothing_to_retry_or_to_go_back_to(api: Client, worker: Worker) -> None:
    id = await started(api, line("job", WAIT))
    await api.when(id, lambda execution: execution["currentSteps"] == ["wait"])
    problem(await api.post(f"/executions/{id}/retry"), 409, "nothing_to_retry")
    problem(await api.post(f"/executions/{id}/validate"), 409, "not_reviewed")
    assert (await api.post(f"/executions/{id}/pause")).status_code == 200
    again = {"stepId": "wait", "input": {"by": "hand"}}
    problem(await api.post(f"/executions/{id}/retry", again), 409, "paused")


async def test_what_waits_for_its_branches_is_not_done_again_by_itself(api: Client, worker: Worker) -> None:
    id = await started(api, FORK)
    await api.when(id, lambda execution: {"left", "right"} <= set(execution["currentSteps"]))
    problem(await api.post(f"/executions/{id}/retry", {"stepId": "both"}), 409, "not_possible")


async def test_a_draft_that_nobody_began_goes_nowhere_back(api: Client, worker: Worker) -> None:
    await api.publish(onboarding())
    id = await api.start("onboarding")
    await api.when_status(id, "draft")
    problem(await api.post(f"/executions/{id}/rollback"), 409, "not_started")


async def test_one_of_two_who_go_back_at_the_same_instant_is_told_so(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    id = await started(api, line("job", undoable("one"), WAIT))
    await api.when(id, lambda execution: execution["currentSteps"] == ["wait"])
    path = f"/executions/{id}/retry"
    answers = await asyncio.gather(*(api.post(path, {"stepId": "one"}) for _ in range(2)))
    [refused] = [answer for answer in answers if answer.status_code != 200]
    problem(refused, 409, "gone_back_meanwhile")


async def test_an_input_for_what_failed_as_a_whole_needs_the_name_of_a_step(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    id = await started(api, line("job", step("one"), WAIT, settings={"timeout": 0.01}))
    await api.when_status(id, "timed_out")
    problem(await api.post(f"/executions/{id}/retry", {"input": {}}), 409, "step_not_named")


async def test_a_version_that_cannot_be_compiled_any_more_is_named(
    api: Client, worker: Worker, ledger: Ledger, connect_as_owner: asyncpg.Connection
) -> None:
    id = await started(api, JOB, n=1)
    await api.when(id, lambda execution: execution["currentSteps"] == ["wait"])
    await connect_as_owner.execute("ALTER TABLE workflow_versions NO FORCE ROW LEVEL SECURITY")
    await connect_as_owner.execute("ALTER TABLE workflow_versions DISABLE TRIGGER USER")
    await connect_as_owner.execute(
        "UPDATE workflow_versions SET definition = jsonb_set(definition::jsonb, '{nodes,0,type}', '\"nowhere\"')"
    )
    problem(await api.post(f"/executions/{id}/retry", {"stepId": "one"}), 409, "unusable_version")


async def test_a_step_around_which_very_much_began_at_once_is_no_point_to_go_back_to(
    api: Client, worker: Worker, ledger: Ledger
) -> None:
    waits = [{"id": f"wait-{number}", "type": "wait", "event": "go"} for number in range(70)]
    branches = ["one", *(wait["id"] for wait in waits)]
    nodes = [{"id": "start", "type": "start", "next": branches}, step("one"), *waits]
    id = await started(api, {"id": "wide", "nodes": nodes})
    await api.when(id, lambda execution: len(execution["currentSteps"]) >= 70 and ledger.lines == ["one"])
    problem(await api.post(f"/executions/{id}/retry", {"stepId": "one"}), 409, "unclear_point")
