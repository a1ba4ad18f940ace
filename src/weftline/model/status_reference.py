"""The reference page of statuses, written from the tables of transitions.

Run as a module it prints the page::

    python -m weftline.model.status_reference > docs/reference/statuses.md
"""

from __future__ import annotations

import sys

from weftline.model.status import (
    TEMPLATE_TRANSITIONS,
    TERMINAL,
    TRANSITIONS,
    ExecutionStatus,
    StepStatus,
    TemplateStatus,
)

_MEANINGS: dict[ExecutionStatus, str] = {
    ExecutionStatus.DRAFT: "Prepared, and not to be run yet.",
    ExecutionStatus.PENDING: "Accepted; no worker has begun with it.",
    ExecutionStatus.RUNNING: "Some action of it is running, or about to.",
    ExecutionStatus.WAITING: "Every open step waits: for a time, an event, a person, a remote worker, a retry.",
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
    StepStatus.COMPENSATED: "It had completed, and was undone.",
}

_TEMPLATE_MEANINGS: dict[TemplateStatus, str] = {
    TemplateStatus.DRAFT: "No version of it is published: nothing can be started.",
    TemplateStatus.PUBLISHED: "New executions run its active version.",
    TemplateStatus.DEPRECATED: "The same, but whoever starts one is told that it is on its way out.",
    TemplateStatus.ARCHIVED: "Nothing new can be started; what runs goes on.",
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

```mermaid
stateDiagram-v2
    [*] --> running: its action, branches or iterations
    [*] --> waiting: for a time, an event, a person, a subworkflow
    [*] --> completed: where it takes no time
    [*] --> skipped: its guard was false
    running --> retrying
    retrying --> running
    waiting --> retrying: a subworkflow failed
    retrying --> waiting
    running --> completed
    waiting --> completed
    running --> failed
    waiting --> failed
    waiting --> timed_out: and goes another way
    running --> cancelled
    waiting --> cancelled
    retrying --> cancelled
    running --> skipped: by somebody
    waiting --> skipped: by somebody
    retrying --> skipped: by somebody
    completed --> compensated
```

## Workflows

{template_table}

```mermaid
{template_diagram}
```
"""


def status_reference() -> str:
    """The whole page, Markdown."""
    executions = [(f"`{status.value}`", meaning) for status, meaning in _MEANINGS.items()]
    templates = [(f"`{status.value}`", meaning) for status, meaning in _TEMPLATE_MEANINGS.items()]
    steps = [(f"`{status.value}`", meaning) for status, meaning in _STEP_MEANINGS.items()]
    return _PAGE.format(
        execution_table=_table(executions),
        diagram=transitions_diagram(),
        step_table=_table(steps),
        template_table=_table(templates),
        template_diagram=template_diagram(),
    )


def transitions_diagram() -> str:
    """``TRANSITIONS`` as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> draft", "    [*] --> pending"]
    for source, targets in TRANSITIONS.items():
        # sets have no order of their own
        lines += [f"    {source.value} --> {target.value}" for target in ExecutionStatus if target in targets]
    lines += [f"    {status.value} --> [*]" for status in ExecutionStatus if status in TERMINAL]
    return "\n".join(lines)


def template_diagram() -> str:
    """``TEMPLATE_TRANSITIONS`` as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "    [*] --> DRAFT"]
    for source, targets in TEMPLATE_TRANSITIONS.items():
        lines += [f"    {source.value} --> {target.value}" for target in TemplateStatus if target in targets]
    return "\n".join(lines)


def _table(rows: list[tuple[str, str]]) -> str:
    return "\n".join(("| status | meaning |", "| --- | --- |", *(f"| {name} | {meaning} |" for name, meaning in rows)))


if __name__ == "__main__":
    sys.stdout.write(status_reference())
