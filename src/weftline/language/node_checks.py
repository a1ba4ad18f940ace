"""What can be wrong with one node whose shape is right, and what this version does not run yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

import jsonschema_rs

from weftline.language.durations import parse_duration
from weftline.language.errors import SyntaxProblem
from weftline.language.expressions import compile_expression
from weftline.language.fields import Retry
from weftline.language.hints import nearest
from weftline.language.json_values import pointer
from weftline.language.model import Workflow
from weftline.language.nodes import (
    ActionNode,
    AnyNode,
    Approvals,
    DecisionNode,
    EmitNode,
    Escalation,
    HttpNode,
    HumanTaskNode,
    LoopNode,
    NotificationNode,
    ParallelNode,
    SubworkflowNode,
    WaitNode,
    known_outcomes,
)
from weftline.language.problems import Problems
from weftline.language.templates import find_syntax_problems
from weftline.language.timestamps import TimestampError, parse_timestamp

_EXPRESSIONS = ("when", "condition")
_TEMPLATES = (
    "assignTo",
    "body",
    "correlation",
    "dueIn",
    "duration",
    "escalation",
    "event",
    "headers",
    "input",
    "method",
    "output",
    "query",
    "timeout",
    "until",
    "url",
    "values",
)
_UNSUPPORTED_NODES = (LoopNode, SubworkflowNode, EmitNode, NotificationNode)
MAX_HTTP_TIMEOUT = 3_600.0
"""Seconds; the built-in action `http` refuses longer ones."""
_LATER = "this version does not run it yet"

Path = tuple[str | int, ...]


def check_node(node: AnyNode, place: str, actions: Collection[str] | None, problems: Problems) -> None:
    """Adds what is wrong with ``node``, which stands at ``place``; ``actions`` are the registered names."""
    match node:
        case ActionNode():
            _check_retry(node.retry, place, problems)
            _check_action(node.action, f"{place}/action", actions, problems)
        case HttpNode():
            _check_retry(node.retry, place, problems)
            _check_http(node, place, problems)
            _check_action("http", f"{place}/type", actions, problems)
        case DecisionNode():
            _check_decision(node, place, problems)
        case WaitNode():
            _check_wait(node, place, problems)
        case ParallelNode():
            _check_parallel(node, place, problems)
        case HumanTaskNode():
            _check_human_task(node, place, problems)
        case _:
            pass
    _check_support(node, place, problems)


def check_node_expressions(raw: Mapping[str, Any], path: Path, steps: Collection[str], problems: Problems) -> None:
    """Adds what is wrong with the expressions and templates of the raw node at ``path``."""
    for name in _EXPRESSIONS:
        _check_expression(raw.get(name), (*path, name), steps, problems)
    cases = raw.get("cases")
    for index, case in enumerate(cast("list[object]", cases) if isinstance(cases, list) else []):
        if isinstance(case, dict):
            when = cast("dict[str, object]", case).get("when")
            _check_expression(when, (*path, "cases", index, "when"), steps, problems)
    for name in _TEMPLATES:
        if name in raw:
            check_template(raw[name], (*path, name), steps, problems)


def check_template(value: object, path: Path, steps: Collection[str], problems: Problems) -> None:
    """Adds what is wrong with the expressions in ``value``, which stands at ``path``."""
    for problem in find_syntax_problems(value, steps=steps):
        problems.add(problem.code, pointer((*path, *problem.path)), problem.message, problem.hint)


def check_schema(schema: dict[str, Any], place: str, problems: Problems) -> None:
    """Adds a problem where ``schema`` is not a JSON Schema, or refers to a document of the network or the disk."""
    try:
        # offline, so that no author makes the server fetch an address; patterns run in linear time
        jsonschema_rs.validator_for(schema, offline=True, pattern_options=jsonschema_rs.RegexOptions())
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        problems.add("invalid_schema", place, f"not a JSON Schema: {str(error).splitlines()[0]}")


def check_settings(workflow: Workflow, problems: Problems) -> None:
    """Adds what the workflow's settings and triggers ask for and this version does not run."""
    settings = workflow.settings
    handling = settings.error_handling
    _check_retry(settings.retry, "/settings", problems)
    for name, value in (
        ("review", settings.review),
        ("concurrency", settings.concurrency),
        ("encrypt", settings.encrypt),
    ):
        if value:
            _add_unsupported(f"/settings/{name}", f"`{name}`", problems)
    if handling is not None:
        place = "/settings/errorHandling"
        if handling.strategy in ("compensate", "fallback"):
            _add_unsupported(place, f"the strategy `{handling.strategy}`", problems)
        if handling.fallback_workflow is not None:
            _add_unsupported(f"{place}/fallbackWorkflow", "`fallbackWorkflow`", problems)
        if handling.notifications:
            _add_unsupported(f"{place}/notifications", "`notifications`", problems)
    for index, trigger in enumerate(workflow.triggers):
        if trigger.type != "manual":
            _add_unsupported(f"/triggers/{index}", f"a trigger of type `{trigger.type}`", problems)


