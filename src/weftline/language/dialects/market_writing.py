"""Workflows written as templates of forms, approvals, calls and notifications."""

from __future__ import annotations

from weftline.language.dialects.base import Document, Path, Writing
from weftline.language.dialects.market_roles import roles_of, roles_of_schema
from weftline.language.dialects.records import put_back
from weftline.language.dialects.retries import write_retry
from weftline.language.dialects.writing import UNSUPPORTED_TYPE, Writer
from weftline.language.graph import read_graph

_FLOW = ("description", "next", "when", "compensate")
_PEOPLE = (*_FLOW, "assignTo", "form", "validate")
_SILENT = ("start", "end")
_HTTP = ("url", "method", "headers", "query", "body")
_NOTICE = {"channel": "channel", "to": "recipients", "subject": "subject", "message": "message"} | {
    "template": "template",
    "data": "data",
}


def write_template(writer: Writer) -> Writing:
    """The template of a workflow."""
    found = writer.definition
    writer.refuse_rest(found, (), "description", "version", "nodes", "startNode", "input", "settings")
    roles = roles_of_schema(found.get("input"))
    if "input" in found and roles is None:
        writer.refuse(("input",), "input", "the input there says nothing but the market role")
    _check_review(writer)
    steps = [_write_step(node, ("nodes", index), writer) for index, node in _steps(writer)]
    if not steps:
        writer.refuse(("nodes",), "nodes", "a template has a step at least")
    fields: Document = {
        "id": writer.workflow_id("id"),
        "name": found.get("name"),
        "version": found.get("version"),
        "description": found.get("description"),
        "marketRoles": roles,
        "steps": steps,
    }
    return writer.finish(put_back(writer.element(fields, found, ())))


def _steps(writer: Writer) -> list[tuple[int, Document]]:
    """The nodes that become steps, with their indexes, the one to begin with first."""
    found = writer.definition
    starts = read_graph(found).starts(found.get("startNode"))
    for index, node in enumerate(writer.nodes):
        if node["type"] in _SILENT:
            writer.refuse_rest(node, ("nodes", index), "description", "next")
            if node["id"] in starts:
                starts = tuple(node.get("next", ()))
    if len(starts) != 1:
        writer.refuse((), "startNode", "a workflow begins at one step there")
    steps = [(index, node) for index, node in enumerate(writer.nodes) if node["type"] not in _SILENT]
    return sorted(steps, key=lambda step: step[1]["id"] not in starts[:1])


def _check_review(writer: Writer) -> None:
    settings: Document = writer.definition.get("settings", {})
    writer.refuse_rest(settings, ("settings",), "review")
    review = settings.get("review")
    if review:
        writer.refuse_rest(review, ("settings", "review"))
    has_people = any(node["type"] in ("form", "approval", "human-task") for node in writer.nodes)
    if has_people and review is None:
        writer.refuse(("settings",), "review", "every workflow with forms or approvals is reviewed there")


def _write_step(node: Document, path: Path, writer: Writer) -> Document:
    step: Document = {
        "id": writer.ids[node["id"]],
        "type": node["type"],
        "name": node.get("name"),
        "description": node.get("description"),
        "next": _next(node.get("next", []), path, writer),
        "marketRoles": _market_roles(node, path, writer),
        "compensation": _compensation(node, path, writer),
        "validators": _validators(node),
    }
    config: Document = {}
    match node["type"]:
        case "form":
            writer.refuse_rest(node, path, *_PEOPLE)
            config = {"assignee": node.get("assignTo"), "schema": node.get("form")}
        case "approval":
            writer.refuse_rest(node, path, *_PEOPLE, "approvals", "outcomes")
            config = _approval(node, step, path, writer)
        case "http":
            writer.refuse_rest(node, path, *_FLOW, *_HTTP, "timeout", "retry")
            step["type"] = "api-call"
            config = {name: node.get(name) for name in _HTTP} | _attempts(node, path, writer)
            for name in ("headers", "query"):
                if isinstance(node.get(name), str):
                    writer.refuse((*path, name), name, "it is an object there")
        case "notification":
            writer.refuse_rest(node, path, *_FLOW, *_NOTICE, "timeout", "retry")
            config = {theirs: node.get(ours) for ours, theirs in _NOTICE.items()} | _attempts(node, path, writer)
        case kind:
            writer.refuse((*path, "type"), kind)
            step["type"] = UNSUPPORTED_TYPE
    step["config"] = {name: value for name, value in config.items() if value is not None} or None
    return writer.element(step, node, path)


def _next(following: list[str] | str, path: Path, writer: Writer) -> list[str]:
    if isinstance(following, str):
        writer.refuse((*path, "next"), "next", "what follows is known beforehand there")
        return []
    return writer.theirs([id_ for id_ in following if writer.type_of(id_) not in _SILENT])


def _market_roles(node: Document, path: Path, writer: Writer) -> list[str] | None:
    if "when" not in node:
        return None
    roles = roles_of(node["when"])
    if roles is None:
        writer.refuse((*path, "when"), "when", "a step depends on nothing but the market role there")
    return roles


def _compensation(node: Document, path: Path, writer: Writer) -> Document | str | None:
    if "compensate" not in node:
        return None
    compensate: Document = node["compensate"]
    writer.refuse_rest(compensate, (*path, "compensate"), "action", "input")
    handler: str = compensate["action"]
    return {"handler": handler, "input": compensate["input"]} if "input" in compensate else handler


def _validators(node: Document) -> list[Document] | None:
    found: list[Document] = []
    for validator in node.get("validate", []):
        written: Document = {"rule": "expression", "value": validator["condition"], "message": validator["message"]}
        found.append({"field": validator["field"], **written} if "field" in validator else written)
    return found or None


def _approval(node: Document, step: Document, path: Path, writer: Writer) -> Document:
    outcomes: Document = dict(node.get("outcomes", {}))
    rejected, approved = outcomes.pop("rejected", None), outcomes.pop("approved", None)
    writer.refuse_rest(outcomes, (*path, "outcomes"))
    if approved is not None:
        if node.get("next"):
            writer.refuse((*path, "next"), "next", "what is approved goes one way there")
        step["next"] = _next([approved], path, writer)
    approvals: Document = node.get("approvals", {})
    writer.refuse_rest(approvals, (*path, "approvals"), "required")
    if rejected is not None and writer.type_of(rejected) in _SILENT:
        writer.refuse((*path, "outcomes", "rejected"), "rejected", "what is rejected goes to a step there")
        rejected = None
    return {
        "approvers": node.get("assignTo"),
        "schema": node.get("form"),
        "requiredApprovals": approvals.get("required"),
        "onReject": None if rejected is None else writer.ids[rejected],
    }


def _attempts(node: Document, path: Path, writer: Writer) -> Document:
    config: Document = {}
    if "timeout" in node:
        config["timeout"] = writer.milliseconds(node["timeout"], (*path, "timeout"))
    if "retry" in node:
        config["retries"], config["retryDelay"] = write_retry(node["retry"], (*path, "retry"), writer)
    return config
