"""How executions of a workflow are run: the ``settings`` of a definition."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, StringConstraints

from weftline.language.fields import Duration, Element, JsonTemplate, RetryField, WorkflowId

MAX_SEARCH_ATTRIBUTES = 32
"""Search attributes that a workflow may set."""

AttributeName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]{0,63}$")]


class FailureNotice(Element):
    """Who is told that an execution has failed or timed out."""

    type: Literal["email", "webhook"]
    """How."""
    recipients: str | list[str]
    """Mail addresses, or the webhook's addresses: one or several. `error` is in scope here and below."""
    template: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    """A message template's name; absent: `message`, or else the built-in words."""
    subject: str | None = None
    """The subject line."""
    message: str | None = None
    """The text."""


class ErrorHandling(Element):
    """What happens when a step has failed for good and nothing in the definition handles it."""

    strategy: Literal["fail", "retry", "compensate", "fallback"] = "fail"
    """`fail` ends the execution as failed; `retry` runs the failed step again a few more times first; `compensate`
    undoes what was done, newest first, and then ends as failed; `fallback` hands over to `fallbackWorkflow`."""
    max_retries: Annotated[int, Field(ge=1, le=1_000)] | None = None
    """With `retry`: how many more rounds of attempts a step gets; absent: 3."""
    retry_delay: Duration | None = None
    """With `retry`: time before each of them; absent: 30 seconds."""
    fallback_workflow: WorkflowId | None = None
    """With `fallback`: the workflow that takes over. Its input is `{error, input, data, workflowId, executionId}`."""
    notifications: list[FailureNotice] = Field(default_factory=list[FailureNotice], max_length=20)
    """Who is told."""


class Concurrency(Element):
    """How many executions run at once."""

    key: Annotated[str, Field(min_length=1)] | None = None
    """Executions with the same key count together, like `${input.customer}`; absent: all of the workflow."""
    limit: Annotated[int, Field(ge=1, le=1_000_000)]
    """How many of them may run."""
    policy: Literal["queue", "cancel_running", "reject"] = "queue"
    """What becomes of one too many: it waits for its turn, the oldest gives way to it, or it is refused."""


class Review(Element):
    """The review lifecycle: what people entered is validated, submitted and approved before an execution completes."""

    draft: bool = True
    """A new execution is a draft until somebody begins it."""
    four_eyes: bool = False
    """True: whoever submitted it cannot approve it."""


def _full_error_handling(value: object) -> object:
    return {"strategy": value} if isinstance(value, str) else value


def _full_review(value: object) -> object:
    if isinstance(value, bool):
        return {} if value else None
    return value


ErrorHandlingField: TypeAlias = Annotated[
    ErrorHandling,
    BeforeValidator(
        _full_error_handling,
        json_schema_input_type=ErrorHandling | Literal["fail", "retry", "compensate", "fallback"],
    ),
]
ReviewField: TypeAlias = Annotated[
    Review | None, BeforeValidator(_full_review, json_schema_input_type=Review | bool | None)
]


class Settings(Element):
    """How executions of this workflow are run."""

    timeout: Duration | None = None
    """The deadline of a whole execution."""
    retry: RetryField | None = None
    """How steps without a `retry` of their own are retried."""
    error_handling: ErrorHandlingField | None = None
    """What happens when a step fails for good: a strategy, or an object."""
    concurrency: Concurrency | None = None
    """A limit on executions that run at once."""
    priority: Annotated[int, Field(ge=0, le=9)] | None = None
    """From 0 (last) to 9 (first), where whoever starts an execution does not say; absent: 5."""
    search_attributes: dict[AttributeName, JsonTemplate] = Field(
        default_factory=dict[str, Any], max_length=MAX_SEARCH_ATTRIBUTES
    )
    """What executions can be found by: names (a letter, then letters, digits, `_`, `.` and `-`) and values, with
    `${ … }` over the input."""
    review: ReviewField = None
    """The submit and approve lifecycle: `true`, or an object."""
    encrypt: bool | list[str] | None = None
    """`true`: whatever an execution carries is encrypted at rest. A list names the fields that are the reason; copies
    of them may be anywhere, so it means the same."""
