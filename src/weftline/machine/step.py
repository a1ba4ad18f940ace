"""One step of an execution, as the log tells it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from weftline.model.status import StepStatus
from weftline.model.stepkey import parse_key

# bound once: a member of an enumeration is slow to reach by attribute
RUNNING = StepStatus.RUNNING

TIME, EVENT, TASK = "time", "event", "task"
"""What a step can wait for."""

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

    def end(self, number: int, result: str) -> None:
        """Note how a branch ended."""
        self.results[number] = result
        if result == BRANCH_COMPLETED:
            self.completed += 1

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


class Step:
    """One activation of a node.

    Attributes:
        key, node, scope, visit: see ``weftline.model.stepkey``.
        status: where it stands.
        attempt: number of the current or last attempt, from 1.
        interruptions: how often a worker was lost while this attempt ran.
        output: what it returned, once completed.
        error: what went wrong last (a WorkflowError's JSON).
        input: what the log recorded as its input, where the definition maps one.
        started_at, completed_at: Unix seconds.
        due_at: when its timer fires (a retry, a wait's end, a timeout), Unix seconds.
        waiting: what it waits for: ``time``, ``event``, ``task`` or, where its action decides, None.
        event, correlation: the event that it waits for.
        received: that event's payload, in a list, where a pause keeps the step from going on with it.
        branches: a parallel step's branches.
    """

    __slots__ = (
        "attempt",
        "branches",
        "completed_at",
        "correlation",
        "due_at",
        "error",
        "event",
        "input",
        "interruptions",
        "key",
        "node",
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
        self.output: Any = None
        self.error: dict[str, Any] | None = None
        self.input: Any = None
        self.completed_at: float | None = None
        self.due_at: float | None = None
        self.waiting: str | None = None
        self.event: str | None = None
        self.correlation: str | None = None
        self.received: list[Any] | None = None
        self.branches: Branches | None = None

    @property
    def is_at_work(self) -> bool:
        """Whether its action is running, or to be run."""
        return self.status is RUNNING and self.branches is None

    def to_json(self) -> dict[str, Any]:
        """The snapshot's form, without what is empty."""
        out: dict[str, Any] = {"status": self.status.value, "startedAt": self.started_at}
        if self.attempt != 1:
            out["attempt"] = self.attempt
        if self.interruptions:
            out["interruptions"] = self.interruptions
        if self.branches is not None:
            out["branches"] = self.branches.to_json()
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
        return step
