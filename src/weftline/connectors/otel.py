"""``otel``: events for OpenTelemetry, as log records over OTLP/HTTP in JSON
(https://opentelemetry.io/docs/specs/otlp/#otlphttp).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import orjson

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError
from weftline.authoring.integrations import Connection, Integration
from weftline.connectors.answers import fields
from weftline.connectors.schema import address, anything, choice, given, mapping, optional, record, text
from weftline.connectors.ways_in import SERVER_AUTH

otel = Integration(
    "otel",
    title="OpenTelemetry",
    description="Events for an OpenTelemetry collector, as log records.",
    category="observability",
    icon="telescope",
    auth=SERVER_AUTH,
    config=record(
        {
            "endpoint": address("Of OTLP over HTTP, without `/v1/logs`; a collector's is on port 4318.", title="URL"),
            "serviceName": given("Of whom the events are told.", title="Service", default="weftline"),
        },
        ["endpoint"],
    ),
    base_url="{endpoint}",
    docs_url="https://opentelemetry.io/docs/specs/otlp/",
)

_SEVERITY = {"TRACE": 1, "DEBUG": 5, "INFO": 9, "WARN": 13, "ERROR": 17, "FATAL": 21}
_SCOPE = {"name": "weftline"}


@otel.action(
    "logEvent",
    title="Log an event",
    input=record(
        {
            "body": anything("What has happened: a text, or any JSON."),
            "eventName": given("What such events are called, like `order.approved`."),
            "severity": choice("How serious it is.", *_SEVERITY, default="INFO"),
            "attributes": mapping("Facts about it, by name; any JSON.", {}),
            "time": text("When; now, if absent.", format="date-time"),
            "traceId": text("The trace that it belongs to; the caller's, if absent.", pattern="^[0-9a-f]{32}$"),
            "spanId": text("The span that it belongs to.", pattern="^[0-9a-f]{16}$"),
        },
        ["body"],
    ),
    output=record({"traceId": optional(text("The trace that it belongs to."))}, ["traceId"]),
    example={
        "body": "Order A-1001 was approved.",
        "eventName": "order.approved",
        "attributes": {"order.id": "A-1001", "order.amount": 139.9},
    },
)
async def log_event(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Tell OpenTelemetry of an event, as a log record that knows its execution and the caller's trace."""
    wanted = ctx.input
    trace, span = _trace(ctx, wanted)
    now = time.time_ns()
    attributes = {
        "weftline.tenant.slug": ctx.tenant.slug,
        "weftline.workflow.id": ctx.workflow_id,
        "weftline.execution.id": str(ctx.execution_id),
        "weftline.step.id": ctx.step_id,
        # a record that comes twice can be told by it
        "weftline.idempotency_key": ctx.idempotency_key,
        **wanted.get("attributes", {}),
    }
    severity = wanted.get("severity", "INFO")
    entry: dict[str, Any] = {
        "timeUnixNano": str(_nanoseconds(wanted["time"]) if "time" in wanted else now),
        "observedTimeUnixNano": str(now),
        "severityNumber": _SEVERITY[severity],
        "severityText": severity,
        "body": _value(wanted["body"]),
        "attributes": _pairs(attributes),
    }
    for name, value in (("eventName", wanted.get("eventName")), ("traceId", trace), ("spanId", span)):
        if value is not None:
            entry[name] = value
    await _export(connection, [entry])
    return {"traceId": trace}


@otel.test
async def test(connection: Connection) -> str | None:
    """Send a request without records, which servers take."""
    await _export(connection, [])
    return None


async def _export(connection: Connection, entries: list[dict[str, Any]]) -> None:
    resource = {"attributes": _pairs({"service.name": connection.config.get("serviceName", "weftline")})}
    logs = [{"resource": resource, "scopeLogs": [{"scope": _SCOPE, "logRecords": entries}]}] if entries else []
    answer = await connection.request("POST", "v1/logs", json={"resourceLogs": logs})
    partial = fields(fields(answer["body"]).get("partialSuccess"))
    # 64-bit numbers are texts in the JSON of Protocol Buffers
    if int(partial.get("rejectedLogRecords") or 0) > 0:
        message = f"otel: the record was rejected: {partial.get('errorMessage') or 'no reason is given'}"
        raise ActionError(message, code="record_rejected", retryable=False)


def _trace(ctx: Context, wanted: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """Ids of trace and span: as the step says, else of the request that started the execution."""
    if "traceId" in wanted:
        return wanted["traceId"], wanted.get("spanId")
    if ctx.cause is not None and ctx.cause.traceparent is not None:
        _, trace, span, _ = ctx.cause.traceparent.split("-", 3)
        return trace, wanted.get("spanId", span)
    return None, None


def _nanoseconds(moment: str) -> int:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is None:
        message = f"otel: '{moment}' is no time with a zone, like 2026-01-31T12:00:00Z"
        raise ActionError(message, code="invalid_input", retryable=False)
    return int(parsed.timestamp()) * 1_000_000_000 + parsed.microsecond * 1_000


def _pairs(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in values.items()]


def _value(value: Any) -> dict[str, Any]:
    """An ``AnyValue``."""
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)} if -(2**63) <= value < 2**63 else {"doubleValue": float(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in cast("list[Any]", value)]}}
        case dict():
            return {"kvlistValue": {"values": _pairs(cast("dict[str, Any]", value))}}
        case _:
            return {"stringValue": orjson.dumps(value).decode()}
