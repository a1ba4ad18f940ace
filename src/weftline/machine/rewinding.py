"""Finding the point of a log to go back to.

A :class:`Search` reads the log twice, page by page: :meth:`Search.scan` finds the point, :meth:`Search.fold` the state
at it. What came before an earlier rewind and was left behind by it is no point to go back to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from weftline.language.program import Kind, Program
from weftline.machine.calls import is_node, node_named
from weftline.machine.folding import apply
from weftline.machine.state import State
from weftline.machine.step import Step
from weftline.machine.step_events import amend_again
from weftline.model.event import Event, EventType
from weftline.model.status import StepStatus
from weftline.model.stepkey import ROOT, UNDO, parse_key

E = EventType

_ENTERED = frozenset({E.STEP_STARTED, E.STEP_COMPLETED, E.STEP_SKIPPED})
_LEFT = frozenset({E.STEP_COMPLETED, E.STEP_SKIPPED, E.STEP_FAILED, E.STEP_TIMED_OUT})
_REWOUND = frozenset({E.WORKFLOW_ROLLED_BACK, E.WORKFLOW_RETRIED})
_ENDED_UNWELL = frozenset({E.WORKFLOW_FAILED, E.WORKFLOW_TIMED_OUT, E.WORKFLOW_CANCELLED})
_EFFECTIVE = frozenset({Kind.ACTION, Kind.SUBWORKFLOW, Kind.EMIT, Kind.HUMAN_TASK})
"""Kinds of nodes that do something which a rewind does not take back by itself."""


class Target(Enum):
    """What to go back to.

    Members:
        START: the beginning.
        AFTER: to where a step had just completed; its effect stays.
        BEFORE: to where a step was about to begin; it is done again.
        FAILURE: to just before the failure that ended the execution; what was open is done again.
    """

    START = "start"
    AFTER = "after"
    BEFORE = "before"
    FAILURE = "failure"


class NoSuchPoint(Exception):
    """The log has no such point.

    Attributes:
        code: stable, in snake_case.
        message: one sentence for a person.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Effect:
    """A step that has done something.

    Attributes:
        key: the step's.
        seq: number of the event that says it completed.
    """

    key: str
    seq: int


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a log, and what going back to it means now.

    Attributes:
        to_seq: number of the last event that stays.
        state: the snapshot there.
        tokens: tokens that go on from there, as node and scope.
        left: the step that is left there, as node and scope, or None.
        step: the node that was asked for, or None.
        rewinds: how often the log has gone back so far.
        undone: the steps that are compensated, in that order.
        kept: steps after the point that did something and have no compensation, the newest first.
        cancelled: keys of the steps that are open now and are given up.
        failed: key of the step whose failure ended the execution, where that was asked for.
    """

    to_seq: int
    state: dict[str, Any]
    tokens: tuple[tuple[str, str], ...]
    left: tuple[str, str] | None
    step: str | None
    rewinds: int
    undone: tuple[Effect, ...]
    kept: tuple[Effect, ...]
    cancelled: tuple[str, ...]
    failed: str | None

    def rewind(self, **options: Any) -> dict[str, Any]:
        """The fields of the ``stimulus.Rewind`` that goes back here.

        Args:
            options: further fields of it.
        """
        fields: dict[str, Any] = {
            "to_seq": self.to_seq,
            "state": self.state,
            "tokens": [list(token) for token in self.tokens],
            "left": None if self.left is None else list(self.left),
            "to_step": self.step,
            "expected_rewinds": self.rewinds,
        }
        return fields | options


def _went_on(event: Event) -> bool:
    """Whether a step's token left it for another; one that failed, and nobody took care of it, is no place to be."""
    data = event.data or {}
    return event.type is not E.STEP_FAILED or "next" in data or "continued" in data


