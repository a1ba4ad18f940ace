"""Acts on many members or variables in one request: each is done or refused by itself."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from tests.api.client import Client, problem
from tests.api.definitions import GREETING
from tests.api.mailbox import Mailbox
from tests.api.people import People

Items = list[dict[str, Any]]


async def done(api: Client, path: str, items: Items, **options: Any) -> Items:
    """What became of each item."""
    answer = await api.post(path, {"items": items}, **options)
    assert answer.status_code == 200, answer.text
    found: Items = answer.json()["items"]
    assert [each["index"] for each in found] == list(range(len(items)))
    assert all((each["error"] is None) == (each["status"] == "done") for each in found)
    return found


def codes(found: Items) -> list[str | None]:
    return [each["error"] and each["error"]["code"] for each in found]


async def test_members_are_invited_changed_and_removed(api: Client, people: People, mailbox: Mailbox) -> None:
    ada, bob = await people.join("ada", "viewer"), await people.join("bob")
    nobody, me = str(uuid4()), (await api.get("/auth/me")).json()["id"]
    found = await done(
        api,
        "/users/bulk",
        [
            {"act": "add", "email": "grace@example.com", "roles": ["author"]},
            {"act": "add", "email": ada.email},
            {"act": "change", "id": str(ada.id), "status": "disabled"},
            {"act": "change", "id": str(ada.id), "roles": ["no-such-role"]},
            {"act": "remove", "id": str(bob.id)},
            {"act": "remove", "id": nobody},
            {"act": "remove", "id": me},
        ],
    )
    refusals = ["member_not_found", "own_membership"]
    assert codes(found) == [None, "member_exists", None, "invalid", None, *refusals]
    assert [each["id"] for each in found][1:] == [ada.email, str(ada.id), str(ada.id), str(bob.id), nobody, me]
    (wrong,) = found[3]["error"]["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/roles/0", "unknown_role")
    members = {each["email"]: each for each in (await api.get("/users")).json()["items"]}
    assert (members["grace@example.com"]["status"], members["grace@example.com"]["id"]) == ("invited", found[0]["id"])
    assert (members[ada.email]["status"], members[ada.email]["roles"]) == ("disabled", ["viewer"])
    assert bob.email not in members
    assert (await ada.get("/auth/me")).status_code == 401
    # again: the one is invited anew, the other is let in
    items = [
        {"act": "invite", "id": found[0]["id"]},
        {"act": "change", "id": str(ada.id), "status": "active", "roles": ["author"]},
    ]
    assert codes(await done(api, "/users/bulk", items)) == [None, None]
    assert await mailbox.templates("grace@example.com") == ["invitation"] * 2
    assert (await api.get(f"/users/{ada.id}")).json()["roles"] == ["author"]
    actions = [each["action"] for each in (await api.get("/audit", params={"action": "member."})).json()["items"]]
    assert actions == ["member.changed", "member.invited_again", "member.removed", "member.changed", "member.added"]


async def test_variables_are_set_changed_and_removed_of_a_tenant_or_a_workflow(api: Client) -> None:
    await api.publish(GREETING)
    for path in ("/variables", "/workflows/greeting/variables"):
        found = await done(
            api,
            f"{path}/bulk",
            [
                {"act": "set", "key": "LIMIT", "type": "NUMBER", "value": 1},
                {"act": "change", "key": "LIMIT", "value": 2},
                {"act": "change", "key": "LIMIT", "value": "many"},
                {"act": "set", "key": "TOKEN", "type": "SECRET", "value": "s3cr3t"},
                {"act": "remove", "key": "TOKEN"},
                {"act": "remove", "key": "TOKEN"},
                {"act": "set", "key": "TENANT_ID", "value": "mine"},
            ],
        )
        refusals = ["variable_not_found", "system_variable"]
        assert codes(found) == [None, None, "invalid_variable", None, None, *refusals]
        assert [each["id"] for each in found] == ["LIMIT"] * 3 + ["TOKEN"] * 3 + ["TENANT_ID"]
        assert found[2]["error"]["errors"][0]["pointer"] == "/value"
        own = [each for each in (await api.get(path)).json()["items"] if not each["isSystem"]]
        assert [(each["key"], each["value"]) for each in own] == [("LIMIT", 2)]
    lost = await api.post("/workflows/nowhere/variables/bulk", {"items": [{"act": "remove", "key": "A"}]})
    problem(lost, 404, "workflow_not_found")


async def test_a_request_that_comes_again_is_answered_again(api: Client) -> None:
    items = [{"act": "set", "key": "URL", "value": "https://example.com"}, {"act": "remove", "key": "GONE"}]
    key = {"Idempotency-Key": "once"}
    first = await done(api, "/variables/bulk", items, headers=key)
    await api.http.delete("/api/v1/variables/URL")
    assert await done(api, "/variables/bulk", items, headers=key) == first
    problem(await api.get("/variables/URL"), 404, "variable_not_found")


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("/users/bulk", {"act": "promote", "id": str(uuid4())}),
        ("/users/bulk", {"act": "change"}),
        ("/users/bulk", {"act": "add", "email": "a@example.com", "id": str(uuid4())}),
        ("/variables/bulk", {"act": "set", "key": "A B", "value": 1}),
        ("/variables/bulk", {"act": "set", "key": "A"}),
        ("/variables/bulk", {"act": "remove", "key": "A", "value": 1}),
    ],
    ids=["no act", "no id", "too much of somebody", "no name", "no value", "too much of a variable"],
)
async def test_a_request_that_cannot_be_read_does_nothing(api: Client, path: str, item: dict[str, Any]) -> None:
    good = {"act": "add", "email": "grace@example.com"} if "users" in path else {"act": "set", "key": "B", "value": "b"}
    for items in ([good, item], [], [good] * 101):
        problem(await api.post(path, {"items": items}), 422, "invalid_request")
    assert len((await api.get("/users")).json()["items"]) == 1
    problem(await api.get("/variables/B"), 404, "variable_not_found")


async def test_whoever_may_not_act_on_one_may_not_act_on_many(people: People) -> None:
    ada = await people.join("ada", "viewer")
    for path, item in (
        ("/users/bulk", {"act": "add", "email": "eve@example.com"}),
        ("/variables/bulk", {"act": "remove", "key": "A"}),
    ):
        problem(await ada.post(path, {"items": [item]}), 403, "permission_denied")
