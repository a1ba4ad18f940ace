"""Which operations of the API the client has calls for."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from weftline.client import Client, RetryPolicy, WeftlineError
from weftline.client.drivers import Items
from weftline.client.operations import Resource

OPENAPI = Path(__file__).parents[2] / "docs" / "reference" / "api" / "openapi.json"

WITHOUT_CALLS = {
    r"\w+ /auth/.*": "the client signs in by itself; what else there is, people do in a browser",
    r"GET /\.well-known/.*": "for other programs, with whatever reads such keys",
    r"\w+ /platform/.*": "for those who run the platform: `weft`",
    r"POST /(jobs|task-queues)/.*": "for workers",
    r"GET /(jobs/.*|task-queues)": "for those who run workers",
    r"\w+ /task-links/.*": "for people without an account, in a browser",
    r"(POST|PATCH) (/workflows/\{\})?/variables(/\{\})?": "`variables.set` makes and changes one",
    r"\w+ /plugins/\{\}/routes/\{\}": "what a plugin answers is its own: `client.request`",
    r"GET /plugins/panels": "for the web app",
    r"GET /workflows/\{\}/triggers": "`triggers.list(workflow=…)`",
}
"""Operations that have no call of their own, and why."""

SWITCHES = {"workflow": "x", "execution": "x", "tasks": True}
"""Arguments that lead to another operation."""

NO_CALLS = {"request", "items", "close", "driver"}
"""What asks any operation, or none."""

EXAMPLES: dict[str, Any] = {
    "int": 1,
    "datetime": datetime(2026, 3, 2, tzinfo=UTC),
    "Definition": {"id": "x"},
    "Mapping": {},
    "Sequence[Mapping": [],
    "Sequence": [],
    "Iterable": [{}],
    "str": "x",
    "Any": "x",
}
"""Arguments, by how their types begin."""


def operations() -> set[str]:
    """Every operation, as ``GET /executions/{}``."""
    document = json.loads(OPENAPI.read_text())
    return {
        f"{method.upper()} {re.sub(r'{[^}]+}', '{}', path.removeprefix('/api/v1'))}"
        for path, item in document["paths"].items()
        for method in item
        if method in ("get", "put", "post", "patch", "delete")
    }


def public_calls(client: Client) -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every call of a client, by its name."""
    groups = {name: value for name, value in vars(client).items() if isinstance(value, Resource)}
    for group, resource in {"": client, **groups}.items():
        for name in dir(resource):
            if name.startswith("_") or name in NO_CALLS or (resource is client and name in groups):
                continue
            yield f"{group}.{name}", getattr(resource, name)


def ways(call: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Arguments with which to call: those that are needed, and those with each switch."""
    parameters = list(inspect.signature(call).parameters.values())[1:]
    needed = {each.name: example(each) for each in parameters if each.default is inspect.Parameter.empty}
    yield needed
    for each in parameters:
        if each.name in SWITCHES and each.name not in needed:
            yield {**needed, each.name: SWITCHES[each.name]}


def example(parameter: inspect.Parameter) -> Any:
    return next(value for kind, value in EXAMPLES.items() if str(parameter.annotation).startswith(kind))


@pytest.fixture
def asked() -> Iterator[dict[str, set[str]]]:
    """What each call asks first, as ``GET /executions/x``."""
    sent: list[httpx.Request] = []

    def refuse(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(403, request=request)

    found: dict[str, set[str]] = {}
    base = "http://localhost/api/v1"
    with (
        httpx.Client(transport=httpx.MockTransport(refuse), base_url=base) as http,
        Client(http=http, retries=RetryPolicy(max_attempts=1)) as client,
    ):
        for name, call in public_calls(client):
            for arguments in ways(call):
                sent.clear()
                with pytest.raises(WeftlineError):
                    made = call(**arguments)
                    assert isinstance(made, Items), name
                    next(iter(made))
                path = sent[0].url.path.removeprefix("/api/v1")
                found.setdefault(name, set()).add(f"{sent[0].method} {path}")
    yield found


def named(request: str, known: set[str]) -> str | None:
    """The operation that a request is of."""
    fitting = [each for each in known if re.fullmatch(re.escape(each).replace(r"\{\}", "[^/]+"), request)]
    return min(fitting, key=lambda each: each.count("{}"), default=None)


def test_every_operation_has_a_call_or_a_reason_to_have_none(asked: dict[str, set[str]]) -> None:
    known = operations()
    requests = {request: name for name, each in asked.items() for request in each}
    assert {request: name for request, name in requests.items() if named(request, known) is None} == {}
    called = {named(request, known) for request in requests}
    left = known - called
    excused = {each for each in left for pattern in WITHOUT_CALLS if re.fullmatch(pattern, each)}
    assert left - excused == set(), "give each a call in weftline.client, or a reason in WITHOUT_CALLS"
    unused = [pattern for pattern in WITHOUT_CALLS if not any(re.fullmatch(pattern, each) for each in excused)]
    assert unused == []
