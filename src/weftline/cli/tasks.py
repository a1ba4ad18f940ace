"""``weft task``: what people have to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from weftline.cli.options import AsJson, Limit
from weftline.cli.output import local_time, print_json, print_table
from weftline.model.ids import DEFAULT_TENANT
from weftline.model.status import TaskStatus

if TYPE_CHECKING:
    from weftline.features.services import Services
    from weftline.features.tasks.models import HumanTask

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
    from weftline.cli.services import with_services
    from weftline.cli.session import load_settings
    from weftline.features.tasks.repository import Filter
    from weftline.features.tasks.schemas import TaskOut

    wanted = Filter(status or (TaskStatus.OPEN, TaskStatus.CLAIMED), assignee, execution)
    rows = with_services(load_settings(), lambda services: services.tasks.list(DEFAULT_TENANT, wanted, limit=limit))
    found = [TaskOut.model_validate(row) for row in rows]
    if as_json:
        print_json([task.model_dump(mode="json", by_alias=True) for task in found])
        return
    print_table(
        ["ID", "TASK", "WORKFLOW", "STATUS", "FOR", "OUTCOMES", "DUE"],
        [
            (
                task.id,
                task.name,
                task.workflow_id,
                task.status.value,
                task.claimed_by or ", ".join(task.assign_to or ()),
                ", ".join(task.outcomes or ()),
                local_time(task.due_at),
            )
            for task in found
        ],
    )


@app.command()
def claim(task_id: TaskId, user: User = None, as_json: AsJson = False) -> None:
    """Take an open task."""
    _act(lambda services: services.tasks.claim(DEFAULT_TENANT, task_id, user), as_json)


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
    _act(
        lambda services: services.tasks.complete(DEFAULT_TENANT, task_id, data=content, outcome=outcome, user=user),
        as_json,
    )


def _act(act: Callable[[Services], Awaitable[HumanTask]], as_json: bool) -> None:
    from weftline.cli.services import with_services
    from weftline.cli.session import load_settings
    from weftline.features.tasks.schemas import TaskOut

    task = TaskOut.model_validate(with_services(load_settings(), act))
    if as_json:
        print_json(task.model_dump(mode="json", by_alias=True))
    else:
        typer.echo(f"{task.name} is {task.status.value}.")
