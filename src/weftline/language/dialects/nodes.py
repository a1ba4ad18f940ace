"""The dialect ``nodes``: a workflow record with its node records, each with its configuration and the next node's id.

::

    {"id": 7, "name": "Reminder", "description": "…", "status": "active", "metadata": {},
     "nodes": [
        {"id": 1, "type": "start", "nextNodeId": 2},
        {"id": 2, "type": "wait", "config": {"delay": 60000}, "nextNodeId": 3},
        {"id": 3, "type": "condition", "config": {"condition": "amount > 100", "trueNodeId": 2, "falseNodeId": 4}},
        {"id": 4, "type": "end"}]}

A `wait` has a `delay` in milliseconds, or a time as `until`. Where a condition leaves `trueNodeId` or `falseNodeId`
out, that way goes to `nextNodeId`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from weftline.language.dialects.base import Document, Fate, Path, Reading, Writing, objects_of
from weftline.language.dialects.ids import NodeIds, SourceId, workflow_slug
from weftline.language.dialects.milliseconds import from_milliseconds
from weftline.language.dialects.reading import Foreign, Reader
from weftline.language.dialects.writing import UNSUPPORTED_TYPE, Writer
from weftline.language.graph import read_graph
from weftline.language.model import MAX_NODES

NAME = "nodes"


class NodeConfig(Foreign):
    """What a node's record says about its kind."""

    condition: str | None = None
    true_node_id: SourceId | None = None
    false_node_id: SourceId | None = None
    delay: int | float | None = None
    until: str | None = None


class NodeRecord(Foreign):
    """A node."""

    id: SourceId
    type: str
    name: str | None = None
    description: str | None = None
    config: NodeConfig = Field(default_factory=NodeConfig)
    next_node_id: SourceId | None = None


class WorkflowRecord(Foreign):
    """A workflow with its nodes."""

    id: SourceId | None = None
    name: Annotated[str, Field(min_length=1)]
    description: str | None = None
    status: str | None = None
    metadata: dict[str, Any] | None = None
    nodes: Annotated[list[NodeRecord], Field(min_length=1, max_length=MAX_NODES)]


_RECORD = ("id", "type", "name", "description", "config")
_MEANT = {
    "start": ((*_RECORD, "nextNodeId"), ()),
    "condition": ((*_RECORD, "nextNodeId"), ("condition", "trueNodeId", "falseNodeId")),
    "wait": ((*_RECORD, "nextNodeId"), ("delay", "until")),
    "end": (_RECORD, ()),
}


class NodesDialect:
    """Workflow records of start, condition, wait and end nodes."""

    name = NAME
    description = "Records of workflows with nodes: start, condition, wait and end, each with the next node's id."

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Whether a node has a field that only records of nodes have."""
        return any("nextNodeId" in node or "config" in node for node in objects_of(document.get("nodes")))

    def read(self, document: Document) -> Reading:
        """The definition of a workflow's record."""
        reader = Reader(NAME)
        record = reader.shape(WorkflowRecord, document)
        ids = NodeIds(((node.id, ("nodes", index)) for index, node in enumerate(record.nodes)), reader.problems)
        starts = [index for index, node in enumerate(record.nodes) if node.type.casefold() == "start"]
        if len(starts) != 1:
            message = f"a workflow has one `start` node; this one has {len(starts)}"
            reader.problem("several_starts" if starts else "no_start", ("nodes",), message)
        kept = reader.keep((), reader.rest(record, ()), status=record.status, metadata=record.metadata)
        id_ = workflow_slug(record.id or record.name)
        if id_ != record.id:
            kept["id"] = record.id
            reader.note(Fate.CHANGED, ("id",) if record.id else (), "id", f"the workflow's id is `{id_}`")
        if not reader.problems:
            for index, node in enumerate(record.nodes):
                _read_node(node, ("nodes", index), ids, reader)
        return reader.finish({"id": id_, "name": record.name, "description": record.description}, record, kept)

    def write(self, definition: Document) -> Writing:
        """The record of a workflow that consists of starts, conditions, waits and ends."""
        writer = Writer(NAME, definition)
        found = writer.definition
        writer.refuse_rest(found, (), "description", "nodes", "startNode")
        fields: Document = {"id": writer.workflow_id("id"), "name": found.get("name", found["id"])}
        nodes = [
            *_written_start(writer),
            *(_write_node(node, index, writer) for index, node in enumerate(writer.nodes)),
        ]
        fields |= {"description": found.get("description"), "nodes": nodes}
        return writer.finish(writer.element(fields, found, ()))


