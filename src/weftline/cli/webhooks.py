"""``weft webhook``: other systems that are told what happens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, print_json, print_table, printable

if TYPE_CHECKING:
    from weftline.cli.answers import Delivery, DeliveryDetail, Redelivered, Webhook, WebhookWithSecret

app = typer.Typer(help="Other systems that are told what happens.", no_args_is_help=True)

WebhookId = Annotated[UUID, typer.Argument(metavar="ID", help="A webhook's id.")]
DeliveryId = Annotated[UUID, typer.Argument(metavar="DELIVERY", help="A delivery's id, the header webhook-id.")]
Kinds = Annotated[
    list[str], typer.Option("--kind", "-k", help="Events: execution.failed, task.*, or *; may be repeated.")
]
Workflows = Annotated[list[str], typer.Option("--workflow", "-w", metavar="ID", help="Only events of this workflow.")]
Name = Annotated[str | None, typer.Option("--name", help="For people.")]
Data = Annotated[
    bool | None, typer.Option("--data/--no-data", help="Whether events' own data is sent, too.", show_default=False)
]
DataRole = Annotated[
    str | None, typer.Option("--data-role", metavar="ROLE", help="That data is what somebody of this role may see.")
]


@app.command("list")
def list_webhooks(sort: Sort = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List webhooks."""
    from weftline.cli.connection import call

    found: list[Webhook] = call(lambda api: api.items("webhooks", query={"sort": sort}, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["NAME", "STATUS", "EVENTS", "FAILURES", "URL", "ID"],
        [
            (each["name"], _standing(each), " ".join(each["kinds"]), each["failures"], each["url"], each["id"])
            for each in found
        ],
    )


@app.command()
def show(webhook: WebhookId, as_json: AsJson = False) -> None:
    """Show a webhook: what it is told, and whether that gets through."""
    from weftline.cli.connection import call

    found: Webhook = call(lambda api: api.get("webhooks", webhook))
    if as_json:
        print_json(found)
    else:
        _print(found)


@app.command()
def create(
    url: Annotated[str, typer.Argument(help="Where messages are sent.")],
    kind: Kinds,
    workflow: Workflows = [],  # noqa: B006
    name: Name = None,
    data: Data = None,
    data_role: DataRole = None,
    as_json: AsJson = False,
) -> None:
    """Let an address be told what happens from now on. Prints the secret that signs messages, this once."""
    from weftline.cli.connection import call

    body = {
        "url": url,
        "name": name,
        "kinds": kind,
        "workflows": workflow,
        "includeData": bool(data),
        "dataRole": data_role,
    }
    made: WebhookWithSecret = call(lambda api: api.post("webhooks", body=body))
    _print_secret(made, as_json)


@app.command()
def change(
    webhook: WebhookId,
    url: Annotated[str | None, typer.Option("--url", help="Where messages are sent.")] = None,
    kind: Kinds = [],  # noqa: B006
    workflow: Workflows = [],  # noqa: B006
    every_workflow: Annotated[bool, typer.Option("--every-workflow", help="Events of every workflow.")] = False,
    name: Name = None,
    data: Data = None,
    data_role: DataRole = None,
    as_json: AsJson = False,
) -> None:
    """Change what is given of a webhook."""
    from weftline.cli.connection import call

    given: dict[str, Any] = {
        "url": url,
        "name": name,
        "kinds": kind or None,
        "workflows": workflow or ([] if every_workflow else None),
        "includeData": data,
        "dataRole": data_role,
    }
    body = {field: value for field, value in given.items() if value is not None}
    changed: Webhook = call(lambda api: api.ask("PATCH", "webhooks", webhook, body=body)).body
    if as_json:
        print_json(changed)
    else:
        _print(changed)


@app.command()
def remove(webhook: WebhookId, as_json: AsJson = False) -> None:
    """Remove a webhook, and the log of what it was told."""
    from weftline.cli.connection import call

    removed: Webhook = call(lambda api: api.ask("DELETE", "webhooks", webhook)).body
    if as_json:
        print_json(removed)
    else:
        typer.echo(f"{printable(removed['name'])} is removed.")


@app.command()
def enable(webhook: WebhookId, as_json: AsJson = False) -> None:
    """Tell a disabled webhook again what happens, from now on."""
    _act(webhook, "enable", as_json)


@app.command()
def disable(webhook: WebhookId, as_json: AsJson = False) -> None:
    """Send a webhook nothing any more."""
    _act(webhook, "disable", as_json)


@app.command("rotate-secret")
def rotate_secret(
    webhook: WebhookId,
    overlap: Annotated[
        int, typer.Option("--overlap", min=0, max=168, metavar="HOURS", help="Sign with the one before, too, so long.")
    ] = 24,
    as_json: AsJson = False,
) -> None:
    """Give a webhook another secret. Prints it, this once."""
    from weftline.cli.connection import call

    body = {"overlapHours": overlap}
    _print_secret(call(lambda api: api.post("webhooks", webhook, "rotate-secret", body=body)), as_json)


@app.command("test")
def send_test(webhook: WebhookId, as_json: AsJson = False) -> None:
    """Send a webhook a message that tells of nothing. Prints the delivery's id."""
    from weftline.cli.connection import call

    delivery: Delivery = call(lambda api: api.post("webhooks", webhook, "test"))
    _print_due(delivery, as_json)


@app.command()
def deliveries(
    webhook: WebhookId,
    status: Annotated[list[str], typer.Option("--status", "-s", help="due, delivered or failed.")] = [],  # noqa: B006
    since: Annotated[
        str | None, typer.Option("--since", metavar="TIME", help="Planned then or later (RFC 3339).")
    ] = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List what a webhook is told, the newest first."""
    from weftline.cli.connection import call

    query = {"status": status or None, "since": since, "sort": sort}
    found: list[Delivery] = call(lambda api: api.items("webhooks", webhook, "deliveries", query=query, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["EVENT", "STATUS", "TRIES", "NEXT", "ANSWER", "EXECUTION", "ID"],
        [
            (
                each["kind"],
                each["status"],
                each["attempts"],
                local_time(each["dueAt"]),
                each["lastError"] or each["lastStatus"],
                each["executionId"],
                each["id"],
            )
            for each in found
        ],
    )


@app.command()
def delivery(webhook: WebhookId, delivery: DeliveryId, as_json: AsJson = False) -> None:
    """Show a delivery: what is sent, and what came of each attempt."""
    from weftline.cli.connection import call

    found: DeliveryDetail = call(lambda api: api.get("webhooks", webhook, "deliveries", delivery))
    if as_json:
        print_json(found)
        return
    print_json(found["body"])
    for each in found["attemptLog"]:
        came = each["error"] or f"answered {each['status']}"
        typer.echo(f"{local_time(each['startedAt'])}  {each['durationMs']} ms  {printable(came)}")
    typer.echo(found["status"])


@app.command()
def redeliver(
    webhook: WebhookId,
    delivery: Annotated[UUID | None, typer.Argument(metavar="[DELIVERY]", help="Which one.")] = None,
    failed_since: Annotated[
        str | None, typer.Option("--failed-since", metavar="TIME", help="All that was given up since (RFC 3339).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Deliver again: one delivery, or all that were given up since a time."""
    from weftline.cli.connection import call
    from weftline.cli.failures import INVALID, CommandFailed

    if (delivery is None) == (failed_since is None):
        raise CommandFailed("name a delivery, or give --failed-since", exit_code=INVALID)
    if delivery is not None:
        _print_due(call(lambda api: api.post("webhooks", webhook, "deliveries", delivery, "redeliver")), as_json)
        return
    body = {"since": failed_since}
    done: Redelivered = call(lambda api: api.post("webhooks", webhook, "redeliver", body=body))
    if as_json:
        print_json(done)
    else:
        typer.echo(f"{done['redelivered']} deliveries are made again.")


def _act(webhook: UUID, act: str, as_json: bool) -> None:
    from weftline.cli.connection import call

    changed: Webhook = call(lambda api: api.post("webhooks", webhook, act))
    if as_json:
        print_json(changed)
    else:
        typer.echo(f"{printable(changed['name'])} is {changed['status']}.")


def _print_secret(webhook: WebhookWithSecret, as_json: bool) -> None:
    if as_json:
        print_json(webhook)
        return
    typer.echo(webhook["id"], err=True)
    typer.echo(webhook["secret"])


def _print_due(delivery: Delivery, as_json: bool) -> None:
    if as_json:
        print_json(delivery)
    else:
        typer.echo(delivery["id"])


def _standing(webhook: Webhook) -> str:
    reason = webhook["disabledReason"]
    return webhook["status"] if reason in (None, "manual") else f"{webhook['status']} ({reason})"


def _print(webhook: Webhook) -> None:
    rows: list[tuple[str, object]] = [
        ("id", webhook["id"]),
        ("name", webhook["name"]),
        ("url", webhook["url"]),
        ("events", " ".join(webhook["kinds"])),
        ("workflows", " ".join(webhook["workflows"])),
        ("data", "as somebody of the role " + (webhook["dataRole"] or "none") if webhook["includeData"] else None),
        ("status", _standing(webhook)),
        ("disabled", local_time(webhook["disabledAt"])),
        ("failures", webhook["failures"]),
        ("failing since", local_time(webhook["failingSince"])),
        ("old secret until", local_time(webhook["previousSecretUntil"])),
        ("made by", webhook["createdBy"]),
        ("made", local_time(webhook["createdAt"])),
    ]
    for label, value in rows:
        if value not in (None, ""):
            typer.echo(f"{label + ':':18}{printable(str(value))}")
