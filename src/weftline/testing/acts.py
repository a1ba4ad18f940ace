"""What a script lets people, other systems and operators do.

Each act is carried out on the execution under test, by the same stimuli that the engine sends it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, cast

from weftline.language.json_schema import CompiledSchema, InvalidSchema
from weftline.machine.stimulus import (
    Amend,
    Approve,
    Begin,
    Cancel,
    ChangeData,
    Pause,
    Reject,
    Resume,
    Signal,
    Stimulus,
    Submit,
    TaskCompleted,
    Validate,
)
from weftline.model.event import EventType
from weftline.testing.errors import ActRefused, InvalidScript
from weftline.testing.execution import Execution, OpenedTask
from weftline.testing.world import World

SOMEBODY = "somebody"
"""Who does what a script does not say who does."""


class Act(Protocol):
    """One thing that a script lets happen.

    Attributes:
        waits: it waits for the execution to be somewhere.
    """

    waits: ClassVar[bool]

    def is_possible(self, world: World, execution: Execution) -> bool:
        """Whether its time has come, as far as it depends on where the execution is."""
        ...

    def carry_out(self, world: World, execution: Execution) -> None:
        """Do it.

        Raises:
            InvalidScript: there is not what it is about.
            ActRefused: the execution refuses it.
        """
        ...


class AtAnyTime:
    """Base of the acts that do not wait for the execution to be anywhere."""

    waits: ClassVar[bool] = False

    def is_possible(self, world: World, execution: Execution) -> bool:
        """Always."""
        return True


@dataclass(frozen=True)
class SendSignal(AtAnyTime):
    """A signal for the execution."""

    name: str
    payload: Any = None

    def carry_out(self, world: World, execution: Execution) -> None:
        """Send it; where nothing waits for it, it is kept."""
        world.feed(execution, Signal(self.name, self.payload))

    def __str__(self) -> str:
        return f"signal '{self.name}'"


@dataclass(frozen=True)
class PublishEvent(AtAnyTime):
    """An event for every step that waits for it; it is not kept."""

    name: str
    payload: Any = None
    correlation: str | None = None

    def carry_out(self, world: World, execution: Execution) -> None:
        """Deliver it."""
        world.deliver(self.name, self.correlation, self.payload)

    def __str__(self) -> str:
        return f"event '{self.name}'"


@dataclass(frozen=True)
class AnswerTask:
    """Somebody completes a human task, or gives a vote where it takes several.

    Attributes:
        step: the task's node; None: any.
        assignee: whom it is assigned to; None: whomever.
        outcome, data: what they say.
        by: who they are.
    """

    step: str | None = None
    assignee: str | None = None
    outcome: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    by: str = SOMEBODY
    waits: ClassVar[bool] = True

    def is_possible(self, world: World, execution: Execution) -> bool:
        """Whether such a task is open."""
        return self._find(world) is not None

    def carry_out(self, world: World, execution: Execution) -> None:
        """Complete it."""
        task = self._find(world)
        if task is None:
            raise InvalidScript(f"{self}: no such task is open")
        self._check(task)
        spec, data = task.spec, dict(self.data)
        vote: dict[str, Any] = {"by": self.by, "outcome": self.outcome}
        task.votes.append({**vote, "data": data} if data else vote)
        is_approving = self.outcome in spec.approving_outcomes
        given = sum(each["outcome"] in spec.approving_outcomes for each in task.votes)
        if is_approving and given < spec.approvals_required:
            return
        votes = task.votes if spec.approvals_required > 1 else ()
        world.feed(task.execution, TaskCompleted(task.key, self.outcome, data, self.by, votes))

    def _find(self, world: World) -> OpenedTask | None:
        return next((task for task in world.tasks if task.is_open and self._fits(task, world.now)), None)

    def _fits(self, task: OpenedTask, now: float) -> bool:
        if self.step not in (None, task.step):
            return False
        return self.assignee is None or self.assignee in task.assignees(now)

    def _check(self, task: OpenedTask) -> None:
        """See that the platform would accept the answer."""
        spec = task.spec
        if spec.outcomes and self.outcome not in spec.outcomes:
            raise InvalidScript(f"task '{task.step}' has the outcomes {', '.join(spec.outcomes)}, not '{self.outcome}'")
        if any(vote["by"] == self.by for vote in task.votes):
            raise InvalidScript(f"'{self.by}' has decided on task '{task.step}' before; say `by` whom this is")
        form: Any = spec.form
        if isinstance(form, dict):
            try:
                flaws = CompiledSchema(cast("dict[str, Any]", form)).errors(dict(self.data))
            except InvalidSchema:
                # a form of another kind, which only its own front end understands
                return
            if flaws:
                told = "; ".join(f"{pointer or '/'}: {message}" for pointer, message in flaws)
                raise InvalidScript(f"the answer does not fit the form of task '{task.step}': {told}")

    def __str__(self) -> str:
        task = "a task" if self.step is None else f"task '{self.step}'"
        return f"the answer to {task}" + ("" if self.assignee is None else f" of '{self.assignee}'")


@dataclass(frozen=True)
class Ask(AtAnyTime):
    """What an operator or a reviewer asks for that needs no more than saying so.

    Attributes:
        stimulus: what it is to the machine.
    """

    stimulus: Pause | Resume | Cancel | ChangeData | Begin | Validate | Submit | Approve | Reject | Amend

    def carry_out(self, world: World, execution: Execution) -> None:
        """Ask it."""
        ask(world, execution, self.stimulus, str(self))

    def __str__(self) -> str:
        return {"ChangeData": "changing the data"}.get(name := type(self.stimulus).__name__, name.lower())


def ask(world: World, execution: Execution, stimulus: Stimulus, act: str) -> None:
    """Ask something of an execution.

    Raises:
        ActRefused: it refuses.
    """
    for event in world.feed(execution, stimulus):
        if event.type is EventType.COMMAND_REFUSED:
            assert event.data is not None
            error = event.data["error"]
            raise ActRefused(act, error["code"], error["message"])