def _read_node(node: NodeRecord, path: Path, ids: NodeIds, reader: Reader) -> None:
    kind = node.type.casefold()
    own = ids.ours(node.id)
    following = None if node.next_node_id is None else ids.target(node.next_node_id, (*path, "nextNodeId"))
    fields: Document = {"id": own, "type": kind, "name": node.name, "description": node.description}
    meant, configured = _MEANT.get(kind, (None, None))
    kept = reader.rest(node, path, meant)
    if config := reader.rest(node.config, (*path, "config"), configured):
        kept["config"] = config
    reader.keep_id(node.id, own, path, kept)
    match kind:
        case "start":
            fields |= {"next": following}
        case "end":
            pass
        case "wait":
            delay = node.config.delay
            fields |= {
                "duration": None if delay is None else from_milliseconds(delay),
                "until": node.config.until,
                "next": following,
            }
        case "condition":
            fields |= _read_condition(node, following, path, ids, reader)
        case _:
            reader.add_placeholder({**fields, "next": following}, path, node.type, node, kept)
            return
    reader.add(fields, path, node, kept)


def _read_condition(node: NodeRecord, following: str | None, path: Path, ids: NodeIds, reader: Reader) -> Document:
    def way(id_: str | None, name: str) -> str | None:
        return following if id_ is None else ids.target(id_, (*path, "config", name))

    config = node.config
    if following is not None and config.true_node_id is not None and config.false_node_id is not None:
        reader.note(Fate.UNSUPPORTED, (*path, "nextNodeId"), "nextNodeId", "both ways lead elsewhere")
    condition = config.condition
    return {
        "type": "decision",
        "condition": None if condition is None else reader.cel(condition, (*path, "config", "condition")),
        "true": way(config.true_node_id, "trueNodeId"),
        "false": way(config.false_node_id, "falseNodeId"),
    }


def _written_start(writer: Writer) -> list[Document]:
    """The start node of a definition that has none."""
    found = writer.definition
    if any(node["type"] == "start" for node in writer.nodes):
        return []
    first, *others = read_graph(found).starts(found.get("startNode"))
    if others:
        writer.refuse((), "startNode", "a workflow begins at one node there")
    return [{"id": writer.new_id("start"), "type": "start", "nextNodeId": writer.ids[first]}]


def _write_node(node: Document, index: int, writer: Writer) -> Document:
    path: Path = ("nodes", index)
    fields: Document = {"id": writer.ids[node["id"]], "type": node["type"], "name": node.get("name")}
    fields["description"] = node.get("description")
    following = node.get("next", [])
    if len(following) > 1 or isinstance(following, str):
        writer.refuse((*path, "next"), "next", "a node leads to one node there")
    elif following:
        fields["nextNodeId"] = writer.ids[following[0]]
    config: Document = {}
    match node["type"]:
        case "start" | "end":
            writer.refuse_rest(node, path, "description", "next")
        case "wait" if "duration" in node or "until" in node:
            writer.refuse_rest(node, path, "description", "next", "duration", "until")
            config = {"until": node.get("until")}
            if "duration" in node:
                config["delay"] = writer.milliseconds(node["duration"], (*path, "duration"))
        case "decision" if "condition" in node:
            writer.refuse_rest(node, path, "description", "condition", "true", "false", "default")
            fields["type"] = "condition"
            holds, fails = writer.ways(node)
            config = {"condition": node["condition"], "trueNodeId": holds, "falseNodeId": fails}
        case kind:
            writer.refuse((*path, "type"), kind)
            fields["type"] = UNSUPPORTED_TYPE
    fields["config"] = {name: value for name, value in config.items() if value is not None} or None
    return writer.element(fields, node, path)
