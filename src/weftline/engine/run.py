"""An execution that this worker holds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from weftline.authoring.context import Tenant
from weftline.language.program import Program
from weftline.machine.command import Command, CommandKind, outstanding
from weftline.machine.interpreter import advance
from weftline.machine.state import State, Step
from weftline.machine.stimulus import Stimulus
from weftline.model.event import Event
from weftline.store.commit import Commit

if TYPE_CHECKING:
    from weftline.engine.executor import Attempt

RUN = CommandKind.RUN
"""Bound once: reaching a member of an enumeration by attribute is slow, and every step needs this one."""

SHORT_LOG = 100
"""Events of an ended run that never rested up to which it gets no snapshot: folding them takes less than storing it."""

SNAPSHOT_EVERY = 1_000
"""Events after which a run that never rests gets a snapshot, so that taking it over stays cheap."""


class Facts(Mapping[str, Any]):
    """``execution``, ``tenant`` and ``vars`` for expressions, made when one asks.

    It must not know the run: the two would hold each other, and every run that has ended would wait for the garbage
    collector.
    """

    __slots__ = ("_id", "_state", "_tenant", "_version_number", "_workflow_id")

    def __init__(self, id: str, workflow_id: str, version_number: int, tenant: Tenant, state: State) -> None:
        self._id = id
        self._workflow_id = workflow_id
        self._version_number = version_number
        self._tenant = tenant
        self._state = state

    def __getitem__(self, name: str) -> Any:
        match name:
            case "execution":
                started = self._state.started_at
                return {
                    "id": self._id,
                    "workflowId": self._workflow_id,
                    "versionNumber": self._version_number,
                    "startedAt": None if started is None else datetime.fromtimestamp(started, UTC).isoformat(),
                }
            case "tenant":
                return {"id": str(self._tenant.id), "slug": self._tenant.slug}
            case "vars":
                return {}
            case _:
                raise KeyError(name)

    def __iter__(self) -> Any:
        return iter(("execution", "tenant", "vars"))

    def __len__(self) -> int:
        return 3


class Run:
    """An execution in this worker's hands: its state, and what is to be committed of it.

    Attributes:
        pending: events that no commit has taken yet.
        effects: commands to the database that belong to them.
        to_run: actions to start once those events are stored.
        cleared: actions whose events are in the commit under way, or stored.
        inflight: attempts at work, by step key.
        halted_at: when its tenant was found suspended, Unix seconds: what is at work ends and is recorded, nothing new
            begins, and then it is let go; None where it may go on.
        inbox_seen: number of the last message it has seen; ``inbox_stored``: of the last one removed.
        is_queued: it stands in the committer's queue.
        committing: done when the commit that is under way for it has ended; None where none is.
        is_leaving: the commit under way releases it; nothing may be fed to it any more.
        timer_due: the timer that the worker watches for it, Unix seconds.
        is_dropped: it is no longer ours; whatever still happens to it here is void.
    """

    __slots__ = (
        "cleared",
        "committing",
        "effects",
        "facts",
        "halted_at",
        "id",
        "id_text",
        "inbox_seen",
        "inbox_stored",
        "inflight",
        "is_dropped",
        "is_leaving",
        "is_queued",
        "pending",
        "program",
        "snapshot_seq",
        "state",
        "tenant",
        "timer_due",
        "to_run",
        "version_number",
        "workflow_id",
    )

    def __init__(
        self,
        id: UUID,
        tenant: Tenant,
        workflow_id: str,
        version_number: int,
        program: Program,
        state: State,
        inbox_seen: int,
    ) -> None:
        self.id = id
        self.id_text = str(id)
        self.tenant = tenant
        self.workflow_id = workflow_id
        self.version_number = version_number
        self.program = program
        self.state = state
        self.snapshot_seq = state.seq
        self.inbox_seen: int = inbox_seen
        self.inbox_stored: int = inbox_seen
        self.pending: list[Event] = []
        self.effects: list[Command] = []
        self.to_run: list[Command] = []
        self.cleared: list[Command] = []
        self.inflight: dict[str, Attempt] = {}
        self.is_queued = False
        self.committing: asyncio.Future[None] | None = None
        self.is_dropped = False
        self.is_leaving = False
        self.timer_due: float | None = None
        self.halted_at: float | None = None
        self.facts = Facts(self.id_text, workflow_id, version_number, tenant, state)

    def feed(self, stimulus: Stimulus, now: float) -> None:
        """Let something happen to the execution; what follows waits in ``pending``, ``effects`` and ``to_run``."""
        events, commands = advance(self.program, self.state, stimulus, now, self.facts)
        self.pending += events
        for command in commands:
            if command.kind is RUN:
                self.to_run.append(command)
            elif command.kind is CommandKind.ABORT:
                attempt = self.inflight.pop(command.step.key, None)
                if attempt is not None:
                    attempt.abort()
            else:
                self.effects.append(command)

    @property
    def is_idle(self) -> bool:
        """Nothing of it is at work, and nothing will be before something comes from outside."""
        if self.inflight:
            return False
        if self.halted_at is not None:
            return True
        return not (self.state.has_work or (self.to_run and not self.state.is_paused))

    @property
    def wake_at(self) -> float | None:
        """When it is ready again once it is let go, Unix seconds: at once where it was halted before an action."""
        due = self.state.next_due()
        if self.halted_at is None or not self.state.has_work:
            return due
        return self.halted_at if due is None else min(due, self.halted_at)

    def halt(self, now: float) -> None:
        """Begin nothing new from now on, Unix seconds."""
        self.halted_at = now

    def go_on(self) -> None:
        """Undo :meth:`halt`: what has not begun meanwhile is to run."""
        self.halted_at = None
        self.to_run = outstanding(self.state)

    @property
    def has_news(self) -> bool:
        """There is something to commit."""
        return bool(self.pending or self.effects) or self.inbox_seen != self.inbox_stored

    def collect(self, commit: Commit) -> None:
        """Move everything that waits into a commit, and the release where nothing of the run is at work.

        Raises:
            Unstorable: something cannot be stored; part of it may be in the commit.
        """
        tenant_id, state = self.tenant.id, self.state
        commit.append(tenant_id, self.id, self.pending)
        self.pending = []
        for command in self.effects:
            step = command.step
            match command.kind:
                case CommandKind.SUBSCRIBE:
                    commit.subscribe(tenant_id, self.id, step)
                case CommandKind.UNSUBSCRIBE:
                    commit.unsubscribe(tenant_id, self.id, step)
                case CommandKind.OPEN_TASK:
                    assert command.task is not None
                    commit.open_task(tenant_id, self.id, self.workflow_id, step, command.task)
                case _:
                    commit.close_task(tenant_id, self.id, step)
        self.effects = []
        if self.inbox_seen != self.inbox_stored:
            commit.consume(tenant_id, self.id, self.inbox_seen)
            self.inbox_stored = self.inbox_seen
        self.is_leaving = state.has_ended or self.is_idle
        self.clear()
        if self.is_leaving or state.seq - self.snapshot_seq >= SNAPSHOT_EVERY:
            worthwhile = not state.has_ended or self.snapshot_seq > 0 or state.seq > SHORT_LOG
            commit.release(
                tenant_id,
                self.id,
                state,
                self.inbox_seen,
                self.wake_at,
                keep=not self.is_leaving,
                snapshot=worthwhile,
            )
            self.snapshot_seq = state.seq

    def clear(self) -> None:
        """All events so far are stored, or in the commit under way: the actions they led to may start after it.

        What is decided while that commit is under way must wait for the next.
        """
        self.cleared, self.to_run = self.to_run, []

    def take_actions(self) -> list[Command]:
        """The actions to start now that their events are stored, each once."""
        commands, self.cleared = self.cleared, []
        if self.state.is_paused or self.halted_at is not None:
            # whoever resumes it finds them again among the open steps
            return []
        if len(commands) < 2:
            return commands if commands and self._may_run(commands[0].step) else []
        return list({command.step.key: command for command in commands if self._may_run(command.step)}.values())

    def _may_run(self, step: Step) -> bool:
        return step.key not in self.inflight and self.state.open.get(step.key) is step and step.is_at_work
