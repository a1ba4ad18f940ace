"""Counting what went along each way, from the logs of executions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from weftline.features.process_map.ways import Way, Ways
from weftline.language.graph import EdgeKind
from weftline.model.event import EventType
from weftline.model.stepkey import UNDO, owner_of, parse_key

TYPES = (
    EventType.STEP_STARTED,
    EventType.STEP_COMPLETED,
    EventType.STEP_FAILED,
    EventType.STEP_TIMED_OUT,
    EventType.STEP_SKIPPED,
    EventType.STEP_CANCELLED,
    EventType.STEP_RETRY_SCHEDULED,
)
"""The events that tell the way."""

_ENTERED = frozenset({EventType.STEP_STARTED, EventType.STEP_COMPLETED, EventType.STEP_SKIPPED})
_CLOSED = frozenset({EventType.STEP_COMPLETED, EventType.STEP_FAILED, EventType.STEP_TIMED_OUT, EventType.STEP_SKIPPED})


class Fact(NamedTuple):
    """An event, as far as it tells the way.

    Attributes:
        execution: number of the execution among those that are looked at.
        type: the event's.
        step: the step's key.
        next: where its token went, where the log says: a node's id or several.
        case: which case of a decision it was.
        at: Unix seconds.
        is_sealed: the execution is encrypted: ``next`` and ``case`` are not told.
    """

    execution: int
    type: str
    step: str
    next: Any
    case: str | None
    at: float
    is_sealed: bool = False


@dataclass(slots=True)
class NodeFlow:
    """What became of a node.

    Attributes:
        visits: how often it was begun; passed over does not count.
        failures: how often it failed for good.
        timeouts: how often what it waited for did not come in time.
        retries: how often an attempt failed and another followed.
        skips: how often it was passed over.
        durations: seconds from its beginning to its end, of those that ended.
        waits: seconds from when a token came to its beginning.
    """

    visits: int = 0
    failures: int = 0
    timeouts: int = 0
    retries: int = 0
    skips: int = 0
    durations: list[float] = field(default_factory=list[float])
    waits: list[float] = field(default_factory=list[float])


@dataclass(slots=True)
class WayFlow:
    """What went along a way.

    Attributes:
        count: how often.
        gaps: seconds from the end of the first node to the beginning of the second.
    """

    count: int = 0
    gaps: list[float] = field(default_factory=list[float])


class _Token(NamedTuple):
    """A token on its way."""

    way: Way
    since: float


class Flow:
    """Counts.

    Args:
        ways: of the definition.

    Attributes:
        nodes: by id.
        ways: each with what went along it.
    """

    def __init__(self, ways: Ways) -> None:
        self.nodes = {node: NodeFlow() for node in ways.nodes}
        self.ways = {way: WayFlow() for way in ways.ways}
        self._straight = ways.straight
        self._joined = ways.joined
        self._leaving: dict[str, list[Way]] = {node: [] for node in ways.nodes}
        self._into: dict[tuple[str, str], Way] = {}
        for way in ways.ways:
            if way.kind is EdgeKind.BRANCH:
                self._into.setdefault((way.source, way.target), way)
            elif way.source in self._leaving:
                self._leaving[way.source].append(way)

    def add(self, facts: Iterable[Fact]) -> None:
        """Count the events of executions, in order, one execution after the other."""
        execution = -1
        begun: dict[str, float] = {}
        tokens: dict[tuple[str, str], list[_Token]] = {}
        for fact in facts:
            if fact.execution != execution:
                execution, begun, tokens = fact.execution, {}, {}
            node, scope, _ = parse_key(fact.step)
            flow = self.nodes.get(node)
            if flow is None or fact.step.startswith(UNDO):
                # of another version, before the execution was migrated; or it undoes what was done
                continue
            if fact.step not in begun and fact.type in _ENTERED:
                begun[fact.step] = fact.at
                self._enter(flow, node, scope, fact, begun, tokens)
            if fact.type == EventType.STEP_RETRY_SCHEDULED:
                flow.retries += 1
            elif fact.type in _CLOSED:
                self._close(flow, fact, begun.get(fact.step, fact.at))
                self._leave(node, scope, fact, tokens)

    def _enter(
        self,
        flow: NodeFlow,
        node: str,
        scope: str,
        fact: Fact,
        begun: dict[str, float],
        tokens: dict[tuple[str, str], list[_Token]],
    ) -> None:
        if fact.type != EventType.STEP_SKIPPED:
            flow.visits += 1
        here = tokens.get((node, scope))
        if here:
            taken = list(here) if node in self._joined else [here[-1]]
            del here[0 if node in self._joined else -1 :]
            flow.waits.append(fact.at - min(token.since for token in taken))
            for way, since in taken:
                self._count(way, fact.at - since)
        elif scope:
            owner = owner_of(scope)[0]
            way = self._into.get((parse_key(owner)[0], node))
            if way is not None:
                # an iteration begins long after its loop; how long it took to be its turn is not told
                self._count(way, None if way.is_of_loop or owner not in begun else fact.at - begun[owner])

    def _leave(self, node: str, scope: str, fact: Fact, tokens: dict[tuple[str, str], list[_Token]]) -> None:
        """Send a token along every way that leads on from a step that is over."""
        going = self._targets(node, fact)
        told: set[str] = set()
        for way in self._leaving[node]:
            if way.kind is EdgeKind.DEPENDENCY:
                is_taken = fact.type in (EventType.STEP_COMPLETED, EventType.STEP_SKIPPED)
            else:
                is_open = way.target not in told and way.target not in self._joined
                is_taken = way.target in going and is_open and self._is_meant(way, node, fact)
            if is_taken:
                told.add(way.target)
                tokens.setdefault((way.target, scope), []).append(_Token(way, fact.at))

    def _targets(self, node: str, fact: Fact) -> frozenset[str]:
        chosen: Any = fact.next
        if chosen is not None:
            return frozenset([chosen] if isinstance(chosen, str) else chosen)
        if fact.is_sealed:
            # where it went shows by what was begun next
            special = {EventType.STEP_FAILED: "error", EventType.STEP_TIMED_OUT: "timeout"}.get(EventType(fact.type))
            return frozenset(
                way.target
                for way in self._leaving[node]
                if (way.label == special if special else way.label not in ("error", "timeout"))
            )
        return self._straight[node] if fact.type in (EventType.STEP_COMPLETED, EventType.STEP_SKIPPED) else frozenset()

    def _is_meant(self, way: Way, node: str, fact: Fact) -> bool:
        """Whether a way is the one that was taken, of several between the same nodes."""
        several = [each for each in self._leaving[node] if each.target == way.target]
        if len(several) == 1:
            return True
        if fact.type == EventType.STEP_FAILED:
            return way.label == "error"
        if fact.type == EventType.STEP_TIMED_OUT:
            return way.label == "timeout"
        if fact.case is not None:
            return way.label == fact.case or not any(each.label == fact.case for each in several)
        return way.label not in ("error", "timeout")

    def _close(self, flow: NodeFlow, fact: Fact, since: float) -> None:
        if fact.type == EventType.STEP_SKIPPED:
            flow.skips += 1
            return
        flow.failures += fact.type == EventType.STEP_FAILED
        flow.timeouts += fact.type == EventType.STEP_TIMED_OUT
        flow.durations.append(fact.at - since)

    def _count(self, way: Way, gap: float | None) -> None:
        flow = self.ways[way]
        flow.count += 1
        if gap is not None:
            flow.gaps.append(gap)


def milliseconds(seconds: Sequence[float], part: float) -> int | None:
    """The value below which a part of some durations lies, in milliseconds; None where there are none."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    return round(1_000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))])
