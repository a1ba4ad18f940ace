"""Nodes written as steps of a template."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from weftline.language.dialects.base import Document, Path
from weftline.language.dialects.designer.shapes import fork_owner
from weftline.language.dialects.milliseconds import to_milliseconds
from weftline.language.dialects.retries import write_retry
from weftline.language.dialects.writing import UNSUPPORTED_TYPE, Writer
from weftline.language.graph import read_graph

_FLOW = ("description", "next", "output", "onError")
_FORK = frozenset({"id", "type", "values", "next"})


def write_steps(writer: Writer) -> list[Document]:
    """A step for each node, and one to begin with where the definition names its first node."""
    forks = _forks(writer)
    steps = [
        _StepWriter(node, ("nodes", index), writer, forks).write()
        for index, node in enumerate(writer.nodes)
        if node["id"] not in forks
    ]
    first = writer.definition.get("startNode")
    if first is None or writer.type_of(first) == "start":
        return steps
    return [{"id": writer.new_id("start"), "type": "START", "nextSteps": [writer.ids[first]]}, *steps]


def _forks(writer: Writer) -> dict[str, list[str]]:
    """The nodes that reading has put between a step and the several that it leads to, and where they lead."""
    led_to = Counter(edge.target for edge in read_graph(writer.definition).edges)
    found: dict[str, list[str]] = {}
    for node in writer.nodes:
        owner = writer.node(fork_owner(node["id"]))
        is_fork = node["type"] == "set" and node.keys() == _FORK and not node["values"]
        if owner is not None and is_fork and isinstance(node["next"], list) and led_to[node["id"]] == 1:
            routes: list[Document] = owner.get("onError", [])
            if node["id"] == owner.get("do") or {"next": node["id"]} in routes:
                found[node["id"]] = node["next"]
    return found


class _StepWriter:
    """One node.

    Args:
        node: it stands at ``path``.
        path: where.
        writer: gets the notes.
        forks: the nodes that become no steps, and where they lead.
    """

    def __init__(self, node: Document, path: Path, writer: Writer, forks: dict[str, list[str]]) -> None:
        self._node = node
        self._path = path
        self._writer = writer
        self._forks = forks

    def write(self) -> Document:
        """The step."""
        node, writer = self._node, self._writer
        step: Document = {
            "id": writer.ids[node["id"]],
            "name": node.get("name"),
            "description": node.get("description"),
            "type": UNSUPPORTED_TYPE.upper(),
            "nextSteps": self._next_steps(),
        }
        match node["type"]:
            case "start":
                step["type"] = "START"
                self._refuse_rest("description", "next")
            case "end":
                step["type"] = "END"
                self._refuse_rest("description")
            case "decision" if "condition" in node:
                self._refuse_rest("description", "condition", "true", "false", "default", "onError")
                step |= {"type": "CONDITION", "condition": node["condition"], "nextSteps": writer.ways(node)}
                step["onErrorSteps"] = self._on_error_steps()
            case "action":
                self._refuse_rest(*_FLOW, "when", "action", "input", "retry", "timeout")
                step |= self._action() | self._flow()
            case "wait" if "duration" in node or "until" in node:
                self._refuse_rest(*_FLOW, "when", "duration", "until")
                step |= {"type": "DELAY", "config": _delay(node)} | self._flow()
            case "loop":
                self._refuse_rest(*_FLOW, "forEach", "while", "do", "concurrency", "maxIterations")
                step |= self._loop() | self._flow()
            case kind:
                writer.refuse((*self._path, "type"), kind)
        return writer.element(step, node, self._path)

    def _refuse_rest(self, *said: str) -> None:
        self._writer.refuse_rest(self._node, self._path, *said)

    def _next_steps(self) -> list[str] | None:
        following: list[str] | str = self._node.get("next", [])
        if isinstance(following, str):
            self._writer.refuse((*self._path, "next"), "next", "what follows is known beforehand there")
            return None
        return self._steps(following)

    def _flow(self) -> Document:
        node = self._node
        fields: Document = {"outputMappings": node.get("output"), "onErrorSteps": self._on_error_steps()}
        return {**fields, "condition": node["when"]} if "when" in node else fields

    def _on_error_steps(self) -> list[str] | None:
        routes: list[Document] = self._node.get("onError", [])
        if len(routes) > 1 or any(len(route) > 1 for route in routes):
            self._writer.refuse((*self._path, "onError"), "onError", "all errors take the same way there")
        return self._steps(route["next"] for route in routes[-1:])

    def _action(self) -> Document:
        node, writer = self._node, self._writer
        integration, dot, action = node["action"].partition(".")
        is_integration = bool(integration and dot and action)
        config: Document = {}
        if "retry" in node:
            retries, delay = write_retry(node["retry"], (*self._path, "retry"), writer)
            config = {"retryCount": retries, "retryDelayMs": delay}
        if "timeout" in node:
            config["timeoutMs"] = writer.milliseconds(node["timeout"], (*self._path, "timeout"))
        given = node.get("input")
        if given is not None and not isinstance(given, dict):
            writer.refuse((*self._path, "input"), "input", "an action gets an object there")
        return {
            "type": "ACTION",
            "integrationId": integration if is_integration else None,
            "integrationActionId": action if is_integration else node["action"],
            "inputMappings": given if isinstance(given, dict) else None,
            "config": _given(config),
        }

    def _loop(self) -> Document:
        node = self._node
        config: Document = {
            "items": node.get("forEach"),
            "bodySteps": self._steps([node["do"]]),
            "concurrency": node.get("concurrency"),
            "maxIterations": node.get("maxIterations"),
        }
        fields: Document = {"type": "LOOP", "config": _given(config)}
        return {**fields, "condition": node["while"]} if "while" in node else fields

    def _steps(self, ids: Iterable[str]) -> list[str] | None:
        """The steps that some of our nodes are, in place of forks those that they lead to."""
        return self._writer.theirs([step for id_ in ids for step in self._forks.get(id_, [id_])]) or None


def _delay(node: Document) -> Document:
    if "until" in node:
        return {"until": node["until"]}
    milliseconds = to_milliseconds(node["duration"])
    return {"duration": node["duration"]} if milliseconds is None else {"delayMs": milliseconds}


def _given(config: dict[str, Any]) -> Document | None:
    return {name: value for name, value in config.items() if value is not None} or None
