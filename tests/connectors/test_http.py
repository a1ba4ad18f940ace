"""Requests to any system, signed in by each way that a connection knows."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.authoring.builtin import HttpSettings
from weftline.connectors.http import http
from weftline.testing.connectors import call, connected


class Echo(FakeServer):
    """Says what it was asked; refuses whoever is not signed in as it wants."""

    wanted: Mapping[str, str] | None = None

    def answer(self, request: Request) -> Answer:
        if self.wanted is not None and any(request.headers.get(name) != value for name, value in self.wanted.items()):
            return Answer(401, {"error": "who are you?"}, {"WWW-Authenticate": "Bearer"})
        if request.path.endswith("/missing"):
            return Answer(404, {"error": "nothing here"})
        if request.path.endswith("/away"):
            return Answer(302, headers={"Location": "http://localhost:1/elsewhere"})
        return Answer(200, {"method": request.method, "path": request.path, "query": dict(request.query)})


@pytest.fixture
async def server() -> AsyncIterator[Echo]:
    async with running(Echo()) as server:
        yield server


async def test_a_request_goes_below_the_base_url_with_the_steps_idempotency_key(server: Echo):
    async with connected(http, config={"baseUrl": f"{server.url}/api/"}) as connection:
        output = await call(
            "http.request", connection, method="POST", path="/orders", query={"dry": True}, json={"sku": "A-1"}
        )
    assert output["status"] == 200
    assert output["body"] == {"method": "POST", "path": "/api/orders", "query": {"dry": ["true"]}}
    [request] = server.requests
    assert request.json == {"sku": "A-1"}
    assert request.headers["idempotency-key"] == "execution/step"


async def test_headers_of_the_step_count_before_ones_that_are_added(server: Echo):
    async with connected(http, config={"baseUrl": server.url}) as connection:
        await call("http.request", connection, method="PUT", body="plain", headers={"idempotency-key": "mine"})
    [request] = server.requests
    assert (request.headers["idempotency-key"], request.body) == ("mine", b"plain")
    assert request.headers["content-type"] == "text/plain; charset=utf-8"


WAYS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "a bearer token": ("BEARER", {"token": "t-1"}, {"authorization": "Bearer t-1"}),
    "a user name and password": (
        "BASIC",
        {"username": "ada", "password": "ä:b"},
        {"authorization": f"Basic {base64.b64encode('ada:ä:b'.encode()).decode()}"},
    ),
    "a key in the usual header": ("API_KEY", {"apiKey": "k-1"}, {"x-api-key": "k-1"}),
    "a key in a header of its own": ("API_KEY", {"apiKey": "k-1", "name": "X-Auth"}, {"x-auth": "k-1"}),
    "a key in a cookie": ("API_KEY", {"apiKey": "k 1", "name": "sid", "place": "cookie"}, {"cookie": "sid=k%201"}),
    "OAuth 2.0": ("OAUTH2", {"clientId": "c", "accessToken": "a-1"}, {"authorization": "Bearer a-1"}),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_connection_signs_in_by(server: Echo, way: str):
    auth, credentials, server.wanted = WAYS[way]
    async with connected(http, auth=auth, config={"baseUrl": server.url}, credentials=credentials) as connection:
        output = await call("http.request", connection, path="orders", headers={"authorization": "Bearer other"})
    assert output["status"] == 200


async def test_a_key_goes_into_a_parameter_where_the_connection_says_so(server: Echo):
    credentials = {"apiKey": "k-1", "name": "appid", "place": "query"}
    async with connected(http, auth="API_KEY", config={"baseUrl": server.url}, credentials=credentials) as connection:
        output = await call("http.request", connection, path="orders", query={"q": "x"})
    assert output["body"]["query"] == {"q": ["x"], "appid": ["k-1"]}


async def test_refused_credentials_are_told_apart_from_other_errors(server: Echo):
    server.wanted = {"authorization": "Bearer new"}
    config = {"baseUrl": server.url}
    async with connected(http, auth="BEARER", config=config, credentials={"token": "old"}) as connection:
        error = await refusal("http.request", connection, path="orders")
        assert (error.code, error.details["connection"]) == ("connection_unauthorized", "test")
        server.wanted = None
        error = await refusal("http.request", connection, path="missing")
        assert (error.code, error.retryable, error.details["body"]) == ("http_404", False, {"error": "nothing here"})


async def test_credentials_go_to_no_other_origin(server: Echo):
    config = {"baseUrl": server.url}
    async with connected(http, auth="BEARER", config=config, credentials={"token": "secret"}) as connection:
        error = await refusal("http.request", connection, path="http://localhost:1/steal")
        assert error.code == "invalid_input"
        error = await refusal("http.request", connection, path="away")
        assert error.code == "http_address_refused"


async def test_a_system_that_wants_to_be_left_alone_is_left_alone(server: Echo):
    server.failures = [Answer(429, {"error": "slow down"}, {"Retry-After": "17"})]
    async with connected(http, config={"baseUrl": server.url}) as connection:
        error = await refusal("http.request", connection)
    assert (error.code, error.retry_after, error.retryable) == ("rate_limited", 17.0, True)


async def test_a_broken_system_is_asked_again(server: Echo):
    server.failures = [Answer(503, text="down")]
    async with connected(http, config={"baseUrl": server.url}) as connection:
        error = await refusal("http.request", connection)
    assert (error.code, error.retryable) == ("http_503", True)


async def test_private_addresses_are_refused_where_they_are_not_allowed(server: Echo):
    async with connected(http, config={"baseUrl": server.url}, settings=HttpSettings()) as connection:
        error = await refusal("http.request", connection)
    assert error.code == "http_address_refused"


async def test_an_input_that_does_not_fit_is_refused_before_anything_is_sent(server: Echo):
    async with connected(http, config={"baseUrl": server.url}) as connection:
        error = await refusal("http.request", connection, method="FETCH")
    assert (error.code, error.retryable, server.requests) == ("invalid_input", False, [])


async def test_a_connection_is_tried_by_the_path_that_is_meant_for_it(server: Echo):
    assert http.tester is not None
    async with connected(http, config={"baseUrl": server.url}) as connection:
        assert await http.tester(connection) is None
    async with connected(http, config={"baseUrl": f"{server.url}/missing"}) as connection:
        assert await http.tester(connection) is None  # it is there, and lets in
    async with connected(http, config={"baseUrl": server.url, "testPath": "missing"}) as connection:
        with pytest.raises(ActionError) as raised:
            await http.tester(connection)
    assert raised.value.code == "http_404"
