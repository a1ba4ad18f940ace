"""What of a workflow a set of tests has gone through: its nodes, and the ways that it can take."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from weftline.language.program import FALLBACK_NODE, Kind, Node, Program
from weftline.model.event import Event, EventType
from weftline.model.stepkey import UNDO, parse_key

WAITS = frozenset({Kind.WAIT_EVENT, Kind.HUMAN_TASK})
"""Kinds whose timeout is a way of the workflow; that of an action is an attempt that failed."""


@dataclass(slots=True)
class WorkflowCoverage:
    """What was gone through of one workflow.

    Attributes:
        workflow: its id.
        targets: everything that there is to go through: each node by its id, each way as ``node: way``.
        hits: how often each was.
    """

    workflow: str
    targets: tuple[str, ...]
    hits: dict[str, int] = field(default_factory=dict[str, int])

    @property
    def covered(self) -> int:
        """How many targets were gone through."""
        return sum(1 for target in self.targets if target in self.hits)

    @property
    def missing(self) -> list[str]:
        """The targets that were not."""
        return [target for target in self.targets if target not in self.hits]

    @property
    def percent(self) -> float:
        """How much was, 0 to 100."""
        return 100.0 * self.covered / len(self.targets)

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "workflow": self.workflow,
            "percent": round(self.percent, 1),
            "covered": self.covered,
            "total": len(self.targets),
            "missing": self.missing,
            "hits": {target: self.hits.get(target, 0) for target in self.targets},
        }


class Coverage:
    """What tests have gone through, of every workflow that they ran."""

    def __init__(self) -> None:
        self._workflows: dict[str, WorkflowCoverage] = {}

    def __iter__(self) -> Iterator[WorkflowCoverage]:
        return iter(self._workflows.values())

    def add(self, program: Program, events: Iterable[Event]) -> None:
        """Count what an execution of a workflow went through."""
        known = self._workflows.get(program.id)
        if known is None:
            known = self._workflows[program.id] = WorkflowCoverage(program.id, tuple(targets(program)))
        for target in visited(program, events):
            known.hits[target] = known.hits.get(target, 0) + 1

    @property
    def percent(self) -> float:
        """How much of everything was gone through, 0 to 100; of nothing, all."""
        total = sum(len(each.targets) for each in self)
        return 100.0 * sum(each.covered for each in self) / total if total else 100.0

    def assert_at_least(self, percent: float) -> None:
        """See that enough was gone through; the failure lists what was not."""
        if self.percent < percent:
            missing = [f"  {each.workflow}: {target}" for each in self for target in each.missing]
            told = "\n".join(missing)
            raise AssertionError(f"{self.percent:.1f} % is covered, not {percent:g} %; missing:\n{told}")

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        return {"percent": round(self.percent, 1), "workflows": [each.to_json() for each in self]}


def targets(program: Program) -> Iterator[str]:
    """Everything of a workflow that tests can go through."""
    for node in program.nodes.values():
        if node.id != FALLBACK_NODE:
            yield node.id
            yield from (f"{node.id}: {way}" for way in _ways(node))
    if FALLBACK_NODE in program.nodes:
        yield "settings: fallback"


def _ways(node: Node) -> Iterator[str]:
    if node.when is not None:
        yield "when false"
    for case in node.cases:
        yield f"case {case.label}"
    if node.default is not None:
        yield "case default"
    if node.choose_next is not None:
        yield from (f"next {target}" for target in node.next)
    for outcome in node.outcomes:
        yield f"outcome {outcome}"
    if node.kind in WAITS and node.timeout is not None:
        yield "timeout"
    for number, route in enumerate(node.on_error):
        yield f"onError {number + 1} to {route.target}"
    if not node.critical:
        yield "failure tolerated"
    if node.compensate is not None:
        yield "compensated"
    if node.is_race:
        yield from (f"won by {branch.name}" for branch in node.branches)
    for branch in node.branches:
        if branch.compensate is not None:
            yield f"branch {branch.name} compensated"


def visited(program: Program, events: Iterable[Event]) -> Iterator[str]:
    """What of a workflow an execution's log goes through, as often as it does."""
    entered: set[str] = set()
    for event in events:
        if event.type is EventType.WORKFLOW_FALLBACK_STARTED:
            yield "settings: fallback"
        key = event.step
        if key is None or key[0] == UNDO:
            continue
        node = program.nodes.get(parse_key(key)[0])
        if node is None or node.id == FALLBACK_NODE:
            continue
        if event.type is EventType.STEP_SKIPPED:
            # whoever passes over a step by hand says so
            if node.when is not None and not (event.data or {}).keys() - {"inFlight"}:
                yield f"{node.id}: when false"
            continue
        if key not in entered and event.type in (EventType.STEP_STARTED, EventType.STEP_COMPLETED):
            entered.add(key)
            yield node.id
        yield from (f"{node.id}: {way}" for way in _way_taken(node, event))


def _way_taken(node: Node, event: Event) -> Iterator[str]:
    data: dict[str, Any] = event.data or {}
    match event.type:
        case EventType.STEP_COMPLETED:
            yield from _completed(node, data)
        case EventType.STEP_TIMED_OUT:
            yield "timeout"
        case EventType.STEP_FAILED:
            yield from _failed(node, data)
        case EventType.STEP_COMPENSATED:
            assert event.step is not None
            yield _compensated(node, event.step)
        case _:
            pass


def _completed(node: Node, data: dict[str, Any]) -> Iterator[str]:
    if "case" in data:
        yield f"case {data['case']}"
    if node.choose_next is not None:
        yield from (f"next {target}" for target in data.get("next", node.next))
    output = data.get("output")
    if node.outcomes and isinstance(output, dict) and output.get("outcome") in node.outcomes:  # pyright: ignore[reportUnknownMemberType]
        yield f"outcome {output['outcome']}"
    if node.is_race and output is not None:
        yield f"won by {output['name']}"


def _failed(node: Node, data: dict[str, Any]) -> Iterator[str]:
    error = data["error"]
    if node.kind in WAITS and error["code"] == "timed_out":
        yield "timeout"
    for number, route in enumerate(node.on_error):
        if route.target == data.get("next") and route.takes(error):
            yield f"onError {number + 1} to {route.target}"
            return
    if data.get("continued"):
        yield "failure tolerated"


def _compensated(node: Node, key: str) -> str:
    _, scope, _ = parse_key(key)
    owner, _, number = scope.rpartition(":")
    if owner.rpartition("/")[2].partition(":")[0] == node.id and node.branches:
        return f"branch {node.branches[int(number)].name} compensated"
    return "compensated"
