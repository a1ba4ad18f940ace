"""An execution that this worker holds."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import orjson
import structlog

from weftline.authoring.context import Tenant
from weftline.engine.snapshots import Snapshots
from weftline.engine.traces import told
from weftline.engine.variables import Held, VariableViews
from weftline.language.program import Program
from weftline.machine import scope
from weftline.machine.command import (
    ChildSpec,
    Command,
    CommandKind,
    EventSpec,
    JobSpec,
    NoticeSpec,
    TaskSpec,
    UndoneSpec,
    outstanding,
)
from weftline.machine.driver import Driver
from weftline.machine.interpreter import advance
from weftline.machine.state import State, Step
from weftline.machine.stimulus import Migrate, Raised, Stimulus
from weftline.model.cause import Cause
from weftline.model.event import Event, EventType
from weftline.model.stepkey import UNDO
from weftline.store.commit import Commit, notice_id
from weftline.store.dispatches import DispatchKind
from weftline.store.inbox import MessageKind
from weftline.store.sealing import Seal

if TYPE_CHECKING:
    from weftline.engine.attempt import Attempt

log = structlog.get_logger(__name__)

RUN = CommandKind.RUN
"""Bound once: reaching a member of an enumeration by attribute is slow, and every step needs this one."""

ABOUT_NOW = frozenset(
    {
        CommandKind.CANCEL_CHILD,
        CommandKind.OPEN_JOB,
        CommandKind.HOLD_JOB,
        CommandKind.FREE_JOB,
        CommandKind.CLOSE_JOB,
    }
)
"""Commands about what a step stands for at this moment."""

ENDINGS = frozenset(
    {
        EventType.WORKFLOW_COMPLETED,
        EventType.WORKFLOW_FAILED,
        EventType.WORKFLOW_CANCELLED,
        EventType.WORKFLOW_TIMED_OUT,
    }
)
"""Events that end an execution."""


class Above(NamedTuple):
    """The step of another execution that waits for this one's end.

    Attributes:
        execution_id: the other one's.
        step: the step's key.
    """

    execution_id: UUID
    step: str


class Origin(NamedTuple):
    """Where an execution comes from.

    Attributes:
        started_by: the person or service account that asked for it; None where nobody in particular did.
        context: JSON text of what was said of the request and the user; None where nothing was.
    """

    started_by: UUID | None = None
    context: str | None = None

    @property
    def cause(self) -> Cause | None:
        """The request that it goes back to; None where it goes back to none."""
        return None if self.context is None else Cause.of(orjson.loads(self.context))

    def log_fields(self) -> dict[str, str]:
        """What lines of the log about it carry."""
        cause = self.cause
        return {} if cause is None else cause.log_fields()


NOWHERE = Origin()


class Facts(Mapping[str, Any]):
    """``execution``, ``tenant`` and ``vars`` for expressions, made when one asks.

    It must not know the run: the two would hold each other, and every run that has ended would wait for the garbage
    collector.
    """

    __slots__ = ("_id", "_state", "_tenant", "_version_number", "_workflow_id", "variables")

    def __init__(self, id: str, workflow_id: str, version_number: int, tenant: Tenant, state: State) -> None:
        self._id = id
        self._workflow_id = workflow_id
        self._version_number = version_number
        self._tenant = tenant
        self._state = state
        self.variables: Held | None = None
        """The workflow's; None where the program reads none."""

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
                return {} if self.variables is None else VariableViews(self.variables, None)
            case scope.REVEALING if self.variables is not None:
                return VariableViews(self.variables, self._id)
            case _:
                raise KeyError(name)

    def __iter__(self) -> Any:
        return iter(("execution", "tenant", "vars"))

    def __len__(self) -> int:
        return 3


