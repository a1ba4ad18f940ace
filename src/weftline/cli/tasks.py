"""``weft task``: what people have to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, print_json, print_table, printable
from weftline.model.status import TaskStatus

if TYPE_CHECKING:
    from weftline.cli.answers import Task

app = typer.Typer(help="What people have to do.", no_args_is_help=True)

TaskId = Annotated[UUID, typer.Argument(metavar="ID", help="A task's id.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why; kept in the audit log.")]
Status = Annotated[
    list[TaskStatus], typer.Option("--status", "-s", help="Only these; may be repeated. Else those to be done.")
]


@app.command("list")
def list_tasks(
    status: Status = [],  # noqa: B006
    mine: Annotated[bool, typer.Option("--mine", help="Only those that wait for you.")] = False,
    assignee: Annotated[str | None, typer.Option("--assignee", help="Assigned to this user, group or role.")] = None,
    execution: Annotated[UUID | None, typer.Option("--execution", help="Only this execution's.")] = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List tasks, the newest first."""
    from weftline.cli.connection import call

    statuses = [each.value for each in status or (TaskStatus.OPEN, TaskStatus.CLAIMED)]
    wanted = {"status": statuses, "mine": mine, "assignee": assignee, "executionId": execution, "sort": sort}
    found: list[Task] = call(lambda api: api.items("tasks", query=wanted, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["ID", "TASK", "WORKFLOW", "STATUS", "FOR", "OUTCOMES", "DUE"],
        [
            (
                task["id"],
                task["name"],
                task["workflowId"],
                task["status"],
                task["claimedBy"] or ", ".join(task["assignTo"]),
                ", ".join(task["outcomes"] or ()),
                local_time(task["dueAt"]),
            )
            for task in found
        ],
    )


@app.command()
def claim(task_id: TaskId, as_json: AsJson = False) -> None:
    """Take an open task."""
    _act(task_id, "claim", {}, as_json)


@app.command()
def release(task_id: TaskId, as_json: AsJson = False) -> None:
    """Give a claimed task back."""
    _act(task_id, "release", {}, as_json)


@app.command()
def complete(
    task_id: TaskId,
    outcome: Annotated[str | None, typer.Option("--outcome", "-o", help="What you decide.")] = None,
    data: Annotated[
        str | None, typer.Option("--data", "-d", metavar="JSON", help="An object: JSON, @file, or - for stdin.")
    ] = None,
    comment: Annotated[str | None, typer.Option("--comment", help="Why.")] = None,
    as_json: AsJson = False,
) -> None:
    """Do a task; where nobody else must agree, its execution goes on."""
    from weftline.cli.values import read_object

    content = None if data is None else read_object(data, "--data")
    _act(task_id, "complete", {"outcome": outcome, "data": content, "comment": comment}, as_json)


@app.command()
def delegate(
    task_id: TaskId,
    to: Annotated[str, typer.Argument(metavar="PERSON", help="A member's e-mail address or id.")],
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Hand a task that you have claimed to somebody else."""
    _act(task_id, "delegate", {"to": to, "reason": reason}, as_json)


@app.command()
def reassign(
    task_id: TaskId,
    assignees: Annotated[
        list[str] | None, typer.Argument(metavar="[ASSIGNEES]", help="Users, groups or roles; none for everybody.")
    ] = None,
    reason: Reason = None,
    as_json: AsJson = False,
) -> None:
    """Assign a task to others, whoever has it."""
    _act(task_id, "reassign", {"assignTo": assignees or [], "reason": reason}, as_json)


def _act(task_id: UUID, act: str, body: dict[str, Any], as_json: bool) -> None:
    from weftline.cli.connection import call

    given = {name: value for name, value in body.items() if value is not None} or None
    task: Task = call(lambda api: api.post("tasks", task_id, act, body=given))
    if as_json:
        print_json(task)
    else:
        typer.echo(f"{printable(task['name'])} is {task['status']}.")
