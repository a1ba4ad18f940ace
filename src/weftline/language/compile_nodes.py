"""From the nodes of a valid definition to those that the machine runs."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from typing import Any, TypeAlias, TypedDict

from weftline.language.control_nodes import (
    Alternative,
    DecisionNode,
    EndNode,
    FailNode,
    LoopNode,
    ParallelNode,
    StartNode,
    SubworkflowNode,
    WaitNode,
    alternative_id,
    alternative_name,
)
from weftline.language.durations import parse_duration
from weftline.language.expressions import compile_expression
from weftline.language.fields import Compensation as CompensationField
from weftline.language.fields import Retry, TimeoutRoute, is_template
from weftline.language.graph import chosen_by
from weftline.language.json_schema import CompiledSchema
from weftline.language.node_base import FlowNode
from weftline.language.nodes import AnyNode
from weftline.language.program import (
    APPROVED,
    Branch,
    Case,
    Compensation,
    ErrorRoute,
    Escalation,
    Expression,
    Kind,
    Node,
    Template,
    Validator,
)
from weftline.language.task_nodes import HumanTaskNode, known_outcomes
from weftline.language.templates import compile_template
from weftline.language.variables import reads_variables
from weftline.language.work_nodes import ActionNode, EmitNode, HttpNode, NotificationNode, SetNode
from weftline.model.retry import DEFAULT_RETRY, NO_RETRY, RetryPolicy

_REQUEST_FIELDS = {"method", "url", "headers", "query", "body"}
_NOTICE_FIELDS = {"channel", "to", "subject", "message", "template", "data"}


_FlowNode: TypeAlias = (
    ActionNode
    | HttpNode
    | NotificationNode
    | WaitNode
    | HumanTaskNode
    | ParallelNode
    | LoopNode
    | SubworkflowNode
    | EmitNode
    | SetNode
)


class _Timeout(TypedDict, total=False):
    timeout: float | Template | None
    timeout_next: str | None


class _Following(TypedDict):
    next: tuple[str, ...]
    choose_next: Template | None


class NodeCompiler:
    """Compiles nodes one by one.

    Parameters:
        steps: the ids of all of them.
        retry: how steps are retried that say nothing about it; None: by the default policy.
    """

    def __init__(self, steps: Collection[str], retry: Retry | None) -> None:
        self._steps = steps
        self._retry = retry_policy(retry, DEFAULT_RETRY)

    def template(self, value: Any) -> Template | None:
        """``value`` compiled; None where there is none."""
        return None if value is None else compile_template(value, steps=self._steps)

    def templates(self, values: Mapping[str, Any]) -> dict[str, Template]:
        """Each of ``values`` compiled."""
        return {key: compile_template(value, steps=self._steps) for key, value in values.items()}

    def nodes(self, node: AnyNode) -> Iterator[Node]:
        """``node`` compiled, and the steps that it stands for besides itself."""
        yield self._node(node)
        if isinstance(node, WaitNode):
            for alternative in node.first_of or ():
                yield self._alternative(node, alternative)

    def _node(self, node: AnyNode) -> Node:
        make = partial(Node, id=node.id, name=node.name or node.id)
        match node:
            case StartNode():
                return make(kind=Kind.START, next=tuple(node.next))
            case EndNode():
                return make(kind=Kind.END, dependencies=tuple(node.dependencies), terminate=node.terminate)
            case DecisionNode():
                return self._decision(node)
            case FailNode():
                return make(
                    kind=Kind.FAIL,
                    dependencies=tuple(node.dependencies),
                    error_code=node.code,
                    message=self.template(node.message),
                    details=self.template(node.details),
                )
            case _:
                return self._flow_node(node)

    def _flow_node(self, node: _FlowNode) -> Node:
        make = partial(
            Node,
            id=node.id,
            name=node.name or node.id,
            **self._following(node),
            dependencies=tuple(node.dependencies),
            when=self._expression(node.when),
            output=None if node.output is None else self.templates(node.output),
            on_error=_routes(node),
            critical=node.critical,
            deadline=self._duration(node.deadline),
            compensate=self._compensation(node.compensate),
        )
        match node:
            case ActionNode() | HttpNode() | NotificationNode():
                return self._call(node, make)
            case WaitNode():
                return self._wait(node, make)
            case HumanTaskNode():
                return self._human_task(node, make)
            case ParallelNode():
                return self._parallel(node, make)
            case LoopNode():
                return self._loop(node, make)
            case SubworkflowNode():
                return self._subworkflow(node, make)
            case EmitNode():
                return make(
                    kind=Kind.EMIT,
                    event=self.template(node.event),
                    correlation=self.template(node.correlation),
                    payload=self.template(node.payload),
                )
            case SetNode():
                return make(kind=Kind.SET, values=self.templates(node.values))

    def _call(self, node: ActionNode | HttpNode | NotificationNode, make: partial[Node]) -> Node:
        timeout = self._duration(node.timeout)
        match node:
            case ActionNode():
                action, given = node.action, node.input
            case HttpNode():
                action, given = "http", node.model_dump(include=_REQUEST_FIELDS, exclude_none=True)
                if isinstance(timeout, float):
                    # the action gives up on its own a little more gracefully than the engine can make it
                    given["timeout"] = timeout
            case NotificationNode():
                action, given = "notify", node.model_dump(include=_NOTICE_FIELDS, exclude_none=True)
        input = self.template(given)
        return make(
            kind=Kind.ACTION,
            action=action,
            queue=node.queue if isinstance(node, ActionNode) else None,
            connection=None if isinstance(node, NotificationNode) else node.connection,
            input=input,
            reads_variables=reads_variables(input),
            retry=retry_policy(node.retry, self._retry),
            timeout=timeout,
        )

    def _wait(self, node: WaitNode, make: partial[Node]) -> Node:
        if node.first_of is not None:
            branches = tuple(
                Branch(alternative_name(one), alternative_id(node.id, one), next=one.next) for one in node.first_of
            )
            return make(kind=Kind.PARALLEL, branches=branches, join=1, is_race=True)
        if node.event is None:
            return make(kind=Kind.WAIT_TIME, duration=self._duration(node.duration), until=self.template(node.until))
        return make(
            kind=Kind.WAIT_EVENT,
            event=self.template(node.event),
            correlation=self.template(node.correlation),
            **self._timeout(node.timeout),
        )

    def _human_task(self, node: HumanTaskNode, make: partial[Node]) -> Node:
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
            schema=CompiledSchema(node.form) if isinstance(node.form, dict) else None,
            validators=tuple(
                Validator(self._condition(rule.condition), rule.message, rule.field) for rule in node.validators
            ),
            **self._timeout(node.timeout),
        )

    def _parallel(self, node: ParallelNode, make: partial[Node]) -> Node:
        return make(
            kind=Kind.PARALLEL,
            branches=tuple(
                Branch(branch.name or branch.next, branch.next, self._compensation(branch.compensate))
                for branch in node.branches
            ),
            join=_join_count(node),
            lets_finish=node.losers == "finish",
        )

    def _loop(self, node: LoopNode, make: partial[Node]) -> Node:
        return make(
            kind=Kind.LOOP,
            items=self.template(node.for_each),
            condition=self._expression(node.while_),
            body=node.do,
            alias=node.as_,
            concurrency=node.concurrency,
            max_iterations=node.max_iterations,
            break_when=self._expression(node.break_when),
            continue_when=self._expression(node.continue_when),
            collects=node.collect,
            tolerates=node.on_item_error == "continue",
        )

    def _subworkflow(self, node: SubworkflowNode, make: partial[Node]) -> Node:
        return make(
            kind=Kind.SUBWORKFLOW,
            workflow=node.workflow,
            version=node.version,
            input=self.template(node.input),
            waits=node.wait,
            # a whole new run is seldom meant, so authors ask for it
            retry=retry_policy(node.retry, NO_RETRY),
            timeout=self._duration(node.timeout),
        )

    def _alternative(self, node: WaitNode, alternative: Alternative) -> Node:
        make = partial(Node, id=alternative_id(node.id, alternative), name=alternative_name(alternative))
        if alternative.event is None:
            return make(
                kind=Kind.WAIT_TIME,
                duration=self._duration(alternative.duration),
                until=self.template(alternative.until),
            )
        return make(
            kind=Kind.WAIT_EVENT,
            event=self.template(alternative.event),
            correlation=self.template(alternative.correlation),
        )

    def _decision(self, node: DecisionNode) -> Node:
        cases = [Case(case.label or case.when, self._condition(case.when), case.next) for case in node.cases]
        if node.condition is not None:
            holds, fails = node.on_true or node.default, node.on_false or node.default
            if holds is not None and fails is not None:
                otherwise = self._condition("true")
                cases.append(Case("true", self._condition(node.condition), holds))
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

    def _following(self, node: FlowNode) -> _Following:
        if not is_template(node.next):
            return {"next": tuple(node.next), "choose_next": None}
        return {
            "next": tuple(chosen_by(node.next, node.targets, self._steps)),
            "choose_next": self.template(node.next),
        }

    def _condition(self, source: str) -> Expression:
        return compile_expression(source, steps=self._steps)

    def _expression(self, source: str | None) -> Expression | None:
        return None if source is None else self._condition(source)

    def _duration(self, value: str | int | float | None) -> float | Template | None:
        if value is None:
            return None
        return self.template(value) if is_template(value) else parse_duration(value)

    def _timeout(self, route: TimeoutRoute | None) -> _Timeout:
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

    def _compensation(self, compensation: CompensationField | None) -> Compensation | None:
        if compensation is None:
            return None
        input = self.template(compensation.input)
        return Compensation(
            compensation.action,
            input,
            retry_policy(compensation.retry, self._retry),
            self._duration(compensation.timeout),
            compensation.queue,
            reads_variables(input),
            compensation.connection,
        )


def retry_policy(retry: Retry | None, default: RetryPolicy) -> RetryPolicy:
    """The policy that a ``retry`` stands for; ``default`` where there is none."""
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


def _routes(node: FlowNode | DecisionNode) -> tuple[ErrorRoute, ...]:
    return tuple(ErrorRoute(route.next, _names(route.codes), _names(route.types)) for route in node.on_error)


def _names(names: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if names is None else frozenset(names)


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
