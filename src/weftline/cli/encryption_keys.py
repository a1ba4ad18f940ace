"""``weft keys``: the keys under which secrets are sealed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import local_time, note, print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import RotatedKeys, TenantKey

app = typer.Typer(help="The keys under which secrets are sealed.", no_args_is_help=True)


@app.command("list")
def list_keys(sort: Sort = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the versions of the tenants' data keys."""
    from weftline.cli.connection import call

    found: list[TenantKey] = call(
        lambda api: api.items("platform", "encryption-keys", query={"sort": sort}, limit=limit)
    )
    if as_json:
        print_json(found)
        return
    print_table(
        ["TENANT", "VERSION", "MADE", "SEALED UNTIL"],
        [
            (key["tenantId"], key["version"], local_time(key["createdAt"]), local_time(key["retiredAt"]))
            for key in found
        ],
    )


@app.command()
def rotate(
    tenant: Annotated[str | None, typer.Option("--tenant", help="Only this tenant's data keys and secrets.")] = None,
    all_tenants: Annotated[bool, typer.Option("--all", help="Everything.")] = False,
    data_keys: Annotated[bool, typer.Option("--data-keys", help="Make new data keys as well.")] = False,
    master: Annotated[
        bool, typer.Option("--master", help="Make a new master key first, in this machine's WEFT_HOME.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Put secrets under the newest keys, while everything runs. Begin again where it was interrupted."""
    if (tenant is None) != all_tenants:
        raise CommandFailed("say --all, or --tenant and which", exit_code=INVALID)
    if master:
        if not all_tenants:
            raise CommandFailed("--master: goes with --all", exit_code=INVALID)
        _replace_master_key()
    wanted: dict[str, Any] = {} if tenant is None else {"tenant": tenant}
    if data_keys:
        begun = _rotate({**wanted, "newDataKeys": True})
        note(f"{begun['resealed'].get('newDataKeys', 0)} new data keys; they seal in {begun['settlesIn']:.0f} s …")
        time.sleep(begun["settlesIn"])
    done = _rotate(wanted)
    if as_json:
        print_json(done)
    else:
        counts = ", ".join(f"{count} {name}" for name, count in done["resealed"].items() if count)
        typer.echo(f"Sealed anew: {counts}." if counts else "All is under the newest keys.")
    if done["unreadable"]:
        raise CommandFailed(
            f"{done['unreadable']} could not be opened with any key that is known here",
            ["name their master key in WEFT_MASTER_KEYS_RETIRED, and begin again; see the server's log"],
        )
    if master:
        note("When the same without --master finds nothing any more, the file master.key.retired can be removed.")


def _replace_master_key() -> None:
    from weftline import bootstrap
    from weftline.cli import session

    bootstrap.replace_master_key(session.load_settings())


def _rotate(wanted: dict[str, Any]) -> RotatedKeys:
    """Piece after piece, to the end."""
    from weftline.cli.client import Api
    from weftline.cli.connection import call

    async def pieces(api: Api) -> RotatedKeys:
        total: RotatedKeys = {"resealed": {}, "unreadable": 0, "settlesIn": 0.0, "nextCursor": None}
        while True:
            body = {**wanted, "cursor": total["nextCursor"]}
            piece: RotatedKeys = await api.post("platform", "encryption-keys", "rotate", body=body)
            for name, count in piece["resealed"].items():
                total["resealed"][name] = total["resealed"].get(name, 0) + count
            total["unreadable"] += piece["unreadable"]
            total["settlesIn"], total["nextCursor"] = piece["settlesIn"], piece["nextCursor"]
            if piece["nextCursor"] is None:
                return total

    return call(pieces)
