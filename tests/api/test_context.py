"""What whoever starts an execution says of the request and the user that it runs for."""

from __future__ import annotations

from typing import Any

from tests.api.client import Client, problem
from tests.api.definitions import GREETING
from tests.api.world import World

CONTEXT: dict[str, Any] = {
    "request": {"method": "POST", "path": "/register", "headers": {"user-agent": "test/1"}, "query": {"plan": "free"}},
    "metadata": {"campaign": "spring"},
}

WRONG: dict[str, tuple[Any, str]] = {
    "no object": ([], "/context"),
    "an unknown field": ({"tenant": "acme"}, "/context/tenant"),
    "a request that is none": ({"request": "POST /"}, "/context/request"),
    "an unknown field of the request": ({"request": {"body": "x"}}, "/context/request/body"),
    "headers that are no texts": ({"request": {"headers": {"a": 1}}}, "/context/request/headers"),
    "credentials": ({"request": {"headers": {"Authorization": "Bearer x"}}}, "/context/request/headers/Authorization"),
    "permissions that are no list": ({"user": {"permissions": "all"}}, "/context/user/permissions"),
    "metadata that is no object": ({"metadata": 1}, "/context/metadata"),
    "more than there is room for": ({"metadata": {"text": "x" * 70_000}}, "/context"),
    "a user, from a person": ({"user": {"id": "somebody-else"}}, "/context/user"),
}


def said(execution: dict[str, Any]) -> dict[str, Any]:
    """What whoever started an execution said; the platform itself adds the request."""
    return {name: value for name, value in execution["context"].items() if name != "requestId"}


async def test_a_context_is_kept_with_the_execution_and_with_what_repeats_it(api: Client, worker: object) -> None:
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"}, context=CONTEXT)
    assert said(await api.when_status(id, "completed")) == CONTEXT
    again = await api.post(f"/executions/{id}/restart", {})
    assert said(await api.execution(again.json()["id"])) == CONTEXT
    without = await api.start("greeting", {"name": "Ada"})
    assert said(await api.execution(without)) == {}


async def test_a_context_that_is_none_is_refused_with_its_place(api: Client) -> None:
    await api.publish(GREETING)
    for wrong, (context, place) in WRONG.items():
        answer = await api.post("/workflows/greeting/executions", {"input": {"name": "Ada"}, "context": context})
        errors = problem(answer, 422, "invalid_request")["errors"]
        assert [error["pointer"] for error in errors] == [place], wrong
    assert (await api.get("/executions")).json()["items"] == []


async def test_a_service_account_says_on_whose_behalf_it_acts(world: World) -> None:
    admin = await world.found("acme")
    await admin.publish(GREETING)
    account = await admin.made("/service-accounts", {"name": "shop", "roles": ["operator"]})
    key = await admin.made("/api-keys", {"name": "shop", "serviceAccountId": account["id"]})
    shop = await world.with_key(key["key"])
    user = {"user": {"id": "customer-7", "role": "buyer", "permissions": ["orders:create"]}}
    id = await shop.start("greeting", {"name": "Ada"}, context=user)
    assert said(await shop.execution(id)) == user
