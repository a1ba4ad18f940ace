"""The definition of a workflow as its author writes it, and its published JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from weftline.language.fields import Element, JsonSchema, JsonTemplate, NodeId, VersionLabel, WorkflowId
from weftline.language.nodes import NODE_CLASSES, AnyNode
from weftline.language.settings import Settings
from weftline.language.triggers import Trigger

MAX_NODES = 10_000
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class FunctionReference(Element):
    """A durable function: a workflow written as code, which the workers that run it have."""

    name: Annotated[str, Field(min_length=1, max_length=128)]
    """What workers know it by."""
    version: Annotated[str, Field(min_length=1, max_length=128)]
    """Which version of it."""
    fingerprint: str | None = None
    """A hash of its code, so that changed code makes a new version."""


class Workflow(Element):
    """A workflow definition."""

    id: WorkflowId
    """Unique within the tenant; paths and commands use it."""
    name: str | None = None
    """What people see; the id where absent."""
    version: VersionLabel | None = None
    """The author's own label; the platform numbers versions itself."""
    description: str | None = None
    """For people."""
    input: JsonSchema | None = None
    """A JSON Schema that the input of every execution must satisfy."""
    output: JsonTemplate = None
    """The execution's output, with `${ … }` over the final `data`; absent: the output of the last step."""
    start_node: NodeId | None = None
    """Where executions begin; absent: the `start` node, or every node that nothing leads to."""
    function: FunctionReference | None = None
    """The durable function that says what comes next; the nodes then only show what its code calls."""
    nodes: Annotated[list[Annotated[AnyNode, Field(discriminator="type")]], Field(min_length=1, max_length=MAX_NODES)]
    """The steps."""
    triggers: list[Trigger] = Field(default_factory=list[Trigger])
    """What starts executions."""
    settings: Settings = Field(default_factory=Settings)
    """How executions are run."""
    permissions: dict[str, list[str]] = Field(default_factory=dict[str, list[str]])
    """From an act (`start`, `view`, `cancel`, …) to the roles that may do it."""
    ui: Any = None
    """The designer's own data; kept and not interpreted."""


def definition_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a definition, for editors and other validators.

    It says what shape a definition has; :func:`weftline.language.validate.validate` also checks that its
    graph and its expressions make sense.
    """
    schema = Workflow.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Any] = schema["$defs"]
    for node_class in NODE_CLASSES:
        definitions[node_class.__name__]["examples"] = [node_class.example]
    return {"$schema": SCHEMA_DIALECT, **schema}