class Run:
    """An execution in this worker's hands: its state, and what is to be committed of it.

    Attributes:
        above: who waits for its end; None where nobody does.
        origin: where it comes from.
        holds_slot: its end frees a slot of a limit.
        seal: seals what is stored of it; None where it is stored as it is.
        snapshots: what is known of its stored snapshot.
        pending: events that no commit has taken yet.
        effects: commands to the database that belong to them.
        audits: audit entries that belong to them, JSON text of each.
        to_run: actions to start once those events are stored.
        cleared: actions whose events are in the commit under way, or stored.
        inflight: attempts at work, by step key.
        driver: runs the durable function that it is written as; None where it is none.
        halted_at: since when it is halted, Unix seconds: what is at work ends and is recorded, nothing new begins, and
            then it is let go; None where it may go on.
        must_leave: it is halted not for its tenant, but because it got a message that only the claimer can hand on.
        inbox_seen: number of the last message it has seen; ``inbox_stored``: of the last one removed.
        is_queued: it stands in the committer's queue.
        committing: done when the commit that is under way for it has ended; None where none is.
        is_leaving: the commit under way releases it; nothing may be fed to it any more.
        timer_due: the timer that the worker watches for it, Unix seconds.
        is_dropped: it is no longer ours; whatever still happens to it here is void.
        runs_version: number of the version that the statistics have it running, or None.
    """

    __slots__ = (
        "above",
        "audits",
        "cleared",
        "committing",
        "driver",
        "effects",
        "facts",
        "halted_at",
        "holds_slot",
        "id",
        "id_text",
        "inbox_seen",
        "inbox_stored",
        "inflight",
        "is_dropped",
        "is_leaving",
        "is_queued",
        "must_leave",
        "origin",
        "pending",
        "program",
        "runs_version",
        "seal",
        "snapshots",
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
        *,
        snapshots: Snapshots,
        above: Above | None = None,
        holds_slot: bool = False,
        origin: Origin = NOWHERE,
        seal: Seal | None = None,
    ) -> None:
        self.id = id
        self.id_text = str(id)
        self.tenant = tenant
        self.workflow_id = workflow_id
        self.version_number = version_number
        self.program = program
        self.state = state
        self.snapshots = snapshots
        self.above = above
        self.origin = origin
        self.seal = seal
        self.holds_slot = holds_slot
        self.inbox_seen: int = inbox_seen
        self.inbox_stored: int = inbox_seen
        self.pending: list[Event] = []
        self.effects: list[Command] = []
        self.audits: list[str] = []
        self.to_run: list[Command] = []
        self.cleared: list[Command] = []
        self.inflight: dict[str, Attempt] = {}
        self.driver: Driver | None = None
        self.is_queued = False
        self.committing: asyncio.Future[None] | None = None
        self.is_dropped = False
        self.is_leaving = False
        self.timer_due: float | None = None
        self.halted_at: float | None = None
        self.must_leave = False
        self.runs_version = version_number if _is_running(state) else None
        self.facts = Facts(self.id_text, workflow_id, version_number, tenant, state)

    def feed(self, stimulus: Stimulus, now: float) -> None:
        """Let something happen to the execution; what follows waits in ``pending``, ``effects`` and ``to_run``."""
        self._advance(stimulus, now)
        if self.driver is not None:
            self.drive(now)

    def drive(self, now: float) -> None:
        """Let the durable function, where there is one, go on as far as it can."""
        driver = self.driver
        while driver is not None and (driven := driver.next(self.state)) is not None:
            if isinstance(driven, Raised) and driver.exception is not None:
                log.warning(
                    "durable function failed",
                    tenant=self.tenant.slug,
                    execution_id=self.id_text,
                    workflow_id=self.workflow_id,
                    **told(driver.exception, is_encrypted=self.seal is not None),
                )
            self._advance(driven, now)

    def _advance(self, stimulus: Stimulus, now: float) -> None:
        events, commands = advance(self.program, self.state, stimulus, now, self.facts)
        self.pending += events
        for command in commands:
            if command.kind is RUN:
                self.to_run.append(command)
            elif command.kind is CommandKind.ABORT:
                attempt = self.inflight.pop(command.step.key, None)
                if attempt is not None:
                    attempt.abort()
            elif command.kind in ABOUT_NOW:
                # by the time this is written the step may stand for another child or job
                self.effects.append(Command(command.kind, copy(command.step), command.spec))
            else:
                self.effects.append(command)

    def migrate(self, stimulus: Migrate, now: float) -> None:
        """Let the execution go on with another version of its definition; nothing of it may be at work."""
        self._advance(stimulus, now)
        if self.state.version == stimulus.version:
            self.program = stimulus.program
            self.version_number = stimulus.version
            variables = self.facts.variables
            self.facts = Facts(self.id_text, self.workflow_id, self.version_number, self.tenant, self.state)
            self.facts.variables = variables
            # its steps may have other keys by now
            self.to_run = outstanding(self.state)
            if self.driver is not None:
                self.driver.close()
                self.driver = None

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
        if self.program.function is not None and self.driver is None and not self.state.has_ended:
            # it was migrated to a function that this worker lacks
            return self.state.started_at
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
        self.is_leaving = state.has_ended or self.is_idle
        if self.pending:
            self.snapshots.grow(len(self.pending), commit.append(tenant_id, self.id, self.pending, self.seal))
            if state.has_ended and any(event.type in ENDINGS for event in self.pending):
                self._report_end(commit)
            at = self.pending[-1].at
            commit.count((tenant_id, self.id, self.workflow_id, self.version_number, self.pending, 0, at))
            if state.has_ended or self.runs_version != self.version_number:
                self._note_running(commit, at)
            self.pending = []
        for number, command in enumerate(self.effects):
            self._carry_out(commit, command, number)
        self.effects = []
        if self.audits:
            commit.audit(tenant_id, self.id, self.audits)
            self.audits = []
        if self.inbox_seen != self.inbox_stored:
            commit.consume(tenant_id, self.id, self.inbox_seen)
            self.inbox_stored = self.inbox_seen
        self.clear()
        snapshots = self.snapshots
        if self.is_leaving or snapshots.is_due:
            is_due = snapshots.is_due_at_end if state.has_ended else not self.is_leaving or snapshots.is_due_at_rest
            size = commit.release(
                tenant_id,
                self.id,
                state,
                self.inbox_seen,
                self.wake_at,
                keep=not self.is_leaving,
                snapshot=is_due,
                seal=self.seal,
            )
            if is_due:
                snapshots.taken(state.seq, size)

    def _note_running(self, commit: Commit, at: float) -> None:
        """Let the statistics know that the execution has come to run its version, or runs it no longer."""
        before, after = self.runs_version, self.version_number if _is_running(self.state) else None
        self.runs_version = after
        for version, change in ((before, -1), (after, 1)):
            if before != after and version is not None:
                commit.count((self.tenant.id, self.id, self.workflow_id, version, (), change, at))

    def _carry_out(self, commit: Commit, command: Command, number: int) -> None:
        """Put one command to the database into a commit; ``number`` tells it from others of the same events."""
        tenant_id, step, spec = self.tenant.id, command.step, command.spec
        match command.kind:
            case CommandKind.SUBSCRIBE:
                commit.subscribe(tenant_id, self.id, step)
            case CommandKind.UNSUBSCRIBE:
                commit.unsubscribe(tenant_id, self.id, step)
            case CommandKind.OPEN_TASK:
                assert isinstance(spec, TaskSpec)
                commit.open_task(tenant_id, self.id, self.workflow_id, step, spec, is_sealed=self.seal is not None)
            case CommandKind.CLOSE_TASK:
                commit.close_task(tenant_id, self.id, step)
            case CommandKind.OPEN_JOB:
                assert isinstance(spec, JobSpec)
                commit.open_job(tenant_id, self.id, self.workflow_id, step, spec, self.seal)
            case CommandKind.HOLD_JOB | CommandKind.FREE_JOB:
                commit.hold_job(tenant_id, self.id, step, is_held=command.kind is CommandKind.HOLD_JOB)
            case CommandKind.CLOSE_JOB:
                commit.close_job(tenant_id, self.id, step)
            case CommandKind.START_CHILD:
                assert isinstance(spec, ChildSpec)
                child = {
                    "parent": self.id_text,
                    "step": step.known_as,
                    "waits": spec.waits,
                    "workflow": spec.workflow_id,
                    "version": spec.version,
                    "input": spec.input,
                }
                commit.dispatch(tenant_id, self.id, DispatchKind.START_CHILD, spec.id, child, self.seal)
            case CommandKind.CANCEL_CHILD:
                reason = {"reason": f"step '{step.node}' of the execution that started it was closed"}
                self._send(commit, _child_of(step), MessageKind.CANCEL, reason)
            case CommandKind.ROLL_BACK_CHILD:
                asker = {"parent": self.id_text, "step": step.key.removeprefix(UNDO)}
                commit.dispatch(tenant_id, self.id, DispatchKind.ROLL_BACK, _child_of(step), asker)
            case CommandKind.REPORT_UNDONE:
                if self.above is not None:
                    assert isinstance(spec, UndoneSpec)
                    undone = {"step": self.above.step, "child": self.id_text, "error": spec.error}
                    self._send(commit, self.above.execution_id, MessageKind.CHILD_UNDONE, undone)
            case CommandKind.EMIT:
                assert isinstance(spec, EventSpec)
                event = {"name": spec.name, "correlation": spec.correlation, "payload": spec.payload}
                commit.dispatch(tenant_id, self.id, DispatchKind.EVENT, None, event, self.seal)
            case CommandKind.NOTIFY:
                assert isinstance(spec, NoticeSpec)
                id = notice_id(self.id, self.state.seq, number)
                commit.notify(tenant_id, self.id, self.workflow_id, id, spec, self.seal)
            case CommandKind.RUN | CommandKind.ABORT:
                raise AssertionError("these are the worker's")

    def _report_end(self, commit: Commit) -> None:
        """Let those know who wait for the execution's end."""
        state = self.state
        if self.above is not None:
            end = {
                "step": self.above.step,
                "child": self.id_text,
                "status": state.status.value,
                "output": state.output,
                "error": state.error,
            }
            self._send(commit, self.above.execution_id, MessageKind.CHILD_ENDED, end)
        if self.holds_slot:
            commit.dispatch(self.tenant.id, self.id, DispatchKind.SLOT, self.id, {})

    def _send(self, commit: Commit, target: UUID, kind: MessageKind, payload: dict[str, Any]) -> None:
        message = {"kind": kind.value, "payload": payload}
        commit.dispatch(self.tenant.id, self.id, DispatchKind.MESSAGE, target, message, self.seal)

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


def _is_running(state: State) -> bool:
    """Whether an execution has begun, and not ended: it works, waits or rests."""
    return state.started_at is not None and not state.has_ended


def _child_of(step: Step) -> UUID:
    """The execution that a subworkflow step stands for."""
    assert step.child is not None
    return UUID(step.child)
