"""What became of the jobs that remote workers carry out; see ``weftline.machine.jobs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from weftline.machine.calls import node_of
from weftline.machine.command import Command, CommandKind
from weftline.machine.retrying import attempt_failed, compensation_attempt_failed
from weftline.machine.step import Step
from weftline.machine.stimulus import JobCompleted, JobFailed
from weftline.machine.undoing import compensated
from weftline.model.errors import WorkflowError

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens


def completed(tokens: Tokens, stimulus: JobCompleted) -> None:
    """A remote worker has done a job."""
    step = _awaited(tokens, stimulus.step, stimulus.job)
    if step is None:
        return
    if step.is_undo:
        compensated(tokens, step, stimulus.output)
    else:
        node = node_of(tokens.program, tokens.state, step)
        tokens.complete_step(node, step, stimulus.output, node.next, stimulus.data)


def failed(tokens: Tokens, stimulus: JobFailed) -> None:
    """A remote worker could not do a job, or was lost too often while it did."""
    step = _awaited(tokens, stimulus.step, stimulus.job)
    if step is not None:
        _end_attempt(tokens, step, stimulus.error, stimulus.retry_after)


def timed_out(tokens: Tokens, step: Step) -> None:
    """A job was not done in time, whether or not somebody is at it."""
    tokens.commands.append(Command(CommandKind.CLOSE_JOB, step))
    error = WorkflowError("timed_out", "the attempt did not end within its timeout", step_id=step.node)
    _end_attempt(tokens, step, error.to_json(), None)


def _end_attempt(tokens: Tokens, step: Step, error: dict[str, Any], retry_after: float | None) -> None:
    # its id is a hash, which spreads as evenly as chance does
    chance = UUID(step.job).time_low / 2**32
    if step.is_undo:
        compensation_attempt_failed(tokens, step, error, chance, retry_after)
    else:
        node = node_of(tokens.program, tokens.state, step)
        attempt_failed(tokens, node, step, error, chance, retry_after)


def _awaited(tokens: Tokens, key: str, job: str) -> Step | None:
    """The step, known as ``key`` when the job was opened, that waits for it; None where none does any more."""
    step = tokens.state.open_step_known_as(key)
    return step if step is not None and step.awaits_job and step.job == job else None