def _check_support(node: AnyNode, place: str, problems: Problems) -> None:
    if isinstance(node, _UNSUPPORTED_NODES):
        _add_unsupported(f"{place}/type", f"a node of type `{node.type}`", problems)
    elif isinstance(node, ActionNode | HttpNode) and node.compensate is not None:
        _add_unsupported(f"{place}/compensate", "`compensate`", problems)


def _add_unsupported(place: str, what: str, problems: Problems) -> None:
    problems.add("unsupported", place, f"{what} is understood, but {_LATER}", "remove it for now")


def _check_expression(value: object, path: Path, steps: Collection[str], problems: Problems) -> None:
    if not isinstance(value, str) or not value.strip():
        # shape says what is wrong with it
        return
    try:
        compile_expression(value, steps=steps)
    except SyntaxProblem as problem:
        hint = problem.hint
        if hint is None and value.strip().startswith("${"):
            hint = "expressions stand bare here: leave out `${` and `}`"
        problems.add(problem.code, pointer(path), problem.message, hint)


def _check_action(name: str, place: str, actions: Collection[str] | None, problems: Problems) -> None:
    if actions is None or name in actions:
        return

    def hint() -> str:
        near = nearest(name, actions)
        return f"did you mean `{near}`?" if near else "register it, or correct the name"

    problems.add("unknown_action", place, f"there is no action `{name}`", hint)


def _check_http(node: HttpNode, place: str, problems: Problems) -> None:
    timeout = node.timeout
    is_template = isinstance(timeout, str) and "${" in timeout
    if timeout is not None and not is_template and not 0 < parse_duration(timeout) <= MAX_HTTP_TIMEOUT:
        problems.add("invalid_value", f"{place}/timeout", "a request may take more than nothing, and an hour at most")


def _check_decision(node: DecisionNode, place: str, problems: Problems) -> None:
    def add(code: str, message: str) -> None:
        problems.add(code, place, message)

    if node.condition is None and not node.cases:
        add("no_way_out", "a decision needs a `condition` with `true` and `false`, or `cases`")
    elif node.condition is not None and node.cases:
        add("conflicting_fields", "a decision has a `condition` or `cases`, not both")
    elif node.condition is not None:
        for value, target in (("true", node.on_true), ("false", node.on_false)):
            if target is None and node.default is None:
                add("no_way_out", f"the decision has no way out where its condition is {value}")
    elif node.on_true is not None or node.on_false is not None:
        add("conflicting_fields", "`true` and `false` go with a `condition`, not with `cases`")


