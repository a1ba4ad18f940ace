"""What the client asks of those who look after a tenant, against the API."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests.api.client import PATIENCE
from tests.api.definitions import APPROVAL, GREETING
from weftline.client import AsyncClient, AuditHead, Conflict, Invalid, NotFound
from weftline.engine.worker import Worker


async def test_roles_groups_grants_and_service_accounts(client: AsyncClient) -> None:
    role = await client.roles.create("clerk", "Clerk", permissions=["execution:read"], inherits=["viewer"])
    assert not role.built_in and role.permissions == ["execution:read"]
    changed_role = await client.roles.replace("clerk", "Clerk", requires_mfa=True)
    assert changed_role.requires_mfa and changed_role == await client.roles.get("clerk")
    assert {"clerk", "viewer"} <= {each.id async for each in client.roles.list()}
    assert "execution:read" in {each.name for each in await client.roles.permissions()}
    user = await client.users.invite("grace@example.com")
    group = await client.groups.create("Desk", roles=["clerk"])
    assert (await client.groups.add(group.id, user.id)).email == "grace@example.com"
    assert [each.id async for each in client.groups.members(group.id)] == [user.id]
    await client.groups.take_out(group.id, user.id)
    assert (await client.groups.replace(group.id, "Front desk")).roles == []
    assert [each.name async for each in client.groups.list()] == ["Front desk"]
    grant = await client.grants.create("user", user.id, ["execution:read"])
    assert [each async for each in client.grants.list(subject_id=user.id)] == [await client.grants.get(grant.id)]
    program = await client.service_accounts.create("importer", roles=["viewer"])
    assert (await client.service_accounts.replace(program.id, "importer", status="disabled")).status == "disabled"
    assert [each.id async for each in client.service_accounts.list()] == [program.id]
    for removed in (
        client.grants.remove(grant.id),
        client.groups.remove(group.id),
        client.service_accounts.remove(program.id),
        client.roles.remove("clerk"),
    ):
        await removed
    with pytest.raises(NotFound):
        await client.roles.get("clerk")


async def test_policies_and_field_rules(client: AsyncClient) -> None:
    source = 'forbid(principal, action == Action::"workflow:publish", resource);'
    assert (await client.policies.validate(source)).valid
    problems = (await client.policies.validate("forbid(principal,\n action, resorce);")).problems
    assert problems and problems[0].line == 2
    with pytest.raises(Invalid):
        await client.policies.create("broken", "forbid(")
    await client.workflows.create(GREETING)
    greeting = {"type": "Workflow", "id": "greeting"}
    policy = await client.policies.create("frozen", source, is_enabled=False)
    allowed = await client.policies.explain("workflow:publish")
    assert allowed.allowed and allowed.reasons[0].kind == "role"
    enabled = await client.policies.replace(policy.id, "frozen", source)
    assert [each async for each in client.policies.list()] == [enabled] == [await client.policies.get(policy.id)]
    async with asyncio.timeout(PATIENCE):
        # other servers hear of a policy a moment later, and so does this one
        while (refused := await client.policies.explain("workflow:publish", resource=greeting)).allowed:
            pass
    assert [each.name for each in refused.reasons if each.effect == "forbid"] == ["frozen"]
    await client.policies.remove(policy.id)
    rule = await client.field_rules.create("customer.iban", "mask", visible_to=["viewer"])
    assert [each async for each in client.field_rules.list()] == [rule] == [await client.field_rules.get(rule.id)]
    assert (await client.field_rules.remove(rule.id)).effect == "mask"


async def test_the_audit_log_is_read_exported_and_verified(client: AsyncClient) -> None:
    await client.variables.set("limit", "3")
    since = datetime.now(UTC) - timedelta(hours=1)
    entries = [each async for each in client.audit.list(action="variable.", since=since)]
    assert entries and entries[0].after and entries[0] == await client.audit.get(entries[0].seq)
    exported = b"".join([piece async for piece in client.audit.export(action="variable.")])
    assert [orjson.loads(line)["seq"] for line in exported.splitlines()] == [each.seq for each in reversed(entries)]
    verified = await client.audit.verify()
    assert verified.whole and verified.complete and verified.head is not None
    assert (await client.audit.verify(expect=verified.head)).whole
    forged = await client.audit.verify(expect=AuditHead(seq=verified.head.seq, hash="0" * 64))
    assert not forged.whole and forged.faults


async def test_statistics_steps_versions_and_notices(client: AsyncClient, worker: Worker) -> None:
    await client.workflows.deploy(GREETING)
    execution = await client.executions.start("greeting", {"name": "Ada"}, wait=30)
    figures = await client.statistics.get(group_by=["workflow", "version"], timezone="Europe/Berlin")
    assert figures.total.completed == 1 and figures.since < figures.until
    assert [(each.workflow_id, each.version_number) for each in figures.items] == [("greeting", 1)]
    of_one = await client.statistics.of_workflow("greeting")
    assert of_one.successful == 1 and {each.step_id for each in of_one.steps} >= {"greet"}
    found = [each async for each in client.executions.find_steps(step="greet", status="completed")]
    assert [each.execution_id for each in found] == [execution.id]
    assert (await client.executions.definition(execution.id)).definition == GREETING
    assert [each async for each in client.executions.notifications(execution.id)] == []
    start, greet, end = GREETING["nodes"]
    await client.workflows.deploy({**GREETING, "nodes": [start, {**greet, "name": "Greet them"}, end]})
    comparison = await client.workflows.compare("greeting", before=1, after=2)
    assert (comparison.before, comparison.after) == (1, 2)
    assert [each.id for each in comparison.nodes.changed] == ["greet"]
    migrated = await client.workflows.migrate("greeting", 1, 2, dry_run=True)
    assert migrated.total == 0
    user = await client.users.invite("grace@example.com")
    permissions = await client.workflows.set_permissions("greeting", users=[user.id])
    assert permissions.user_ids == [user.id] and permissions == await client.workflows.permissions("greeting")


async def test_many_executions_and_tasks_are_acted_on_at_once(client: AsyncClient, worker: Worker) -> None:
    await client.workflows.deploy(APPROVAL)
    me = await client.me()
    executions = [await client.executions.start("approval", {"reviewers": [me.email]}) for _ in range(2)]
    for execution in executions:
        await client.executions.wait(execution.id, 30, until={"waiting"})
    tasks = [each async for each in client.tasks.list(execution=executions[0].id)]
    done = await client.tasks.bulk([{"act": "claim", "id": tasks[0].id}, {"act": "claim", "id": me.id}])
    assert [each.status for each in done.items] == ["done", "refused"]
    assert done.items[1].error is not None and done.items[1].error.code == "task_not_found"
    assert [each async for each in client.tasks.votes(tasks[0].id)] == []
    assert [each async for each in client.tasks.delegations(tasks[0].id)] == []
    ids = [each.id for each in executions]
    assert (await client.bulk_operations.count("cancel", workflow="approval", status="waiting")).total == 2
    operation = await client.bulk_operations.start("cancel", workflow="approval", ids=ids, reason="enough")
    assert (operation.act, operation.reason) == ("cancel", "enough")
    for id in ids:
        assert (await client.executions.wait(id, 30)).status == "cancelled"
    assert (await client.bulk_operations.get(operation.id)).succeeded == 2
    assert [each.id async for each in client.bulk_operations.list()] == [operation.id]
    assert [each async for each in client.bulk_operations.failures(operation.id)] == []


async def test_webhooks_and_texts_of_messages(client: AsyncClient) -> None:
    webhook = await client.webhooks.create("https://hooks.example.com/weft", ["execution.*"], name="Desk")
    assert webhook.secret not in repr(webhook)
    assert (await client.webhooks.update(webhook.id, kinds=["task.*"])).kinds == ["task.*"]
    delivery = await client.webhooks.test(webhook.id)
    assert delivery.status == "due"
    assert [each.id async for each in client.webhooks.deliveries(webhook.id)] == [delivery.id]
    detail = await client.webhooks.delivery(webhook.id, delivery.id)
    assert detail.body["type"] == delivery.kind and detail.attempt_log == []
    with pytest.raises(Conflict) as pending:
        await client.webhooks.redeliver(webhook.id, delivery.id)
    assert pending.value.code == "delivery_pending"
    assert (await client.webhooks.redeliver_failed(webhook.id, datetime.now(UTC))).redelivered == 0
    rotated = await client.webhooks.rotate_secret(webhook.id, overlap_hours=1)
    assert rotated.secret != webhook.secret and rotated.previous_secret_until is not None
    assert (await client.webhooks.disable(webhook.id)).disabled_reason == "manual"
    assert (await client.webhooks.enable(webhook.id)).status == "active"
    assert [each.name async for each in client.webhooks.list()] == ["Desk"]
    await client.webhooks.remove(webhook.id)
    template = await client.message_templates.create("late", "It is late.", channel="email", subject="Late")
    assert [each async for each in client.message_templates.list()] == [template]
    assert (await client.message_templates.replace("late", "Still late.", channel="email", subject="Late")).body
    assert (await client.message_templates.get("late")).body == "Still late."
    await client.message_templates.remove("late")
