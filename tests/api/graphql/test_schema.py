"""The schema, as it is kept and as it is asked for."""

from __future__ import annotations

from pathlib import Path

import httpx
from graphql import build_schema, get_introspection_query, is_enum_type, is_input_object_type

from tests.api.client import Client, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.graphql.client import ask
from weftline.api.app import Application
from weftline.api.graphql.options import GraphQLOptions
from weftline.api.graphql.schema import schema

KEPT = Path(__file__).parents[3] / "docs" / "reference" / "schema.graphql"
RENEW = "renew it: .venv/bin/python -m weftline.api.graphql.schema > docs/reference/schema.graphql"

MARKET = {"createWorkflow", "startWorkflow", "executeStep", "pauseWorkflow", "resumeWorkflow", "rollbackWorkflow"} | {
    "validateWorkflow", "submitWorkflow", "approveWorkflow"
}  # fmt: skip


def test_the_schema_is_the_one_that_is_kept() -> None:
    assert KEPT.read_text() == schema().as_str() + "\n", RENEW


def test_every_type_field_and_argument_says_what_it_is() -> None:
    silent: set[str] = set()
    for name, kind in schema().core.type_map.items():
        if name.startswith("__") or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        if not kind.description:
            silent.add(name)
        if is_enum_type(kind):
            continue
        for field_name, field in getattr(kind, "fields", {}).items():
            if not field.description:
                silent.add(f"{name}.{field_name}")
            if not is_input_object_type(kind):
                silent |= {f"{name}.{field_name}({each})" for each, arg in field.args.items() if not arg.description}
    assert not silent


def test_the_words_of_market_operations_are_all_there() -> None:
    core = build_schema(schema().as_str())
    assert core.mutation_type is not None and core.query_type is not None
    assert core.mutation_type.fields.keys() >= MARKET
    assert {"workflow", "workflows"} <= core.query_type.fields.keys()


async def test_tools_can_ask_for_the_schema(api: Client) -> None:
    told = await ask(api, get_introspection_query())
    assert {each["name"] for each in told["__schema"]["types"]} >= {"WorkflowTemplate", "Execution", "Task"}


async def test_there_is_a_page_to_write_operations_on_where_operators_want_one(api: Client, database: str) -> None:
    assert (await api.http.get("/graphql/explorer")).status_code == 404
    app = Application(api_options(database, graphql=GraphQLOptions(explorer=True)))
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:
        page = await http.get("/graphql/explorer")
        assert page.status_code == 200 and "GraphiQL" in page.text
        [policy] = page.headers.get_list("content-security-policy")
        assert "frame-ancestors 'none'" in policy and "script-src https:" in policy
        assert (await http.post("/graphql/explorer", json={"query": "{ me { email } }"})).status_code == 401
        http.headers["Authorization"] = api.http.headers["Authorization"]
        answer = await http.post("/graphql/explorer", json={"query": "{ me { email } }"})
    assert answer.json()["data"]["me"]["email"] == "admin@example.com"