def _check_wait(node: WaitNode, place: str, problems: Problems) -> None:
    ways = {"duration": node.duration, "until": node.until, "event": node.event}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        problems.add("conflicting_fields", place, "a wait has exactly one of `duration`, `until` and `event`")
    elif node.event is None:
        _check_until(node.until, f"{place}/until", problems)
        for name, value in (("correlation", node.correlation), ("timeout", node.timeout)):
            if value is not None:
                message = f"`{name}` goes with `event`, not with `{given[0]}`"
                problems.add("conflicting_fields", f"{place}/{name}", message)
    elif node.type == "delay":
        problems.add("conflicting_fields", f"{place}/event", "a delay has a `duration` or `until`; use a `wait`")


def _check_until(until: str | None, place: str, problems: Problems) -> None:
    if until is None or "${" in until:
        return
    try:
        parse_timestamp(until)
    except TimestampError as error:
        problems.add("invalid_value", place, str(error))


def _check_parallel(node: ParallelNode, place: str, problems: Problems) -> None:
    if isinstance(node.join, int) and node.join > len(node.branches):
        message = f"`join` asks for {node.join} of {len(node.branches)} branches"
        problems.add("join_too_large", f"{place}/join", message)
    seen: set[str] = set()
    for index, branch in enumerate(node.branches):
        name = branch.name or branch.next
        if name in seen:
            problems.add(
                "duplicate_branch",
                f"{place}/branches/{index}",
                f"another branch is called `{name}` already",
                "give it a `name` of its own",
            )
        seen.add(name)


def _check_human_task(node: HumanTaskNode, place: str, problems: Problems) -> None:
    if isinstance(node.form, dict):
        check_schema(node.form, f"{place}/form", problems)
    if node.notify is not None and node.assign_to is None:
        message = "`notify` tells those in `assignTo`, and there is none"
        problems.add("conflicting_fields", f"{place}/notify", message, "add `assignTo`")
    if node.approvals is not None:
        _check_approvals(node, node.approvals, f"{place}/approvals", problems)
    if node.escalation is not None:
        _check_escalation(node, node.escalation, f"{place}/escalation", problems)
    limit = None if node.timeout is None else _known_seconds(node.timeout.duration)
    due = _known_seconds(node.due_in)
    if limit is not None and due is not None and due > limit:
        message = "the task is taken back by its `timeout` before it is due"
        problems.add("invalid_value", f"{place}/dueIn", message)


def _check_approvals(node: HumanTaskNode, approvals: Approvals, place: str, problems: Problems) -> None:
    known = known_outcomes(node)
    if not known:
        message = "`approvals` needs a node with `outcomes`, or of type `approval`"
        problems.add("no_outcomes", place, message)
        return
    for index, outcome in enumerate(approvals.outcomes or ()):
        if outcome not in known:
            near = nearest(outcome, known)
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(f'`{name}`' for name in known)}"
            problems.add("unknown_outcome", f"{place}/outcomes/{index}", f"the node has no outcome `{outcome}`", hint)


def _check_escalation(node: HumanTaskNode, escalation: Escalation, place: str, problems: Problems) -> None:
    if not escalation.assign_to and not escalation.notify:
        problems.add("missing_field", place, "an escalation needs `assignTo` or `notify`")
    if escalation.after is None and node.due_in is None:
        problems.add("missing_field", place, "an escalation needs `after`, or a node with `dueIn`")
    limit = None if node.timeout is None else _known_seconds(node.timeout.duration)
    after = _known_seconds(node.due_in if escalation.after is None else escalation.after)
    if limit is not None and after is not None and after >= limit:
        message = "the task is taken back by its `timeout` before it escalates"
        problems.add("invalid_value", place, message)


def _known_seconds(duration: str | int | float | None) -> float | None:
    """The duration, unless it is only computed when the node is entered."""
    if duration is None or (isinstance(duration, str) and "${" in duration):
        return None
    return parse_duration(duration)


def _check_retry(retry: Retry | None, place: str, problems: Problems) -> None:
    if retry is not None and parse_duration(retry.initial_interval) > parse_duration(retry.max_interval):
        message = "`initialInterval` is longer than `maxInterval`"
        problems.add("invalid_value", f"{place}/retry", message)
