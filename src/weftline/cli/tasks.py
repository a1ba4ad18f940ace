"""``weft task``: what people have to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from weftline.cli.options import AsJson, Limit
from weftline.cli.output import local_time, print_json, print_table, printable
from weftline.model.status import TaskStatus

if TYPE_CHECKING:
    from weftline.cli.answers import Task

app = typer.Typer(help="What people have to do.", no_args_is_help=True)

TaskId = Annotated[UUID, typer.Argument(metavar="ID", help="A task's id.")]
User = Annotated[str | None, typer.Option("--user", "-u", help="Who does it.")]
Status = Annotated[
    list[TaskStatus], typer.Option("--status", "-s", help="Only these; may be repeated. Else those to be done.")
]


@app.command("list")
def list_tasks(
    status: Status = [],  # noqa: B006
    assignee: Annotated[str | None, typer.Option("--assignee", help="That this user or group may do.")] = None,
    execution: Annotated[UUID | None, typer.Option("--execution", help="Only this execution's.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List tasks, the newest first."""
    from weftline.cli.connection import call

    statuses = [each.value for each in status or (TaskStatus.OPEN, TaskStatus.CLAIMED)]
    wanted = {"status": statuses, "assignee": assignee, "executionId": execution}
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
                task["claimedBy"] or ", ".join(task["assignTo"] or ()),
                ", ".join(task["outcomes"] or ()),
                local_time(task["dueAt"]),
            )
            for task in found
        ],
    )


@app.command()
def claim(task_id: TaskId, user: User = None, as_json: AsJson = False) -> None:
    """Take an open task."""
    _act(task_id, "claim", {"user": user}, as_json)


@app.command()
def complete(
    task_id: TaskId,
    outcome: Annotated[str | None, typer.Option("--outcome", "-o", help="What was decided.")] = None,
    data: Annotated[
        str | None, typer.Option("--data", "-d", metavar="JSON", help="An object: JSON, @file, or - for stdin.")
    ] = None,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """Do a task; its execution goes on."""
    from weftline.cli.values import read_object

    content = None if data is None else read_object(data, "--data")
    _act(task_id, "complete", {"outcome": outcome, "data": content, "user": user}, as_json)


def _act(task_id: UUID, act: str, body: dict[str, Any], as_json: bool) -> None:
    from weftline.cli.connection import call

    given = {name: value for name, value in body.items() if value is not None}
    task: Task = call(lambda api: api.post("tasks", task_id, act, body=given))
    if as_json:
        print_json(task)
    else:
        typer.echo(f"{printable(task['name'])} is {task['status']}.")
