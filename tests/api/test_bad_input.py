"""What must not come in: a clear refusal, and nothing stored."""

from __future__ import annotations

from typing import Any

import asyncpg
import orjson
import pytest

from tests.api.client import Client, problem
from tests.api.definitions import GREETING, changed

JSON = {"content-type": "application/json"}
STARTS = "/workflows/anything/executions"
NOBODY = "0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b21"

ANYTHING: dict[str, Any] = {
    "id": "anything",
    "nodes": [{"id": "start", "type": "start", "next": "end"}, {"id": "end", "type": "end"}],
}


@pytest.fixture
async def open_api(api: Client) -> Client:
    """The API with a workflow that takes any input."""
    await api.publish(ANYTHING)
    return api


def nested(depth: int) -> bytes:
    return b'{"input": {"a": ' + b"[" * depth + b"]" * depth + b"}}"


UNREADABLE: dict[str, bytes] = {
    "not JSON": b'{"input": {',
    "not UTF-8": b'{"input": {"a": "\xff"}}',
    "two values": b"{} {}",
    "NaN": b'{"input": {"a": NaN}}',
    "an infinite number": b'{"input": {"a": 1e999}}',
    "a NUL character": b'{"input": {"a": "x\\u0000y"}}',
    "a NUL character in a key": b'{"input": {"a\\u0000": 1}}',
    "half a surrogate pair": b'{"input": {"a": "\\ud800"}}',
    "an integer beyond 64 bits": b'{"input": {"a": 9223372036854775808}}',
    "a negative integer beyond 64 bits": b'{"input": {"a": -9223372036854775809}}',
    "an integer of 20 digits": b'{"input": {"a": 99999999999999999999}}',
    "an integer of 5,000 digits": b'{"input": {"a": ' + b"9" * 5_000 + b"}}",
    "65 levels": nested(63),
    "100,000 levels": nested(100_000),
}


@pytest.mark.parametrize("path", [STARTS, "/events", f"/executions/{NOBODY}/signals", f"/tasks/{NOBODY}/complete"])
async def test_a_body_that_cannot_be_handled_is_refused(
    open_api: Client, tenant: asyncpg.Connection, subtests: pytest.Subtests, path: str
) -> None:
    for what, body in UNREADABLE.items():
        with subtests.test(what):
            problem(await open_api.post(path, content=body, headers=JSON), 400, "malformed_json")
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 0


async def test_what_is_just_within_bounds_is_taken(open_api: Client) -> None:
    for value in (b"9223372036854775807", b"-9223372036854775808", b"0.12345678901234567890", b'"\\ud83d\\ude00"'):
        body = b'{"input": {"a": ' + value + b"}}"
        answer = await open_api.post(STARTS, content=body, headers=JSON)
        assert answer.status_code == 202
        execution = await open_api.execution(answer.json()["id"])
        assert execution["input"]["a"] == orjson.loads(value)
    assert (await open_api.post(STARTS, content=nested(61), headers=JSON)).status_code == 202


WRONG_STARTS: list[tuple[object, list[str]]] = [
    ([], [""]),
    ("text", [""]),
    ({"input": []}, ["/input"]),
    ({"input": None}, ["/input"]),
    ({"inputs": {}}, ["/inputs"]),
    ({"a/b~c": 1}, ["/a~1b~0c"]),
    ({"idempotencyKey": ""}, ["/idempotencyKey"]),
    ({"idempotencyKey": "k" * 256}, ["/idempotencyKey"]),
    ({"idempotencyKey": 5}, ["/idempotencyKey"]),
    ({"tags": "demo"}, ["/tags"]),
    ({"tags": [1]}, ["/tags"]),
    ({"tags": [""]}, ["/tags"]),
    ({"tags": ["t"] * 33}, ["/tags"]),
    ({"priority": 10}, ["/priority"]),
    ({"priority": True}, ["/priority"]),
    ({"priority": 1.5}, ["/priority"]),
    ({"input": 1, "tags": 1, "priority": "high"}, ["/input", "/tags", "/priority"]),
]


