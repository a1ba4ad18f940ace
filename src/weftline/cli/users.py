"""``weft user``: the members of a tenant."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from weftline.cli.failures import CommandFailed
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, print_json, print_table, printable

if TYPE_CHECKING:
    from weftline.cli.answers import Member
    from weftline.cli.client import Api

app = typer.Typer(help="The members of a tenant.", no_args_is_help=True)

Person = Annotated[str, typer.Argument(metavar="USER", help="A member's e-mail address or id.")]


@app.command("list")
def list_users(
    text: Annotated[str | None, typer.Option("--query", "-q", help="Text within the address or the name.")] = None,
    role: Annotated[str | None, typer.Option("--role", help="Only those who have this role themselves.")] = None,
    status: Annotated[str | None, typer.Option("--status", "-s", help="invited, active or disabled.")] = None,
    sort: Sort = None,
    limit: Limit = 50,
    as_json: AsJson = False,
) -> None:
    """List members, those with the oldest accounts first unless sorted otherwise."""
    from weftline.cli.connection import call

    wanted = {"q": text, "role": role, "status": status, "sort": sort}
    found: list[Member] = call(lambda api: api.items("users", query=wanted, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["ID", "E-MAIL", "NAME", "STATUS", "SINCE", "ROLES"],
        [
            (
                member["id"],
                member["email"],
                member["name"],
                member["status"],
                local_time(member["createdAt"]),
                ", ".join(member["roles"]),
            )
            for member in found
        ],
    )


@app.command()
def invite(
    email: Annotated[str, typer.Argument(metavar="EMAIL", help="Their e-mail address.")],
    role: Annotated[list[str], typer.Option("--role", "-r", help="A role to give; may be repeated.")] = [],  # noqa: B006
    name: Annotated[str | None, typer.Option("--name", help="What a new account is called at first.")] = None,
    department: Annotated[str | None, typer.Option("--department", help="Where they work.")] = None,
    password_stdin: Annotated[
        bool,
        typer.Option("--password-stdin", help="Give a new account the password on standard input; operators only."),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Invite somebody to the tenant, by mail."""
    from weftline.cli.connection import call
    from weftline.cli.prompts import piped_password

    body: dict[str, Any] = {"email": email, "name": name, "roles": role, "department": department}
    body |= {"password": piped_password()} if password_stdin else {}
    member: Member = call(lambda api: api.post("users", body=body))
    _tell(member, as_json)


@app.command()
def disable(person: Person, as_json: AsJson = False) -> None:
    """Keep a member out of the tenant, at once."""
    _change(person, {"status": "disabled"}, as_json)


@app.command()
def enable(person: Person, as_json: AsJson = False) -> None:
    """Let a disabled member in again."""
    _change(person, {"status": "active"}, as_json)


def _change(person: str, changes: dict[str, Any], as_json: bool) -> None:
    from weftline.cli.connection import call

    async def change(api: Api) -> Member:
        return (await api.ask("PATCH", "users", await _id_of(api, person), body=changes)).body

    _tell(call(change), as_json)


async def _id_of(api: Api, person: str) -> str:
    with contextlib.suppress(ValueError):
        return str(UUID(person))
    address = person.strip().lower()
    found: list[Member] = await api.items("users", query={"q": address}, limit=1_000)
    for member in found:
        if member["email"] == address:
            return member["id"]
    raise CommandFailed(f"no member of this tenant has the e-mail address {person}")


def _tell(member: Member, as_json: bool) -> None:
    if as_json:
        print_json(member)
    else:
        typer.echo(f"{printable(member['email'])} is {member['status']}.")
