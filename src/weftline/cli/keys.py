"""``weft key``: API keys, for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, note, print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import ApiKey, NewApiKey

app = typer.Typer(help="API keys, for programs.", no_args_is_help=True)


ServiceAccount = Annotated[UUID | None, typer.Option("--service-account", help="A service account's id.")]


@app.command("list")
def list_keys(
    service_account: ServiceAccount = None,
    everybody: Annotated[bool, typer.Option("--everybody", help="Not only your own.")] = False,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List API keys. What they are is known to those who got them, and to nobody else."""
    from weftline.cli.connection import call

    wanted = {"serviceAccountId": service_account, "everybody": everybody, "sort": sort}
    found: list[ApiKey] = call(lambda api: api.items("api-keys", query=wanted, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["ID", "NAME", "ENDS", "CREATED", "LAST USED", "EXPIRES", "MAY"],
        [
            (
                key["id"],
                key["name"],
                key["hint"],
                local_time(key["createdAt"]),
                local_time(key["lastUsedAt"]),
                local_time(key["expiresAt"]),
                "all that its owner may" if key["scopes"] is None else " ".join(key["scopes"]),
            )
            for key in found
        ],
    )


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[
        list[str], typer.Option("--scope", help="A permission; may be repeated. Else all that its owner has.")
    ] = [],  # noqa: B006
    days: Annotated[int | None, typer.Option("--days", min=1, max=3_650, help="Days until it expires.")] = None,
    service_account: ServiceAccount = None,
    as_json: AsJson = False,
) -> None:
    """Make an API key that acts as you, or as a service account. Prints it, this once."""
    from weftline.cli.connection import call

    body: dict[str, Any] = {"name": name}
    body |= {"scopes": scope} if scope else {}
    body |= {} if service_account is None else {"serviceAccountId": str(service_account)}
    body |= {} if days is None else {"expiresAt": (datetime.now(UTC) + timedelta(days=days)).isoformat()}
    made: NewApiKey = call(lambda api: api.post("api-keys", body=body))
    if as_json:
        print_json(made)
    else:
        typer.echo(made["key"])
        note("Keep it safe: it is not shown again.")


@app.command()
def revoke(key_id: Annotated[UUID, typer.Argument(metavar="ID", help="A key's id.")]) -> None:
    """End an API key, at once."""
    from weftline.cli.connection import call

    call(lambda api: api.ask("DELETE", "api-keys", key_id))
    typer.echo(f"{key_id} is revoked.")
