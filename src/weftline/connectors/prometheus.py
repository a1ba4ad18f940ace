"""``prometheus``: queries of Prometheus (https://prometheus.io/docs/prometheus/latest/querying/api/) and metrics for a
Pushgateway (https://github.com/prometheus/pushgateway), in the text format 0.0.4.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from weftline.authoring.context import Context
from weftline.authoring.errors import ActionError, HttpStatusError
from weftline.authoring.integrations import Connection, Integration
from weftline.connectors.answers import fields
from weftline.connectors.schema import (
    Schema,
    address,
    choice,
    flag,
    given,
    lines,
    listing,
    mapping,
    record,
    text,
)
from weftline.connectors.ways_in import SERVER_AUTH

_METRIC_NAME = "^[a-zA-Z_:][a-zA-Z0-9_:]*$"
_LABEL_NAME = "^(_?[a-zA-Z]|_[0-9])[a-zA-Z0-9_]*$"

prometheus = Integration(
    "prometheus",
    title="Prometheus",
    description="Queries of Prometheus, and metrics for a Pushgateway.",
    category="observability",
    icon="chart-line",
    auth=SERVER_AUTH,
    config=record(
        {"baseUrl": address("Of Prometheus, or of the Pushgateway for metrics that are pushed.", title="URL")},
        ["baseUrl"],
    ),
    base_url="{baseUrl}",
    docs_url="https://prometheus.io/docs/prometheus/latest/querying/api/",
)


def _labels(description: str) -> Schema:
    return mapping(description, {"type": "string"}, propertyNames={"pattern": _LABEL_NAME})


_NUMBER: Schema = {"type": ["number", "string"], "description": "A number, or the text `NaN`, `+Inf` or `-Inf`."}
_TIME: Schema = {"type": "number", "description": "Unix seconds."}
_AT: Schema = {
    "type": ["string", "number"],
    "description": "RFC 3339, like `2026-01-31T12:00:00Z`, or Unix seconds.",
}
_WARNINGS = listing("What Prometheus warns of.", {"type": "string"})
_GROUP = {
    "job": given("Name of the job that the metrics are of."),
    "grouping": _labels("More labels, which tell the job's groups of metrics apart."),
}


@prometheus.action(
    "query",
    title="Query",
    input=record(
        {
            "query": lines("In PromQL.", minLength=1),
            "time": {**_AT, "description": _AT["description"] + " Now, if absent."},
        },
        ["query"],
    ),
    output=record(
        {
            "value": {
                "type": ["number", "string", "null"],
                "description": "Of the only series; null where there is none, or several.",
            },
            "series": listing(
                "What was found.",
                record(
                    {"labels": mapping("By name.", {"type": "string"}), "time": _TIME, "value": _NUMBER},
                    ["labels", "time", "value"],
                ),
            ),
            "warnings": _WARNINGS,
        },
        ["value", "series", "warnings"],
    ),
    example={"query": 'sum(rate(http_requests_total{status=~"5.."}[5m]))'},
)
async def query(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Evaluate a PromQL expression at one moment."""
    body = await _ask(connection, "query", ctx.input)
    data, kind = body["data"]["result"], body["data"]["resultType"]
    series: list[dict[str, Any]]
    if kind in ("scalar", "string"):
        series = [{"labels": {}, **_sample(data)}]
    elif kind == "vector":
        if any("value" not in each for each in data):
            message = "prometheus: the query selects native histograms; take a quantile or a sum of them"
            raise ActionError(message, code="invalid_input", retryable=False)
        series = [{"labels": each["metric"], **_sample(each["value"])} for each in data]
    else:
        message = "prometheus: the query selects ranges; use 'queryRange', or a function of them like rate()"
        raise ActionError(message, code="invalid_input", retryable=False)
    return {
        "value": series[0]["value"] if len(series) == 1 else None,
        "series": series,
        "warnings": body.get("warnings") or [],
    }


