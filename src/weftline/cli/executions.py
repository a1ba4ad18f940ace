"""``weft start``, ``list``, ``show`` and ``events``: executions, whoever runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.options import AsJson, ExecutionId, Input, Limit, Sort
from weftline.cli.output import local_time, note, print_json, print_table, printable, span
from weftline.model.status import ExecutionStatus, StepStatus

if TYPE_CHECKING:
    from weftline.cli.answers import Event, Execution, ExecutionDetail, Step
    from weftline.cli.client import Api

STEPS_AT_ONCE = 1_000

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
    from weftline.cli.connection import call
    from weftline.cli.values import read_object

    demand: dict[str, Any] = {"input": read_object(input, "--input"), "priority": priority}
    demand |= {"tags": tag} if tag else {}
    demand |= {} if key is None else {"idempotencyKey": key}
    started: Execution = call(lambda api: api.post("workflows", workflow, "executions", body=demand))
    if as_json:
        print_json(started)
    else:
        typer.echo(started["id"])


def list_executions(
    workflow: Annotated[str | None, typer.Option("--workflow", "-w", help="Only this workflow's.")] = None,
    status: Status = [],  # noqa: B006
    tag: Annotated[str | None, typer.Option("--tag", help="Only with this label.")] = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List executions, the newest first."""
    from weftline.cli.connection import call

    wanted = {"workflowId": workflow, "status": [each.value for each in status], "tag": tag, "sort": sort}
    found: list[Execution] = call(lambda api: api.items("executions", query=wanted, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["ID", "WORKFLOW", "VERSION", "STATUS", "AT", "CREATED"],
        [
            (
                item["id"],
                item["workflowId"],
                item["versionNumber"],
                item["status"],
                ", ".join(item["currentSteps"]),
                local_time(item["createdAt"]),
            )
            for item in found
        ],
    )


def show(execution_id: ExecutionId, as_json: AsJson = False) -> None:
    """Show an execution and its steps."""
    from weftline.cli.connection import call

    async def read(api: Api) -> tuple[ExecutionDetail, list[Step], bool]:
        detail = await api.get("executions", execution_id)
        steps, more = (await api.ask("GET", "executions", execution_id, "steps", query={"limit": STEPS_AT_ONCE})).page()
        return detail, steps, more is not None

    detail, steps, is_cut = call(read)
    if is_cut:
        note(f"only the first {STEPS_AT_ONCE:,} steps are shown")
    if as_json:
        print_json({**detail, "steps": steps})
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
    from weftline.cli.connection import call
    from weftline.cli.records import fetch_events

    found = call(lambda api: fetch_events(api, execution_id, after))
    if as_json:
        print_json(found)
        return
    print_table(
        ["SEQ", "TIME", "EVENT", "STEP", "DATA"],
        [
            (event["seq"], local_time(event["occurredAt"]), event["type"], _place(event), _compact(event["data"]))
            for event in found
        ],
    )


def _print_detail(detail: ExecutionDetail) -> None:
    took = detail["executionTimeMs"]
    facts: dict[str, str] = {
        "id": detail["id"],
        "workflow": f"{detail['workflowId']} version {detail['versionNumber']}",
        "status": detail["status"],
        "created": local_time(detail["createdAt"]),
        "started": local_time(detail["startedAt"]),
        "ended": local_time(detail["completedAt"]),
        "took": "" if took is None else span(took / 1000),
        "tags": ", ".join(detail["tags"]),
        "input": _compact(detail["input"]),
        "output": _compact(detail["output"]),
        "error": _compact(detail["error"]),
    }
    for name, value in facts.items():
        if value:
            typer.echo(f"{name:<9}{printable(value)}")


def _print_steps(steps: list[Step]) -> None:
    print_table(
        ["STEP", "TYPE", "STATUS", "ATTEMPT", "STARTED", "OUTPUT"],
        [
            (
                step["stepId"] if step["visit"] == 1 else f"{step['stepId']} ({step['visit']})",
                step["stepType"],
                step["stepStatus"],
                step["attempt"],
                local_time(step["startedAt"]),
                _compact(step["output"] if step["stepStatus"] == StepStatus.COMPLETED else step["error"]),
            )
            for step in steps
        ],
    )


def _place(event: Event) -> str:
    scope = f" in {event['scope']}" if "scope" in event else ""
    visit = f" ({event['visit']})" if "visit" in event else ""
    return f"{event['stepId'] or ''}{visit}{scope}"


def _compact(value: Any) -> str:
    import orjson

    return "" if value is None else orjson.dumps(value).decode()
