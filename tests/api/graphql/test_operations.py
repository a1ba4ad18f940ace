"""What can be asked and done by GraphQL, each as REST tells it."""

from __future__ import annotations

from typing import Any

from tests.api.client import Client
from tests.api.definitions import GREETING, PAYMENT
from tests.api.graphql.client import ask, problem, send
from tests.api.human_tasks import approval, open_task
from tests.api.ledger import Ledger
from tests.api.people import People
from tests.api.test_review import onboarding
from weftline.engine.worker import Worker

CREATE = "mutation ($definition: JSON!) { createWorkflowTemplate(definition: $definition) { id etag status } }"
PUBLISH = "mutation ($id: ID!) { publishWorkflowTemplate(id: $id) { versionNumber isActive warnings { code } } }"
START = """
mutation ($id: ID!, $input: StartInput) {
  startExecution(workflowId: $id, input: $input, wait: 10) { id status output template { name } startedBy }
}
"""
ABOUT = """
query ($id: ID!) {
  execution(id: $id) {
    id workflowId versionNumber status input output data currentSteps startedAt completedAt createdAt tags priority
    attributes isQueued executionTimeMs error { _ }
    events(first: 100) { nodes { seq type stepId occurredAt } }
    steps { nodes { stepId stepName stepType stepStatus attempt retryCount output } }
  }
}
""".replace(" error { _ }", " error")


async def test_a_template_is_created_published_started_and_read_as_rest_reads_it(api: Client, worker: Worker) -> None:
    made = (await ask(api, CREATE, definition=GREETING))["createWorkflowTemplate"]
    assert made == {"id": "greeting", "etag": "1", "status": "DRAFT"}
    published = (await ask(api, PUBLISH, id="greeting"))["publishWorkflowTemplate"]
    assert published == {"versionNumber": 1, "isActive": True, "warnings": []}
    input = {"input": {"name": "Ada"}, "tags": ["vip"], "priority": 7}
    started = (await ask(api, START, id="greeting", input=input))["startExecution"]
    assert started["status"] == "COMPLETED" and started["template"] == {"name": "Greeting"}
    me = await ask(api, "{ me { id email tenant { slug } permissions } }")
    assert started["startedBy"] == me["me"]["id"]

    found = (await ask(api, ABOUT, id=started["id"]))["execution"]
    rest = await api.execution(started["id"])
    assert found["status"] == rest["status"].upper()
    for name in ("id", "input", "output", "data", "startedAt", "completedAt", "createdAt", "tags", "priority"):
        assert found[name] == rest[name], name
    events = (await api.get(f"/executions/{started['id']}/events")).json()["items"]
    assert found["events"]["nodes"] == [
        {name: each[name] for name in ("seq", "type", "stepId", "occurredAt")} for each in events
    ]
    steps = (await api.get(f"/executions/{started['id']}/steps")).json()["items"]
    assert [(each["stepId"], each["output"]) for each in found["steps"]["nodes"]] == [
        (each["stepId"], each["output"]) for each in steps
    ]


async def test_lists_are_connections_that_go_on_behind_a_cursor(api: Client) -> None:
    await api.publish(GREETING)
    ids = [await api.start("greeting", {"name": name}) for name in ("Ada", "Bob", "Cleo")]
    query = """
    query ($after: String, $id: ID!) {
      executions(first: 2, after: $after, filter: {workflowId: $id, status: [PENDING]}) {
        edges { cursor node { id } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
    """
    first = (await ask(api, query, id="greeting"))["executions"]
    assert [edge["node"]["id"] for edge in first["edges"]] == [ids[2], ids[1]]
    assert first["pageInfo"]["hasNextPage"] and not first["pageInfo"]["hasPreviousPage"]
    assert first["pageInfo"]["endCursor"] == first["edges"][-1]["cursor"]
    second = (await ask(api, query, id="greeting", after=first["edges"][0]["cursor"]))["executions"]
    assert [edge["node"]["id"] for edge in second["edges"]] == [ids[1], ids[0]]
    assert not second["pageInfo"]["hasNextPage"] and second["pageInfo"]["hasPreviousPage"]
    problem(await send(api, query, id="greeting", after="nonsense"), 400, "invalid_cursor")


