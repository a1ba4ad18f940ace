"""What an execution remembers of how to undo what it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class UndoEntry:
    """How one completed step or branch is undone.

    Attributes:
        seq: number of the event that says it completed.
        action: the action to call, or None where ``child`` is rolled back instead.
        queue: the task queue whose remote workers call it, or None.
        connection: the connection that it works with, or None.
        input: what it is called with, JSON.
        child: id of the execution to roll back.
        error: why it could not be undone when that was tried last, or why its input could not be made out (a
            WorkflowError's JSON).
    """

    __slots__ = ("action", "child", "connection", "error", "input", "queue", "seq")

    def __init__(self, seq: int, data: Mapping[str, Any]) -> None:
        """From the ``undo`` of the event."""
        self.seq = seq
        self.action: str | None = data.get("action")
        self.queue: str | None = data.get("queue")
        self.connection: str | None = data.get("connection")
        self.input: Any = data.get("input")
        self.child: str | None = data.get("child")
        self.error: dict[str, Any] | None = data.get("error")

    def to_json(self) -> dict[str, Any]:
        """The snapshot's form."""
        out: dict[str, Any] = {"seq": self.seq}
        for name, value in (
            ("action", self.action),
            ("queue", self.queue),
            ("connection", self.connection),
            ("input", self.input),
            ("child", self.child),
            ("error", self.error),
        ):
            if value is not None:
                out[name] = value
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> UndoEntry:
        """The inverse of :meth:`to_json`."""
        return cls(data["seq"], data)


FAIL, TIME_OUT, CANCEL, REWIND = "fail", "time_out", "cancel", "rewind"
"""What comes after everything is undone."""


class Undoing:
    """What is being undone, and what comes after it.

    Attributes:
        data: of the WORKFLOW_COMPENSATION_STARTED event: ``toSeq``, ``then``, and what ``then`` needs.
        stuck: key of the step whose compensation failed; it waits for somebody to try again, or to pass it over.
    """

    __slots__ = ("data", "stuck")

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = data
        self.stuck: str | None = None

    @property
    def to_seq(self) -> int:
        """Number of the last event whose effects stay."""
        return self.data["toSeq"]

    @property
    def then(self) -> str:
        """``fail``, ``time_out``, ``cancel`` or ``rewind``."""
        return self.data["then"]

    @property
    def state(self) -> dict[str, Any]:
        """The snapshot to go back to, where it is rewound."""
        return self.data["state"]

    def to_json(self) -> dict[str, Any]:
        """The snapshot's form."""
        out = dict(self.data)
        if self.stuck is not None:
            out["stuck"] = self.stuck
        return out

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Undoing:
        """The inverse of :meth:`to_json`."""
        undoing = cls({name: value for name, value in data.items() if name != "stuck"})
        undoing.stuck = data.get("stuck")
        return undoing
