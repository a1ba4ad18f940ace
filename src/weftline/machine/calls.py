"""The calls of a durable function, as the log tells them.

A workflow that is written as a function has no graph that tokens move through: the function says what comes next, by
*calling* steps. Each call is known by an id that depends only on where in the function it stands: ``0``, ``1``, ``2``
are the function's own calls in order, and ``2.0.1`` is the second call in the first of several coroutines that call 2
runs side by side. So a function that is run again from its beginning finds, for every call it makes, what came of it
the first time.

What a step's node would say in a definition stands in the log with the first call of that name, so that a log can be
folded, gone back in and undone where the function itself is not at hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from weftline.language.durations import parse_duration
from weftline.language.program import Compensation, Kind, Node
from weftline.model.event import Event
from weftline.model.retry import DEFAULT_RETRY, RetryPolicy

if TYPE_CHECKING:
    from weftline.language.program import Program
    from weftline.machine.state import State
    from weftline.machine.step import Step

KINDS: Mapping[str, Kind] = {
    "action": Kind.ACTION,
    "sleep": Kind.WAIT_TIME,
    "event": Kind.WAIT_EVENT,
    "task": Kind.HUMAN_TASK,
    "child": Kind.SUBWORKFLOW,
    "emit": Kind.EMIT,
}
"""What a function can call."""


@dataclass(slots=True)
class Call:
    """One call, and what came of it.

    Attributes:
        key: of the step that it has become; of the last one, where it was done again.
        node: the step's node.
        spec: what it said of the node; another call of the same name may say something else.
        is_settled: something came of it.
        ok: that was a result; False: an error.
        value: the output, or a WorkflowError's JSON.
        at: when, Unix seconds.
        seq: number of the event that says so.
    """

    key: str
    node: str
    spec: dict[str, Any]
    is_settled: bool = False
    ok: bool = False
    value: Any = None
    at: float = 0.0
    seq: int = 0


class Calls:
    """Every call that a function has made and that counts.

    Attributes:
        made: the calls by id, in the order in which they were made.
        specs: for each node, what its last call said of it.
        wanted: what somebody wants of the next call of a node: ``{"node", "input"?, "skip"?, "by"?, "reason"?}``.
        news: ids of calls that something came of, or that are to be made again, in order, since this was made or read:
            whoever runs the function need not look through all that wait.
    """

    __slots__ = ("made", "news", "specs", "wanted")

    def __init__(self) -> None:
        self.made: dict[str, Call] = {}
        self.specs: dict[str, dict[str, Any]] = {}
        self.wanted: dict[str, Any] | None = None
        self.news: list[str] = []

    def note(self, id: str, step: Step, spec: dict[str, Any] | None) -> None:
        """A call has become a step."""
        if spec is not None:
            self.specs[step.node] = spec
        self.made[id] = Call(step.key, step.node, self.specs[step.node])
        if self.wanted is not None and self.wanted["node"] == step.node:
            self.wanted = None

    def settle(self, id: str, event: Event, value: Any, *, ok: bool) -> None:
        """Something came of a call."""
        call = self.made[id]
        call.is_settled, call.ok, call.value, call.at, call.seq = True, ok, value, event.at, event.seq
        self.news.append(id)

    def withdraw(self, id: str) -> None:
        """A call is to be made again."""
        self.made.pop(id, None)
        self.news.append(id)

    def drop_open(self) -> None:
        """Calls whose steps are given up are made again."""
        self.news += [id for id, call in self.made.items() if not call.is_settled]
        self.made = {id: call for id, call in self.made.items() if call.is_settled}

    def to_json(self) -> dict[str, Any]:
        """The snapshot's form."""
        made = [
            [
                id,
                call.key,
                call.node,
                *((call.ok, call.value, call.at, call.seq) if call.is_settled else ()),
                *((call.spec,) if call.spec != self.specs[call.node] else ()),
            ]
            for id, call in self.made.items()
        ]
        out: dict[str, Any] = {"made": made, "specs": self.specs}
        if self.wanted is not None:
            out["wanted"] = self.wanted
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calls:
        """The inverse of :meth:`to_json`."""
        calls = cls()
        calls.specs = dict(data["specs"])
        for id, key, node, *rest in data["made"]:
            # of four parts is what came of it; one more, or one alone, is a spec of its own
            result, own = (rest[:4], rest[4:]) if len(rest) >= 4 else ((), rest)
            spec = own[0] if own else calls.specs[node]
            calls.made[id] = Call(key, node, spec, True, *result) if result else Call(key, node, spec)
        calls.wanted = data.get("wanted")
        return calls


