"""The reference page of an execution's statuses, written from the table of transitions.

Run as a module it prints the page::

    python -m weftline.model.status_reference > docs/reference/statuses.md
"""

from __future__ import annotations

import sys

from weftline.model.status import TERMINAL, TRANSITIONS, ExecutionStatus, StepStatus

_MEANINGS: dict[ExecutionStatus, str] = {
    ExecutionStatus.DRAFT: "Prepared, and not to be run yet.",
    ExecutionStatus.PENDING: "Accepted; no worker has begun with it.",
    ExecutionStatus.RUNNING: "Some action of it is running, or about to.",
    ExecutionStatus.WAITING: "Every open step waits: for a time, an event, a person, or its next attempt.",
    ExecutionStatus.PAUSED: "Somebody paused it: results are recorded, nothing new begins.",
    ExecutionStatus.AWAITING_VALIDATION: "Its work is done and waits to be validated.",
    ExecutionStatus.SUBMITTED: "Validated, and submitted for approval.",
    ExecutionStatus.COMPENSATING: "Completed steps are being undone.",
    ExecutionStatus.ROLLED_BACK: "Completed steps were undone; it can go on from where that left it.",
    ExecutionStatus.COMPLETED: "Ended well.",
    ExecutionStatus.FAILED: "Ended with an error that nothing handled.",
    ExecutionStatus.CANCELLED: "Ended because somebody wanted it to.",
    ExecutionStatus.TIMED_OUT: "Ended because it took longer than its timeout.",
}

_STEP_MEANINGS: dict[StepStatus, str] = {
    StepStatus.RUNNING: "Its action is running, or about to; a parallel step: its branches are.",
    StepStatus.WAITING: "It waits for a time, an event or a person.",
    StepStatus.RETRYING: "An attempt failed; the next one waits for its time.",
    StepStatus.COMPLETED: "Done.",
    StepStatus.FAILED: "Failed for good.",
    StepStatus.SKIPPED: "Its guard was false.",
    StepStatus.TIMED_OUT: "What it waited for did not come in time, and the workflow goes on another way.",
    StepStatus.CANCELLED: "Its result was no longer wanted.",
}

_PAGE = """\
# Statuses

<!-- Generated from the table of transitions. To write it anew:
     python -m weftline.model.status_reference > docs/reference/statuses.md -->

## Executions

{execution_table}

An execution moves along these arrows and no others; an event that would have it do otherwise is refused.

```mermaid
{diagram}
```

## Steps

{step_table}
"""


def status_reference() -> str:
    """The whole page, Markdown."""
    executions = [
        (f"`{status.value}`", meaning + (" Final." if not TRANSITIONS[status] else ""))
        for status, meaning in _MEANINGS.items()
    ]
    steps = [(f"`{status.value}`", meaning) for status, meaning in _STEP_MEANINGS.items()]
    return _PAGE.format(execution_table=_table(executions), diagram=transitions_diagram(), step_table=_table(steps))


def transitions_diagram() -> str:
    """``TRANSITIONS`` as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> draft", "    [*] --> pending"]
    for source, targets in TRANSITIONS.items():
        # sets have no order of their own
        lines += [f"    {source.value} --> {target.value}" for target in ExecutionStatus if target in targets]
    lines += [f"    {status.value} --> [*]" for status in ExecutionStatus if status in TERMINAL]
    return "\n".join(lines)


def _table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(("| status | meaning |", "| --- | --- |", *(f"| {name} | {meaning} |" for name, meaning in rows)))


if __name__ == "__main__":
    sys.stdout.write(status_reference())
