"""Which activation of a step somebody means."""

from __future__ import annotations

from dataclasses import dataclass

from weftline.features.executions.errors import AmbiguousStep, NotNow
from weftline.machine.state import State
from weftline.model.stepkey import UNDO, parse_key


@dataclass(frozen=True, slots=True)
class StepName:
    """A step, as somebody names it.

    Attributes:
        id: its node's id.
        key: its key, where the node is open several times.
    """

    id: str | None = None
    key: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether any step is named."""
        return self.id is not None or self.key is not None

    def fits(self, key: str) -> bool:
        """Whether the activation of ``key`` may be meant."""
        key = key.removeprefix(UNDO)
        return self.key in (None, key, UNDO + key) and self.id in (None, parse_key(key)[0])

    def __str__(self) -> str:
        return f"Step '{self.key or self.id}'"


def open_step(state: State, name: StepName) -> str | None:
    """The key of the open step that is meant; None where none is.

    Raises:
        AmbiguousStep: several are.
    """
    steps = (step for step in state.open.values() if not step.is_undo and not step.lingers)
    keys = [step.key for step in steps if name.fits(step.key)]
    if len(keys) > 1:
        raise AmbiguousStep(str(name), keys)
    return keys[0] if keys else None


def not_open(name: StepName) -> NotNow:
    """The step is not open."""
    return NotNow("step_not_open", f"{name} is not open")
