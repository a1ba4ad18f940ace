"""Workflows written as steps with dependencies."""

from __future__ import annotations

from collections.abc import Mapping

from weftline.language.dialects.base import Document, Path
from weftline.language.dialects.retries import write_retry
from weftline.language.dialects.writing import Writer

_SILENT = ("start", "end")


def write_steps(writer: Writer) -> list[Document]:
    """A step for each action. Starts and ends need none."""
    waits = _dependencies(writer)
    types = {node["id"]: node["type"] for node in writer.nodes}
    steps: list[Document] = []
    for index, node in enumerate(writer.nodes):
        path: Path = ("nodes", index)
        if node["type"] == "start":
            writer.refuse_rest(node, path, "description", "next")
        elif node["type"] == "end":
            writer.refuse_rest(node, path, "description", "dependencies")
        else:
            names = [id_ for id_ in waits[node["id"]] if types[id_] not in _SILENT]
            steps.append(_write_step(node, path, writer.theirs(names), writer))
    if not steps:
        writer.refuse(("nodes",), "nodes", "a workflow has a step at least there")
    return steps


def write_error_handling(writer: Writer) -> Document | None:
    """What happens when steps fail: the workflow's strategy, and the retries that its steps have in common."""
    settings: Document = writer.definition.get("settings", {})
    writer.refuse_rest(settings, ("settings",), "errorHandling")
    handling: Document = settings.get("errorHandling", {})
    path: Path = ("settings", "errorHandling")
    writer.refuse_rest(handling, path, "strategy", "fallbackWorkflow", "notifications")
    strategy = handling.get("strategy", "fail")
    if strategy == "retry":
        writer.refuse((*path, "strategy"), "retry", "there it is the steps that are retried; give them a `retry`")
    retries, delay = _common_retries(writer)
    if retries is not None and strategy in ("fail", "fallback"):
        strategy = "retry"
    for index, notice in enumerate(handling.get("notifications", [])):
        writer.refuse_rest(notice, (*path, "notifications", index), "recipients", "template")
    fields: Document = {
        "strategy": None if strategy == "fail" else strategy,
        "maxRetries": retries,
        "retryDelay": delay,
        "fallbackWorkflow": handling.get("fallbackWorkflow"),
        "notifications": handling.get("notifications"),
    }
    return {name: value for name, value in fields.items() if value is not None} or None


def _dependencies(writer: Writer) -> Mapping[str, list[str]]:
    """For each node those that it waits for: what leads to it, where that is one."""
    leads: dict[str, list[str]] = {node["id"]: [] for node in writer.nodes}
    for index, node in enumerate(writer.nodes):
        following = node.get("next", [])
        if isinstance(following, str):
            writer.refuse(("nodes", index, "next"), "next", "what follows is known beforehand there")
            continue
        for target in following:
            leads[target].append(node["id"])
    for index, node in enumerate(writer.nodes):
        if "dependencies" in node:
            leads[node["id"]] = node["dependencies"]
            if any(writer.type_of(id_) == "end" for id_ in node["dependencies"]):
                writer.refuse(("nodes", index, "dependencies"), "end", "nothing waits for an end there")
        elif len(leads[node["id"]]) > 1 and node["type"] != "end":
            message = "a step that several lead to waits for all of them there; say so with `dependencies`"
            writer.refuse(("nodes", index), "next", message)
    return leads


def _write_step(node: Document, path: Path, waits: list[str], writer: Writer) -> Document:
    said = ("description", "next", "dependencies", "action", "retry", "timeout", "critical")
    if node["type"] == "action":
        writer.refuse_rest(node, path, *said)
    else:
        writer.refuse((*path, "type"), node["type"])
    timeout = writer.milliseconds(node["timeout"], (*path, "timeout")) if "timeout" in node else None
    step: Document = {
        "id": writer.ids[node["id"]],
        "name": node.get("name"),
        "description": node.get("description"),
        "dependencies": waits,
        "timeout": timeout,
        "retryable": _is_retryable(node),
        "critical": node.get("critical"),
        "handler": node.get("action", f"unsupported.{node['type']}"),
    }
    return writer.element(step, node, path)


def _is_retryable(node: Document) -> bool | None:
    return node["retry"].get("maxAttempts", 3) > 1 if "retry" in node else None


def _common_retries(writer: Writer) -> tuple[int | None, int | float | None]:
    common: tuple[int | None, int | float | None] = (None, None)
    for index, node in enumerate(writer.nodes):
        if not _is_retryable(node):
            continue
        path: Path = ("nodes", index, "retry")
        own = write_retry(node["retry"], path, writer)
        if common[0] is None:
            common = own
        elif own != common:
            writer.refuse(path, "retry", "all steps are retried in the same way there")
    return common
