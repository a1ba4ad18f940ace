"""From a valid definition to the program that the machine runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from weftline.language.durations import parse_duration
from weftline.language.errors import DefinitionError
from weftline.language.expressions import compile_expression
from weftline.language.fields import Retry, TimeoutRoute
from weftline.language.graph import read_graph
from weftline.language.model import Workflow
from weftline.language.nodes import (
    ActionNode,
    AnyNode,
    DecisionNode,
    EndNode,
    FlowNode,
    HttpNode,
    HumanTaskNode,
    ParallelNode,
    SetNode,
    StartNode,
    WaitNode,
    known_outcomes,
)
from weftline.language.program import (
    APPROVED,
    Branch,
    Case,
    ErrorRoute,
    Escalation,
    Expression,
    Kind,
    Node,
    Program,
    Template,
)
from weftline.language.templates import compile_template
from weftline.language.validate import validate
from weftline.model.retry import DEFAULT_RETRY, RetryPolicy


def load(document: Mapping[str, Any], actions: Collection[str] | None = None) -> tuple[Workflow, Program]:
    """The workflow that ``document`` describes, and its program.

    Parameters:
        document, actions: as for :func:`weftline.language.validate.validate`.

    Raises:
        DefinitionError: the document is not a valid workflow; it carries every problem.
    """
    validation = validate(document, actions)
    if validation.workflow is None:
        raise DefinitionError(validation.problems)
    return validation.workflow, compile_workflow(validation.workflow)


def compile_workflow(workflow: Workflow) -> Program:
    """The program of a ``workflow`` that :func:`weftline.language.validate.validate` found nothing wrong with."""
    graph = read_graph(workflow.model_dump(mode="json", by_alias=True))
    compiler = _Compiler(graph.nodes, _policy(workflow.settings.retry, DEFAULT_RETRY))
    nodes = {node.id: compiler.node(node) for node in workflow.nodes}
    dependents: dict[str, list[str]] = {}
    for node in nodes.values():
        for dependency in node.dependencies:
            dependents.setdefault(dependency, []).append(node.id)
    timeout = workflow.settings.timeout
    return Program(
        id=workflow.id,
        name=workflow.name or workflow.id,
        nodes=nodes,
        start=graph.starts(workflow.start_node),
        dependents={node: tuple(waiting) for node, waiting in dependents.items()},
        output=compiler.template(workflow.output),
        timeout=None if timeout is None else parse_duration(timeout),
    )


def _policy(retry: Retry | None, default: RetryPolicy) -> RetryPolicy:
    if retry is None:
        return default
    return RetryPolicy(
        max_attempts=retry.max_attempts,
        initial_interval=parse_duration(retry.initial_interval),
        backoff=retry.backoff,
        max_interval=parse_duration(retry.max_interval),
        jitter=retry.jitter,
        non_retryable=frozenset(retry.non_retryable),
    )


class _Compiler:
    """Compiles nodes one by one; ``steps`` are all their ids."""

    def __init__(self, steps: Collection[str], retry: RetryPolicy) -> None:
        self._steps = steps
        self._retry = retry

    def template(self, value: Any) -> Template | None:
        return None if value is None else compile_template(value, steps=self._steps)

    def node(self, node: AnyNode) -> Node:
        make = partial(Node, id=node.id, name=node.name or node.id)
        match node:
            case StartNode():
                return make(kind=Kind.START, next=tuple(node.next))
            case EndNode():
                return make(kind=Kind.END, dependencies=tuple(node.dependencies), terminate=node.terminate)
            case DecisionNode():
                return self._decision(node)
            case _:
                return self._flow_node(node)

    def _flow_node(self, node: FlowNode) -> Node:
        make = partial(
            Node,
            id=node.id,
            name=node.name or node.id,
            next=tuple(node.next),
            dependencies=tuple(node.dependencies),
            when=None if node.when is None else self._expression(node.when),
            output=None if node.output is None else self._templates(node.output),
            on_error=_routes(node),
            critical=node.critical,
        )
        match node:
            case ActionNode():
                return make(
                    kind=Kind.ACTION,
                    action=node.action,
                    input=self.template(node.input),
                    retry=_policy(node.retry, self._retry),
                    timeout=self._duration(node.timeout),
                )
            case HttpNode():
                request = node.model_dump(include=_REQUEST_FIELDS, exclude_none=True)
                if isinstance(timeout := self._duration(node.timeout), float):
                    # the action gives up on its own a little more gracefully than the engine can make it
                    request["timeout"] = timeout
                return make(
                    kind=Kind.ACTION,
                    action="http",
                    input=self.template(request),
                    retry=_policy(node.retry, self._retry),
                    timeout=timeout,
                )
            case WaitNode(event=str(event)):
                return make(
                    kind=Kind.WAIT_EVENT,
                    event=self.template(event),
                    correlation=self.template(node.correlation),
                    **self._timeout(node.timeout),
                )
            case WaitNode():
                return make(
                    kind=Kind.WAIT_TIME,
                    duration=self._duration(node.duration),
                    until=self.template(node.until),
                )
            case HumanTaskNode():
                outcomes = known_outcomes(node)
                return make(
                    kind=Kind.HUMAN_TASK,
                    form=node.form,
                    assign_to=self.template(node.assign_to),
                    outcomes=node.outcomes,
                    known_outcomes=outcomes,
                    is_approval=node.type == "approval",
                    approvals_required=1 if node.approvals is None else node.approvals.required,
                    approving_outcomes=_approving(node, outcomes),
                    four_eyes=node.four_eyes,
                    due_in=self._duration(node.due_in),
                    escalation=self._escalation(node),
                    notifies=node.notify is not None,
                    **self._timeout(node.timeout),
                )
            case ParallelNode():
                return make(
                    kind=Kind.PARALLEL,
                    branches=tuple(Branch(branch.name or branch.next, branch.next) for branch in node.branches),
                    join=_join_count(node),
                )
            case SetNode():
                return make(kind=Kind.SET, values=self._templates(node.values))
            case _:
                # validation refuses the types that the machine does not run
                raise NotImplementedError(f"a node of type {type(node).__name__}")

    def _decision(self, node: DecisionNode) -> Node:
        cases = [Case(case.label or case.when, self._expression(case.when), case.next) for case in node.cases]
        if node.condition is not None:
            holds, fails = node.on_true or node.default, node.on_false or node.default
            if holds is not None and fails is not None:
                otherwise = self._expression("true")
                cases.append(Case("true", self._expression(node.condition), holds))
                cases.append(Case("false", otherwise, fails))
        return Node(
            id=node.id,
            kind=Kind.DECISION,
            name=node.name or node.id,
            dependencies=tuple(node.dependencies),
            cases=tuple(cases),
            default=node.default if node.cases else None,
            on_error=_routes(node),
        )

    def _expression(self, source: str) -> Expression:
        return compile_expression(source, steps=self._steps)

    def _templates(self, values: Mapping[str, Any]) -> dict[str, Template]:
        return {key: compile_template(value, steps=self._steps) for key, value in values.items()}

    def _duration(self, value: str | int | float | None) -> float | Template | None:
        if value is None:
            return None
        is_template = isinstance(value, str) and "${" in value
        return self.template(value) if is_template else parse_duration(value)

    def _timeout(self, route: TimeoutRoute | None) -> dict[str, Any]:
        if route is None:
            return {}
        return {"timeout": self._duration(route.duration), "timeout_next": route.next}

    def _escalation(self, node: HumanTaskNode) -> Escalation | None:
        asked = node.escalation
        if asked is None:
            return None
        after = self._duration(node.due_in if asked.after is None else asked.after)
        # validation refuses an escalation without a time
        assert after is not None
        return Escalation(after, self.template(asked.assign_to), self.template(asked.notify))


_REQUEST_FIELDS = {"method", "url", "headers", "query", "body"}


def _routes(node: FlowNode | DecisionNode) -> tuple[ErrorRoute, ...]:
    return tuple(
        ErrorRoute(route.next, None if route.codes is None else frozenset(route.codes)) for route in node.on_error
    )


def _approving(node: HumanTaskNode, outcomes: tuple[str, ...]) -> tuple[str, ...]:
    if node.approvals is not None and node.approvals.outcomes is not None:
        return tuple(node.approvals.outcomes)
    return (APPROVED,) if node.type == "approval" else outcomes[:1]


def _join_count(node: ParallelNode) -> int:
    match node.join:
        case "all":
            return len(node.branches)
        case "any":
            return 1
        case count:
            return count
