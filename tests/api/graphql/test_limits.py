"""What operations may come to, and in what form they come."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import httpx
import pytest

from tests.api.client import Client, running
from tests.api.conftest import ORIGIN, api_options
from tests.api.definitions import GREETING
from tests.api.graphql.client import ask, problem, send
from weftline.api.app import Application
from weftline.api.graphql.options import GraphQLOptions
from weftline.engine.worker import Worker
from weftline.features.executions.many import reader

INTROSPECTION = '{ __type(name: "Query") { name } }'


async def test_operations_that_are_too_deep_too_broad_or_too_costly_are_refused(api: Client) -> None:
    deep = "{ workflowTemplates { nodes { id } } }"
    for _ in range(4):
        deep = deep.replace("id", "executions { edges { node { template { id } } } }")
    problem(await send(api, deep), 400, "graphql_too_deep")
    broad = " ".join(f"a{number}: __typename" for number in range(200))
    problem(await send(api, f"{{ {broad} }}"), 400, "graphql_too_broad")
    acts = " ".join(f'a{number}: pauseExecution(id: "x") {{ id }}' for number in range(11))
    problem(await send(api, f"mutation {{ {acts} }}"), 400, "graphql_too_broad")
    costly = """
    query ($first: Int!) {
      workflowTemplates(first: 200) { nodes { executions(first: $first) { nodes { ...Steps } } } }
    }
    fragment Steps on Execution { steps { nodes { stepId } } }
    """
    error = problem(await send(api, costly, first=100), 400, "graphql_too_costly")
    # 200 templates, each with 100 executions, each with as many steps as are shown where nobody says how many
    assert f"{200 * (1 + 100 * (1 + 50)):,}" in error["detail"]
    await ask(api, costly, first=1)


async def test_documents_cost_as_often_as_the_lists_that_they_are_in_have_items(api: Client) -> None:
    costly = """
    {
      workflowTemplates(first: 200) {
        nodes { definition executions(first: 50) { nodes { input output data a: data } } }
      }
    }
    """
    error = problem(await send(api, costly), 400, "graphql_too_costly")
    assert f"{200 * (1 + 1 + 50 * (1 + 4)):,}" in error["detail"]


@pytest.mark.parametrize(
    "selection",
    [
        "nodes { {fields} }",
        # one object answers all of these
        "nodes { ...All } nodes { ... on Execution { {last} } }",
    ],
)
async def test_a_field_may_have_ten_names_in_a_selection(api: Client, selection: str) -> None:
    fields = [f"a{number}: data" for number in range(11)]
    fragment = f" fragment All on Execution {{ {' '.join(fields[:10])} }}" if "All" in selection else ""
    asked = selection.replace("{fields}", " ".join(fields)).replace("{last}", fields[10])
    error = problem(await send(api, f"{{ executions {{ {asked} }} }}{fragment}"), 400, "graphql_too_broad")
    assert "'data'" in error["detail"]
    # questions differ by their arguments
    await ask(
        api, "{" + " ".join(f"a{number}: executions(first: 1) {{ nodes {{ id }} }}" for number in range(20)) + "}"
    )


async def test_an_answer_that_grows_too_large_is_not_sent(api: Client, database: str, worker: Worker) -> None:
    await api.publish(GREETING)
    for name in ("Ada", "Grace"):
        await api.when_status(await api.start("greeting", {"name": name * 1_000}), "completed")
    start = """
    mutation ($input: StartInput!) {
      one: startExecution(workflowId: "greeting", input: $input) { input }
      two: startExecution(workflowId: "greeting", input: $input) { input }
    }
    """
    app = Application(api_options(database, graphql=GraphQLOptions(max_answer=20_000)))
    async with running(app), httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as http:
        http.headers["Authorization"] = api.http.headers["Authorization"]
        bounded = Client(http)
        shown = (await ask(bounded, "{ executions { nodes { input } } }"))["executions"]["nodes"]
        assert [len(each["input"]["name"]) for each in shown] == [5_000, 3_000]
        for query in (
            "{ executions { nodes { input output a: input b: output } } }",
            "{ executions { nodes { steps { nodes { output } } events { nodes { data } } } } }",
            # a name is written as often as its value
            f"{{ executions {{ nodes {{ {'a' * 11_000}: id }} }} }}",
        ):
            answer = await send(bounded, query)
            error = problem(answer, 422, "graphql_answer_too_large")
            assert answer.json()["data"] is None and "20,000" in error["detail"]
        answer = await send(bounded, start, input={"input": {"name": "Ada" * 5_000}})
        assert "changed nevertheless" in problem(answer, 422, "graphql_answer_too_large")["detail"]
    assert len((await ask(api, "{ executions { nodes { id } } }"))["executions"]["nodes"]) == 4


async def test_a_fragment_that_grows_without_end_is_refused_at_once(api: Client) -> None:
    spreads = "".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} ...F{n + 1} }} " for n in range(40))
    bomb = f"{{ ...F0 }} {spreads} fragment F40 on Query {{ __typename }}"
    problem(await send(api, bomb), 400, "graphql_too_broad")
    endless = "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"
    problem(await send(api, endless), 400, "graphql_invalid")


@pytest.mark.parametrize("query", ["{", "{ " * 3_000, "[" * 40, "{ a(b: " + "[" * 4_000 + "}"])
async def test_what_is_not_graphql_is_said_to_be_none(api: Client, query: str) -> None:
    problem(await send(api, query), 400, "graphql_syntax")


async def test_pages_have_a_size(api: Client) -> None:
    for first in (0, -1, 201):
        error = problem(
            await send(api, f"{{ executions(first: {first}) {{ nodes {{ id }} }} }}"), 422, "invalid_request"
        )
        assert error["errors"][0]["pointer"] == "/first"


async def test_logs_that_are_too_long_are_not_read_together(
    api: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_EVENTS", 5)
    await api.publish(GREETING)
    await api.when_status(await api.start("greeting", {"name": "Ada"}), "completed")
    answer = await send(api, "{ executions { nodes { steps { nodes { stepId } } } } }")
    problem(answer, 422, "too_much_to_read")


async def test_a_log_longer_than_a_page_is_read_to_its_end(
    api: Client, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "PAGE", 2)
    await api.publish(GREETING)
    id = await api.start("greeting", {"name": "Ada"})
    await api.when_status(id, "completed")
    query = "query ($id: ID!) { workflow(id: $id) { data steps { nodes { stepId stepStatus } } } }"
    shown = (await ask(api, query, id=id))["workflow"]
    assert shown["data"] == (await api.execution(id))["data"]
    assert [step["stepId"] for step in shown["steps"]["nodes"]] == ["start", "greet", "end"]


async def test_queries_come_by_get_and_mutations_do_not(api: Client) -> None:
    answer = await api.http.get("/graphql", params={"query": "query Q { me { email } }", "operationName": "Q"})
    assert answer.json()["data"]["me"]["email"]
    answer = await api.http.get("/graphql", params={"query": 'mutation { pauseExecution(id: "x") { id } }'})
    problem(answer, 400, "graphql_queries_only")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
async def test_what_another_site_could_send_unasked_is_not_read(api: Client, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    answer = await api.http.post("/graphql", content=b'{"query": "{ __typename }"}', headers=headers)
    problem(answer, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [
        [],
        [{"query": "{ __typename }"}],
        {},
        "x",
        {"query": 1},
        {"query": "{ __typename }", "variables": []},
        {"query": "{ __typename }", "more": 1},
        {"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 2}}},
        {"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0"}}},
    ],
)
async def test_a_request_that_asks_nothing_is_refused(api: Client, body: Any) -> None:
    problem(await api.http.post("/graphql", json=body), 400, "graphql_request")


async def test_whoever_wants_to_know_by_the_status_is_told_so(api: Client) -> None:
    headers = {"Accept": "application/graphql-response+json"}
    answer = await api.http.post("/graphql", json={"query": "{ nothing }"}, headers=headers)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/graphql-response+json")
    answer = await api.http.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
    assert answer.status_code == 200 and answer.json() == {"data": {"__typename": "Query"}}


async def test_an_operation_is_found_by_its_hash_once_it_was_sent_with_it(api: Client) -> None:
    query = "{ me { email } }"
    said = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(query.encode()).hexdigest()}}
    answer = await api.http.post("/graphql", json={"extensions": said})
    assert problem(answer, 404, "persisted_query_not_found")["detail"] == "PersistedQueryNotFound"
    sent = await api.http.post("/graphql", json={"query": query, "extensions": said})
    by_hash = await api.http.post("/graphql", json={"extensions": said})
    by_get = await api.http.get("/graphql", params={"extensions": json.dumps(said)})
    assert sent.json() == by_hash.json() == by_get.json()


async def test_a_server_may_answer_listed_operations_only_and_hide_its_schema(api: Client, database: str) -> None:
    await ask(api, INTROSPECTION)
    listed = "{ me { email } }"
    for options, text, status, code in (
        (GraphQLOptions(listed=[listed]), "{ me { id } }", 403, "persisted_queries_only"),
        (GraphQLOptions(introspection=False), INTROSPECTION, 400, "graphql_invalid"),
    ):
        app = Application(api_options(database, graphql=options))
        transport = httpx.ASGITransport(app)
        async with running(app), httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
            http.headers["Authorization"] = api.http.headers["Authorization"]
            answer = await send(Client(http), text)
            problem(answer, status, code)
            if options.listed is not None:
                await ask(Client(http), listed)
