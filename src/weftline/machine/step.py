"""One step of an execution, as the log tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.model.status import StepStatus
from weftline.model.stepkey import UNDO, parse_key

# bound once: a member of an enumeration is slow to reach by attribute
RUNNING, WAITING = StepStatus.RUNNING, StepStatus.WAITING

TIME, EVENT, TASK, CHILD, JOB = "time", "event", "task", "child", "job"
"""What a step can wait for."""

DONE_AGAIN = "done_again"
"""Why a step is cancelled that is then entered again with the same token."""

RACE_LOST = "race_lost"
"""Why a durable function's call is cancelled that was not the first to end."""

BRANCH_COMPLETED, BRANCH_FAILED = "completed", "failed"
"""How a branch can end."""


class Branches:
    """What became of a parallel step's branches so far. Branches are known by their numbers, from 0.

    Attributes:
        results: for each branch that has ended, how.
        outputs: for each branch, the last output in it that was not null; empty once the step is closed.
        completed: how many branches ended well.
    """

    __slots__ = ("completed", "outputs", "results")

    def __init__(self) -> None:
        self.results: dict[int, str] = {}
        self.outputs: dict[int, Any] = {}
        self.completed = 0

    @property
    def failed(self) -> int:
        """How many branches failed."""
        return len(self.results) - self.completed

    def is_live(self, number: int) -> bool:
        """Whether a branch is still at work."""
        return number not in self.results

    def note(self, number: int, output: Any) -> None:
        """A step in a branch returned something."""
        self.outputs[number] = output

    def end(self, number: int, result: str) -> None:
        """Note how a branch ended."""
        self.results[number] = result
        if result == BRANCH_COMPLETED:
            self.completed += 1

    def forget(self) -> None:
        """The step is closed: nobody asks for single outputs any more."""
        self.outputs = {}

    def to_json(self) -> dict[str, Any]:
        """The snapshot's form."""
        return {
            "results": {str(number): result for number, result in self.results.items()},
            "outputs": {str(number): output for number, output in self.outputs.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Branches:
        """The inverse of :meth:`to_json`."""
        branches = cls()
        for number, result in data["results"].items():
            branches.end(int(number), result)
        branches.outputs = {int(number): output for number, output in data["outputs"].items()}
        return branches


class Loop:
    """What became of a loop's iterations so far. Iterations are known by their numbers, from 0.

    Which of them have begun follows from the events: as many as may run at once begin with the loop, and whenever one
    ends another begins, until there are no more items or the loop was told to stop.

    Attributes:
        items: what the loop goes through; None where a condition says how long to go on.
        concurrency: iterations at once.
        alias: another name for ``item``, or None.
        collects: the outputs of iterations that have ended are kept.
        begun: how many iterations have begun.
        is_stopped: no more begin.
        active: numbers of those at work, in order.
        outputs: the last output of each iteration that was not null.
        errors: of the iterations that failed: ``{"index", "error"}``.
    """

    __slots__ = ("active", "alias", "begun", "collects", "concurrency", "errors", "is_stopped", "items", "outputs")

    def __init__(self, data: Mapping[str, Any]) -> None:
        """From the ``loop`` of a STEP_STARTED event."""
        self.items: list[Any] | None = data.get("items")
        self.concurrency: int = data.get("concurrency", 1)
        self.alias: str | None = data.get("as")
        self.collects: bool = data.get("collect", True)
        self.is_stopped: bool = data.get("stop", False)
        count = self.concurrency if self.items is None else min(self.concurrency, len(self.items))
        self.begun = 0 if self.is_stopped else count
        self.active: dict[int, None] = dict.fromkeys(range(self.begun))
        self.outputs: dict[int, Any] = {}
        self.errors: list[dict[str, Any]] = []

    @property
    def has_more(self) -> bool:
        """Whether another iteration begins when one ends."""
        return not self.is_stopped and (self.items is None or self.begun < len(self.items))

    def is_live(self, number: int) -> bool:
        """Whether an iteration is still at work."""
        return number in self.active

    def note(self, number: int, output: Any) -> None:
        """A step in an iteration returned something."""
        self.outputs[number] = output

    def end(self, number: int, data: Mapping[str, Any]) -> None:
        """Note how an iteration ended, and let the next begin.

        Args:
            number: which.
            data: the event's: ``error`` where it failed, ``stop`` where no more are to begin.
        """
        del self.active[number]
        if "error" in data:
            self.errors.append({"index": number, "error": data["error"]})
        if "error" in data or not self.collects:
            self.outputs.pop(number, None)
        if data.get("stop"):
            self.is_stopped = True
        elif self.has_more:
            self.active[self.begun] = None
            self.begun += 1

    def forget(self) -> None:
        """The step is closed: its output holds what is worth keeping."""
        self.items = None
        self.outputs = {}
        self.active = {}

    def to_json(self) -> dict[str, Any]:
        """The snapshot's form."""
        out: dict[str, Any] = {"begun": self.begun, "active": list(self.active), "concurrency": self.concurrency}
        if self.items is not None:
            out["items"] = self.items
        if self.alias is not None:
            out["as"] = self.alias
        if not self.collects:
            out["collect"] = False
        if self.is_stopped:
            out["stop"] = True
        if self.outputs:
            out["outputs"] = [[number, output] for number, output in self.outputs.items()]
        if self.errors:
            out["errors"] = self.errors
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Loop:
        """The inverse of :meth:`to_json`."""
        loop = cls(data)
        loop.begun = data["begun"]
        loop.active = dict.fromkeys(data["active"])
        loop.outputs = dict(data.get("outputs", ()))
        loop.errors = list(data.get("errors", ()))
        return loop


class Step:
    """One activation of a node.

    Attributes:
        key, node, scope, visit: see ``weftline.model.stepkey``.
        status: where it stands.
        attempt: number of the current or last attempt, from 1.
        interruptions: how often a worker was lost while this attempt ran.
        held: how many of its attempts were held back, and count for nothing.
        output: what it returned, once completed.
        error: what went wrong last (a WorkflowError's JSON).
        input: what the log recorded as its input, where the definition maps one.
        started_at, completed_at: Unix seconds.
        due_at: when its timer fires (a retry, a wait's end, a timeout), Unix seconds.
        deadline: when it must have ended, whatever it does, Unix seconds.
        waiting: what it waits for: ``time``, ``event``, ``task``, ``child`` or ``job``; None where its action decides.
        child: id of the execution that it started last.
        job: id of the job that stands for its current attempt, where a remote worker carries it out.
        event, correlation: the event that it waits for.
        received: that event's payload, in a list, where a pause keeps the step from going on with it.
        branches: a parallel step's branches, or a loop's iterations.
        lingers: its token has gone on, and some of its branches are left to finish.
        action: the action that undoes a step, where this activation does that.
        is_undo: whether it does.
        origin: the key that it began with, where a migration has given it another one since.
        call: id of the durable function's call that it is, or None.
    """

    __slots__ = (
        "action",
        "attempt",
        "branches",
        "call",
        "child",
        "completed_at",
        "correlation",
        "deadline",
        "due_at",
        "error",
        "event",
        "held",
        "input",
        "interruptions",
        "is_undo",
        "job",
        "key",
        "lingers",
        "node",
        "origin",
        "output",
        "received",
        "scope",
        "started_at",
        "status",
        "visit",
        "waiting",
    )

    def __init__(self, key: str, node: str, scope: str, visit: int, status: StepStatus, started_at: float) -> None:
        self.key = key
        self.node = node
        self.scope = scope
        self.visit = visit
        self.status = status
        self.started_at = started_at
        self.attempt = 1
        self.interruptions = 0
        self.held = 0
        self.output: Any = None
        self.error: dict[str, Any] | None = None
        self.input: Any = None
        self.completed_at: float | None = None
        self.due_at: float | None = None
        self.waiting: str | None = None
        self.event: str | None = None
        self.correlation: str | None = None
        self.received: list[Any] | None = None
        self.branches: Branches | Loop | None = None
        self.deadline: float | None = None
        self.child: str | None = None
        self.job: str | None = None
        self.lingers = False
        self.action: str | None = None
        self.is_undo = key[:1] == UNDO
        self.origin: str | None = None
        self.call: str | None = None

    @property
    def known_as(self) -> str:
        """The key by which all outside the execution know it: tasks, subscriptions, children, idempotency keys."""
        return self.origin or self.key

    @property
    def is_at_work(self) -> bool:
        """Whether its action is running, or to be run."""
        return self.status is RUNNING and self.branches is None

    @property
    def awaits_job(self) -> bool:
        """Whether a remote worker is to carry out its current attempt."""
        return self.waiting == JOB and self.status is WAITING

    @property
    def alarm_at(self) -> float | None:
        """When something happens to it by itself, Unix seconds: its timer fires, or its deadline has come."""
        if self.deadline is None:
            return self.due_at
        return self.deadline if self.due_at is None else min(self.due_at, self.deadline)

    def to_json(self) -> dict[str, Any]:
        """The snapshot's form, without what is empty."""
        out: dict[str, Any] = {"status": self.status.value, "startedAt": self.started_at}
        if self.attempt != 1:
            out["attempt"] = self.attempt
        if self.interruptions:
            out["interruptions"] = self.interruptions
        if self.held:
            out["held"] = self.held
        if self.branches is not None:
            out["loop" if isinstance(self.branches, Loop) else "branches"] = self.branches.to_json()
        if self.lingers:
            out["lingers"] = True
        for name, value in (
            ("output", self.output),
            ("error", self.error),
            ("input", self.input),
            ("completedAt", self.completed_at),
            ("dueAt", self.due_at),
            ("waiting", self.waiting),
            ("event", self.event),
            ("correlation", self.correlation),
            ("received", self.received),
            ("deadline", self.deadline),
            ("child", self.child),
            ("job", self.job),
            ("action", self.action),
            ("origin", self.origin),
            ("call", self.call),
        ):
            if value is not None:
                out[name] = value
        return out

    @classmethod
    def from_json(cls, key: str, data: Mapping[str, Any]) -> Step:
        """The inverse of :meth:`to_json`."""
        node, scope, visit = parse_key(key)
        step = cls(key, node, scope, visit, StepStatus(data["status"]), data["startedAt"])
        step.attempt = data.get("attempt", 1)
        step.interruptions = data.get("interruptions", 0)
        step.held = data.get("held", 0)
        step.output = data.get("output")
        step.error = data.get("error")
        step.input = data.get("input")
        step.completed_at = data.get("completedAt")
        step.due_at = data.get("dueAt")
        step.waiting = data.get("waiting")
        step.event = data.get("event")
        step.correlation = data.get("correlation")
        step.received = data.get("received")
        branches = data.get("branches")
        if branches is not None:
            step.branches = Branches.from_json(branches)
        elif "loop" in data:
            step.branches = Loop.from_json(data["loop"])
        step.deadline = data.get("deadline")
        step.child = data.get("child")
        step.job = data.get("job")
        step.origin = data.get("origin")
        step.call = data.get("call")
        step.lingers = data.get("lingers", False)
        step.action = data.get("action")
        return step
