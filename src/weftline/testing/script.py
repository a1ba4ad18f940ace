"""What happens to an execution from outside, and when: a script that is gone through in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from weftline.language.durations import parse_duration
from weftline.machine import stimulus
from weftline.testing.acts import SOMEBODY, Act, AnswerTask, Ask, PublishEvent, SendSignal
from weftline.testing.execution import Execution
from weftline.testing.operating import LoseWorker, PassOver, RollBack, TryAgain
from weftline.testing.world import World


@dataclass(frozen=True, slots=True)
class Trigger:
    """When the next act of a script happens, all of what is said together; nothing said: once everything rests.

    Attributes:
        at: not before so many seconds after the start.
        step: not before this node is open.
        after: so many seconds after all that, and after the act before.
    """

    at: float | None = None
    step: str | None = None
    after: float = 0.0

    def __str__(self) -> str:
        words = [f"at {self.at:g} s"] if self.at is not None else []
        words += [f"when '{self.step}' is open"] if self.step is not None else []
        words += [f"after {self.after:g} s"] if self.after else []
        return ", ".join(words)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a script."""

    act: Act
    trigger: Trigger = Trigger()

    def __str__(self) -> str:
        when = str(self.trigger)
        return f"{self.act} ({when})" if when else str(self.act)


class Performance:
    """A script while it is gone through.

    Args:
        lines: in order; each waits for the one before.
        world: where.
        execution: the one that it is about.
    """

    def __init__(self, lines: Sequence[Line], world: World, execution: Execution) -> None:
        self._lines = list(lines)
        self._world = world
        self._execution = execution
        self._began = self._last = world.now
        self._ready_at: float | None = None
        """When the next line happens, once what it waits for is there."""

    @property
    def left(self) -> Sequence[Line]:
        """The lines that have not happened."""
        return self._lines

    def moment(self) -> float | None:
        """When the next line happens, Unix seconds, as far as is known; None where there is none, or it waits for the
        execution to be somewhere."""
        if not self._lines:
            return None
        line = self._lines[0]
        if self._ready_at is None and self._is_there(line):
            is_awaited = line.trigger.step is not None or line.act.waits
            since = self._world.now if is_awaited else self._last
            earliest = self._began if line.trigger.at is None else self._began + line.trigger.at
            self._ready_at = max(since, earliest) + line.trigger.after
        return self._ready_at

    def go_on(self) -> bool:
        """Let the next line happen if its time has come; returns whether it did."""
        moment = self.moment()
        if moment is None or moment > self._world.now:
            return False
        line = self._lines[0]
        if not line.act.is_possible(self._world, self._execution):
            # it was, and is not any more: wait for it anew
            self._ready_at = None
            return False
        del self._lines[0]
        self._ready_at, self._last = None, self._world.now
        line.act.carry_out(self._world, self._execution)
        return True

    def _is_there(self, line: Line) -> bool:
        if not line.act.is_possible(self._world, self._execution):
            return False
        step = line.trigger.step
        return step is None or any(each.node == step for each in self._execution.state.open.values())


Script = TypeVar("Script", covariant=True)


class Scripted(Protocol[Script]):
    """What lines are added to."""

    def add(self, act: Act, trigger: Trigger) -> Script:
        """Add a line; returns the script."""
        ...


class Moment(Generic[Script]):
    """A moment of a script: says what happens then.

    Args:
        script: what the line is added to.
        trigger: when it happens.
    """

    def __init__(self, script: Scripted[Script], trigger: Trigger) -> None:
        self._script = script
        self._trigger = trigger

    def _add(self, act: Act) -> Script:
        return self._script.add(act, self._trigger)

    def signal(self, name: str, payload: Any = None) -> Script:
        """Somebody sends the execution a signal."""
        return self._add(SendSignal(name, payload))

    def event(self, name: str, payload: Any = None, *, correlation: str | None = None) -> Script:
        """An event comes, for every step that waits for it; one that nobody waits for is lost."""
        return self._add(PublishEvent(name, payload, correlation))

    def answer(
        self,
        step: str | None = None,
        *,
        outcome: str | None = None,
        data: Mapping[str, Any] | None = None,
        by: str = SOMEBODY,
        assignee: str | None = None,
    ) -> Script:
        """Somebody answers a human task, as soon as there is one.

        Args:
            step: the task's node; None: any.
            outcome, data: what they say.
            by: who they are.
            assignee: only a task that is assigned to them (a user, group or role).
        """
        return self._add(AnswerTask(step, assignee, outcome, data or {}, by))

    def pause(self) -> Script:
        """An operator pauses the execution."""
        return self._add(Ask(stimulus.Pause()))

    def resume(self) -> Script:
        """An operator lets it go on."""
        return self._add(Ask(stimulus.Resume()))

    def cancel(self, reason: str | None = None, *, undo: bool = False) -> Script:
        """An operator ends it; with ``undo`` what has completed is compensated first."""
        return self._add(Ask(stimulus.Cancel(reason, undo)))

    def rollback(self, to_step: str | None = None, *, redo: bool = False, rest: bool = False) -> Script:
        """An operator rolls it back to a step, or wholly.

        Args:
            to_step: what completed after it is undone; None: everything is, and the execution rests.
            redo: the step itself is undone, and done again.
            rest: the execution rests there.
        """
        return self._add(RollBack(to_step, redo, rest))

    def retry(self, step: str | None = None, *, input: Any = None, data: dict[str, Any] | None = None) -> Script:
        """An operator tries again what failed, or does a step again.

        Args:
            step: which; None: whatever the execution failed with, once it has.
            input: for it, instead of what its definition maps.
            data: keys to set in the shared data before.
        """
        return self._add(TryAgain(step, input, data))

    def skip(self, step: str, output: Any = None) -> Script:
        """An operator passes over a step, with ``output`` as its output."""
        return self._add(PassOver(step, output))

    def change_data(self, data: dict[str, Any], *, remove: Sequence[str] = ()) -> Script:
        """An operator sets keys of the shared data, and removes others."""
        return self._add(Ask(stimulus.ChangeData(data, remove)))

    def begin(self) -> Script:
        """Somebody starts a draft."""
        return self._add(Ask(stimulus.Begin()))

    def validate(self) -> Script:
        """Somebody has everything that was entered checked."""
        return self._add(Ask(stimulus.Validate()))

    def submit(self, by: str | None = None) -> Script:
        """Somebody submits a reviewed execution."""
        return self._add(Ask(stimulus.Submit(by)))

    def approve(self, by: str | None = None) -> Script:
        """Somebody approves what was submitted."""
        return self._add(Ask(stimulus.Approve(by)))

    def reject(self, reason: str | None = None) -> Script:
        """Somebody sends what was submitted back."""
        return self._add(Ask(stimulus.Reject(reason)))

    def lose_worker(self) -> Script:
        """The worker is killed: everything goes on from what is stored, and what was at work runs again."""
        return self._add(LoseWorker())


def seconds(duration: float | str) -> float:
    """A duration of a script in seconds; see :func:`weftline.language.parse_duration`."""
    return parse_duration(duration)
