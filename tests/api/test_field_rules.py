"""Field rules over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.api.client import Client, problem
from tests.api.definitions import GREETING
from tests.api.people import People
from tests.conftest import Connect
from weftline.api.app import Application
from weftline.features.access.fields.masking import MASK
from weftline.features.access.fields.service import MAX_RULES
from weftline.model.ids import DEFAULT_TENANT


def body(**fields: Any) -> dict[str, Any]:
    return {"field": "iban", "effect": "hide", **fields}


async def create(api: Client, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/field-rules", body(**fields))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def trail(tenant: asyncpg.Connection) -> list[tuple[str, str]]:
    rows = await tenant.fetch(
        "SELECT action, resource_id FROM audit_log WHERE resource_type = 'field-rule' ORDER BY seq"
    )
    return [(row["action"], row["resource_id"]) for row in rows]


async def test_a_rule_is_added_listed_and_removed(api: Client, tenant: asyncpg.Connection) -> None:
    rule = await create(api, workflowId="purchase", visibleTo=["operator", "admin"])
    assert rule["workflowId"] == "purchase" and rule["field"] == "iban" and rule["effect"] == "hide"
    assert rule["visibleTo"] == ["admin", "operator"] and rule["createdBy"]
    assert (await api.get("/field-rules")).json()["items"] == [rule]
    path = f"/field-rules/{rule['id']}"
    shown = await api.get(path)
    assert shown.json() == rule
    other = await api.http.delete(f"/api/v1{path}", headers={"If-Match": '"another"'})
    problem(other, 412, "precondition_failed")
    removed = await api.http.delete(f"/api/v1{path}", headers={"If-Match": shown.headers["etag"]})
    assert removed.status_code == 200 and removed.json() == rule
    assert (await api.get("/field-rules")).json()["items"] == []
    problem(await api.get(path), 404, "field_rule_not_found")
    problem(await api.http.delete(f"/api/v1{path}"), 404, "field_rule_not_found")
    assert await trail(tenant) == [("field-rule.created", rule["id"]), ("field-rule.removed", rule["id"])]


async def test_rules_are_listed_by_the_page_and_by_the_workflow_they_apply_to(api: Client) -> None:
    ids = [(await create(api, workflowId=workflow))["id"] for workflow in ("one", "two", None)]
    first = (await api.get("/field-rules", params={"limit": 2})).json()
    assert [rule["id"] for rule in first["items"]] == ids[:2]
    rest = (await api.get("/field-rules", params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert [rule["id"] for rule in rest["items"]] == ids[2:] and rest["nextCursor"] is None
    of_two = (await api.get("/field-rules", params={"workflowId": "two"})).json()
    assert [rule["id"] for rule in of_two["items"]] == ids[1:]


@pytest.mark.parametrize(
    "wrong",
    [
        {"field": ""},
        {"field": "a..b"},
        {"field": ".a"},
        {"field": "a."},
        {"field": "x" * 201},
        {"effect": "show"},
        {"workflowId": "../x"},
        {"visibleTo": ["admin"] * 101},
        {"createdBy": str(uuid4())},
    ],
)
async def test_what_makes_no_sense_is_refused(api: Client, wrong: dict[str, Any]) -> None:
    problem(await api.post("/field-rules", body(**wrong)), 422, "invalid_request")


async def test_roles_must_exist(api: Client, connect: Connect) -> None:
    document = problem(await api.post("/field-rules", body(visibleTo=["admin", "clerk"])), 422, "unknown_role")
    assert [(error["pointer"], error["message"]) for error in document["errors"]] == [
        ("/visibleTo", "there is no role 'clerk'")
    ]
    own = await connect("weft_api", DEFAULT_TENANT)
    await own.execute("INSERT INTO roles (tenant_id, id, name) VALUES ($1, 'clerk', 'Clerk')", DEFAULT_TENANT)
    await create(api, visibleTo=["clerk"])


async def test_there_is_an_end_to_how_many(api: Client, connect: Connect) -> None:
    own = await connect("weft_api", DEFAULT_TENANT)
    await own.execute(
        "INSERT INTO field_rules (tenant_id, id, field, effect)"
        " SELECT $1, gen_random_uuid(), 'f' || n, 'hide' FROM generate_series(1, $2) n",
        DEFAULT_TENANT,
        MAX_RULES,
    )
    problem(await api.post("/field-rules", body()), 409, "too_many_field_rules")


async def test_who_may_not_manage_rules_does_not_see_them(api: Client, people: People) -> None:
    rule = await create(api)
    author = await people.join("ada", "author", "operator")
    problem(await author.get("/field-rules"), 403, "permission_denied")
    problem(await author.post("/field-rules", body()), 403, "permission_denied")
    problem(await author.http.delete(f"/api/v1/field-rules/{rule['id']}"), 403, "permission_denied")


async def test_a_rule_decides_what_each_member_sees(api: Client, people: People, application: Application) -> None:
    await api.publish(GREETING)
    execution = await api.start("greeting", {"name": "Ada", "customer": {"iban": "DE00", "city": "Ulm"}})
    await create(api, workflowId="greeting", field="customer.iban", visibleTo=["admin"])
    await create(api, field="city", effect="mask", visibleTo=["admin", "operator"])
    assert application.services is not None
    await application.services.cache.refresh()
    viewer, operator = await people.join("grace", "viewer"), await people.join("linus", "operator")
    seen = [(await each.execution(execution))["input"]["customer"] for each in (api, operator, viewer)]
    assert seen == [{"iban": "DE00", "city": "Ulm"}, {"city": "Ulm"}, {"city": MASK}]
