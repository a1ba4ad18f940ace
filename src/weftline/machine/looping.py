"""How loops go round."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from weftline.language.program import MAX_ITERATIONS, Expression, ExpressionError, Node
from weftline.machine.step import Loop, Step
from weftline.machine.values import Failure, truth
from weftline.model.errors import WorkflowError
from weftline.model.event import EventType
from weftline.model.stepkey import branch_scope

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens


def enter_loop(tokens: Tokens, node: Node, scope: str, key: str) -> None:
    """A token enters a loop.

    Raises:
        Failure, ExpressionError: its list or condition cannot be evaluated; nothing has happened then.
    """
    about: dict[str, Any] = {"concurrency": node.concurrency}
    if node.items is not None:
        items = node.items.render(tokens.scope(scope))
        if not isinstance(items, list):
            raise Failure("type_mismatch", f"`forEach` of '{node.id}' must be a list")
        count = len(items)  # pyright: ignore[reportUnknownArgumentType]
        if count > min(MAX_ITERATIONS, node.max_iterations or MAX_ITERATIONS):
            raise Failure("too_many_iterations", f"'{node.id}' would go round {count} times")
        about["items"] = items
    elif not _goes_on(tokens, node, scope, 0):
        about["stop"] = True
    if node.alias is not None:
        about["as"] = node.alias
    if not node.collects:
        about["collect"] = False
    step = tokens.open_step(node, scope, key, {"loop": about})
    loop = step.branches
    assert isinstance(loop, Loop)
    begun = list(loop.active)
    if not begun:
        _complete(tokens, node, step, loop)
    for number in begun:
        if tokens.state.open.get(key) is step and number in loop.active:
            begin_iteration(tokens, node, step, loop, number)


def begin_iteration(tokens: Tokens, node: Node, step: Step, loop: Loop, number: int) -> None:
    """Let an iteration begin, unless it is to be passed over."""
    scope = branch_scope(step.node, step.scope, step.visit, number)
    while node.continue_when is not None:
        facts: dict[str, Any] = {"branch": number, "skipped": True}
        try:
            if not truth(node.continue_when.evaluate(tokens.scope(scope)), "continueWhen"):
                break
            if not _more(tokens, node, step, loop):
                facts["stop"] = True
        except (Failure, ExpressionError) as failure:
            _fail(tokens, node, step, failure)
            return
        follows = loop.begun
        tokens.emit(EventType.BRANCH_COMPLETED, step.key, facts)
        if follows not in loop.active:
            go_round(tokens, node, step, loop, follows)
            return
        number = follows
        scope = branch_scope(step.node, step.scope, step.visit, number)
    tokens.send(node.body, scope, is_first=True)


def iteration_ended(tokens: Tokens, node: Node, step: Step, loop: Loop, number: int) -> None:
    """No step of an iteration is open any more."""
    facts: dict[str, Any] = {"branch": number}
    try:
        breaks = node.break_when is not None and _breaks(tokens, node.break_when, step, loop, number)
        if breaks or not _more(tokens, node, step, loop):
            facts["stop"] = True
    except (Failure, ExpressionError) as failure:
        _fail(tokens, node, step, failure)
        return
    follows = loop.begun
    tokens.emit(EventType.BRANCH_COMPLETED, step.key, facts)
    if breaks:
        tokens.cancel_branches(step, "loop_broken")
        _complete(tokens, node, step, loop)
    else:
        go_round(tokens, node, step, loop, follows)


def go_round(tokens: Tokens, node: Node, step: Step, loop: Loop, follows: int) -> None:
    """An iteration has ended: let the one with the number ``follows`` begin, or complete the loop after the last."""
    if follows in loop.active:
        begin_iteration(tokens, node, step, loop, follows)
    elif not loop.active:
        _complete(tokens, node, step, loop)


def _breaks(tokens: Tokens, condition: Expression, step: Step, loop: Loop, number: int) -> bool:
    scope = branch_scope(step.node, step.scope, step.visit, number)
    visible = tokens.scope(scope, {"result": loop.outputs.get(number)})
    return truth(condition.evaluate(visible), "breakWhen")


def iteration_failed(tokens: Tokens, node: Node, step: Step, loop: Loop, number: int, error: dict[str, Any]) -> None:
    """An iteration has failed, and what was open in it is cancelled."""
    facts: dict[str, Any] = {"branch": number, "error": error}
    if not node.tolerates:
        facts["stop"] = True
    follows = loop.begun
    tokens.emit(EventType.BRANCH_FAILED, step.key, facts)
    if not node.tolerates:
        tokens.fail_step(node, step, error)
        return
    tokens.was_handled()
    go_round(tokens, node, step, loop, follows)


def _more(tokens: Tokens, node: Node, step: Step, loop: Loop) -> bool:
    """Whether another iteration may begin, as far as a condition says.

    Raises:
        Failure, ExpressionError: the condition cannot be evaluated, or holds too often.
    """
    return node.condition is None or _goes_on(tokens, node, step.scope, loop.begun)


def _goes_on(tokens: Tokens, node: Node, scope: str, done: int) -> bool:
    assert node.condition is not None
    visible = tokens.scope(scope, {"index": done})
    if not truth(node.condition.evaluate(visible), "while"):
        return False
    if done >= (node.max_iterations or MAX_ITERATIONS):
        raise Failure("too_many_iterations", f"'{node.id}' still goes on after {done} iterations")
    return True


def _complete(tokens: Tokens, node: Node, step: Step, loop: Loop) -> None:
    output = [loop.outputs.get(number) for number in range(loop.begun)] if loop.collects else loop.begun
    tokens.complete_step(node, step, output, node.next, extra={"errors": loop.errors})


def _fail(tokens: Tokens, node: Node, step: Step, failure: Failure | ExpressionError) -> None:
    error = WorkflowError(failure.code, failure.message, retryable=False)
    tokens.fail_step(node, step, error.to_json())
