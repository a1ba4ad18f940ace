"""What can be wrong with one node whose shape is right."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from weftline.language.control_nodes import DecisionNode, LoopNode, ParallelNode, SubworkflowNode, WaitNode
from weftline.language.durations import parse_duration
from weftline.language.errors import SyntaxProblem
from weftline.language.expressions import RESERVED_NAMES, compile_expression
from weftline.language.fields import Compensation, Retry, is_template
from weftline.language.graph import chosen_by
from weftline.language.hints import nearest
from weftline.language.literal_checks import check_literals
from weftline.language.node_base import FlowNode
from weftline.language.nodes import AnyNode
from weftline.language.problems import Problems
from weftline.language.reads import Read
from weftline.language.task_checks import check_human_task
from weftline.language.task_nodes import HumanTaskNode
from weftline.language.timestamps import TimestampError, parse_timestamp
from weftline.language.work_nodes import ActionNode, EmitNode, HttpNode, NotificationNode, SetNode

MAX_HTTP_TIMEOUT = 3_600.0
"""Seconds; the built-in action `http` refuses longer ones."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a node is checked against.

    Attributes:
        workflow_id: the raw id of the workflow that it is part of.
        nodes: the ids of all nodes.
        actions: the names of the registered actions; None: any may be named.
    """

    workflow_id: object
    nodes: Collection[str]
    actions: Collection[str] | None = None


def check_node(node: AnyNode, place: str, around: Surroundings, problems: Problems) -> None:
    """Adds what is wrong with ``node``, which stands at ``place``."""
    if isinstance(node, FlowNode):
        _check_flow(node, place, around, problems)
    match node:
        case ActionNode():
            check_retry(node.retry, place, problems)
            if node.queue is None:
                _check_action(node.action, f"{place}/action", around, problems)
                check_literals(node, place, problems)
            _check_connection(node, place, problems)
        case HttpNode():
            check_retry(node.retry, place, problems)
            _check_http(node, place, problems)
            _check_action("http", f"{place}/type", around, problems)
        case NotificationNode():
            check_retry(node.retry, place, problems)
            _check_notification(node, place, problems)
            _check_action("notify", f"{place}/type", around, problems)
        case DecisionNode():
            _check_decision(node, place, problems)
        case WaitNode():
            _check_wait(node, place, problems)
        case ParallelNode():
            _check_parallel(node, place, around, problems)
        case LoopNode():
            _check_loop(node, place, problems)
        case SubworkflowNode():
            check_retry(node.retry, place, problems)
            _check_subworkflow(node, place, around, problems)
        case HumanTaskNode():
            check_human_task(node, place, problems)
        case _:
            pass


def check_retry(retry: Retry | None, place: str, problems: Problems) -> None:
    """Adds a problem where the ``retry`` of what stands at ``place`` contradicts itself."""
    if retry is not None and parse_duration(retry.initial_interval) > parse_duration(retry.max_interval):
        message = "`initialInterval` is longer than `maxInterval`"
        problems.add("invalid_value", f"{place}/retry", message)


def check_until(until: str | None, place: str, problems: Problems) -> None:
    """Adds a problem where ``until`` is neither a time nor a template."""
    if until is None or is_template(until):
        return
    try:
        parse_timestamp(until)
    except TimestampError as error:
        problems.add("invalid_value", place, str(error))


def _check_flow(node: FlowNode, place: str, around: Surroundings, problems: Problems) -> None:
    if not is_template(node.next):
        if node.targets:
            message = "`targets` goes with a `next` that has `${ … }` in it"
            problems.add("conflicting_fields", f"{place}/targets", message)
    elif not chosen_by(node.next, node.targets, around.nodes):
        message = "nothing says which nodes this may lead to"
        problems.add("no_targets", f"{place}/next", message, "list them in `targets`")
    if node.deadline is not None and isinstance(node, SetNode | EmitNode):
        message = "the step is done as soon as it is entered, so it can have no deadline"
        problems.add("conflicting_fields", f"{place}/deadline", message)
    if node.compensate is not None:
        _check_compensation(node.compensate, f"{place}/compensate", around, problems)


def _check_compensation(compensation: Compensation, place: str, around: Surroundings, problems: Problems) -> None:
    if compensation.queue is None:
        _check_action(compensation.action, place, around, problems)
        check_literals(compensation, place, problems)
    check_retry(compensation.retry, place, problems)
    _check_connection(compensation, place, problems)


def _check_connection(called: ActionNode | Compensation, place: str, problems: Problems) -> None:
    if called.connection is not None and called.queue is not None:
        message = "the remote workers of a `queue` have no connections; name one or the other"
        problems.add("conflicting_fields", f"{place}/connection", message)


def _check_action(name: str, place: str, around: Surroundings, problems: Problems) -> None:
    actions = around.actions
    if actions is None or name in actions:
        return

    def hint() -> str:
        if near := nearest(name, actions):
            return f"did you mean `{near}`?"
        brings, dot, _ = name.partition(".")
        if dot and not any(each.startswith(f"{brings}.") for each in actions):
            return f"register it, correct the name, or add the plugin or integration `{brings}`"
        return "register it, or correct the name"

    problems.add("unknown_action", place, f"there is no action `{name}`", hint)


def _check_http(node: HttpNode, place: str, problems: Problems) -> None:
    timeout = node.timeout
    if timeout is not None and not is_template(timeout) and not 0 < parse_duration(timeout) <= MAX_HTTP_TIMEOUT:
        problems.add("invalid_value", f"{place}/timeout", "a request may take more than nothing, and an hour at most")


def _check_notification(node: NotificationNode, place: str, problems: Problems) -> None:
    if not node.to:
        problems.add("missing_field", f"{place}/to", "a notification needs somebody to go to")
    if node.message is not None and node.template is not None:
        problems.add("conflicting_fields", place, "a notification has a `message` or a `template`, not both")
    says_nothing = node.message is None and node.template is None
    if says_nothing and (node.channel == "email" or node.data is None):
        needed = "`message` or `template`" if node.channel == "email" else "`message`, `template` or `data`"
        problems.add("missing_field", place, f"a notification by `{node.channel}` needs {needed}")


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
    ways = {"duration": node.duration, "until": node.until, "event": node.event, "firstOf": node.first_of}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) != 1:
        message = "a wait has exactly one of `duration`, `until`, `event` and `firstOf`"
        problems.add("conflicting_fields", place, message)
    elif node.event is None:
        check_until(node.until, f"{place}/until", problems)
        for name, value in (("correlation", node.correlation), ("timeout", node.timeout)):
            if value is not None:
                message = f"`{name}` goes with `event`, not with `{given[0]}`"
                problems.add("conflicting_fields", f"{place}/{name}", message)
    if node.type == "delay" and given in (["event"], ["firstOf"]):
        message = "a delay has a `duration` or `until`; use a `wait`"
        problems.add("conflicting_fields", f"{place}/{given[0]}", message)


def _check_parallel(node: ParallelNode, place: str, around: Surroundings, problems: Problems) -> None:
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
        if branch.compensate is not None:
            _check_compensation(branch.compensate, f"{place}/branches/{index}/compensate", around, problems)


def _check_loop(node: LoopNode, place: str, problems: Problems) -> None:
    if (node.for_each is None) == (node.while_ is None):
        problems.add("conflicting_fields", place, "a loop has exactly one of `forEach` and `while`")
    elif node.while_ is not None:
        _check_while(node, place, problems)
    elif not (isinstance(node.for_each, list) or is_template(node.for_each)):
        message = "`forEach` is a list, or a `${ … }` that gives one"
        hint = f"write `${{{node.for_each}}}`" if isinstance(node.for_each, str) else None
        problems.add("invalid_value", f"{place}/forEach", message, hint)
    if node.as_ is not None and not _can_be_read(node.as_):
        message = f"`{node.as_}` cannot be a name in expressions, or has a meaning already"
        problems.add("reserved_name", f"{place}/as", message, "use letters, digits and underscores, like `line`")


def _check_while(node: LoopNode, place: str, problems: Problems) -> None:
    if node.max_iterations is None:
        message = "nothing bounds the loop if its condition goes on to hold"
        problems.add("unbounded_loop", f"{place}/while", message, "add `maxIterations`")
    for name, is_given in (
        ("as", node.as_ is not None),
        ("concurrency", node.concurrency != 1),
        ("onItemError", node.on_item_error != "fail"),
    ):
        if is_given:
            problems.add("conflicting_fields", f"{place}/{name}", f"`{name}` goes with `forEach`, not with `while`")


def _can_be_read(name: str) -> bool:
    """Whether an expression that is just ``name`` reads a name that has no meaning of its own yet."""
    try:
        return name not in RESERVED_NAMES and compile_expression(name).reads == (Read(name),)
    except SyntaxProblem:
        return False


def _check_subworkflow(node: SubworkflowNode, place: str, around: Surroundings, problems: Problems) -> None:
    if node.workflow == around.workflow_id:
        message = "a workflow that runs itself would never end"
        problems.add("self_reference", f"{place}/workflow", message, "use a `loop` to repeat steps")
    if not node.wait and node.timeout is not None:
        problems.add("conflicting_fields", f"{place}/timeout", "nothing waits for the run where `wait` is false")
