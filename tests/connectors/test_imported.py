"""Imported operations send what their document says, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.connectors.server import Answer, FakeServer, Request, running
from weftline.authoring import ActionError
from weftline.authoring.action import ActionDefinition
from weftline.authoring.builtin.http import HttpSettings
from weftline.authoring.integrations import ApiKey, Auth, KeyPart, OpenedConnection
from weftline.authoring.integrations.auth import NO_AUTH
from weftline.authoring.integrations.operation import operation_action
from weftline.authoring.result import Result
from weftline.model.ids import uuid7
from weftline.openapi import convert
from weftline.testing.connectors import call


class EchoServer(FakeServer):
    """Answers with whatever it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.says = Answer(body={"id": 7})

    def answer(self, request: Request) -> Answer:
        return self.says


@pytest.fixture
async def server() -> AsyncGenerator[EchoServer]:
    async with running(EchoServer()) as server:
        yield server


def action_of(operation: dict[str, Any], path: str = "/pets", method: str = "get", **more: Any) -> ActionDefinition:
    """The action that an operation of a document comes to."""
    given = {"responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}, **operation}
    root = {"openapi": "3.0.0", "info": {"title": "Pets"}, "paths": {path: {method: {"operationId": "it", **given}}}}
    found = convert({**root, **more})
    (action,) = found.actions
    return operation_action(
        "pets",
        action.name,
        action.operation,
        found.whole(action.input),
        found.whole(action.output),
        title=action.title,
        description=action.description,
        needs_connection=True,
    )


def connection_to(server: EchoServer, auth: Auth = NO_AUTH, **credentials: str) -> OpenedConnection:
    return OpenedConnection(
        id=uuid7(),
        name="test",
        integration="pets",
        auth=auth,
        credentials=credentials,
        base_url=f"{server.url}/v1",
        settings=HttpSettings(allow_private_addresses=True),
        timeout=10,
    )


async def sent(server: EchoServer, action: ActionDefinition, **input: Any) -> Request:
    """The request that an action sends for an input."""
    await call(action, connection_to(server), **input)
    return server.requests[-1]


def parameter(name: str, place: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "required": place == "path", "schema": {}, **more}


@pytest.mark.parametrize(
    ("style", "value", "path"),
    [
        ({}, "a/b?c#d%2e", "/v1/pets/a%2Fb%3Fc%23d%252e"),
        ({}, "ä 1", "/v1/pets/%C3%A4%201"),
        ({}, [1, "a,b"], "/v1/pets/1,a%2Cb"),
        ({}, {"a": 1, "b": True}, "/v1/pets/a,1,b,true"),
        ({"explode": True}, {"a": 1, "b": 2}, "/v1/pets/a=1,b=2"),
        ({"style": "label"}, [1, 2], "/v1/pets/.1,2"),
        ({"style": "matrix"}, "x", "/v1/pets/;id=x"),
        ({"style": "matrix", "explode": True}, [1, 2], "/v1/pets/;id=1;id=2"),
    ],
)
async def test_values_in_a_path_are_encoded(server: EchoServer, style: dict[str, Any], value: Any, path: str) -> None:
    action = action_of({"parameters": [parameter("id", "path", **style)]}, "/pets/{id}")
    assert (await sent(server, action, id=value)).path == path


@pytest.mark.parametrize("value", ["", ".", "..", [], None])
async def test_a_value_cannot_lead_to_another_path(server: EchoServer, value: Any) -> None:
    action = action_of({"parameters": [parameter("id", "path")]}, "/pets/{id}/photos")
    with pytest.raises(ActionError) as raised:
        await sent(server, action, id=value)
    assert raised.value.code == "invalid_input"
    assert not server.requests


async def test_several_values_cannot_lead_to_another_path_together(server: EchoServer) -> None:
    parameters = [parameter("a", "path"), parameter("b", "path", style="label")]
    action = action_of({"parameters": parameters}, "/pets/{a}{b}/photos")
    assert (await sent(server, action, a="x", b="y")).path == "/v1/pets/x.y/photos"
    action = action_of({"parameters": [parameter("a", "path"), parameter("b", "path")]}, "/pets/{a}.{b}")
    with pytest.raises(ActionError, match="no part of a path"):
        await sent(server, action, a="", b="")


@pytest.mark.parametrize(
    ("style", "value", "query"),
    [
        ({}, [1, 2], {"q": ["1", "2"]}),
        ({"explode": False}, [1, 2], {"q": ["1,2"]}),
        ({"style": "pipeDelimited"}, ["a", "b"], {"q": ["a|b"]}),
        ({"style": "spaceDelimited"}, ["a", "b"], {"q": ["a b"]}),
        ({}, {"a": 1, "b": None}, {"a": ["1"]}),
        ({"explode": False}, {"a": 1}, {"q": ["a,1"]}),
        (
            {"style": "deepObject"},
            {"a": {"b": [1, 2]}, "c": [{"d": "x"}]},
            {"q[a][b][]": ["1", "2"], "q[c][0][d]": ["x"]},
        ),
        ({}, True, {"q": ["true"]}),
        ({}, "a&b=c", {"q": ["a&b=c"]}),
        ({"content": {"application/json": {}}}, {"a": [1]}, {"q": ['{"a":[1]}']}),
        ({}, [], {}),
    ],
)
async def test_values_in_a_query_stand_as_the_document_says(
    server: EchoServer, style: dict[str, Any], value: Any, query: dict[str, list[str]]
) -> None:
    action = action_of({"parameters": [parameter("q", "query", **style)]})
    assert (await sent(server, action, q=value)).query == query


async def test_a_query_that_stands_in_the_path_is_kept(server: EchoServer) -> None:
    action = action_of({"parameters": [parameter("q", "query")]}, "/search?kind=pet")
    request = await sent(server, action, q="x")
    assert (request.path, request.query) == ("/v1/search", {"kind": ["pet"], "q": ["x"]})


async def test_headers_and_cookies_are_set(server: EchoServer) -> None:
    parameters = [parameter("X-Ids", "header"), parameter("lang", "cookie"), parameter("Idempotency-Key", "header")]
    action = action_of({"parameters": parameters}, method="post")
    auth = ApiKey(place="cookie", name="key", further=(KeyPart("other", "header", "X-Other"),))
    connection = connection_to(server, auth, apiKey="s3cret", other="t0ken")
    await call(action, connection, **{"X-Ids": [1, 2], "lang": "de; x=1", "Idempotency-Key": "mine"})
    headers = server.requests[-1].headers
    assert headers["x-ids"] == "1,2"
    assert headers["cookie"] == "lang=de%3B%20x%3D1; key=s3cret"
    assert headers["x-other"] == "t0ken"
    assert headers["idempotency-key"] == "mine"
    assert headers["accept"] == "application/json"


async def test_a_value_cannot_begin_another_header(server: EchoServer) -> None:
    action = action_of({"parameters": [parameter("X-Name", "header")]})
    with pytest.raises(ActionError, match="cannot carry"):
        await sent(server, action, **{"X-Name": "a\r\nX-Admin: yes"})
    assert not server.requests


async def test_what_changes_something_has_an_idempotency_key(server: EchoServer) -> None:
    assert "idempotency-key" not in (await sent(server, action_of({}))).headers
    assert (await sent(server, action_of({}, method="post"))).headers["idempotency-key"] == "execution/step"


def body(media_type: str, schema: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"requestBody": {"content": {media_type: {"schema": schema or {}, **more}}}}


async def test_json_is_sent_as_its_own_kind(server: EchoServer) -> None:
    action = action_of(body("application/merge-patch+json"), method="patch")
    request = await sent(server, action, body={"a": None})
    assert request.json == {"a": None}
    assert request.headers["content-type"] == "application/merge-patch+json"


async def test_a_form_is_sent(server: EchoServer) -> None:
    schema = {"type": "object", "properties": {"items": {"type": "array"}, "card": {"type": "object"}}}
    given = body(
        "application/x-www-form-urlencoded", schema, encoding={"card": {"style": "deepObject", "explode": True}}
    )
    action = action_of(given, method="post")
    request = await sent(server, action, body={"items": ["a", "b&c"], "card": {"no": 4}, "meta": {"x": 1}, "off": None})
    assert request.body == b"items=a&items=b%26c&card%5Bno%5D=4&meta=%7B%22x%22%3A1%7D"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"


async def test_files_are_sent_in_parts(server: EchoServer) -> None:
    schema = {"type": "object", "properties": {"photo": {"type": "string", "format": "binary"}, "tags": {}}}
    action = action_of(body("multipart/form-data", schema), method="post")
    photo = {"base64": base64.b64encode(b"\x00\xff").decode(), "fileName": 'a"\r\nb.png', "mediaType": "image/png"}
    request = await sent(server, action, body={"photo": photo, "tags": ["x", {"y": 1}]})
    boundary = request.headers["content-type"].partition("boundary=")[2].encode()
    assert request.body.split(b"--" + boundary) == [
        b"",
        b'\r\nContent-Disposition: form-data; name="photo"; filename="a%22%0D%0Ab.png"\r\n'
        b"Content-Type: image/png\r\n\r\n\x00\xff\r\n",
        b'\r\nContent-Disposition: form-data; name="tags"\r\n\r\nx\r\n',
        b'\r\nContent-Disposition: form-data; name="tags"\r\nContent-Type: application/json\r\n\r\n{"y":1}\r\n',
        b"--\r\n",
    ]


async def test_text_and_bytes_are_sent_as_they_are(server: EchoServer) -> None:
    action = action_of(body("text/csv"), method="put")
    assert (await sent(server, action, body="a;ä")).body == "a;ä".encode()
    action = action_of(body("application/octet-stream"), method="put")
    assert (await sent(server, action, body={"base64": "AP8="})).body == b"\x00\xff"
    with pytest.raises(ActionError, match="not base64"):
        await sent(server, action, body={"base64": "?"})


async def test_the_output_is_the_body_or_the_whole_answer(server: EchoServer) -> None:
    server.says = Answer(201, {"id": 7}, {"X-Left": "3"})
    action = action_of({})
    result = await call(action, connection_to(server))
    assert isinstance(result, Result)
    assert result.output == {"id": 7}
    assert result.report() is None
    whole = (await call(action, connection_to(server), fullResponse=True)).output
    assert (whole["status"], whole["body"], whole["headers"]["x-left"]) == (201, {"id": 7}, "3")


async def test_an_answer_that_was_not_announced_is_passed_on_with_a_note(server: EchoServer) -> None:
    server.says = Answer(body=["not", "announced"])
    result = await call(action_of({}), connection_to(server))
    assert result.success
    assert result.output == ["not", "announced"]
    assert [each.code for each in result.errors] == ["unexpected_answer"]


async def test_an_answer_without_a_body_is_null(server: EchoServer) -> None:
    server.says = Answer(204)
    result = await call(action_of({}), connection_to(server))
    assert (result.output, result.report()) == (None, None)


async def test_an_input_that_does_not_fit_is_not_sent(server: EchoServer) -> None:
    action = action_of({"parameters": [parameter("n", "query", schema={"type": "integer"})]})
    for given in ({"n": "many"}, {"m": 1}):
        with pytest.raises(ActionError) as raised:
            await call(action, connection_to(server), **given)
        assert raised.value.code == "invalid_input"
    assert not server.requests


async def test_errors_of_the_system_are_those_of_http(server: EchoServer) -> None:
    server.says = Answer(404, {"message": "no such pet"})
    with pytest.raises(ActionError) as raised:
        await call(action_of({}), connection_to(server))
    assert raised.value.code == "http_404"
    assert raised.value.details["body"] == {"message": "no such pet"}
    server.says = Answer(401)
    with pytest.raises(ActionError) as raised:
        await call(action_of({}), connection_to(server, ApiKey(), apiKey="old"))
    assert raised.value.code == "connection_unauthorized"


async def test_an_operation_at_another_place_of_the_same_system_is_called_there(server: EchoServer) -> None:
    action = action_of({"servers": [{"url": f"{server.url}/beta"}]}, servers=[{"url": f"{server.url}/v1"}])
    assert (await sent(server, action)).path == "/beta/pets"
