"""``weft plugin``: what adds to the platform without changing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.options import AsJson, Limit, Sort
from weftline.cli.output import note, print_json, print_table

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from weftline.cli.answers import Plugin, PluginDetail
    from weftline.plugins.package import PluginPackage
    from weftline.settings import Settings

app = typer.Typer(help="Plugins: what adds to the platform without changing it.", no_args_is_help=True)

PluginId = Annotated[str, typer.Argument(metavar="ID", help="A plugin's id; see 'weft plugin list'.")]
PackageFile = Annotated[Path, typer.Argument(metavar="FILE", help="A package, as 'weft plugin pack' makes it.")]
AllowUnsigned = Annotated[bool, typer.Option("--allow-unsigned", help="Take it though nobody has signed it.")]


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
    typer.echo(f"Needs         {', '.join(found['capabilities']) or 'nothing that it says'}")
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


@app.command("new")
def new_plugin(
    plugin_id: PluginId,
    directory: Annotated[Path | None, typer.Argument(help="Where; else a directory of its name.")] = None,
) -> None:
    """Write the project of a new plugin, which works and passes its test as it is."""
    from weftline.plugins.project import BadProject, new_project

    try:
        made = new_project(plugin_id, directory or Path(plugin_id))
    except BadProject as error:
        raise CommandFailed(str(error), exit_code=INVALID) from None
    for path in made:
        typer.echo(path)


@app.command("key")
def make_key(
    file: Annotated[Path, typer.Argument(help="Where the private key is written; readable by you alone.")],
) -> None:
    """Make a key to sign packages with, and print its public half for WEFT_PLUGIN_KEYS."""
    import os

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from weftline.plugins.package import public_text

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write(text)
    except OSError as error:
        raise CommandFailed(f"cannot write {file}: {error.strerror}", exit_code=INVALID) from None
    typer.echo(public_text(key))


@app.command("pack")
def pack_plugin(
    project: Annotated[Path, typer.Argument(help="The project's directory.")] = Path(),
    key: Annotated[
        Path | None, typer.Option("--key", help="File of the key to sign with; see 'weft plugin key'.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the package.")] = Path("dist"),
) -> None:
    """Make a package of a project: one file that 'weft plugin install' takes."""
    from weftline.plugins.package import SUFFIX, write_package
    from weftline.plugins.project import BadProject, build_plugin

    signer = None if key is None else _key(key)
    try:
        built = build_plugin(project, out)
    except BadProject as error:
        raise CommandFailed(str(error), exit_code=INVALID) from None
    plugin = built.plugin
    facts = {
        "id": plugin.id,
        "name": plugin.name,
        "version": plugin.version,
        "capabilities": sorted(plugin.capabilities),
    }
    path = out / f"{plugin.id}-{plugin.version}{SUFFIX}"
    path.write_bytes(write_package(facts, built.wheel, signer))
    typer.echo(path)
    if signer is None:
        note("It is unsigned: whoever installs it has to say --allow-unsigned. --key signs it.")


@app.command("verify")
def verify_plugin(file: PackageFile, allow_unsigned: AllowUnsigned = False) -> None:
    """Say who signed a package, and what it needs; nothing of it is unpacked or run."""
    _echo(_read(file, allow_unsigned=allow_unsigned)[0])


@app.command("install")
def install_plugin(
    file: PackageFile,
    allow_unsigned: AllowUnsigned = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Grant what it says that it needs, without being asked.")
    ] = False,
) -> None:
    """Install a package into WEFT_HOME, once it is known who signed it. Processes have it when they start anew."""
    from weftline import bootstrap
    from weftline.plugins.package import BadPackage, install_package

    package, settings = _read(file, allow_unsigned=allow_unsigned)
    _echo(package)
    if package.capabilities and not yes and not typer.confirm("Grant it that?", default=False, err=True):
        raise CommandFailed("nothing was installed")
    try:
        install_package(package, bootstrap.plugin_directory(settings))
    except BadPackage as error:
        raise CommandFailed(f"{file} cannot be installed: {error}", exit_code=INVALID) from None
    typer.echo(f"{package.id} {package.version} is installed. Restart servers and workers to have it.")


@app.command("remove")
def remove_plugin(plugin_id: PluginId) -> None:
    """Remove a plugin that was installed as a package. Processes have it until they start anew."""
    from weftline import bootstrap
    from weftline.cli import session
    from weftline.plugins.package import remove_package

    if not remove_package(plugin_id, bootstrap.plugin_directory(session.load_settings())):
        raise CommandFailed(f"no package of '{plugin_id}' is installed in this WEFT_HOME")
    typer.echo(f"{plugin_id} is removed. Restart servers and workers to be without it.")


def _key(file: Path) -> Ed25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except OSError as error:
        raise CommandFailed(f"cannot read {file}: {error.strerror}", exit_code=INVALID) from None
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise CommandFailed(
            f"{file} holds no key to sign packages with", ["'weft plugin key' makes one"], exit_code=INVALID
        )
    return key


def _read(file: Path, *, allow_unsigned: bool) -> tuple[PluginPackage, Settings]:
    from weftline.cli import session
    from weftline.plugins.package import BadPackage, read_package

    settings = session.load_settings()
    try:
        return read_package(file, settings.plugin_keys, allow_unsigned=allow_unsigned), settings
    except BadPackage as error:
        advice = ["--allow-unsigned takes it all the same"] if str(error) == "nobody has signed it" else []
        raise CommandFailed(f"{file} cannot be used: {error}", advice, exit_code=INVALID) from None


def _echo(package: PluginPackage) -> None:
    typer.echo(f"{package.name} ({package.id}) {package.version}")
    typer.echo(f"Signed by  {package.signed_by or 'nobody'}")
    typer.echo(f"Needs      {', '.join(package.capabilities) or 'nothing that it says'}")


def _act(*path: str) -> PluginDetail:
    from weftline.cli.connection import call

    return call(lambda api: api.post(*path))
