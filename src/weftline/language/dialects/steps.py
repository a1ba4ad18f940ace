"""The dialect ``steps``: a workflow written as code, as data: steps that wait for their dependencies.

::

    {"id": "user-registration", "name": "User registration", "version": "1.0.0",
     "steps": [
        {"id": "validate", "name": "Validate", "type": "validation", "dependencies": [], "timeout": 5000,
         "retryable": true, "critical": true, "handler": "users.validate"},
        {"id": "create", "type": "database", "dependencies": ["validate"], "handler": "users.create"}],
     "triggers": [], "conditions": [],
     "errorHandling": {"strategy": "retry", "maxRetries": 3, "retryDelay": 1000, "notifications": [
        {"type": "email", "recipients": ["ops@example.com"], "template": "workflow-error"}]},
     "tenantSpecific": true, "crossTenantAllowed": false}

A step's `handler` is the name of an action; where it is absent, that is ``<workflow>.<step>``. Times are in
milliseconds. A `retryable` step is tried again as `errorHandling` says, whatever its strategy. With the strategy
`retry` and a `fallbackWorkflow`, that takes over once nothing is left to try.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from weftline.language.dialects.base import Document, Fate, Path, Reading, Writing, objects_of
from weftline.language.dialects.ids import NodeIds, SourceId, workflow_slug
from weftline.language.dialects.milliseconds import from_milliseconds
from weftline.language.dialects.reading import Foreign, Reader
from weftline.language.dialects.retries import MAX_RETRIES, read_retry
from weftline.language.dialects.steps_writing import write_error_handling, write_steps
from weftline.language.dialects.writing import Writer
from weftline.language.model import MAX_NODES

NAME = "steps"

_RETRIES = 3
_STRATEGIES = {"retry": "fail", "fail": "fail", "compensate": "compensate", "fallback": "fallback"}


class StepDefinition(Foreign):
    """A step."""

    id: SourceId
    name: str | None = None
    type: str | None = None
    description: str | None = None
    dependencies: list[SourceId] = Field(default_factory=list[str])
    timeout: int | float | None = None
    retryable: bool | None = None
    critical: bool = True
    handler: str | None = None


class ErrorNotification(Foreign):
    """Who is told of a failure."""

    type: str
    recipients: str | list[str]
    template: str | None = None


class ErrorHandling(Foreign):
    """What happens when steps fail."""

    strategy: str = "fail"
    max_retries: Annotated[int, Field(ge=0, le=MAX_RETRIES)] | None = None
    retry_delay: int | float | None = None
    fallback_workflow: SourceId | None = None
    notifications: list[ErrorNotification] = Field(default_factory=list[ErrorNotification])


class WorkflowDefinition(Foreign):
    """A workflow."""

    id: SourceId
    name: str | None = None
    version: str | None = None
    description: str | None = None
    steps: Annotated[list[StepDefinition], Field(min_length=1, max_length=MAX_NODES)]
    triggers: list[Any] = Field(default_factory=list[Any])
    conditions: list[Any] = Field(default_factory=list[Any])
    error_handling: ErrorHandling = Field(default_factory=ErrorHandling)
    tenant_specific: bool | None = None
    cross_tenant_allowed: bool | None = None


class StepsDialect:
    """Definitions of workflows in code."""

    name = NAME
    description = "Definitions of class workflows: steps with dependencies, handlers, and one error handling for all."

    def recognises(self, document: Mapping[str, Any]) -> bool:
        """Whether it has steps, and something that only these definitions have."""
        steps = objects_of(document.get("steps"))
        of_code = any("dependencies" in step or "handler" in step for step in steps)
        return bool(steps) and (of_code or "errorHandling" in document)

    def read(self, document: Document) -> Reading:
        """The workflow of actions that a definition of steps is."""
        reader = Reader(NAME)
        workflow = reader.shape(WorkflowDefinition, document)
        ids = NodeIds(((step.id, ("steps", index)) for index, step in enumerate(workflow.steps)), reader.problems)
        kept = reader.keep(
            (),
            reader.rest(workflow, ()),
            tenantSpecific=workflow.tenant_specific,
            crossTenantAllowed=workflow.cross_tenant_allowed,
        )
        for index, condition in enumerate(workflow.conditions):
            reader.note(Fate.UNSUPPORTED, ("conditions", index), "condition", "nothing says what it decides")
            kept.setdefault("conditions", []).append(condition)
        id_ = workflow_slug(workflow.id)
        reader.keep_id(workflow.id, id_, (), kept)
        fields: Document = {"id": id_, "name": workflow.name, "version": workflow.version}
        fields["description"] = workflow.description
        # both sides say a trigger alike
        for index in range(len(workflow.triggers)):
            reader.origin(("triggers", index), ("triggers", index))
        fields["triggers"] = workflow.triggers or None
        handling = _read_error_handling(workflow.error_handling, kept, reader)
        fields["settings"] = {"errorHandling": handling} if handling else None
        if not reader.problems:
            _read_steps(workflow, id_, ids, reader)
        return reader.finish(fields, workflow, kept)

    def write(self, definition: Document) -> Writing:
        """The steps of a workflow of actions that wait for each other."""
        writer = Writer(NAME, definition)
        found = writer.definition
        writer.refuse_rest(found, (), "description", "version", "nodes", "startNode", "triggers", "settings")
        steps = write_steps(writer)
        fields: Document = {
            "id": writer.workflow_id("id"),
            "name": found.get("name"),
            "version": found.get("version"),
            "description": found.get("description"),
            "steps": steps,
            "triggers": found.get("triggers"),
            "errorHandling": write_error_handling(writer),
        }
        return writer.finish(writer.element(fields, found, ()))


def _read_steps(workflow: WorkflowDefinition, id_: str, ids: NodeIds, reader: Reader) -> None:
    roots = [ids.ours(step.id) for step in workflow.steps if not step.dependencies]
    if len(roots) > 1 and len(roots) == len(workflow.steps):
        # where nothing waits for anything, it has to be said that all of them are first
        reader.add({"id": ids.new("start"), "type": "start", "next": roots}, ("steps",))
    for index, step in enumerate(workflow.steps):
        path: Path = ("steps", index)
        own = ids.ours(step.id)
        kept = reader.keep(path, reader.rest(step, path), type=step.type)
        reader.keep_id(step.id, own, path, kept)
        waits = [ids.target(each, (*path, "dependencies", at)) for at, each in enumerate(step.dependencies)]
        node: Document = {
            "id": own,
            "name": step.name,
            "description": step.description,
            "type": "action",
            "action": step.handler or f"{id_}.{own}",
            "dependencies": waits or None,
            "timeout": None if step.timeout is None else from_milliseconds(step.timeout),
            "critical": None if step.critical else False,
            "retry": _read_retry(step, workflow.error_handling),
        }
        reader.add(node, path, step, kept)


def _read_retry(step: StepDefinition, handling: ErrorHandling) -> Document | None:
    if step.retryable is None:
        return None
    if not step.retryable:
        return {"maxAttempts": 1}
    return read_retry(_RETRIES if handling.max_retries is None else handling.max_retries, handling.retry_delay)


def _read_error_handling(handling: ErrorHandling, kept: Document, reader: Reader) -> Document | None:
    path: Path = ("errorHandling",)
    if rest := reader.rest(handling, path):
        kept["errorHandling"] = rest
    strategy = _STRATEGIES.get(handling.strategy)
    if strategy is None:
        message = "there are `fail`, `retry`, `compensate` and `fallback`"
        reader.note(Fate.UNSUPPORTED, (*path, "strategy"), handling.strategy[:80], message)
        kept["errorHandling"] = handling.model_dump(by_alias=True, exclude_unset=True)
    fallback = handling.fallback_workflow
    if fallback is not None and handling.strategy in ("retry", "fallback"):
        strategy = "fallback"
    else:
        if fallback is not None and strategy is not None:
            reader.note(Fate.UNSUPPORTED, (*path, "fallbackWorkflow"), "fallbackWorkflow", "the strategy is another")
        fallback = None
    if handling.strategy == "retry":
        reader.note(Fate.CHANGED, (*path, "strategy"), "retry", "each retryable step says itself how it is retried")
    notices: list[Document] = []
    for index, notice in enumerate(handling.notifications):
        reader.rest(notice, (*path, "notifications", index))
        told: Document = {"type": notice.type, "recipients": notice.recipients, "template": notice.template}
        notices.append({name: value for name, value in told.items() if value is not None})
    found: Document = {} if strategy in (None, "fail") and not notices else {"strategy": strategy or "fail"}
    if fallback is not None:
        found["fallbackWorkflow"] = workflow_slug(fallback)
    return {**found, "notifications": notices} if notices else found
