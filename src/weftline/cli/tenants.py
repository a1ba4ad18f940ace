"""``weft tenant``: the tenants of a platform."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import print_json, print_table, printable

if TYPE_CHECKING:
    from weftline.cli.answers import TenantDetail

app = typer.Typer(help="The tenants of a platform.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="TENANT", help="A tenant's slug, id or domain.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; the audit log keeps it.")]
OperatorsReason = Annotated[
    str | None, typer.Option("--reason", help="Why; operators must say, and the audit log keeps it.")
]


@app.command("list")
def list_tenants(reason: OperatorsReason = None, sort: Sort = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the tenants that you belong to; an operator's list has them all."""
    from weftline.cli.connection import call

    query = {"reason": reason, "sort": sort}
    found: list[TenantDetail] = call(lambda api: api.items("tenants", query=query, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["ID", "SLUG", "STATUS", "DOMAIN", "NAME"],
        [(tenant["id"], tenant["slug"], tenant["status"], tenant["domain"], tenant["name"]) for tenant in found],
    )


@app.command()
def create(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Its short name, as in addresses.")],
    admin_email: Annotated[str, typer.Option("--admin-email", help="Its first administrator, invited by mail.")],
    name: Annotated[str | None, typer.Option("--name", help="Its name for people; else the slug.")] = None,
    admin_name: Annotated[str | None, typer.Option("--admin-name", help="What the administrator is called.")] = None,
    domain: Annotated[str | None, typer.Option("--domain", help="A domain of its own.")] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Give the administrator the password on standard input.")
    ] = False,
    reason: OperatorsReason = None,
    as_json: AsJson = False,
) -> None:
    """Make a tenant, with its first administrator."""
    from weftline.cli.connection import call
    from weftline.cli.prompts import piped_password

    admin: dict[str, Any] = {"email": admin_email}
    admin |= {"name": admin_name} if admin_name is not None else {}
    admin |= {"password": piped_password()} if password_stdin else {}
    body: dict[str, Any] = {"name": name or slug, "slug": slug, "admin": admin}
    body |= {"domain": domain} if domain is not None else {}
    answer = call(lambda api: api.ask("POST", "tenants", query={"reason": reason}, body=body))
    _tell(answer.body, as_json)


@app.command()
def suspend(tenant: Name, reason: Reason, as_json: AsJson = False) -> None:
    """Stop a tenant's executions at their next step, and keep its members out."""
    _move(tenant, "suspend", reason, as_json)


@app.command()
def activate(tenant: Name, reason: Reason, as_json: AsJson = False) -> None:
    """Let a suspended tenant go on."""
    _move(tenant, "activate", reason, as_json)


@app.command()
def archive(tenant: Name, reason: Reason, as_json: AsJson = False) -> None:
    """Put a suspended tenant away. Nothing is removed."""
    _move(tenant, "archive", reason, as_json)


@app.command()
def use(tenant: Annotated[str, typer.Argument(metavar="TENANT", help="Another tenant of yours, by its slug.")]) -> None:
    """Work in another of your tenants from now on, under the same sign-in."""
    from weftline.cli import loop
    from weftline.cli.sign_in import change_tenant

    credentials = loop.run(change_tenant(tenant))
    typer.echo(f"Commands work in the tenant {printable(credentials.tenant or '')} now.")


def _move(tenant: str, act: str, reason: str, as_json: bool) -> None:
    from weftline.cli.connection import call

    _tell(call(lambda api: api.post("tenants", tenant, act, body={"reason": reason})), as_json)


def _tell(tenant: TenantDetail, as_json: bool) -> None:
    if as_json:
        print_json(tenant)
    else:
        typer.echo(f"{printable(tenant['slug'])} is {tenant['status']}.")
