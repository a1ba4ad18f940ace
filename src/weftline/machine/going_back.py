"""Going on from an earlier point, once what came after it is undone or is to stay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from weftline.machine.command import NO_STEP, Command, CommandKind, UndoneSpec
from weftline.machine.looping import begin_iteration, go_round
from weftline.machine.step import Loop
from weftline.machine.stimulus import Rewind
from weftline.model.event import EventType
from weftline.model.stepkey import ROOT, branch_scope, parse_key, place_of

if TYPE_CHECKING:
    from weftline.machine.tokens import Tokens


def journey(rewind: Rewind) -> dict[str, Any]:
    """What must be remembered of a rewind until everything is undone, JSON."""
    asked = {
        "state": rewind.state,
        "tokens": [list(token) for token in rewind.tokens],
        "left": None if rewind.left is None else list(rewind.left),
        "skip": None if rewind.skip is None else list(rewind.skip),
        "input": rewind.input,
        "data": rewind.data,
        "stepId": rewind.to_step,
        "reason": rewind.reason,
        "by": rewind.by,
        "halts": rewind.halts or None,
        "forParent": rewind.for_parent or None,
        "redoes": None if rewind.undo else True,
    }
    return {name: value for name, value in asked.items() if value is not None}


def arrive(tokens: Tokens, asked: Mapping[str, Any]) -> None:
    """Stand at the earlier point, and go on from there, or rest.

    Args:
        tokens: of the turn.
        asked: a ``journey``, and ``toSeq``.
    """
    state, program = tokens.state, tokens.program
    told = {name: asked[name] for name in ("toSeq", "stepId", "reason", "by", "halts", "data") if name in asked}
    if state.undoing is None:
        told["state"] = asked["state"]
    if program.timeout is not None and not asked.get("halts"):
        # one that rests has all of its time once it is resumed
        told["deadline"] = tokens.now + program.timeout
    retries = asked.get("redoes", False)
    if program.function is not None:
        told |= _wanted(asked)
    tokens.emit(EventType.WORKFLOW_RETRIED if retries else EventType.WORKFLOW_ROLLED_BACK, None, told)
    if program.function is not None:
        # which is run again from its beginning, and makes the calls that nothing has come of
        _tell_parent(tokens, asked)
        return
    places = _places(asked)
    if asked["toSeq"] == 0:
        places = [(node, ROOT) for node in program.start]
    skip = asked.get("skip")
    if skip is not None:
        facts = {name: asked[name] for name in ("reason", "by") if name in asked}
        tokens.passed_over[place_of(skip[0], skip[1])] = {**facts, "output": asked.get("input")}
    elif "input" in asked and places:
        # the step that was asked for is the last: what else was open at that point was open before
        tokens.inputs[place_of(*places[-1])] = asked["input"]
    for node, scope in places:
        tokens.send(node, scope)
    _go_on_with_branches(tokens, {scope for _, scope in places})
    left = asked.get("left")
    if left is not None:
        tokens.look_at_joins(left[0], left[1])
    _tell_parent(tokens, asked)


def _tell_parent(tokens: Tokens, asked: Mapping[str, Any]) -> None:
    if asked.get("forParent"):
        tokens.commands.append(Command(CommandKind.REPORT_UNDONE, NO_STEP, UndoneSpec()))


def _wanted(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What somebody wants of the call that a function makes next."""
    skip, tokens = asked.get("skip"), asked.get("tokens", ())
    if skip is not None:
        facts = {name: asked[name] for name in ("input", "reason", "by") if name in asked}
        return {"wanted": {"node": skip[0], "skip": True, **facts}}
    if "input" in asked and tokens:
        return {"wanted": {"node": tokens[-1][0], "input": asked["input"]}}
    return {}


def _places(asked: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The nodes to enter: those that were open, those that were held, and those that tokens were on their way to."""
    snapshot = asked["state"]
    places: list[tuple[str, str]] = []
    for key, step in snapshot.get("open", ()):
        if "branches" not in step and "loop" not in step:
            node, scope, _ = parse_key(key)
            places.append((node, scope))
    for scope, nodes in snapshot.get("held", ()):
        places += [(node, scope) for node in nodes]
    places += [cast("tuple[str, str]", tuple(token)) for token in asked.get("tokens", ())]
    return places


def _go_on_with_branches(tokens: Tokens, entered: set[str]) -> None:
    """Begin the branches and iterations that had not begun, and look at those that had come to their end."""
    state = tokens.state
    for step in list(state.open.values()):
        branches = step.branches
        if branches is None or state.open.get(step.key) is not step:
            continue
        node = tokens.program.nodes[step.node]
        is_loop = isinstance(branches, Loop)
        for number in list(branches.active) if is_loop else range(len(node.branches)):
            scope = branch_scope(step.node, step.scope, step.visit, number)
            if not branches.is_live(number) or scope in entered or state.working.get(scope):
                continue
            if scope in state.places:
                tokens.touch(scope)
            elif is_loop:
                begin_iteration(tokens, node, step, branches, number)
            else:
                tokens.send(node.branches[number].start, scope, is_first=True)
        if isinstance(branches, Loop) and not branches.active and state.open.get(step.key) is step:
            # its last iteration had just ended
            go_round(tokens, node, step, branches, branches.begun)