@prometheus.action(
    "queryRange",
    title="Query over time",
    input=record(
        {
            "query": lines("In PromQL.", minLength=1),
            "start": {**_AT, "title": "From"},
            "end": {**_AT, "title": "Until"},
            "step": {
                "type": ["string", "number"],
                "description": "How far apart, like `30s` or `5m`, or seconds.",
            },
        },
        ["query", "start", "end", "step"],
    ),
    output=record(
        {
            "series": listing(
                "What was found.",
                record(
                    {
                        "labels": mapping("By name.", {"type": "string"}),
                        "samples": listing(
                            "The oldest first.", record({"time": _TIME, "value": _NUMBER}, ["time", "value"])
                        ),
                    },
                    ["labels", "samples"],
                ),
            ),
            "warnings": _WARNINGS,
        },
        ["series", "warnings"],
    ),
    example={
        "query": "up",
        "start": "2026-01-31T12:00:00Z",
        "end": "2026-01-31T13:00:00Z",
        "step": "5m",
    },
)
async def query_range(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Evaluate a PromQL expression at many moments."""
    body = await _ask(connection, "query_range", ctx.input)
    series = [
        {"labels": each["metric"], "samples": [_sample(one) for one in each.get("values", ())]}
        for each in body["data"]["result"]
    ]
    return {"series": series, "warnings": body.get("warnings") or []}


@prometheus.action(
    "push",
    title="Push metrics",
    input=record(
        {
            **_GROUP,
            "metrics": listing(
                "What is measured.",
                record(
                    {
                        "name": given("Like `orders_total`.", pattern=_METRIC_NAME),
                        "type": choice("What it is.", "gauge", "counter", "untyped", default="untyped"),
                        "help": text("What it measures, in a sentence."),
                        "value": {"type": "number", "description": "As it is now."},
                        "labels": _labels("Which of several it is."),
                    },
                    ["name", "value"],
                ),
                minItems=1,
                maxItems=1000,
            ),
            "replace": flag("Take away the group's other metrics; else only those of the same names.", default=False),
        },
        ["job", "metrics"],
    ),
    output=record(
        {"job": text("The job."), "grouping": mapping("The other labels.", {"type": "string"})}, ["job", "grouping"]
    ),
    example={
        "job": "nightly-import",
        "metrics": [{"name": "imported_rows", "type": "gauge", "help": "Rows of the last import.", "value": 1250}],
    },
    compensate="deleteGroup",
)
async def push(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Push metrics to a Pushgateway, from which Prometheus fetches them; a second attempt changes nothing."""
    wanted = ctx.input
    grouping: Mapping[str, str] = wanted.get("grouping", {})
    content = _exposition(wanted["metrics"]).encode()
    try:
        await connection.request(
            "PUT" if wanted.get("replace", False) else "POST",
            _group_path(wanted["job"], grouping),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
            content=content,
        )
    except HttpStatusError as error:
        if error.status != 400:
            raise
        message = f"prometheus: the Pushgateway refuses the metrics: {str(error.body)[:500].strip()}"
        raise ActionError(message, code="metrics_refused", retryable=False, details=error.details) from None
    return {"job": wanted["job"], "grouping": dict(grouping)}


@prometheus.action(
    "deleteGroup",
    title="Delete pushed metrics",
    input=record(_GROUP, ["job"]),
    output=record({"deleted": flag("The Pushgateway has taken the wish.")}, ["deleted"]),
    example={"job": "nightly-import"},
)
async def delete_group(ctx: Context, connection: Connection) -> dict[str, Any]:
    """Delete all metrics of a job's group from a Pushgateway."""
    wanted = ctx.input
    await connection.request("DELETE", _group_path(wanted["job"], wanted.get("grouping", {})))
    return {"deleted": True}


@prometheus.test
async def test(connection: Connection) -> str | None:
    """Ask whether the server is healthy; Prometheus and the Pushgateway answer the same way."""
    await connection.request("GET", "-/healthy")
    return None


async def _ask(connection: Connection, endpoint: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    try:
        answer = await connection.request("GET", f"api/v1/{endpoint}", query=parameters)
    except HttpStatusError as error:
        body = fields(error.body)
        if "errorType" not in body:
            raise
        message = f"prometheus: {body['errorType']}: {body.get('error', '')}"
        raise ActionError(
            message,
            code=f"prometheus_{body['errorType']}",
            retryable=error.retryable,
            retry_after=error.retry_after,
            details=error.details,
        ) from None
    body = fields(answer["body"])
    if body.get("status") != "success":
        message = "prometheus: the answer is none of Prometheus; is the URL that of its root?"
        raise ActionError(message, code="unexpected_answer", retryable=False)
    return body


def _sample(pair: Sequence[Any]) -> dict[str, Any]:
    """A time and a value, which Prometheus writes as a text for the sake of those that JSON has no number for."""
    time, written = pair
    try:
        value = float(written)
    except ValueError:
        value = math.nan
    return {"time": time, "value": value if math.isfinite(value) else written}


def _group_path(job: str, grouping: Mapping[str, str]) -> str:
    """The address of a group: what is empty or holds a slash can only stand there in base64."""
    parts = ["metrics"]
    for name, value in (("job", job), *sorted(grouping.items())):
        encoded = base64.urlsafe_b64encode(value.encode()).decode().rstrip("=") or "="
        parts += [f"{name}@base64", encoded]
    return "/".join(parts)


def _exposition(metrics: Sequence[Mapping[str, Any]]) -> str:
    """Metrics in the text format: those of one name together, below what is said of them."""
    by_name: dict[str, list[Mapping[str, Any]]] = {}
    for metric in metrics:
        by_name.setdefault(metric["name"], []).append(metric)
    out: list[str] = []
    for name, samples in by_name.items():
        first = samples[0]
        if first.get("help"):
            out.append(f"# HELP {name} {_escaped(first['help'], quotes=False)}")
        out.append(f"# TYPE {name} {first.get('type', 'untyped')}")
        out += [f"{name}{_written_labels(each.get('labels', {}))} {float(each['value'])!r}" for each in samples]
    return "\n".join(out) + "\n"


def _written_labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escaped(value, quotes=True)}"' for name, value in labels.items()) + "}"


def _escaped(value: str, *, quotes: bool) -> str:
    escaped = re.sub(r"\r\n?", "\n", value).replace("\\", "\\\\").replace("\n", "\\n")
    return escaped.replace('"', '\\"') if quotes else escaped
