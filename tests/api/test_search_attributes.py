"""What executions are found by: search attributes, tags, their parent; and changing it."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.api.client import Client, problem
from tests.api.definitions import PAYMENT, changed
from tests.conftest import Connect
from weftline.model.ids import DEFAULT_TENANT

ORDERS = changed(
    PAYMENT,
    settings={
        "searchAttributes": {"region": "${ input.region }", "amount": "${ input.amount }", "rush": "${ amount > 100 }"},
        "priority": 7,
    },
)


async def found(api: Client, *attributes: str, **params: Any) -> list[str]:
    """The ids of the executions that a search finds, the oldest first."""
    answer = await api.get("/executions", params={"attribute": list(attributes), **params})
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in reversed(answer.json()["items"])]


async def test_executions_are_found_by_what_the_settings_make_of_their_input(api: Client) -> None:
    await api.publish(ORDERS)
    small = await api.start("payment", {"order": "1", "region": "emea", "amount": 5})
    large = await api.start("payment", {"order": "2", "region": "emea", "amount": 250.0})
    other = await api.start("payment", {"order": "3", "region": "a:b", "amount": 0.5}, attributes={"rush": "never"})
    assert (await api.execution(large))["attributes"] == {"region": "emea", "amount": 250, "rush": True}
    assert await found(api, "region:emea") == [small, large]
    assert await found(api, "region:emea", "rush:true") == [large]
    assert await found(api, "amount:250") == [large]
    assert await found(api, "amount:0.5") == await found(api, "region:a:b") == await found(api, "rush:never") == [other]
    assert await found(api, "region:emea", "amount:0.5") == []


async def test_the_settings_priority_counts_where_the_start_gives_none(api: Client) -> None:
    await api.publish(ORDERS)
    input = {"order": "1", "region": "emea", "amount": 5}
    answers = [
        await api.post("/workflows/payment/executions", {"input": input, **more}) for more in ({}, {"priority": 2})
    ]
    assert [answer.json()["priority"] for answer in answers] == [7, 2]


@pytest.mark.parametrize(
    ("attributes", "place"),
    [
        ({"region": ["emea"]}, "/attributes/region"),
        ({"region": None}, "/attributes/region"),
        ({"region": "x" * 256}, "/attributes/region"),
        ({"a:b": 1}, "/attributes/a:b"),
        ({f"a{number}": 1 for number in range(33)}, "/attributes"),
        ("region", "/attributes"),
    ],
)
async def test_attributes_that_cannot_be_searched_for_are_refused(api: Client, attributes: object, place: str) -> None:
    await api.publish(PAYMENT)
    answer = await api.post("/workflows/payment/executions", {"attributes": attributes})
    assert [error["pointer"] for error in problem(answer, 422, "invalid_request")["errors"]] == [place]


async def test_a_setting_that_gives_no_attribute_refuses_the_start(api: Client) -> None:
    await api.publish(ORDERS)
    body = {"input": {"order": "1", "region": {"name": "emea"}, "amount": 5}}
    refused = problem(await api.post("/workflows/payment/executions", body), 422, "invalid_settings")
    assert "settings.searchAttributes.region" in refused["errors"][0]["message"]


async def test_tags_attributes_and_priority_can_be_changed_while_it_runs(api: Client) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", {"order": "1"}, tags=["old"], attributes={"region": "emea", "batch": 1})
    change = {"tags": ["new", "new"], "attributes": {"region": None, "batch": 2}, "priority": 9}
    answer = await api.http.patch(f"/api/v1/executions/{id}", json=change)
    assert answer.status_code == 200, answer.text
    assert answer.json()["attributes"] == {"batch": 2}
    assert answer.json()["priority"] == 9
    assert await found(api, "region:emea") == await found(api, "batch:1") == await found(api, tag="old") == []
    assert await found(api, "batch:2", tag="new") == [id]
    [entry] = (await api.get("/audit", params={"action": "execution.changed"})).json()["items"]
    assert (entry["before"]["attributes"], entry["after"]["attributes"]) == (
        {"region": "emea", "batch": 1},
        {"batch": 2},
    )


@pytest.mark.parametrize("change", [{"priority": 10}, {"tags": [""]}, {"attributes": {"a": []}}, {"status": "failed"}])
async def test_nothing_else_can_be_changed(api: Client, change: dict[str, Any]) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment")
    problem(await api.http.patch(f"/api/v1/executions/{id}", json=change), 422, "invalid_request")


async def test_a_search_reads_an_index_under_row_level_security(connect: Connect) -> None:
    api = await connect("weft_api", DEFAULT_TENANT)
    await api.execute("SET enable_seqscan = off")
    search = f"""
        SELECT id FROM executions
        WHERE tenant_id = '{DEFAULT_TENANT}' AND id IN (
            SELECT execution_id FROM execution_labels
            WHERE tenant_id = '{DEFAULT_TENANT}' AND name = 'region' AND value = 'emea')
    """
    plan = "\n".join(row[0] for row in await api.fetch(f"EXPLAIN {search}"))
    assert "execution_labels_pkey" in plan
    assert all(column in plan for column in ("name = 'region'", "value = 'emea'"))


async def test_every_tag_and_attribute_is_one_label(api: Client, tenant: asyncpg.Connection) -> None:
    await api.publish(PAYMENT)
    id = await api.start("payment", tags=["a", "a", "b"], attributes={"a": "b"})
    labels = "SELECT name, value FROM execution_labels WHERE execution_id = $1 ORDER BY name, value"
    assert [tuple(row) for row in await tenant.fetch(labels, id)] == [("", "a"), ("", "b"), ("a", "b")]
