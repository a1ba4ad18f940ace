"""``weft plugin``: what authors of plugins and those who offer them do: projects, keys, packages, indexes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.output import note

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KeyFile = Annotated[Path | None, typer.Option("--key", help="File of the key to sign with; see 'weft plugin key'.")]

index_app = typer.Typer(help="Indexes, from which plugins are installed by name.", no_args_is_help=True)


def new_plugin(
    plugin_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the new plugin.")],
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


def make_key(
    file: Annotated[Path, typer.Argument(help="Where the private key is written; readable by you alone.")],
) -> None:
    """Make a key to sign packages and indexes with, and print its public half for WEFT_PLUGIN_KEYS."""
    import os

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from weftline.plugins.signing import public_text

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as written:
            written.write(text)
    except OSError as error:
        raise CommandFailed(f"cannot write {file}: {error.strerror}", exit_code=INVALID) from None
    typer.echo(public_text(key))


def pack_plugin(
    project: Annotated[Path, typer.Argument(help="The project's directory.")] = Path(),
    key: KeyFile = None,
    out: Annotated[Path, typer.Option("--out", "-o", help="Directory of the package.")] = Path("dist"),
) -> None:
    """Make a package of a project: one file that 'weft plugin install' takes."""
    from weftline.plugins.facts import PluginFacts
    from weftline.plugins.package import SUFFIX, write_package
    from weftline.plugins.project import BadProject, build_plugin

    signer = None if key is None else _key(key)
    try:
        built = build_plugin(project, out)
    except BadProject as error:
        raise CommandFailed(str(error), exit_code=INVALID) from None
    plugin = built.plugin
    path = out / f"{plugin.id}-{plugin.version}{SUFFIX}"
    path.write_bytes(write_package(PluginFacts.of(plugin), built.wheel, signer))
    typer.echo(path)
    if signer is None:
        note("It is unsigned: whoever installs it has to say --allow-unsigned. --key signs it.")


@index_app.command("build")
def build_index(
    directory: Annotated[Path, typer.Argument(help="Folder of packages.")],
    key: Annotated[Path, typer.Option("--key", help="File of the key to sign with; see 'weft plugin key'.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File of the index; else index.json in the folder.")
    ] = None,
) -> None:
    """Make the index of a folder of packages, to be put on a web server with them, or into a shared folder."""
    from datetime import UTC, datetime

    from weftline.cli import session
    from weftline.plugins.facts import BadPackage
    from weftline.plugins.index import entries_of, write_index
    from weftline.plugins.signing import public_text

    signer = _key(key)
    file = out or directory / "index.json"
    try:
        entries = entries_of(directory, {public_text(signer), *session.load_settings().plugin_keys})
        new = file.with_name(f"{file.name}.new")
        new.write_bytes(write_index(entries, signer, datetime.now(UTC)))
        new.replace(file)
    except BadPackage as error:
        raise CommandFailed(str(error), exit_code=INVALID) from None
    except OSError as error:
        raise CommandFailed(f"cannot write {file}: {error.strerror}", exit_code=INVALID) from None
    typer.echo(file)
    note(f"{len(entries)} packages. Who installs from it sets WEFT_PLUGIN_INDEX to it, WEFT_PLUGIN_KEYS to the keys.")


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