async def test_executions_are_steered_and_refuse_what_cannot_be(api: Client, worker: Worker) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", {"order": "4711"})
    await api.when_status(id, "waiting")
    act = "mutation ($id: ID!) {{ it: {0}(id: $id) {{ status }} }}"
    assert (await ask(api, act.format("pauseExecution"), id=id))["it"] == {"status": "PAUSED"}
    assert (await ask(api, act.format("resumeExecution"), id=id))["it"] == {"status": "WAITING"}
    deliver = (
        'mutation { deliverEvent(input: {name: "paid", correlation: "4711", payload: {amount: 3}}) { delivered } }'
    )
    assert (await ask(api, deliver))["deliverEvent"] == {"delivered": 1}
    await api.when_status(id, "completed")
    problem(await send(api, act.format("cancelExecution"), id=id), 409, "execution_ended")


async def test_market_operations_take_a_workflow_from_draft_to_approved(
    api: Client, people: People, worker: Worker, ledger: Ledger
) -> None:
    await api.publish(onboarding())
    tenant = (await ask(api, "{ me { tenant { id } } }"))["me"]["tenant"]["id"]
    create = """
    mutation ($tenant: ID) {
      createWorkflow(tenantId: $tenant, marketRole: "BRP", templateId: "onboarding") {
        id status marketRole input tenant { id }
      }
    }
    """
    draft = (await ask(api, create, tenant=tenant))["createWorkflow"]
    id = draft.pop("id")
    assert draft == {
        "status": "DRAFT", "marketRole": "BRP", "input": {"marketRole": "BRP"}, "tenant": {"id": tenant}
    }  # fmt: skip
    act = "mutation ($id: ID!) {{ it: {0}(workflowId: $id{1}) {{ {2} }} }}"
    step = ', stepId: "{0}", data: {1}'
    assert (await ask(api, act.format("startWorkflow", "", "status"), id=id))["it"]["status"] != "DRAFT"
    await ask(api, act.format("executeStep", step.format("company", '{name: "Engines"}'), "status"), id=id)
    await ask(api, act.format("pauseWorkflow", "", "status"), id=id)
    await ask(api, act.format("resumeWorkflow", "", "status"), id=id)
    await ask(api, act.format("executeStep", step.format("contact", "{}"), "status"), id=id)
    await api.when_status(id, "awaiting_validation")
    checked = await ask(api, act.format("validateWorkflow", "", "valid errors { stepId pointer message }"), id=id)
    assert checked["it"]["valid"] is False and checked["it"]["errors"][0]["stepId"] == "contact"
    error = problem(await send(api, act.format("submitWorkflow", "", "status"), id=id), 409, "not_valid")
    assert error["errors"]
    fixed = step.format("contact", '{mail: "ada@example.org"}')
    await ask(api, act.format("executeStep", fixed, "status"), id=id)
    assert (await ask(api, act.format("submitWorkflow", "", "status"), id=id))["it"] == {"status": "SUBMITTED"}
    approved = await ask(api, act.format("approveWorkflow", ', comment: "Fine"', "status"), id=id)
    assert approved["it"] == {"status": "COMPLETED"}

    await ask(api, act.format("rollbackWorkflow", ', toStepId: "company"', "status"), id=id)
    await api.when(id, lambda execution: "contact" in execution["currentSteps"])
    shown = await ask(
        api, "query ($id: ID!) { workflow(id: $id) { id tenant { slug } state events { nodes { type } } } }", id=id
    )
    state = shown["workflow"]["state"]
    assert state["currentStepId"] == "contact" and state["data"]["company"] == "Engines"
    assert state["stepStates"]["company"]["status"] == "completed"
    assert "WORKFLOW_ROLLED_BACK" in [event["type"] for event in shown["workflow"]["events"]["nodes"]]
    listed = 'query { workflows(filter: {status: IN_PROGRESS, marketRole: "BRP", templateId: "onboarding"}) { id } }'
    assert (await ask(api, listed))["workflows"] == [{"id": id}]


async def test_a_template_without_a_review_makes_no_drafts(api: Client) -> None:
    await api.publish(GREETING)
    answer = await send(api, 'mutation { createWorkflow(templateId: "greeting") { id } }')
    problem(answer, 409, "no_review")
    assert (await ask(api, "{ executions { nodes { id } } }"))["executions"]["nodes"] == []


