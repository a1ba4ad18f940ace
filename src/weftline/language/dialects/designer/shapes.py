"""The shape of a template, its steps, triggers and variables."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from weftline.language.dialects.ids import SourceId
from weftline.language.dialects.mappings import Mappings
from weftline.language.dialects.reading import Foreign
from weftline.language.dialects.retries import MAX_RETRIES
from weftline.language.model import MAX_NODES

NAME = "designer"


class StepConfig(Foreign):
    """What a step's type needs to know. Times are in milliseconds."""

    retry_count: Annotated[int, Field(ge=0, le=MAX_RETRIES)] | None = None
    retry_delay_ms: int | float | None = None
    timeout_ms: int | float | None = None
    delay_ms: int | float | None = None
    duration: str | None = None
    until: str | None = None
    items: Any = None
    body_steps: list[SourceId] = Field(default_factory=list[str])
    concurrency: int | None = None
    max_iterations: int | None = None


class WorkflowStep(Foreign):
    """A step."""

    id: SourceId
    name: str | None = None
    description: str | None = None
    type: str
    integration_id: SourceId | None = None
    integration_action_id: SourceId | None = None
    next_steps: list[SourceId] = Field(default_factory=list[str])
    on_error_steps: list[SourceId] = Field(default_factory=list[str])
    condition: str | None = None
    input_mappings: Mappings | None = None
    output_mappings: Mappings | None = None
    config: StepConfig = Field(default_factory=StepConfig)


class TriggerConfig(Foreign):
    """What a trigger's type needs to know. Everything that a trigger of ours can say may stand here too."""

    filter: str | None = None
    input_mappings: Mappings | None = None


class WorkflowTrigger(Foreign):
    """What starts executions."""

    id: SourceId | None = None
    name: str | None = None
    type: str
    integration_id: SourceId | None = None
    integration_event_id: SourceId | None = None
    cron_expression: str | None = None
    is_active: bool = True
    config: TriggerConfig = Field(default_factory=TriggerConfig)


class WorkflowVariable(Foreign):
    """A variable that the template's expressions read as ``vars.KEY``."""

    key: str
    type: str | None = None
    value: Any = None
    is_encrypted: bool = False


class WorkflowTemplate(Foreign):
    """A template."""

    id: SourceId | None = None
    template_id: SourceId | None = None
    name: str | None = None
    description: str | None = None
    version: str | None = None
    status: str | None = None
    is_active: bool | None = None
    is_public: bool | None = None
    metadata: dict[str, Any] | None = None
    permission_user_ids: list[SourceId] | None = None
    permission_role_ids: list[SourceId] | None = None
    triggers: list[WorkflowTrigger] = Field(default_factory=list[WorkflowTrigger])
    steps: Annotated[list[WorkflowStep], Field(min_length=1, max_length=MAX_NODES)]
    variables: list[WorkflowVariable] = Field(default_factory=list[WorkflowVariable])


ON_ERROR, BODY = ".on-error", ".body"
"""What the ids of nodes end with that lead to several steps, where a step leads to one node only here."""


def fork_owner(id_: str) -> str:
    """The id of the step for which the node ``id_`` leads to several, if it is such a node."""
    return id_.removesuffix(BODY).removesuffix(ON_ERROR)


_STEP = ("id", "name", "description", "type", "nextSteps", "config")
_TASK = (*_STEP, "onErrorSteps", "outputMappings", "condition")

MEANT: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "START": (_STEP, ()),
    "END": (("id", "name", "description", "type", "config"), ()),
    "ACTION": (
        (*_TASK, "integrationId", "integrationActionId", "inputMappings"),
        ("retryCount", "retryDelayMs", "timeoutMs"),
    ),
    "CONDITION": ((*_STEP, "onErrorSteps", "condition"), ()),
    "LOOP": (_TASK, ("items", "bodySteps", "concurrency", "maxIterations")),
    "DELAY": (_TASK, ("delayMs", "duration", "until")),
}
"""The types of steps that there are, and what of a step and of its ``config`` means something in each."""
