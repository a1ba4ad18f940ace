from __future__ import annotations

import asyncio
import gzip
import json
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.unit.builtin_context import CAUSE, IDEMPOTENCY_KEY, context

from weftline.authoring import ActionError
from weftline.authoring.builtin import HttpSettings, close_http, configure_http, http, http_client
from weftline.authoring.builtin.http import MAX_RETRY_AFTER

Answer = tuple[int, dict[str, str], bytes]


class Server(ThreadingHTTPServer):
    """Answers by path, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: dict[str, Answer | Callable[[], Answer]] = {}
        self.requests: list[dict[str, Any]] = []

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body in one packet, or each answer takes 40 ms more
    server: Server

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.requests.append(
            {
                "method": self.command,
                "path": parts.path,
                "query": parse_qs(parts.query),
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "body": body.decode(),
            }
        )
        answer = self.server.answers.get(parts.path, (200, {}, b""))
        status, headers, content = answer() if callable(answer) else answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
async def settings() -> AsyncIterator[None]:
    configure_http(HttpSettings(allow_private_addresses=True, max_response_bytes=100_000))
    yield
    await close_http()
    configure_http(HttpSettings())


async def failure(**input: Any) -> ActionError:
    with pytest.raises(ActionError) as raised:
        await http(context(**input))
    return raised.value


def as_json(value: Any, status: int = 200, **headers: str) -> Answer:
    return status, {"content-type": "application/json", **headers}, json.dumps(value).encode()


async def test_a_json_answer_is_parsed(server: Server):
    server.answers["/"] = as_json({"ok": True})
    output = await http(context(url=server.url()))
    assert (output["status"], output["body"]) == (200, {"ok": True})
    assert output["headers"]["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("content_type", "content", "expected"),
    [
        ("text/plain", b"hello", {"body": "hello"}),
        ("application/problem+json; charset=utf-8", b'{"a": 1}', {"body": {"a": 1}}),
        ("application/json", b"{broken", {"body": "{broken"}),
        ("application/json", b"", {"body": None}),
        ("application/octet-stream", b"\xff\xfe", {"body": "//4=", "bodyEncoding": "base64"}),
        ("text/plain", b"a\0b", {"body": "YQBi", "bodyEncoding": "base64"}),
    ],
)
async def test_a_body_is_given_in_the_form_its_content_allows(
    server: Server, content_type: str, content: bytes, expected: dict[str, Any]
):
    server.answers["/"] = (200, {"content-type": content_type}, content)
    output = await http(context(url=server.url()))
    assert {name: output[name] for name in output.keys() - {"status", "headers"}} == expected


async def test_the_request_carries_what_the_step_asks_for(server: Server):
    await http(
        context(
            method="post",
            url=server.url("/path?a=1"),
            headers={"X-Trace": "t", "X-Count": 3},
            query={"b": [2, 3], "c": True, "d": None},
            body={"name": "Ada"},
        )
    )
    [request] = server.requests
    assert (request["method"], request["path"]) == ("POST", "/path")
    assert request["query"] == {"a": ["1"], "b": ["2", "3"], "c": ["true"]}
    assert json.loads(request["body"]) == {"name": "Ada"}
    headers = request["headers"]
    assert (headers["x-trace"], headers["x-count"]) == ("t", "3")
    assert headers["content-type"] == "application/json"


async def test_every_request_carries_the_steps_idempotency_key(server: Server):
    await http(context(url=server.url()))
    await http(context(url=server.url(), headers={"Idempotency-Key": "mine"}))
    assert [request["headers"]["idempotency-key"] for request in server.requests] == [IDEMPOTENCY_KEY, "mine"]


async def test_every_request_names_what_it_goes_back_to(server: Server):
    await http(context(url=server.url()))
    await http(context(url=server.url(), headers={"X-Correlation-ID": "mine", "traceparent": "mine, too"}))
    named = [(request["headers"]["x-correlation-id"], request["headers"]["traceparent"]) for request in server.requests]
    assert named == [(CAUSE.request_id, CAUSE.traceparent), ("mine", "mine, too")]


@pytest.mark.parametrize(
    ("input", "body", "content_type"),
    [
        ({"body": "plain"}, "plain", "text/plain; charset=utf-8"),
        ({"json": "plain"}, '"plain"', "application/json"),
        ({"json": None}, "null", "application/json"),
        ({"body": "<a/>", "headers": {"content-type": "text/xml"}}, "<a/>", "text/xml"),
    ],
)
async def test_a_string_is_sent_as_it_is_unless_json_is_asked_for(
    server: Server, input: dict[str, Any], body: str, content_type: str
):
    await http(context(method="PUT", url=server.url(), **input))
    [request] = server.requests
    assert (request["body"], request["headers"]["content-type"]) == (body, content_type)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_overloaded_or_broken_server_is_tried_again(server: Server, status: int):
    server.answers["/"] = (status, {"retry-after": "7"}, b"later")
    error = await failure(url=server.url())
    assert (error.code, error.retryable, error.retry_after) == (f"http_{status}", True, 7)
    assert error.details == {"status": status, "body": "later"}


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_any_other_refusal_ends_the_step(server: Server, status: int):
    server.answers["/"] = as_json({"why": "no"}, status)
    error = await failure(url=server.url())
    assert (error.code, error.retryable) == (f"http_{status}", False)
    assert error.details == {"status": status, "body": {"why": "no"}}


async def test_retry_after_may_be_a_date(server: Server):
    server.answers["/"] = (503, {"retry-after": formatdate(time.time() + 120, usegmt=True)}, b"")
    error = await failure(url=server.url())
    assert error.retry_after is not None
    assert 60 < error.retry_after <= 120


@pytest.mark.parametrize(
    ("value", "expected"),
    [("999999999", MAX_RETRY_AFTER), ("soon", None), ("Fri, 01 Jan 1999 00:00:00 GMT", 0), ("-5", None)],
)
async def test_an_odd_retry_after_is_capped_or_ignored(server: Server, value: str, expected: float | None):
    server.answers["/"] = (503, {"retry-after": value}, b"")
    assert (await failure(url=server.url())).retry_after == expected


async def test_a_refused_connection_is_tried_again(server: Server):
    port = server.server_port
    server.server_close()
    error = await failure(url=f"http://127.0.0.1:{port}/")
    assert (error.code, error.retryable) == ("http_unreachable", True)


async def test_a_name_that_does_not_resolve_is_tried_again():
    error = await failure(url="http://no-such-host.invalid/")
    assert (error.code, error.retryable) == ("http_unreachable", True)


async def test_a_server_that_does_not_answer_in_time_is_tried_again(server: Server):
    asked_to_end = threading.Event()

    def wait() -> Answer:
        asked_to_end.wait(30)
        return 200, {}, b""

    server.answers["/"] = wait
    error = await failure(url=server.url(), timeout=0.05)
    asked_to_end.set()
    assert (error.code, error.retryable) == ("http_timeout", True)


async def test_an_answer_that_is_too_long_ends_the_step(server: Server):
    server.answers["/plain"] = (200, {}, b"x" * 100_001)
    server.answers["/packed"] = (200, {"content-encoding": "gzip"}, gzip.compress(b"x" * 100_001))
    server.answers["/fits"] = (200, {"content-encoding": "gzip"}, gzip.compress(b"x" * 100_000))
    for path in ("/plain", "/packed"):
        error = await failure(url=server.url(path))
        assert (error.code, error.retryable) == ("http_response_too_large", False)
    assert len((await http(context(url=server.url("/fits"))))["body"]) == 100_000


async def test_a_redirect_is_followed(server: Server):
    server.answers["/old"] = (307, {"location": "/new"}, b"")
    output = await http(context(method="POST", url=server.url("/old"), body={"a": 1}))
    assert output["status"] == 200
    assert [(request["path"], request["body"]) for request in server.requests] == [
        ("/old", '{"a":1}'),
        ("/new", '{"a":1}'),
    ]


async def test_redirects_without_end_end_the_step(server: Server):
    server.answers["/"] = (302, {"location": "/"}, b"")
    error = await failure(url=server.url())
    assert (error.code, error.retryable) == ("http_too_many_redirects", False)


@pytest.mark.parametrize("location", ["file:///etc/passwd", "gopher://127.0.0.1/"])
async def test_a_redirect_to_another_scheme_is_refused(server: Server, location: str):
    server.answers["/"] = (302, {"location": location}, b"")
    assert (await failure(url=server.url())).retryable is False


async def test_cookies_do_not_outlive_the_request(server: Server):
    server.answers["/"] = (200, {"set-cookie": "session=secret"}, b"")
    await http(context(url=server.url()))
    await http(context(url=server.url()))
    assert "cookie" not in server.requests[1]["headers"]


@pytest.mark.parametrize(
    "input",
    [
        {},
        {"url": 1},
        {"url": "file:///etc/passwd"},
        {"url": "ftp://example.com"},
        {"url": "http://"},
        {"url": "http://a b/"},
        {"url": "http://a:99999999/"},
        {"url": "http://a/\n"},
        {"url": "http://a/", "method": "CONNECT"},
        {"url": "http://a/", "method": 1},
        {"url": "http://a/", "headers": []},
        {"url": "http://a/", "headers": {"x": {}}},
        {"url": "http://a/", "headers": {"x": "a\r\ny: b"}},
        {"url": "http://a/", "headers": {"x y": "a"}},
        {"url": "http://a/", "headers": {"x": "ü"}},
        {"url": "http://a/", "headers": {"Host": "b"}},
        {"url": "http://a/", "query": "a=b"},
        {"url": "http://a/", "body": 1, "json": 2},
        {"url": "http://a/", "timeout": 0},
        {"url": "http://a/", "timeout": True},
        {"url": "http://a/", "timeout": "5s"},
        {"url": "http://a/", "unknown": 1},
    ],
)
async def test_an_input_that_makes_no_request_ends_the_step(input: dict[str, Any]):
    error = await failure(**input)
    assert (error.code, error.retryable) == ("invalid_input", False)


class TestWherePrivateAddressesAreNotAllowed:
    @pytest.fixture(autouse=True)
    async def refusing(self, settings: None) -> None:
        configure_http(HttpSettings())

    @pytest.mark.parametrize(
        "host", ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"]
    )
    async def test_this_machine_is_refused_by_any_name(self, server: Server, host: str):
        error = await failure(url=server.url(host=host))
        assert (error.code, error.retryable) == ("http_address_refused", False)
        assert server.requests == []

    @pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "192.168.0.1", "[fd00:ec2::254]"])
    async def test_the_private_network_and_metadata_services_are_refused(self, host: str):
        error = await failure(url=f"http://{host}/latest/meta-data")
        assert (error.code, error.retryable) == ("http_address_refused", False)

    async def test_a_redirect_into_the_private_network_is_refused(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(http_client, "is_public", lambda address: address == "127.0.0.1")
        server.answers["/"] = (302, {"location": server.url("/secret", host="127.0.0.2")}, b"")
        error = await failure(url=server.url())
        assert (error.code, error.retryable) == ("http_address_refused", False)
        assert [request["path"] for request in server.requests] == ["/"]

    async def test_the_connection_goes_to_the_address_that_was_checked(
        self, server: Server, monkeypatch: pytest.MonkeyPatch
    ):
        answers = iter([["10.0.0.1", "127.0.0.1"], ["127.0.0.9"]])

        async def changing(host: str, port: int, **_: Any) -> list[Any]:
            assert host == "changing.test"
            return [(None, None, None, "", (address, port)) for address in next(answers)]

        monkeypatch.setattr(http_client, "is_public", lambda address: address == "127.0.0.1")
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", changing)
        output = await http(context(url=server.url(host="changing.test")))
        assert output["status"] == 200
        assert server.requests[0]["headers"]["host"] == f"changing.test:{server.server_port}"


class TestWhereHostsAreNamed:
    @pytest.fixture(autouse=True)
    async def named(self, settings: None) -> None:
        configure_http(HttpSettings(allow_private_addresses=True, allowed_hosts=frozenset({"127.0.0.1"})))

    async def test_a_named_host_is_called(self, server: Server):
        assert (await http(context(url=server.url())))["status"] == 200

    async def test_no_other_host_is_called(self, server: Server):
        error = await failure(url=server.url(host="localhost"))
        assert (error.code, error.retryable) == ("http_address_refused", False)
        assert server.requests == []

    async def test_a_redirect_to_another_host_is_refused(self, server: Server):
        server.answers["/"] = (302, {"location": server.url("/secret", host="localhost")}, b"")
        error = await failure(url=server.url())
        assert (error.code, error.retryable) == ("http_address_refused", False)
        assert [request["path"] for request in server.requests] == ["/"]
