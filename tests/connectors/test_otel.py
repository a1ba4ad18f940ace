"""Events for a collector that takes log records over OTLP/HTTP in JSON."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.connectors.server import Answer, FakeServer, Request, refusal, running
from weftline.authoring import ActionError
from weftline.authoring.integrations import OpenedConnection
from weftline.connectors.otel import otel
from weftline.testing.connectors import call, connected

HEX = {"traceId": 32, "spanId": 16}
VALUES = {"stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue"}


class Collector(FakeServer):
    """Checks what it gets as the protocol's JSON has it: ids in hexadecimal, 64-bit numbers as texts."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []
        self.resources: list[dict[str, Any]] = []
        self.rejects = False

    def answer(self, request: Request) -> Answer:
        if (request.method, request.path) != ("POST", "/otlp/v1/logs"):
            return Answer(404, text="404 page not found")
        if request.headers["content-type"] != "application/json":
            return Answer(415, text="415 unsupported media type")
        for resource in request.json["resourceLogs"]:
            self.resources.append(_read(resource["resource"]["attributes"]))
            for scope in resource["scopeLogs"]:
                for entry in scope["logRecords"]:
                    if (problem := _problem(entry)) is not None:
                        return Answer(400, {"code": 3, "message": problem})
                    if self.rejects:
                        return Answer(200, {"partialSuccess": {"rejectedLogRecords": "1", "errorMessage": "too old"}})
                    self.records.append({**entry, "attributes": _read(entry["attributes"])})
        return Answer(200, {"partialSuccess": {}})


def _problem(entry: dict[str, Any]) -> str | None:
    for name in ("timeUnixNano", "observedTimeUnixNano"):
        if not re.fullmatch(r"\d{19}", entry[name]):
            return f"{name} is no fixed64"
    for name, length in HEX.items():
        if name in entry and not re.fullmatch(f"[0-9a-f]{{{length}}}", entry[name]):
            return f"{name} is not hexadecimal"
    return None


def _read(pairs: list[dict[str, Any]]) -> dict[str, Any]:
    return {pair["key"]: _value(pair["value"]) for pair in pairs}


def _value(value: dict[str, Any]) -> Any:
    if not value:
        return None
    [(kind, content)] = value.items()
    assert kind in VALUES
    match kind:
        case "intValue":
            assert isinstance(content, str)
            return int(content)
        case "arrayValue":
            return [_value(each) for each in content["values"]]
        case "kvlistValue":
            return _read(content["values"])
        case _:
            return content


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with running(Collector()) as server:
        yield server


@pytest.fixture
async def connection(collector: Collector) -> AsyncIterator[OpenedConnection]:
    async with connected(otel, config={"endpoint": f"{collector.url}/otlp"}) as connection:
        yield connection


async def test_an_event_becomes_a_log_record_that_knows_its_execution(
    collector: Collector, connection: OpenedConnection
):
    attributes = {"amount": 139.9, "items": [1, "two", None], "paid": True, "customer": {"id": 7}}
    output = await call(
        "otel.logEvent",
        connection,
        body="Order A-1001 was approved.",
        eventName="order.approved",
        severity="WARN",
        attributes=attributes,
        time="2026-01-31T12:00:00.25+01:00",
    )
    assert output == {"traceId": None}
    [entry] = collector.records
    assert entry["timeUnixNano"] == "1769857200250000000"
    assert (entry["severityNumber"], entry["severityText"]) == (13, "WARN")
    assert (entry["eventName"], entry["body"]) == ("order.approved", {"stringValue": "Order A-1001 was approved."})
    told = entry["attributes"]
    assert {name: told[name] for name in attributes} == attributes
    assert (told["weftline.workflow.id"], told["weftline.idempotency_key"]) == ("workflow", "execution/step")
    assert collector.resources == [{"service.name": "weftline"}]


async def test_an_event_belongs_to_a_trace(collector: Collector, connection: OpenedConnection):
    trace, span = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
    output = await call("otel.logEvent", connection, body={"n": 2**63}, traceId=trace, spanId=span)
    assert output == {"traceId": trace}
    [entry] = collector.records
    assert (entry["traceId"], entry["spanId"]) == (trace, span)
    assert _value(entry["body"]) == {"n": float(2**63)}


async def test_a_record_that_is_rejected_fails_the_step(collector: Collector, connection: OpenedConnection):
    collector.rejects = True
    error = await refusal("otel.logEvent", connection, body="x")
    assert (error.code, error.retryable) == ("record_rejected", False)
    assert "too old" in error.message


async def test_a_collector_that_is_busy_is_asked_later(collector: Collector, connection: OpenedConnection):
    collector.failures = [
        Answer(429, {"code": 8}, {"Retry-After": "5"}),
        Answer(503, {"code": 14}, {"Retry-After": "2"}),
    ]
    first, second = [await refusal("otel.logEvent", connection, body="x") for _ in range(2)]
    assert (first.code, first.retry_after) == ("rate_limited", 5.0)
    assert (second.code, second.retryable, second.retry_after) == ("http_503", True, 2.0)


async def test_a_time_needs_its_zone(collector: Collector, connection: OpenedConnection):
    error = await refusal("otel.logEvent", connection, body="x", time="2026-01-31T12:00:00")
    assert (error.code, collector.requests) == ("invalid_input", [])


async def test_a_connection_is_tried_without_a_record(collector: Collector, connection: OpenedConnection):
    assert otel.tester is not None
    assert await otel.tester(connection) is None
    assert collector.records == []
    connection.config = {"endpoint": collector.url}
    with pytest.raises(ActionError) as raised:
        await otel.tester(connection)
    assert raised.value.code == "http_404"
