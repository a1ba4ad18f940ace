"""The definition of a workflow as its author writes it, and its published JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from weftline.language.fields import (
    Duration,
    Element,
    JsonSchema,
    JsonTemplate,
    NodeId,
    RetryField,
    VersionLabel,
    WorkflowId,
)
from weftline.language.nodes import NODE_CLASSES, AnyNode

MAX_NODES = 10_000
SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Trigger(Element):
    """What starts executions. This version runs `manual` only: starting by the API or the command line."""

    type: Literal["manual", "schedule", "event", "webhook", "form"]
    """The kind."""
    name: str | None = None
    """What people see."""
    enabled: bool = True
    """False: does not fire."""
    schedule: str | None = None
    """A cron expression or an interval."""
    timezone: str | None = None
    """The time zone of the schedule, like `Europe/Berlin`."""
    event: str | None = None
    """The event's name."""
    path: str | None = None
    """The webhook's path."""
    condition: str | None = None
    """Fires only where this CEL expression holds for the event."""
    input: JsonTemplate = None
    """The execution's input; `event` in it is what fired."""


class ErrorHandling(Element):
    """What happens when a step has failed for good and no `onError` route takes it."""

    strategy: Literal["fail", "retry", "compensate", "fallback"] = "fail"
    """`fail` ends the execution as failed (it can be retried from the failed step); `retry` says the same for
    definitions that set `settings.retry`; `compensate` and `fallback` are not run by this version."""
    fallback_workflow: WorkflowId | None = None
    """The workflow that takes over. Not run by this version: refused at validation."""
    notifications: list[Any] = Field(default_factory=list[Any])
    """Whom to tell. Not run by this version: refused at validation."""


class Concurrency(Element):
    """How many executions run at once."""

    key: str | None = None
    """Executions with the same key count together."""
    limit: Annotated[int, Field(ge=1)]
    """How many of them may run."""


def _full_error_handling(value: object) -> object:
    return {"strategy": value} if isinstance(value, str) else value


class Settings(Element):
    """How executions of this workflow are run."""

    timeout: Duration | None = None
    """The deadline of a whole execution."""
    retry: RetryField | None = None
    """How steps without a `retry` of their own are retried."""
    error_handling: (
        Annotated[
            ErrorHandling,
            BeforeValidator(
                _full_error_handling,
                json_schema_input_type=ErrorHandling | Literal["fail", "retry", "compensate", "fallback"],
            ),
        ]
        | None
    ) = None
    """What happens when a step fails for good."""
    concurrency: Concurrency | None = None
    """A limit on executions that run at once. Not run by this version: refused at validation."""
    review: bool | dict[str, Any] | None = None
    """The submit and approve lifecycle. Not run by this version: refused at validation."""
    encrypt: bool | list[str] | None = None
    """What of the data is encrypted at rest. Not run by this version: refused at validation."""


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
