"""Steps that remote workers carry out.

Each attempt of such a step is a *job*: it waits in a task queue until some process fetches it, and the execution rests
meanwhile. What came of it is a message. A job's id says which attempt a result is of, so a late one is told apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from weftline.language.program import ExpressionError, Node, Template
from weftline.machine.command import Command, CommandKind, JobSpec
from weftline.machine.step import JOB, Step
from weftline.machine.values import Failure, seconds
from weftline.model.errors import WorkflowError
from weftline.model.event import EventType

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens

NAMESPACE = uuid5(NAMESPACE_URL, "weftline/jobs")
"""Of the ids of jobs."""


def job_facts(tokens: Tokens, key: str, scope: str, queue: str, timeout: float | Template | None) -> dict[str, Any]:
    """What the event says with which a step's attempt becomes a job; it is the next event.

    The job's id follows from the execution and the event's number, so that opening it twice opens one.

    Args:
        tokens: of the turn.
        key, scope: the step's.
        queue: the task queue.
        timeout: of the attempt.

    Raises:
        Failure, ExpressionError: the timeout is no duration.
    """
    execution: Any = tokens.facts.get("execution", {})
    job = uuid5(NAMESPACE, f"{execution.get('id', '')}/{key}#{tokens.state.seq + 1}")
    facts: dict[str, Any] = {"job": str(job), "queue": queue}
    if timeout is not None:
        facts["dueAt"] = tokens.now + seconds(timeout, tokens.scope(scope), "timeout")
    return facts


def open_job(tokens: Tokens, step: Step, queue: str, action: str) -> None:
    """Put an open step's attempt into a task queue."""
    input = tokens.state.data if step.input is None else step.input
    tokens.commands.append(Command(CommandKind.OPEN_JOB, step, JobSpec(queue, action, input, tokens.now)))


def begin_again(tokens: Tokens, node: Node, step: Step) -> None:
    """Begin the next attempt of an open step; the step fails where its timeout cannot be computed."""
    assert node.queue is not None
    try:
        facts = job_facts(tokens, step.key, step.scope, node.queue, node.timeout)
    except (Failure, ExpressionError) as failure:
        error = WorkflowError(failure.code, failure.message, retryable=False)
        tokens.fail_step(node, step, error.to_json())
        return
    tokens.emit(EventType.STEP_STARTED, step.key, {"attempt": step.attempt + 1, "waiting": JOB, **facts})
    open_job(tokens, step, node.queue, node.action)
