"""What happens when a token enters a node: one function a kind.

A function may raise ``Failure`` or ``ExpressionError`` before its first event; the step then fails with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast
from uuid import NAMESPACE_URL, UUID, uuid5

from weftline.language.program import Kind, Node, Scope, Template
from weftline.language.timestamps import TimestampError, parse_timestamp
from weftline.machine.command import (
    NO_STEP,
    ChildSpec,
    Command,
    CommandKind,
    EscalationSpec,
    EventSpec,
    TaskSpec,
)
from weftline.machine.jobs import job_facts, open_job
from weftline.machine.looping import enter_loop
from weftline.machine.scope import revealing
from weftline.machine.step import CHILD, EVENT, JOB, TASK, TIME, Step
from weftline.machine.values import Failure, names, seconds, text, truth
from weftline.model.errors import WorkflowError
from weftline.model.event import EventType
from weftline.model.stepkey import branch_scope, depth_of, place_of

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens

# members of enumerations that every step needs, bound once: reaching them by attribute is slow
STEP_STARTED, STEP_COMPLETED = EventType.STEP_STARTED, EventType.STEP_COMPLETED
RUN = CommandKind.RUN

NAMESPACE = uuid5(NAMESPACE_URL, "weftline/executions")
"""Of the ids of executions that others start."""

MAX_ASSIGNEES = 200
"""Users, groups and roles that one task may name."""

MAX_NAME = 255
"""Characters of such a name."""

MAX_NESTING = 64
"""Parallel nodes and loops within each other. Every level makes the keys of the steps inside it longer."""


def _pass(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    tokens.emit(STEP_COMPLETED, key)
    tokens.leave(node, scope, node.next)


def _end(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    tokens.emit(STEP_COMPLETED, key)
    if node.terminate:
        tokens.complete_workflow()
    else:
        tokens.leave(node, scope, ())


def _action(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    data = None
    if node.input is not None:
        names = revealing(tokens.facts) if node.reads_variables else None
        data = {"input": node.input.render(tokens.scope(scope, names))}
    if tokens.inputs:
        data = _wanted_input(tokens, node, scope, data)
    if node.queue is None:
        tokens.commands.append(Command(RUN, tokens.open_step(node, scope, key, data)))
        return
    job = job_facts(tokens, key, scope, node.queue, node.timeout)
    open_job(
        tokens, tokens.open_step(node, scope, key, {**(data or {}), "waiting": JOB, **job}), node.queue, node.action
    )


def _wanted_input(tokens: Tokens, node: Node, scope: str, data: dict[str, Any] | None) -> dict[str, Any] | None:
    """The input that somebody wants instead, where this is the step that it is meant for."""
    place = place_of(node.id, scope)
    return {"input": tokens.inputs.pop(place)} if place in tokens.inputs else data


def _decision(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    for case in node.cases:
        if truth(case.condition.evaluate(visible), "condition"):
            label, target = case.label, case.target
            break
    else:
        if node.default is None:
            raise Failure("no_case_matched", f"no case of decision '{node.id}' holds, and it has no default")
        label, target = "default", node.default
    tokens.emit(STEP_COMPLETED, key, {"case": label, "next": target})
    tokens.leave(node, scope, (target,))


def _wait_time(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    if node.until is not None:
        try:
            due = parse_timestamp(node.until.render(visible))
        except TimestampError as error:
            raise Failure("invalid_time", f"'until' of '{node.id}': {error}") from None
    else:
        assert node.duration is not None
        due = tokens.now + seconds(node.duration, visible, "duration")
    tokens.open_step(node, scope, key, {"waiting": TIME, "dueAt": due})


def _wait_event(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    assert node.event is not None
    event = text(node.event.render(visible), "event")
    data: dict[str, Any] = {"waiting": EVENT, "event": event}
    if node.correlation is not None:
        data["correlation"] = text(node.correlation.render(visible), "correlation")
    if node.timeout is not None:
        data["dueAt"] = tokens.now + seconds(node.timeout, visible, "timeout")
    step = tokens.open_step(node, scope, key, data)
    if event in tokens.state.signals:
        tokens.resume_wait(node, step)
    else:
        tokens.commands.append(Command(CommandKind.SUBSCRIBE, step))


def _human_task(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    data: dict[str, Any] = {"waiting": TASK}
    assignees = _people(node.assign_to, visible, "assignTo")
    if assignees:
        data["assignTo"] = list(assignees)
    if node.timeout is not None:
        data["dueAt"] = tokens.now + seconds(node.timeout, visible, "timeout")
    task = TaskSpec(
        node.name,
        node.form,
        assignees,
        node.known_outcomes,
        approvals_required=node.approvals_required,
        approving_outcomes=node.approving_outcomes,
        four_eyes=node.four_eyes,
        due_at=data.get("dueAt") if node.due_in is None else tokens.now + seconds(node.due_in, visible, "dueIn"),
        escalation=_escalation(tokens, node, visible),
        notifies=node.notifies,
    )
    step = tokens.open_step(node, scope, key, data)
    tokens.commands.append(Command(CommandKind.OPEN_TASK, step, task))


def _escalation(tokens: Tokens, node: Node, visible: Scope) -> EscalationSpec | None:
    asked = node.escalation
    if asked is None:
        return None
    return EscalationSpec(
        tokens.now + seconds(asked.after, visible, "escalation.after"),
        _people(asked.assign_to, visible, "escalation.assignTo"),
        _people(asked.notify, visible, "escalation.notify"),
    )


def _people(template: Template | None, visible: Scope, field: str) -> tuple[str, ...]:
    """Users, groups and roles, each once; e-mail addresses are known in lower case.

    Raises:
        Failure: there are too many, or a name is longer than any could be.
    """
    rendered = () if template is None else names(template.render(visible), field)
    if len(rendered) > MAX_ASSIGNEES or any(len(name) > MAX_NAME for name in rendered):
        what = f"{field} may name {MAX_ASSIGNEES} users, groups and roles, each in {MAX_NAME} characters"
        raise Failure("too_large", what)
    return tuple(dict.fromkeys(name.lower() if "@" in name else name for name in rendered))


def _parallel(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    _check_depth(node, scope)
    step = tokens.open_step(node, scope, key, {"branches": [branch.name for branch in node.branches]})
    for number, branch in enumerate(node.branches):
        tokens.send(branch.start, branch_scope(node.id, scope, step.visit, number), is_first=True)


def _loop(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    _check_depth(node, scope)
    enter_loop(tokens, node, scope, key)


def _check_depth(node: Node, scope: str) -> None:
    if depth_of(scope) >= MAX_NESTING:
        raise Failure("too_deep", f"'{node.id}' is inside {MAX_NESTING} parallel nodes and loops already")


def _set(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    patch = {name: template.render(visible) for name, template in node.values.items()}
    tokens.done_at_once(node, scope, key, {"data": patch})


def _subworkflow(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    input: Any = {} if node.input is None else node.input.render(visible)
    wanted = _wanted_input(tokens, node, scope, None)
    if wanted is not None:
        input = wanted["input"]
    if not isinstance(input, dict):
        raise Failure("type_mismatch", f"the input of subworkflow '{node.id}' must be an object")
    step = tokens.open_step(node, scope, key, child_facts(tokens, node, scope, key, 1, cast("dict[str, Any]", input)))
    start_child(tokens, node, step)
    if not node.waits:
        tokens.complete_step(node, step, {"executionId": step.child}, node.next)


def child_facts(
    tokens: Tokens, node: Node, scope: str, key: str, attempt: int, input: dict[str, Any]
) -> dict[str, Any]:
    """What the event says by which a subworkflow step starts an execution.

    The execution's id follows from this one's, the step and the attempt, so that starting it twice starts one.
    """
    execution: Any = tokens.facts.get("execution", {})
    child = uuid5(NAMESPACE, f"{execution.get('id', '')}/{key}#{attempt}")
    data: dict[str, Any] = {"waiting": CHILD, "child": str(child), "workflow": node.workflow, "input": input}
    if attempt > 1:
        data["attempt"] = attempt
    if node.timeout is not None:
        data["dueAt"] = tokens.now + seconds(node.timeout, tokens.scope(scope), "timeout")
    return data


def start_child(tokens: Tokens, node: Node, step: Step) -> None:
    """Ask for the execution that an open subworkflow step stands for."""
    assert step.child is not None
    spec = ChildSpec(UUID(step.child), node.workflow, node.version, step.input, node.waits)
    tokens.commands.append(Command(CommandKind.START_CHILD, step, spec))


def _emit(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    assert node.event is not None
    event = EventSpec(
        text(node.event.render(visible), "event"),
        None if node.correlation is None else text(node.correlation.render(visible), "correlation"),
        None if node.payload is None else node.payload.render(visible),
    )
    tokens.done_at_once(node, scope, key, {"event": event.name, "correlation": event.correlation})
    tokens.commands.append(Command(CommandKind.EMIT, NO_STEP, event))


def _fail(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    message = node.name if node.message is None else text(node.message.render(visible), "message")
    details: Any = {} if node.details is None else node.details.render(visible)
    if not isinstance(details, dict):
        raise Failure("type_mismatch", f"`details` of '{node.id}' must be an object")
    error = WorkflowError(node.error_code, message, cast("dict[str, Any]", details), retryable=False, step_id=node.id)
    tokens.emit(STEP_STARTED, key)
    tokens.fail_step(node, tokens.state.open[key], error.to_json())


ENTER: Mapping[Kind, Callable[[Tokens, Node, str, str], None]] = {
    Kind.START: _pass,
    Kind.END: _end,
    Kind.ACTION: _action,
    Kind.DECISION: _decision,
    Kind.WAIT_TIME: _wait_time,
    Kind.WAIT_EVENT: _wait_event,
    Kind.HUMAN_TASK: _human_task,
    Kind.PARALLEL: _parallel,
    Kind.SET: _set,
    Kind.LOOP: _loop,
    Kind.SUBWORKFLOW: _subworkflow,
    Kind.EMIT: _emit,
    Kind.FAIL: _fail,
}
