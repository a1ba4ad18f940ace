"""Step executions: an execution's log, read step by step."""

from __future__ import annotations

from collections.abc import Iterable

from weftline.machine.state import State, Step
from weftline.model.event import Event
from weftline.model.stepkey import parse_key, place_of


class StepCollector:
    """Every step that ever began in an execution, in the order in which they began.

    The state forgets a step when the same node runs again in the same place; the collector does not.

    Args:
        state: of an execution whose log is folded in from the beginning.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._steps: dict[str, Step] = {}

    def apply(self, events: Iterable[Event]) -> None:
        """Fold events in."""
        for event in events:
            self._state.apply(event)
            key = event.step
            if key is not None and key not in self._steps and (step := self._find(key)) is not None:
                self._steps[key] = step

    @property
    def seq(self) -> int:
        """Number of the last event folded in."""
        return self._state.seq

    def steps(self) -> list[Step]:
        """The steps as they stand now."""
        return list(self._steps.values())

    def _find(self, key: str) -> Step | None:
        step = self._state.open.get(key)
        if step is None:
            node, scope, _ = parse_key(key)
            step = self._state.latest.get(place_of(node, scope))
        # some events name a place, which has a step's form and need not be one
        return step if step is not None and step.key == key else None