class Search:
    """Looks for a point of one execution's log.

    Args:
        program: what it runs.
        input: what it was started with.
        target: what to go back to.
        node_id: the step's node, for AFTER and BEFORE: its last activation that counts.
        keeps_amendments: what people have corrected since in the steps before the point stays corrected.
    """

    def __init__(
        self,
        program: Program,
        input: Mapping[str, Any],
        target: Target,
        node_id: str | None = None,
        *,
        keeps_amendments: bool = False,
    ) -> None:
        self._amendments: list[Event] | None = [] if keeps_amendments else None
        self._program = program
        self._target = target
        self._node = node_id
        self._last = State(input)
        self._then = State(input)
        self._points: list[Event] = []
        self._activation: str | None = None
        self._effects: list[Effect] = []
        self._end: Event | None = None
        self._end_began = 0
        self._was_undone = False
        """The end came while, or once, what the execution did was undone."""
        self._given_up: Event | None = None
        self._to_seq: int | None = None
        self._event: Event | None = None
        self._failed: str | None = None

    # --- the first time through ---------------------------------------------------------------------------------------

    def scan(self, events: Iterable[Event]) -> None:
        """Read the log from its beginning, as many events at a time as one likes."""
        for event in events:
            was_undone = self._last.undoing is not None
            apply(self._last, event)
            if event.type is E.STEP_AMENDED and self._amendments is not None:
                self._amendments.append(event)
            if event.step is not None:
                self._note(event, event.step)
            elif event.type in _REWOUND:
                assert event.data is not None
                self._leave_behind(event.data["toSeq"])
            elif event.type in _ENDED_UNWELL:
                self._end, self._end_began = event, (self._given_up or event).seq
                self._was_undone = was_undone
            self._watch_giving_up(event)

    def _watch_giving_up(self, event: Event) -> None:
        """Note the first event of a turn that gives up what is open, as a cancellation does just before its own."""
        gives_up = event.type is E.STEP_SETTLED or (
            event.type is E.STEP_CANCELLED and (event.data or {}).get("reason") == "cancelled"
        )
        if not gives_up:
            self._given_up = None
        elif self._given_up is None or self._given_up.at != event.at:
            self._given_up = event

    def _note(self, event: Event, key: str) -> None:
        node_id, _, _ = parse_key(key)
        if event.type is E.STEP_COMPLETED and "undo" not in (event.data or {}):
            known = is_node(self._program, self._last, node_id)
            if known and node_named(self._program, self._last, node_id).kind in _EFFECTIVE:
                self._effects.append(Effect(key, event.seq))
        if node_id != self._node or key[0] == UNDO:
            return
        if self._target is Target.AFTER:
            if event.type in _LEFT and _went_on(event):
                self._points.append(event)
        elif event.type in _ENTERED and key != self._activation:
            self._activation = key
            self._points.append(event)

    def _leave_behind(self, to_seq: int) -> None:
        while self._points and self._points[-1].seq > to_seq:
            self._points.pop()
        self._end = None

    def locate(self) -> int:
        """Number of the last event that stays, once the whole log is scanned.

        Raises:
            NoSuchPoint: there is no such point.
        """
        match self._target:
            case Target.START:
                self._to_seq = 0
            case Target.FAILURE:
                self._to_seq = self._before_failure()
            case _:
                if self._node is None or not is_node(self._program, self._last, self._node):
                    raise NoSuchPoint("unknown_node", f"the workflow has no node '{self._node}'")
                if not self._points:
                    what = "completed" if self._target is Target.AFTER else "begun"
                    raise NoSuchPoint("step_not_reached", f"'{self._node}' has not {what} in this execution")
                self._event = self._points[-1]
                if (self._event.data or {}).get("inFlight", ()) is None:
                    raise NoSuchPoint(
                        "unclear_point", f"too much was going on at once around '{self._node}'; choose another step"
                    )
                self._to_seq = self._event.seq if self._target is Target.AFTER else self._event.seq - 1
        return self._to_seq

    def _before_failure(self) -> int:
        end = self._end
        if end is None:
            raise NoSuchPoint("not_failed", "the execution has not failed")
        data = end.data or {}
        if self._was_undone:
            # what it did is undone, or some of it: all of it is to be done again
            return 0
        if end.type is E.WORKFLOW_CANCELLED:
            return self._end_began - 1
        return data["cause"] - 1 if "cause" in data else 0

    # --- the second time ----------------------------------------------------------------------------------------------

    def fold(self, events: Iterable[Event]) -> bool:
        """Read the log from its beginning again; returns whether enough has been read."""
        assert self._to_seq is not None, "locate comes first"
        for event in events:
            if event.seq <= self._to_seq:
                apply(self._then, event)
                continue
            if self._target is not Target.FAILURE or self._to_seq == 0:
                return True
            if self._event is None:
                self._event = event
            if event.type is E.STEP_FAILED:
                self._failed = event.step
                return True
        return False

    def point(self) -> Point:
        """What was found."""
        assert self._to_seq is not None, "locate and fold come first"
        to_seq = self._to_seq
        for event in self._amendments or ():
            if event.seq > to_seq:
                amend_again(self._then, event)
        tokens, left = self._tokens()
        undone = [Effect(step.key, self._last.seq) for step in self._last.open.values() if _has_child(step)]
        undone += [Effect(key, entry.seq) for key, entry in reversed(self._last.undo.items()) if entry.seq > to_seq]
        kept = [effect for effect in reversed(self._effects) if effect.seq > to_seq]
        return Point(
            to_seq=to_seq,
            state=self._then.to_json(),
            tokens=tuple(tokens),
            left=left,
            step=self._node,
            rewinds=self._last.rewinds,
            undone=tuple(undone),
            kept=tuple(kept),
            cancelled=tuple(self._last.current_steps()),
            failed=self._failed,
        )

    def _tokens(self) -> tuple[list[tuple[str, str]], tuple[str, str] | None]:
        event = self._event
        if self._to_seq == 0:
            return [(node, ROOT) for node in self._program.start], None
        if event is None:
            return [], None
        data = event.data or {}
        tokens = [(node, scope) for node, scope in data.get("inFlight") or ()]
        if self._target is Target.FAILURE and self._program.function is not None and self._failed is not None:
            # it is no token, but says whose call is made again
            return [parse_key(self._failed)[:2]], None
        if self._target is Target.FAILURE or event.step is None:
            return tokens, None
        node_id, scope, _ = parse_key(event.step)
        if self._target is Target.BEFORE:
            return [*tokens, (node_id, scope)], None
        if self._program.function is not None:
            return tokens, (node_id, scope)
        nodes = self._program.nodes
        chosen = data.get("next", nodes[node_id].next)
        targets = [chosen] if isinstance(chosen, str) else chosen
        # joins are entered by way of what they wait for
        tokens += [(target, scope) for target in targets if not nodes[target].dependencies]
        return tokens, (node_id, scope)


def _has_child(step: Step) -> bool:
    """Whether an execution is at work for a step: it is given up, and what it has done is undone."""
    return step.child is not None and step.status is StepStatus.WAITING and not step.is_undo
