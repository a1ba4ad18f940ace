"""``weft start``, ``list``, ``show`` and ``events``: executions in the database, whoever runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.options import AsJson, ExecutionId, Input, Limit
from weftline.cli.output import local_time, print_json, print_table, span
from weftline.model.ids import DEFAULT_TENANT
from weftline.model.status import ExecutionStatus, StepStatus

if TYPE_CHECKING:
    from weftline.features.executions.schemas import EventOut, ExecutionDetail, StepList
    from weftline.features.services import Services

Status = Annotated[list[ExecutionStatus], typer.Option("--status", "-s", help="Only these; may be repeated.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("start")(start)
    app.command("list")(list_executions)
    app.command("show")(show)
    app.command("events")(events)


def start(
    workflow: Annotated[str, typer.Argument(metavar="WORKFLOW", help="A published workflow's id.")],
    input: Input = "{}",
    key: Annotated[str | None, typer.Option("--key", help="Idempotency key: a repeated start finds the first.")] = None,
    tag: Annotated[list[str], typer.Option("--tag", help="A label; may be repeated.")] = [],  # noqa: B006
    priority: Annotated[int, typer.Option(min=0, max=9, help="0 (last) to 9 (first).")] = 5,
    as_json: AsJson = False,
) -> None:
    """Start an execution and leave it to the workers. Prints its id."""
    from weftline.cli.services import with_services
    from weftline.cli.session import load_settings
    from weftline.cli.values import read_object
    from weftline.features.executions.demand import read_start

    body: dict[str, Any] = {"input": read_object(input, "--input"), "priority": priority}
    body |= {"tags": tag} if tag else {}
    demand = read_start(body, key)
    started = with_services(load_settings(), lambda services: services.starter.start(DEFAULT_TENANT, workflow, demand))
    if as_json:
        print_json({"id": started.id, "workflowId": workflow, "versionNumber": started.version_number})
    else:
        typer.echo(started.id)


def list_executions(
    workflow: Annotated[str | None, typer.Option("--workflow", "-w", help="Only this workflow's.")] = None,
    status: Status = [],  # noqa: B006
    tag: Annotated[str | None, typer.Option("--tag", help="Only with this label.")] = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List executions, the newest first."""
    from weftline.cli.services import with_services
    from weftline.cli.session import load_settings
    from weftline.features.executions.repository import Filter
    from weftline.features.executions.schemas import ExecutionSummary

    wanted = Filter(status, workflow, tag)
    rows = with_services(load_settings(), lambda services: services.reader.list(DEFAULT_TENANT, wanted, limit=limit))
    found = [ExecutionSummary.of_row(row) for row in rows]
    if as_json:
        print_json([item.model_dump(mode="json", by_alias=True) for item in found])
        return
    print_table(
        ["ID", "WORKFLOW", "VERSION", "STATUS", "AT", "CREATED"],
        [
            (
                item.id,
                item.workflow_id,
                item.version_number,
                item.status.value,
                ", ".join(item.current_steps),
                local_time(item.created_at),
            )
            for item in found
        ],
    )


def show(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Show an execution and its steps."""
    from weftline.cli.services import with_services
    from weftline.cli.session import load_settings
    from weftline.features.executions.schemas import ExecutionDetail, StepList

    async def read(services: Services) -> tuple[ExecutionDetail, StepList]:
        snapshot = await services.reader.get(DEFAULT_TENANT, execution_id)
        steps = await services.reader.steps(DEFAULT_TENANT, execution_id)
        return ExecutionDetail.of(snapshot), StepList.of(steps)

    detail, steps = with_services(load_settings(), read)
    if as_json:
        print_json(
            detail.model_dump(mode="json", by_alias=True)
            | {"steps": [step.model_dump(mode="json", by_alias=True) for step in steps.items]}
        )
        return
    _print_detail(detail)
    typer.echo()
    _print_steps(steps)


def events(
    execution_id: ExecutionId,
    after: Annotated[int, typer.Option("--after", min=0, help="Only events after this number.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Print an execution's whole log."""
    from weftline.cli.services import with_services
    from weftline.cli.session import load_settings
    from weftline.features.executions.schemas import EventOut

    async def read(services: Services) -> list[EventOut]:
        found: list[EventOut] = []
        last = after
        while page := await services.reader.events(DEFAULT_TENANT, execution_id, after=last, limit=1_000):
            found += [EventOut.of(event) for event in page]
            last = page[-1].seq
        return found

    found = with_services(load_settings(), read)
    if as_json:
        print_json([event.model_dump(mode="json", by_alias=True, exclude_none=True) for event in found])
        return
    print_table(
        ["SEQ", "TIME", "EVENT", "STEP", "DATA"],
        [
            (event.seq, local_time(event.occurred_at), event.type.value, _place(event), _compact(event.data))
            for event in found
        ],
    )


def _print_detail(detail: ExecutionDetail) -> None:
    facts: dict[str, Any] = {
        "id": detail.id,
        "workflow": f"{detail.workflow_id} version {detail.version_number}",
        "status": detail.status.value,
        "created": local_time(detail.created_at),
        "started": local_time(detail.started_at),
        "ended": local_time(detail.completed_at),
        "took": "" if detail.execution_time_ms is None else span(detail.execution_time_ms / 1000),
        "tags": ", ".join(detail.tags),
        "input": _compact(detail.input),
        "output": _compact(detail.output),
        "error": _compact(detail.error),
    }
    for name, value in facts.items():
        if value:
            typer.echo(f"{name:<9}{value}")


def _print_steps(steps: StepList) -> None:
    print_table(
        ["STEP", "TYPE", "STATUS", "ATTEMPT", "STARTED", "OUTPUT"],
        [
            (
                step.step_id if step.visit == 1 else f"{step.step_id} ({step.visit})",
                step.step_type,
                step.step_status.value,
                step.attempt,
                local_time(step.started_at),
                _compact(step.output if step.step_status is StepStatus.COMPLETED else step.error),
            )
            for step in steps.items
        ],
    )


def _place(event: EventOut) -> str:
    scope = f" in {event.scope}" if event.scope else ""
    visit = f" ({event.visit})" if event.visit else ""
    return f"{event.step_id or ''}{visit}{scope}"


def _compact(value: Any) -> str:
    import orjson

    return "" if value is None else orjson.dumps(value).decode()