async def test_a_start_of_the_wrong_shape_is_refused_with_every_place(
    open_api: Client, tenant: asyncpg.Connection, subtests: pytest.Subtests
) -> None:
    for body, pointers in WRONG_STARTS:
        with subtests.test(repr(body)[:40]):
            document = problem(await open_api.post(STARTS, body), 422, "invalid_request")
            assert [error["pointer"] for error in document["errors"]] == pointers
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 0


async def test_two_idempotency_keys_that_differ_are_refused(open_api: Client) -> None:
    answer = await open_api.post(STARTS, {"idempotencyKey": "one"}, headers={"idempotency-key": "two"})
    document = problem(answer, 422, "invalid_request")
    assert document["errors"][0]["code"] == "contradiction"


async def test_a_wait_is_a_number_of_seconds_up_to_sixty(
    open_api: Client, tenant: asyncpg.Connection, subtests: pytest.Subtests
) -> None:
    for query in ("wait=soon", "wait=-1", "wait=61", "wait=nan", "patience=5"):
        with subtests.test(query):
            problem(await open_api.post(f"{STARTS}?{query}", {}), 422, "invalid_request")
    assert await tenant.fetchval("SELECT count(*) FROM executions") == 0


WRONG_BODIES: list[tuple[str, object, str]] = [
    ("/events", {}, "/name"),
    ("/events", {"name": ""}, "/name"),
    ("/events", {"name": "paid", "correlation": 5}, "/correlation"),
    ("/events", {"name": "paid", "payloud": {}}, "/payloud"),
    (f"/executions/{NOBODY}/signals", {"name": 5}, "/name"),
    (f"/executions/{NOBODY}/cancel", {"reason": []}, "/reason"),
    (f"/tasks/{NOBODY}/complete", {"data": []}, "/data"),
    (f"/tasks/{NOBODY}/delegate", {"to": 5}, "/to"),
    ("/workflows/anything/publish", {"note": ""}, "/note"),
]


async def test_a_body_of_the_wrong_shape_is_refused_with_its_place(open_api: Client, subtests: pytest.Subtests) -> None:
    for path, body, pointer in WRONG_BODIES:
        with subtests.test(f"{path} {body}"):
            document = problem(await open_api.post(path, body), 422, "invalid_request")
            assert [error["pointer"] for error in document["errors"]] == [pointer]


WRONG_PATHS = [
    "/executions/nonsense",
    "/executions/123/events",
    "/executions/0195f3a0-7c1e-7d2a-9f6b-3a1c5e8d4b2z/steps",
    "/tasks/nonsense",
    "/workflows/anything/versions/zero",
    "/workflows/anything/versions/0",
    "/workflows/anything/versions/99999999999",
    "/workflows/with%00nul",
    "/workflows/with%20space",
]


async def test_a_path_that_cannot_name_anything_is_not_found(open_api: Client, subtests: pytest.Subtests) -> None:
    for path in WRONG_PATHS:
        with subtests.test(path):
            problem(await open_api.get(path), 404, "not_found")


async def test_a_workflow_that_cannot_exist_cannot_be_started(open_api: Client) -> None:
    for workflow in ("with%00nul", "with%20space", "x" * 200):
        problem(await open_api.post(f"/workflows/{workflow}/executions", {}), 404, "not_found")
        batch = await open_api.post(f"/workflows/{workflow}/executions/batch", content=b"{}")
        problem(batch, 404, "not_found")


WRONG_CURSORS = ["nonsense", "%%%", "W10", "WyJhIiwiYiIsImMiXQ", "WyJcdTAwMDAiXQ", "é", "bnVsbA", "WzFd"]


@pytest.mark.parametrize("path", ["/executions", "/workflows", "/tasks", "/workflows/anything/versions"])
async def test_a_cursor_of_another_list_is_refused(open_api: Client, subtests: pytest.Subtests, path: str) -> None:
    for cursor in WRONG_CURSORS:
        with subtests.test(cursor):
            problem(await open_api.get(path, params={"cursor": cursor}), 400, "invalid_cursor")


