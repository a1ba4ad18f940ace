"""``weft plugin``: what adds to the platform without changing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli import plugin_making, plugin_packages
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import print_json, print_table

if TYPE_CHECKING:
    from weftline.cli.answers import Plugin, PluginDetail

app = typer.Typer(help="Plugins: what adds to the platform without changing it.", no_args_is_help=True)

PluginId = Annotated[str, typer.Argument(metavar="ID", help="A plugin's id; see 'weft plugin list'.")]


@app.command("list")
def list_plugins(sort: Sort = None, limit: Limit = 50, as_json: AsJson = False) -> None:
    """List the plugins that are installed, and how they stand."""
    from weftline.cli.connection import call

    found: list[Plugin] = call(lambda api: api.items("plugins", query={"sort": sort}, limit=limit))
    if as_json:
        print_json(found)
        return
    print_table(
        ["ID", "VERSION", "STATE", "ENABLED", "WHAT IT IS"],
        [
            (
                each["id"],
                each["version"],
                each["state"].lower(),
                "yes" if each["isEnabled"] else "no",
                each["reason"] or each["description"] or each["name"],
            )
            for each in found
        ],
    )


@app.command("info")
def show_plugin(plugin_id: PluginId, as_json: AsJson = False) -> None:
    """Show a plugin, and what the tenant has set for it; never secrets."""
    from weftline.cli.connection import call

    found: PluginDetail = call(lambda api: api.get("plugins", plugin_id))
    if as_json:
        print_json(found)
        return
    typer.echo(f"{found['name']} ({found['id']}) {found['version']}, from {found['distribution']}")
    if found["description"]:
        typer.echo(found["description"])
    typer.echo(f"State         {found['state'].lower()}" + (f": {found['reason']}" if found["reason"] else ""))
    typer.echo(f"In tenant     {'enabled' if found['isEnabled'] else 'disabled'}")
    typer.echo(f"Asks for      {', '.join(found['capabilities']) or 'nothing'}")
    for name, value in sorted(found["configuration"].items()):
        typer.echo(f"Set           {name} = {value}")
    for name in found["secrets"]:
        typer.echo(f"Set           {name} = ********")


@app.command("enable")
def enable_plugin(plugin_id: PluginId) -> None:
    """Let a plugin be there for the tenant."""
    _act("plugins", plugin_id, "enable")
    typer.echo(f"{plugin_id} is enabled.")


@app.command("disable")
def disable_plugin(plugin_id: PluginId) -> None:
    """Take a plugin away from the tenant; steps that need it wait until it is enabled again."""
    _act("plugins", plugin_id, "disable")
    typer.echo(f"{plugin_id} is disabled.")


@app.command("configure")
def configure_plugin(
    plugin_id: PluginId,
    configuration: Annotated[
        str, typer.Argument(metavar="JSON", help="An object: JSON, @file, or - for stdin. Secrets: @file or -.")
    ],
) -> None:
    """Set what the tenant configures of a plugin. A secret that is left out stays as it is; null takes it away."""
    from weftline.cli.connection import call
    from weftline.cli.values import read_object

    body = {"configuration": read_object(configuration, "JSON")}
    call(lambda api: api.ask("PUT", "plugins", plugin_id, "configuration", body=body))
    typer.echo(f"{plugin_id} is configured.")


@app.command("start")
def start_plugin(plugin_id: PluginId) -> None:
    """Let a plugin run; every process follows within seconds."""
    found = _act("platform", "plugins", plugin_id, "start")
    told = f" Here: {found['reason']}" if found["reason"] else ""
    typer.echo(f"{plugin_id} is to run.{told}")


@app.command("stop")
def stop_plugin(plugin_id: PluginId) -> None:
    """Stop a plugin for everybody, within seconds; steps that need its actions wait until it runs again."""
    _act("platform", "plugins", plugin_id, "stop")
    typer.echo(f"{plugin_id} is to stop.")


for _name, _command in (
    ("new", plugin_making.new_plugin),
    ("key", plugin_making.make_key),
    ("pack", plugin_making.pack_plugin),
    ("verify", plugin_packages.verify_plugin),
    ("search", plugin_packages.search_plugins),
    ("install", plugin_packages.install_plugin),
    ("grant", plugin_packages.grant_plugin),
    ("remove", plugin_packages.remove_plugin),
):
    app.command(_name)(_command)
app.add_typer(plugin_making.index_app, name="index")


def _act(*path: str) -> PluginDetail:
    from weftline.cli.connection import call

    return call(lambda api: api.post(*path))
