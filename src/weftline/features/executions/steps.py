"""Step executions: an execution's log, read step by step."""

from __future__ import annotations

from collections.abc import Iterable

from weftline.machine.folding import apply
from weftline.machine.state import State, Step
from weftline.model.event import Event, EventType
from weftline.model.status import StepStatus
from weftline.model.stepkey import parse_key, place_of


class StepCollector:
    """Every step that ever began in an execution, in the order in which they began, or a part of them.

    The state forgets a step when the same node runs again in the same place, when an iteration of a loop ends, and
    when the execution goes back to before it; the collector does not.

    Args:
        state: of an execution whose log is folded in from the beginning.
        first: how many steps are passed over.
        limit: how many are collected; None for all.
    """

    def __init__(self, state: State, first: int = 0, limit: int | None = None) -> None:
        self._state = state
        self._first = first
        self._end = None if limit is None else first + limit
        self._begun: set[str] = set()
        self._steps: dict[str, Step] = {}
        self._rewinds = 0

    def apply(self, events: Iterable[Event]) -> None:
        """Fold events in."""
        for event in events:
            apply(self._state, event)
            if self._state.rewinds != self._rewinds:
                self._go_back()
            key = event.step
            if key is None:
                continue
            if key not in self._begun:
                if (step := self._find(key)) is not None:
                    self._begin(key, step)
            elif event.type is EventType.STEP_COMPENSATED and key in self._steps:
                self._steps[key].status = StepStatus.COMPENSATED

    @property
    def seq(self) -> int:
        """Number of the last event folded in."""
        return self._state.seq

    @property
    def has_more(self) -> bool:
        """Whether steps have begun after those that are collected."""
        return self._end is not None and len(self._begun) > self._end

    def steps(self) -> list[Step]:
        """The steps as they stand now."""
        return list(self._steps.values())

    def _begin(self, key: str, step: Step) -> None:
        number = len(self._begun)
        self._begun.add(key)
        if number >= self._first and (self._end is None or number < self._end):
            self._steps[key] = step

    def _go_back(self) -> None:
        """Take what the state remembers anew: it holds other objects now. What was open and is not any more is left."""
        self._rewinds = self._state.rewinds
        for key, step in self._steps.items():
            if (found := self._find(key)) is not None:
                self._steps[key] = found
            elif step.status.is_open:
                step.status = StepStatus.CANCELLED

    def _find(self, key: str) -> Step | None:
        step = self._state.open.get(key)
        if step is None:
            node, scope, _ = parse_key(key)
            step = self._state.latest.get(place_of(node, scope))
        # some events name a place, which has a step's form and need not be one
        return step if step is not None and step.key == key else None
