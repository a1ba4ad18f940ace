"""What every node of a definition has, and what every node that can fail has."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from weftline.language.fields import (
    CompensationField,
    DurationTemplate,
    Element,
    ErrorRoute,
    ErrorRoutes,
    Expression,
    JsonTemplate,
    NextNodes,
    NodeId,
    NodeIds,
)


class NodeBase(Element):
    """What every node has."""

    example: ClassVar[dict[str, Any]]

    id: NodeId
    """Unique within the workflow; other nodes and expressions refer to it."""
    name: str | None = None
    """What people see; the id where absent."""
    description: str | None = None
    """For people; not used by the engine."""
    ui: Any = None
    """The designer's own data (position, colour); kept and not interpreted."""


class FlowNode(NodeBase):
    """A node that hands its token on and can fail."""

    next: NextNodes = Field(default_factory=list[str])
    """The node that follows, or several that then run in parallel; absent: the token ends here. A `${ … }` that gives a
    node id or a list of them chooses when the step is done."""
    targets: NodeIds = Field(default_factory=list[str])
    """The nodes that a `next` with `${ … }` may choose; absent: those that its texts in quotes name."""
    dependencies: NodeIds = Field(default_factory=list[str])
    """Nodes that must all have completed before this one runs; it is then entered through them only."""
    when: Expression | None = None
    """A guard: where it is false, the step is skipped and the token goes on."""
    output: dict[str, JsonTemplate] | None = None
    """Keys to set in `data` afterwards; `result` in them is the step's output."""
    on_error: ErrorRoutes = Field(default_factory=list[ErrorRoute])
    """Where the token goes when the step fails for good: a node id, `{next, codes, types}`, or a list of these."""
    critical: bool = True
    """False: where the step fails for good, the workflow goes on by `next`."""
    deadline: DurationTemplate | None = None
    """The longest from entering the node to leaving it, all attempts and waits included; then the step fails with
    `deadline_exceeded`."""
    compensate: CompensationField | None = None
    """What undoes the step once it has completed: an action, or `{action, input, retry, timeout}`."""