async def test_tasks_are_claimed_and_completed(api: Client, worker: Worker) -> None:
    await api.publish(approval())
    task = await open_task(api)
    mine = (await ask(api, "{ tasks(filter: {mine: true}) { nodes { id execution { id status } } } }"))["tasks"][
        "nodes"
    ]
    assert mine == [{"id": task["id"], "execution": {"id": task["executionId"], "status": "WAITING"}}]
    claim = "mutation ($id: ID!) { claimTask(id: $id) { status claimedBy } }"
    assert (await ask(api, claim, id=task["id"]))["claimTask"]["status"] == "CLAIMED"
    complete = 'mutation ($id: ID!) { completeTask(id: $id, input: {outcome: "approved"}) { status outcome } }'
    assert (await ask(api, complete, id=task["id"]))["completeTask"] == {"status": "COMPLETED", "outcome": "approved"}
    problem(await send(api, claim, id=task["id"]), 409, "task_closed")
    problem(await send(api, claim, id="nonsense"), 404, "not_found")


async def test_variables_are_set_listed_and_deleted(api: Client) -> None:
    set = (
        "mutation ($key: String!, $input: VariableInput!) { setVariable(key: $key, input: $input) { key type value } }"
    )
    made = await ask(api, set, key="LIMIT", input={"type": "NUMBER", "value": 3})
    assert made["setVariable"] == {"key": "LIMIT", "type": "NUMBER", "value": 3}
    secret = await ask(api, set, key="TOKEN", input={"type": "SECRET", "value": "hush"})
    assert secret["setVariable"]["value"] is None
    listed = (await ask(api, "{ variables(first: 100) { nodes { key value isSystem } } }"))["variables"]["nodes"]
    assert {each["key"]: each["value"] for each in listed if not each["isSystem"]} == {"LIMIT": 3, "TOKEN": None}
    error = problem(await send(api, set, key="not a name", input={"value": "x"}), 422, "invalid_request")
    assert error["errors"][0]["pointer"] == "/key"
    gone = await ask(api, 'mutation { deleteVariable(key: "LIMIT") { key } }')
    assert gone["deleteVariable"] == {"key": "LIMIT"}


async def test_triggers_are_paused_and_fired(api: Client) -> None:
    await api.publish({**GREETING, "triggers": [{"id": "hook", "type": "webhook", "name": "Hook"}]})
    [trigger] = (await ask(api, "{ triggers { nodes { id status url } } }"))["triggers"]["nodes"]
    assert trigger["url"] is None
    shown = await ask(api, "query ($id: ID!) { trigger(id: $id) { url fired } }", id=trigger["id"])
    assert "/hooks/" in shown["trigger"]["url"]
    pause = "mutation ($id: ID!) { pauseTrigger(id: $id) { status } }"
    assert (await ask(api, pause, id=trigger["id"]))["pauseTrigger"] == {"status": "PAUSED"}
    resume = "mutation ($id: ID!) { resumeTrigger(id: $id) { status } }"
    assert (await ask(api, resume, id=trigger["id"]))["resumeTrigger"] == {"status": "ACTIVE"}


async def test_members_are_invited_and_statistics_and_the_audit_log_are_read(api: Client) -> None:
    invite = 'mutation { inviteUser(input: {email: "bob@example.com", roles: ["viewer"]}) { id email status roles } }'
    bob = (await ask(api, invite))["inviteUser"]
    assert bob["roles"] == ["viewer"]
    users = (await ask(api, "{ users { nodes { email } } }"))["users"]["nodes"]
    assert {"email": "bob@example.com"} in users
    told = await ask(api, "{ statistics { running total { started ended successRate } items { workflowId } } }")
    assert told["statistics"]["total"]["started"] == 0
    entries = await ask(api, '{ auditEntries(filter: {action: "member.added"}) { nodes { seq action resourceId } } }')
    assert [entry["resourceId"] for entry in entries["auditEntries"]["nodes"]] == [bob["id"]]
    assert (await ask(api, "{ tenants { nodes { slug } } }"))["tenants"]["nodes"]


async def test_operations_of_one_request_go_on_where_one_of_them_fails(api: Client) -> None:
    answer = await api.http.post("/graphql", json={"query": '{ me { email } workflowTemplate(id: "none") { id } }'})
    document: dict[str, Any] = answer.json()
    # the field may not be null, and so nothing of its parent is there
    assert document["data"] is None
    assert document["errors"][0]["path"] == ["workflowTemplate"]