WRONG_QUERIES = [
    ("/executions", "limit=0", "/limit"),
    ("/executions", "limit=201", "/limit"),
    ("/executions", "limit=many", "/limit"),
    ("/executions", "status=unheard", "/status/0"),
    ("/executions", "createdAfter=yesterday", "/createdAfter"),
    ("/executions", "page=2", "/page"),
    ("/tasks", "executionId=nonsense", "/executionId"),
    ("/tasks", "status=unheard", "/status/0"),
    ("/workflows", "status=draft", "/status/0"),
    ("/workflows/anything", "version=first", "/version"),
    (f"/executions/{NOBODY}/events", "after=-1", "/after"),
    (f"/executions/{NOBODY}/events", "limit=1001", "/limit"),
]


async def test_a_query_is_refused_where_it_cannot_be_meant(open_api: Client, subtests: pytest.Subtests) -> None:
    for path, query, pointer in WRONG_QUERIES:
        with subtests.test(f"{path}?{query}"):
            document = problem(await open_api.get(f"{path}?{query}"), 422, "invalid_request")
            assert [error["pointer"] for error in document["errors"]] == [pointer]


async def test_text_in_a_query_may_not_hold_nul_characters(open_api: Client) -> None:
    for path in ("/workflows?q=a%00b", "/executions?tag=a%00b"):
        problem(await open_api.get(path), 400, "unstorable")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
async def test_a_body_of_another_kind_is_refused(open_api: Client, kind: str) -> None:
    headers = {"content-type": kind}
    for path in ("/workflows", STARTS, f"{STARTS}/batch", "/events", "/workflows/anything/publish"):
        problem(await open_api.post(path, content=b"{}", headers=headers), 415, "unsupported_media_type")


BAD_DEFINITIONS: dict[str, tuple[bytes, int, str]] = {
    "empty": (b"", 400, "malformed_definition"),
    "cut off": (b'{"id": "x", ', 400, "malformed_definition"),
    "a list": (b"[]", 400, "malformed_definition"),
    "too deep": (b'{"id": ' + b"[" * 1000 + b"]" * 1000 + b"}", 400, "malformed_definition"),
    "a NUL character": (b'{"id": "a\\u0000"}', 400, "malformed_definition"),
    "a huge integer": (b'{"id": "a", "ui": 99999999999999999999}', 400, "malformed_definition"),
    "a key twice": (b'{"id": "a", "id": "b"}', 400, "malformed_definition"),
    "nothing in it": (b"{}", 422, "invalid_definition"),
    "wrong types": (b'{"id": 5, "nodes": {}}', 422, "invalid_definition"),
    "an unknown field": (orjson.dumps(changed(GREETING, nodez=[])), 422, "invalid_definition"),
    "over 5 MB": (b'{"id": "' + b"x" * 5_000_000 + b'"}', 413, "body_too_large"),
    "10 MB": (b" " * 10_000_000, 413, "body_too_large"),
}


async def test_a_bad_definition_is_refused(api: Client, tenant: asyncpg.Connection, subtests: pytest.Subtests) -> None:
    for what, (source, status, code) in BAD_DEFINITIONS.items():
        with subtests.test(what):
            document = problem(await api.post("/workflows", content=source, headers=JSON), status, code)
            assert len(document["detail"]) < 500
    assert await tenant.fetchval("SELECT count(*) FROM workflow_templates") == 0


BAD_YAML = [
    b"id: [unclosed",
    b"a: &a [x]\nb: [*a, *a]",
    b"id: !!python/object/apply:os.system ['true']",
    b"id: a\n---\nid: b",
    b"\xff\xfe",
]


async def test_bad_yaml_is_refused(api: Client, subtests: pytest.Subtests) -> None:
    for source in BAD_YAML:
        with subtests.test(repr(source)):
            answer = await api.post("/workflows", content=source, headers={"content-type": "application/yaml"})
            problem(answer, 400, "malformed_definition")


async def test_a_graph_of_ten_thousand_nodes_is_taken_and_a_larger_one_refused(api: Client) -> None:
    def chain(length: int) -> dict[str, Any]:
        nodes = [{"id": f"n{i}", "type": "set", "values": {}, "next": f"n{i + 1}"} for i in range(length - 1)]
        return {"id": "chain", "nodes": [*nodes, {"id": f"n{length - 1}", "type": "end"}]}

    assert (await api.post("/workflows", chain(10_000))).status_code == 201
    problem(await api.put("/workflows/chain", chain(10_001)), 422, "invalid_definition")
