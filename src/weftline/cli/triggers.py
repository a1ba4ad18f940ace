"""``weft trigger``: what starts executions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.options import AsJson, DryRun, Limit, Reason, Sort
from weftline.cli.output import local_time, print_json, print_table, printable

if TYPE_CHECKING:
    from weftline.cli.answers import Backfilled, Fired, IntegrationState, StoredError, Trigger, WebhookSetup
    from weftline.cli.client import Api

app = typer.Typer(help="What starts executions: schedules, events, webhooks, integrations.", no_args_is_help=True)

TriggerName = Annotated[
    str,
    typer.Argument(metavar="TRIGGER", help="A trigger's id, or its workflow and its id there: nightly-report/nightly."),
]
PAGE = 200


@app.command("list")
def list_triggers(
    workflow: Annotated[str | None, typer.Option("--workflow", "-w", help="Only this workflow's.")] = None,
    type: Annotated[
        list[str], typer.Option("--type", "-t", help="schedule, event, webhook, integration or manual.")
    ] = [],  # noqa: B006
    status: Annotated[
        list[str], typer.Option("--status", "-s", help="active, paused, disabled, stopped or ended.")
    ] = [],  # noqa: B006
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List triggers."""
    from weftline.cli.connection import call

    query = {"workflowId": workflow, "type": type or None, "status": status or None, "sort": sort}
    found: list[Trigger] = call(lambda api: api.items("triggers", query=query, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["WORKFLOW", "TRIGGER", "TYPE", "STATUS", "STATE", "NEXT", "FIRED", "FAILED", "ID"],
        [
            (
                each["workflowId"],
                each["key"],
                each["type"],
                each["status"],
                None if each["integration"] is None else each["integration"]["state"],
                local_time(_next_of(each)),
                each["fired"],
                each["failed"],
                each["id"],
            )
            for each in found
        ],
    )


@app.command()
def show(trigger: TriggerName, as_json: AsJson = False) -> None:
    """Show a trigger: its next five times, a webhook's address, and what it has started."""
    from weftline.cli.connection import call

    async def read(api: Api) -> Trigger:
        return await api.get("triggers", await _id_of(api, trigger))

    found = call(read)
    if as_json:
        print_json(found)
    else:
        _print(found)


@app.command()
def pause(trigger: TriggerName, reason: Reason = None, as_json: AsJson = False) -> None:
    """Let a trigger fire no longer, in any version, until it is resumed."""
    _change(trigger, "pause", reason, as_json)


@app.command()
def resume(trigger: TriggerName, reason: Reason = None, as_json: AsJson = False) -> None:
    """Let a paused trigger fire again, from now on."""
    _change(trigger, "resume", reason, as_json)


@app.command()
def rotate(trigger: TriggerName, reason: Reason = None, as_json: AsJson = False) -> None:
    """Give a webhook another address; the one before is nobody's from now on."""
    _change(trigger, "rotate", reason, as_json)


@app.command()
def reset(trigger: TriggerName, reason: Reason = None, as_json: AsJson = False) -> None:
    """Let a trigger of an integration begin anew: what it finds again starts a second execution."""
    _change(trigger, "reset", reason, as_json)


@app.command()
def fire(
    trigger: TriggerName,
    payload: Annotated[
        str | None,
        typer.Option("--payload", "-p", metavar="JSON", help="An event's payload, or a body: JSON, @file, or -."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Start what a trigger starts, now."""
    from weftline.cli.values import read_value

    value = None if payload is None else read_value(payload, "--payload")
    fired: Fired = _ask(trigger, "fire", {"payload": value})
    if as_json:
        print_json(fired)
    else:
        typer.echo(fired["executionId"] or "The trigger's condition does not hold: nothing is started.")


@app.command()
def backfill(
    trigger: TriggerName,
    begin: Annotated[str, typer.Option("--from", metavar="TIME", help="The span's beginning (RFC 3339).")],
    end: Annotated[str, typer.Option("--to", metavar="TIME", help="The span's end, which has passed (RFC 3339).")],
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Start what a schedule would have started in a span of the past, each time once."""
    body = {"from": begin, "to": end, "dryRun": dry_run}
    filled: Backfilled = _ask(trigger, "backfill", body)
    if as_json:
        print_json(filled)
        return
    for each in filled["toStart"]:
        typer.echo(each)
    would = "would be" if dry_run else "are"
    typer.echo(f"{len(filled['toStart'])} of {len(filled['times'])} executions {would} started.", err=True)


def _change(trigger: str, act: str, reason: str | None, as_json: bool) -> None:
    changed: Trigger = _ask(trigger, act, {"reason": reason})
    if as_json:
        print_json(changed)
    elif act == "rotate":
        typer.echo(changed["url"])
    elif act == "reset":
        typer.echo(f"{printable(changed['workflowId'])}/{printable(changed['key'])} begins anew.")
    else:
        typer.echo(f"{printable(changed['workflowId'])}/{printable(changed['key'])} is {changed['status']}.")


def _ask(trigger: str, act: str, body: dict[str, Any]) -> Any:
    from weftline.cli.connection import call

    async def ask(api: Api) -> Any:
        return await api.post("triggers", await _id_of(api, trigger), act, body=body)

    return call(ask)


async def _id_of(api: Api, name: str) -> str:
    """The id of a trigger that may be named by its workflow and its id there."""
    from weftline.cli.failures import INVALID, CommandFailed

    workflow, slash, key = name.partition("/")
    if not slash:
        if not _is_id(name):
            advice = ["name it by its workflow and its id there, as in nightly-report/nightly; see 'weft trigger list'"]
            raise CommandFailed(f"'{name}' names no trigger", advice, exit_code=INVALID)
        return name
    found: list[Trigger] = await api.items("workflows", workflow, "triggers", limit=PAGE)
    for each in found:
        if each["key"] == key:
            return each["id"]
    keys = ", ".join(each["key"] for each in found) or "none"
    raise CommandFailed(f"workflow '{workflow}' has no trigger '{key}'", [f"it has: {keys}"])


def _is_id(text: str) -> bool:
    from uuid import UUID

    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _next_of(trigger: Trigger) -> str | None:
    """When it fires next, or another system is asked for it."""
    if trigger["integration"] is not None:
        return trigger["integration"]["nextRunAt"]
    return trigger["nextTimes"][0] if trigger["nextTimes"] else None


def _told(error: StoredError | None) -> str | None:
    return None if error is None else f"{error['code']}: {error.get('message', '')}"


def _of_integration(state: IntegrationState | None) -> list[tuple[str, object]]:
    """How a trigger of an integration stands."""
    if state is None:
        return []
    return [
        ("state", state["state"]),
        ("held because", _told(state["held"])),
        ("last look", local_time(state["lastRunAt"])),
        ("next look", local_time(state["nextRunAt"])),
        ("looks failed", state["failures"]),
        ("last trouble", _told(state["lastError"])),
        ("received", state["received"]),
        ("duplicates", state["duplicates"]),
        ("rejected", state["rejected"]),
        *(("rejected event", f"{each['eventId']}: {_told(each['error'])}") for each in state["rejectedEvents"]),
    ]


def _to_set(setup: WebhookSetup | None) -> list[tuple[str, object]]:
    """What to set at the other system, so that it calls the address."""
    if setup is None:
        return []
    values = {"ADDRESS": "the address above", "CREDENTIAL": "the connection's {}", "TEXT": "{}"}
    return [
        (f"at {setup['system']}", setup["place"] or "where it keeps its webhooks"),
        *(("  set", f"{each['label']} = {values[each['kind']].format(each['value'])}") for each in setup["settings"]),
        ("  see", setup["docsUrl"]),
    ]


def _print(trigger: Trigger) -> None:
    rows: list[tuple[str, object]] = [
        ("id", trigger["id"]),
        ("workflow", f"{trigger['workflowId']}, version {trigger['versionNumber']}"),
        ("trigger", trigger["key"]),
        ("name", trigger["name"]),
        ("type", trigger["type"]),
        ("status", trigger["status"]),
        ("paused because", trigger["pausedReason"]),
        ("address", trigger["url"]),
        *_to_set(trigger["setup"]),
        *(("next", local_time(each)) for each in trigger["nextTimes"]),
        *_of_integration(trigger["integration"]),
        ("fired", trigger["fired"]),
        ("failed", trigger["failed"]),
        ("skipped", trigger["skipped"]),
        ("last fired", local_time(trigger["lastFiredAt"])),
        ("last execution", trigger["lastExecutionId"]),
        ("last error", _told(trigger["lastError"])),
        ("last failed", local_time(trigger["lastErrorAt"])),
    ]
    for name, value in rows:
        if value not in (None, ""):
            typer.echo(f"{name + ':':16}{printable(str(value))}")