def note_call(state: State, step: Step, data: Mapping[str, Any]) -> None:
    """An event tells of a call's step for the first time."""
    if state.calls is None:
        state.calls = Calls()
    step.call = data["call"]
    state.calls.note(data["call"], step, data.get("node"))


def settle_call(state: State, step: Step, event: Event, value: Any, *, ok: bool) -> None:
    """An event tells what came of a step that a function may have called."""
    if step.call is not None and state.calls is not None:
        state.calls.settle(step.call, event, value, ok=ok)


def withdraw_call(state: State, step: Step, data: Mapping[str, Any]) -> None:
    """A step is to be done again: the function makes its call once more."""
    if step.call is not None and state.calls is not None:
        state.calls.withdraw(step.call)
        state.calls.wanted = data.get("wanted", state.calls.wanted)


def node_of(program: Program, state: State, step: Step) -> Node:
    """The node of a step: the definition's, or what the function said of it when it called this step.

    Raises:
        KeyError: there is none.
    """
    if state.calls is not None and step.call is not None:
        call = state.calls.made.get(step.call)
        if call is not None and call.node == step.node:
            return known_node(call.node, call.spec)
    return node_named(program, state, step.node)


def node_named(program: Program, state: State, node_id: str) -> Node:
    """The node of an id: the definition's, or what the function said last of it.

    Raises:
        KeyError: there is none.
    """
    if state.calls is not None:
        spec = state.calls.specs.get(node_id)
        if spec is not None:
            return known_node(node_id, spec)
    return program.nodes[node_id]


def known_node(node_id: str, spec: Mapping[str, Any]) -> Node:
    """The node that a call says it is, without what it takes to enter it."""
    return _node(node_id, orjson.dumps(spec, option=orjson.OPT_SORT_KEYS) if spec else b"{}")


def nodes_of(program: Program, state: State) -> list[str]:
    """The ids of all nodes that are known of an execution."""
    return [*program.nodes, *(() if state.calls is None else state.calls.specs)]


def is_node(program: Program, state: State, node_id: str) -> bool:
    """Whether the execution can have steps of this node."""
    return node_id in program.nodes or (state.calls is not None and node_id in state.calls.specs)


def node_from_spec(node_id: str, spec: Mapping[str, Any], **arguments: Any) -> Node:
    """The node that a call says it is.

    Args:
        node_id: its id.
        spec: what the log says of it.
        arguments: what else there is to know when it is entered.
    """
    fields: dict[str, Any] = {"kind": KINDS[spec.get("kind", "action")], "name": spec.get("name", node_id)}
    if fields["kind"] is Kind.ACTION:
        fields["action"] = spec.get("action", node_id)
    for name in ("workflow", "version", "waits", "queue", "connection"):
        if name in spec:
            fields[name] = spec[name]
    if "retry" in spec:
        fields["retry"] = _retry(spec["retry"])
    if "timeout" in spec:
        fields["timeout"] = parse_duration(spec["timeout"])
    compensate = spec.get("compensate")
    if compensate is not None:
        retry = _retry(compensate["retry"]) if "retry" in compensate else DEFAULT_RETRY
        connection = compensate.get("connection")
        fields["compensate"] = Compensation(compensate["action"], retry=retry, connection=connection)
    return Node(id=node_id, **(fields | arguments))


@lru_cache(maxsize=4_096)
def _node(node_id: str, spec: bytes) -> Node:
    return node_from_spec(node_id, orjson.loads(spec))


def _retry(spec: Mapping[str, Any]) -> RetryPolicy:
    policy = dict(spec)
    if "non_retryable" in policy:
        policy["non_retryable"] = frozenset(policy["non_retryable"])
    return RetryPolicy(**policy)
