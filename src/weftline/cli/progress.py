"""The steps of a running execution, live on a terminal, line by line elsewhere. Always on standard error."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text

from weftline.cli.output import error_console, span
from weftline.model.status import ExecutionStatus, StepStatus
from weftline.model.stepkey import owner_of, parse_key

if TYPE_CHECKING:
    from weftline.machine.state import State, Step

_LOOKS: dict[StepStatus, tuple[str, str]] = {
    StepStatus.RUNNING: ("▸", "blue"),
    StepStatus.WAITING: ("…", "cyan"),
    StepStatus.RETRYING: ("↻", "yellow"),
    StepStatus.COMPLETED: ("✓", "green"),
    StepStatus.FAILED: ("✗", "red"),
    StepStatus.SKIPPED: ("-", "dim"),
    StepStatus.TIMED_OUT: ("⧗", "yellow"),
    StepStatus.CANCELLED: ("⊘", "dim"),
    StepStatus.COMPENSATED: ("↩", "magenta"),
}

_GOES_ON_BY = {
    ExecutionStatus.DRAFT: "review start",
    ExecutionStatus.AWAITING_VALIDATION: "review submit",
    ExecutionStatus.SUBMITTED: "review approve",
    ExecutionStatus.PAUSED: "resume",
    ExecutionStatus.ROLLED_BACK: "resume",
}
"""The command by which an execution goes on that rests as a whole."""

_TASK_TYPES = frozenset({"human-task", "form", "approval"})
_MARGIN = 4
"""Lines of the terminal that the table leaves free."""


class StepView(Protocol):
    """Shows the steps of an execution while it runs."""

    def show(self, steps: Sequence[Step]) -> None:
        """Show where every step stands.

        Args:
            steps: all that have begun, in that order.
        """
        ...

    def rest(self, state: State) -> None:
        """Show how the execution goes on, where it rests as a whole.

        Args:
            state: where it stands.
        """
        ...


class Silent:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, steps: Sequence[Step]) -> None:
        """Show nothing."""

    def rest(self, state: State) -> None:
        """Show nothing."""


class Progress:
    """Shows the steps of one execution.

    Args:
        execution_id: which.
        definition: the workflow's document.
    """

    def __init__(self, execution_id: str, definition: dict[str, Any]) -> None:
        self._execution_id = execution_id
        self._title = f"{definition.get('name') or definition['id']}  {execution_id}"
        self._types: dict[str, str] = {node["id"]: node["type"] for node in definition["nodes"]}
        self._branches: dict[str, list[Any]] = {
            node["id"]: node["branches"] for node in definition["nodes"] if node["type"] == "parallel"
        }
        self._races = {node["id"] for node in definition["nodes"] if "firstOf" in node}
        self._console = error_console()
        self._live = Live(console=self._console, auto_refresh=False) if self._console.is_terminal else None
        self._seen: dict[str, tuple[StepStatus, int]] = {}
        self._rest: str | None = None

    def __enter__(self) -> Self:
        self._console.print(Text(self._title, "bold"))
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, steps: Sequence[Step]) -> None:
        """See :meth:`StepView.show`."""
        now = time.time()
        if self._live is not None:
            self._live.update(self._table(steps, now), refresh=True)
            return
        for step in steps:
            looks = (step.status, step.attempt)
            if self._seen.get(step.key) != looks:
                self._seen[step.key] = looks
                self._console.print(self._line(step, now), soft_wrap=True)

    def rest(self, state: State) -> None:
        """See :meth:`StepView.rest`."""
        is_stuck = state.undoing is not None and state.undoing.stuck is not None
        command = "retry" if is_stuck else _GOES_ON_BY.get(state.status)
        if command != self._rest:
            self._rest = command
            if command is not None:
                hint = f"  … {state.status.value} (weft {command} {self._execution_id})"
                self._console.print(Text(hint, "cyan"), soft_wrap=True)

    def _table(self, steps: Sequence[Step], now: float) -> Table:
        table = Table.grid(padding=(0, 2))
        for step in steps[-max(self._console.height - _MARGIN, 1) :]:
            sign, style = _LOOKS[step.status]
            table.add_row(
                Text(f"  {sign}", style),
                self._name(step),
                Text(step.status.value, style),
                Text(_elapsed(step, now), "dim"),
                Text(self._detail(step, now)),
            )
        return table

    def _line(self, step: Step, now: float) -> Text:
        sign, style = _LOOKS[step.status]
        parts = (_elapsed(step, now) if step.completed_at else "", self._detail(step, now))
        rest = ", ".join(part for part in parts if part)
        return Text.assemble(
            (f"  {sign} ", style), self._name(step), f" {step.status.value}", f" ({rest})" if rest else ""
        )

    def _name(self, step: Step) -> Text:
        text = Text(step.node)
        if step.visit > 1:
            text.append(f" ({step.visit})", "dim")
        branch = self._branch(step.scope) if step.scope else ""
        if branch:
            text.append(f" in {branch}", "dim")
        return text

    def _branch(self, scope: str) -> str:
        """What the branch or iteration is called; empty where the step says it already."""
        key, number = owner_of(scope)
        owner = parse_key(key)[0]
        if owner in self._races:
            return ""
        if owner not in self._branches:
            return f"{owner} {number + 1}"
        branch = self._branches[owner][number]
        return branch if isinstance(branch, str) else branch.get("name", branch["next"])

    def _detail(self, step: Step, now: float) -> str:
        """What a person watching wants to know about the step."""
        left = "" if step.due_at is None else span(max(step.due_at - now, 0.0))
        match step.status:
            case StepStatus.RETRYING:
                return f"attempt {step.attempt} failed: {_message(step)}; again in {left}"
            case StepStatus.WAITING if step.event is not None:
                until = f", {left} left" if left else ""
                return f"weft signal {self._execution_id} {step.event}{until}"
            case StepStatus.WAITING if self._types.get(step.node) in _TASK_TYPES:
                until = f", {left} left" if left else ""
                return f"weft task list --execution {self._execution_id}{until}"
            case StepStatus.WAITING if step.child is not None:
                return f"weft show {step.child}"
            case StepStatus.WAITING:
                return f"{left} left"
            case StepStatus.FAILED | StepStatus.CANCELLED | StepStatus.TIMED_OUT:
                return _message(step)
            case _:
                return f"attempt {step.attempt}" if step.attempt > 1 else ""


def _elapsed(step: Step, now: float) -> str:
    return span(max((step.completed_at or now) - step.started_at, 0.0))


def _message(step: Step) -> str:
    return "" if step.error is None else str(step.error.get("message", ""))
