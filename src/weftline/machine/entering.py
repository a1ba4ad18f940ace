"""What happens when a token enters a node: one function a kind.

A function may raise ``Failure`` or ``ExpressionError`` before its first event; the step then fails with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from weftline.language.program import Kind, Node, Scope, Template
from weftline.language.timestamps import TimestampError, parse_timestamp
from weftline.machine.command import Command, CommandKind, EscalationSpec, TaskSpec
from weftline.machine.step import EVENT, TASK, TIME
from weftline.machine.values import Failure, names, seconds, text, truth
from weftline.model.event import EventType
from weftline.model.stepkey import branch_scope, depth_of

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens

# members of enumerations that every step needs, bound once: reaching them by attribute is slow
STEP_STARTED, STEP_COMPLETED = EventType.STEP_STARTED, EventType.STEP_COMPLETED
RUN = CommandKind.RUN

MAX_ASSIGNEES = 200
"""Users, groups and roles that one task may name."""

MAX_NAME = 255
"""Characters of such a name."""

MAX_NESTING = 64
"""Parallel nodes within each other. Every level makes the keys of the steps inside it longer."""


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
    data = None if node.input is None else {"input": node.input.render(tokens.scope(scope))}
    tokens.emit(STEP_STARTED, key, data)
    tokens.commands.append(Command(RUN, tokens.state.open[key]))


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
    tokens.emit(STEP_STARTED, key, {"waiting": TIME, "dueAt": due})


def _wait_event(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    assert node.event is not None
    event = text(node.event.render(visible), "event")
    data: dict[str, Any] = {"waiting": EVENT, "event": event}
    if node.correlation is not None:
        data["correlation"] = text(node.correlation.render(visible), "correlation")
    if node.timeout is not None:
        data["dueAt"] = tokens.now + seconds(node.timeout, visible, "timeout")
    tokens.emit(STEP_STARTED, key, data)
    step = tokens.state.open[key]
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
    tokens.emit(STEP_STARTED, key, data)
    tokens.commands.append(Command(CommandKind.OPEN_TASK, tokens.state.open[key], task))


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
    if depth_of(scope) >= MAX_NESTING:
        raise Failure("too_deep", f"'{node.id}' is inside {MAX_NESTING} parallel nodes already")
    tokens.emit(STEP_STARTED, key, {"branches": [branch.name for branch in node.branches]})
    visit = tokens.state.open[key].visit
    for number, branch in enumerate(node.branches):
        tokens.send(branch.start, branch_scope(node.id, scope, visit, number))


def _set(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    visible = tokens.scope(scope)
    patch = {name: template.render(visible) for name, template in node.values.items()}
    tokens.emit(STEP_COMPLETED, key, {"data": patch})
    tokens.leave(node, scope, node.next)


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
}
