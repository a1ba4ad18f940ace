"""Queries of a Prometheus, and metrics for a Pushgateway that reads the text format as strictly as the real one."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.prometheus import prometheus
from weftline.testing.connectors import call, connected

SAMPLE = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"')
Group = tuple[tuple[str, str], ...]


def vector(*samples: tuple[dict[str, str], str]) -> dict[str, Any]:
    return {"resultType": "vector", "result": [{"metric": labels, "value": [1.5, value]} for labels, value in samples]}


ANSWERS = {
    "up": vector(({"job": "api"}, "1"), ({"job": "worker"}, "0")),
    "sum(up)": vector(({}, "1.25")),
    "0/0": vector(({}, "NaN")),
    "absent": vector(),
    "1": {"resultType": "scalar", "result": [2.0, "1"]},
    "up[5m]": {"resultType": "matrix", "result": []},
}


class Prometheus(FakeServer):
    """The HTTP API: values are texts, errors have a type."""

    def answer(self, request: Request) -> Answer:
        if request.path == "/-/healthy":
            return Answer(200, text="Prometheus Server is Healthy.\n")
        query = request.asked("query")
        if query == "up{":
            message = 'invalid parameter "query": 1:4: parse error: unexpected end of input inside braces'
            return Answer(400, {"status": "error", "errorType": "bad_data", "error": message})
        if query == "slow":
            return Answer(503, {"status": "error", "errorType": "timeout", "error": "query timed out"})
        if request.path == "/api/v1/query_range":
            assert (request.asked("step"), request.asked("start")) == ("5m", "0")
            series = [{"metric": {"job": "api"}, "values": [[0, "1"], [300, "+Inf"]]}]
            data = {"resultType": "matrix", "result": series}
            return Answer(200, {"status": "success", "data": data, "warnings": ["partial"]})
        assert query is not None
        return Answer(200, {"status": "success", "data": ANSWERS[query]})


class Pushgateway(FakeServer):
    """Groups of metrics by job and labels; see its README."""

    def __init__(self) -> None:
        super().__init__()
        self.groups: dict[Group, dict[str, dict[Group, float]]] = {}
        self.types: dict[str, str] = {}

    def answer(self, request: Request) -> Answer:
        if request.path == "/-/healthy":
            return Answer(200, text="OK")
        group = self.group(request.parts[1:])
        if request.method == "DELETE":
            self.groups.pop(group, None)
            return Answer(202)
        try:
            families = self.read(request.body.decode(), dict(group))
        except ValueError as problem:
            return Answer(400, text=f"pushed metrics are invalid or inconsistent with existing metrics: {problem}")
        if request.method == "PUT":
            self.groups[group] = families
        else:
            self.groups.setdefault(group, {}).update(families)
        return Answer(200)

    def group(self, parts: list[str]) -> Group:
        """The labels that a path stands for."""
        labels: list[tuple[str, str]] = []
        for name, value in zip(parts[::2], parts[1::2], strict=True):
            plain = name.removesuffix("@base64")
            if plain != name:
                value = urlsafe_b64decode(value.rstrip("=") + "=" * (-len(value.rstrip("=")) % 4)).decode()
            labels.append((plain, value))
        assert labels[0][0] == "job"
        return tuple(labels)

    def read(self, text: str, group: dict[str, str]) -> dict[str, dict[Group, float]]:
        if not text.endswith("\n") or "\r" in text:
            raise ValueError("unexpected end of input stream")
        families: dict[str, dict[Group, float]] = {}
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                if self.types.setdefault(name, kind) != kind:
                    raise ValueError(f"collected metric {name} should be a {self.types[name]}")
            elif not line.startswith("# HELP "):
                found = SAMPLE.fullmatch(line)
                if found is None:
                    raise ValueError(f"text format parsing error in {line!r}")
                labels = {name: _unescaped(value) for name, value in LABEL.findall(found[2] or "")} | group
                key = tuple(sorted(labels.items()))
                samples = families.setdefault(found[1], {})
                if key in samples:
                    raise ValueError(f"{found[1]} was collected before with the same name and label values")
                samples[key] = float(found[3])
        return families


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], value)


@pytest.fixture
async def server() -> AsyncIterator[Prometheus]:
    async with running(Prometheus()) as server:
        yield server


@pytest.fixture
async def connection(server: Prometheus) -> AsyncIterator[OpenedConnection]:
    async with connected(prometheus, config={"baseUrl": server.url}) as connection:
        yield connection


@pytest.fixture
async def gateway() -> AsyncIterator[Pushgateway]:
    async with running(Pushgateway()) as server:
        yield server


@pytest.fixture
async def pushing(gateway: Pushgateway) -> AsyncIterator[OpenedConnection]:
    async with connected(prometheus, config={"baseUrl": gateway.url}) as connection:
        yield connection


async def test_a_query_gives_its_series_and_the_value_of_the_only_one(connection: OpenedConnection):
    found = await call("prometheus.query", connection, query="up")
    assert found["value"] is None
    assert found["series"] == [
        {"labels": {"job": "api"}, "time": 1.5, "value": 1.0},
        {"labels": {"job": "worker"}, "time": 1.5, "value": 0.0},
    ]
    assert (await call("prometheus.query", connection, query="sum(up)"))["value"] == 1.25
    assert (await call("prometheus.query", connection, query="1"))["value"] == 1.0
    assert (await call("prometheus.query", connection, query="absent"))["value"] is None
    # what JSON has no number for stays a text
    assert (await call("prometheus.query", connection, query="0/0"))["value"] == "NaN"


async def test_a_query_over_time_gives_samples(server: Prometheus, connection: OpenedConnection):
    found = await call("prometheus.queryRange", connection, query="up", start=0, end="2026-01-31T12:00:00Z", step="5m")
    samples = [{"time": 0, "value": 1.0}, {"time": 300, "value": "+Inf"}]
    assert found == {"series": [{"labels": {"job": "api"}, "samples": samples}], "warnings": ["partial"]}


async def test_errors_are_told_in_the_words_of_prometheus(connection: OpenedConnection):
    error = await refusal("prometheus.query", connection, query="up{")
    assert (error.code, error.retryable) == ("prometheus_bad_data", False)
    assert "unexpected end of input" in error.message
    error = await refusal("prometheus.query", connection, query="slow")
    assert (error.code, error.retryable) == ("prometheus_timeout", True)
    assert (await refusal("prometheus.query", connection, query="up[5m]")).code == "invalid_input"


async def test_a_server_that_is_no_prometheus_is_told(server: Prometheus, connection: OpenedConnection):
    server.failures = [Answer(200, text="<html>"), Answer(401, text="Unauthorized")]
    assert (await refusal("prometheus.query", connection, query="up")).code == "unexpected_answer"
    # a connection without credentials has none to renew
    assert (await refusal("prometheus.query", connection, query="up")).code == "http_401"


async def test_metrics_are_pushed_replaced_and_deleted(gateway: Pushgateway, pushing: OpenedConnection):
    rows = {"name": "imported_rows", "type": "gauge", "help": "Rows\nof the last \\ import.", "value": 1250}
    group = {"job": "nightly import", "grouping": {"path": "/var/tmp", "empty": ""}}
    pushed = await call("prometheus.push", pushing, **group, metrics=[rows, {"name": "done", "value": 1}])
    assert pushed == group
    [(labels, families)] = gateway.groups.items()
    assert dict(labels) == {"job": "nightly import", "path": "/var/tmp", "empty": ""}
    assert list(families["imported_rows"].values()) == [1250.0]
    await call("prometheus.push", pushing, **group, metrics=[{**rows, "value": 2}])
    assert set(gateway.groups[labels]) == {"imported_rows", "done"}
    await call("prometheus.push", pushing, **group, metrics=[rows], replace=True)
    assert set(gateway.groups[labels]) == {"imported_rows"}
    # what was pushed is undone by what pushing returned
    assert await call("prometheus.deleteGroup", pushing, **pushed) == {"deleted": True}
    assert gateway.groups == {}


async def test_labels_may_hold_anything(gateway: Pushgateway, pushing: OpenedConnection):
    odd = 'a "quoted" \\ backslash\nand a line'
    metrics = [
        {"name": "m", "type": "counter", "value": 1e30, "labels": {"what": odd}},
        {"name": "n", "value": 0.1},
        {"name": "m", "type": "counter", "value": 2, "labels": {"what": "b"}},
    ]
    await call("prometheus.push", pushing, job="j", metrics=metrics)
    [families] = gateway.groups.values()
    assert {dict(key)["what"]: value for key, value in families["m"].items()} == {odd: 1e30, "b": 2.0}


async def test_metrics_that_contradict_others_are_refused(gateway: Pushgateway, pushing: OpenedConnection):
    metric = {"name": "m", "type": "counter", "value": 1}
    await call("prometheus.push", pushing, job="j", metrics=[metric])
    error = await refusal("prometheus.push", pushing, job="k", metrics=[{**metric, "type": "gauge"}])
    assert (error.code, error.retryable) == ("metrics_refused", False)
    assert "should be a counter" in error.message
    error = await refusal("prometheus.push", pushing, job="k", metrics=[metric, metric])
    assert error.code == "metrics_refused"


@pytest.mark.parametrize(
    "metric", [{"name": "no name", "value": 1}, {"name": "m", "value": 1, "labels": {"__name__": "x"}}]
)
async def test_names_that_cannot_be_ones_are_refused_before_they_are_sent(
    gateway: Pushgateway, pushing: OpenedConnection, metric: dict[str, Any]
):
    assert (await refusal("prometheus.push", pushing, job="j", metrics=[metric])).code == "invalid_input"
    assert gateway.requests == []


async def test_a_connection_is_tried(server: Prometheus, connection: OpenedConnection, pushing: OpenedConnection):
    assert prometheus.tester is not None
    assert await prometheus.tester(connection) is None
    assert await prometheus.tester(pushing) is None
    server.failures = [Answer(503, text="Service Unavailable")]
    with pytest.raises(ActionError) as raised:
        await prometheus.tester(connection)
    assert raised.value.code == "http_503"
