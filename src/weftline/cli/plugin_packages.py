"""``weft plugin``: packages of plugins, looked at, installed and removed on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from weftline.cli.failures import INVALID, CommandFailed
from weftline.cli.options import AsJson
from weftline.cli.output import note, print_json, print_table
from weftline.cli.plugin_granting import Grant, asked_for, check_capabilities
from weftline.cli.plugin_trail import Act, recorded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from weftline.plugins.index import IndexEntry
    from weftline.plugins.installed import InstalledPackage, InstalledPackages
    from weftline.plugins.market import PluginMarket
    from weftline.plugins.package import PluginPackage
    from weftline.settings import Settings

T = TypeVar("T")

PackageFile = Annotated[Path, typer.Argument(metavar="FILE", help="A package, as 'weft plugin pack' makes it.")]
PackageId = Annotated[str, typer.Argument(metavar="ID", help="Id of a plugin that was installed as a package.")]
AllowUnsigned = Annotated[bool, typer.Option("--allow-unsigned", help="Take it though nobody has signed it.")]


def verify_plugin(file: PackageFile, allow_unsigned: AllowUnsigned = False) -> None:
    """Say who signed a package, and what it asks for; nothing of it is unpacked or run."""
    _echo(_read(file, _settings(), allow_unsigned=allow_unsigned))


def search_plugins(
    text: Annotated[str, typer.Argument(help="Words of the id, the name or the description.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the plugins of the index at WEFT_PLUGIN_INDEX, the newest version of each."""
    found = _ask_market(_settings(), lambda market: _search(market, text))
    if as_json:
        print_json([{**each.facts.as_json(), "size": each.size} for each in found])
        return
    newest = {each.facts.id: each.facts for each in reversed(found)}
    print_table(
        ["ID", "VERSION", "ASKS FOR", "WHAT IT IS"],
        [
            (facts.id, facts.version, ", ".join(facts.capabilities) or "-", facts.description or facts.name)
            for facts in sorted(newest.values(), key=lambda each: each.id)
        ],
    )


def install_plugin(
    what: Annotated[
        str, typer.Argument(metavar="FILE|ID[==VERSION]", help="A package's file, or a plugin of WEFT_PLUGIN_INDEX.")
    ],
    grant: Grant = None,
    allow_unsigned: AllowUnsigned = False,
    allow_downgrade: Annotated[
        bool, typer.Option("--allow-downgrade", help="Install it though a newer version is installed.")
    ] = False,
) -> None:
    """Install a plugin into WEFT_HOME, once it is known who signed it; processes have it within seconds."""
    from weftline.plugins.facts import BadPackage
    from weftline.plugins.package import SUFFIX

    settings = _settings()
    packages = _packages(settings)
    if what.endswith(SUFFIX) or Path(what).is_file():
        package = _read(Path(what), settings, allow_unsigned=allow_unsigned)
        _refuse_unfit(package, packages)
    else:
        plugin_id, _, version = what.partition("==")
        package = _ask_market(
            settings, lambda market: _fetch(market, plugin_id, version or None, allow_older=allow_downgrade)
        )
    _echo(package)
    before = packages.find(package.facts.id)
    granted = asked_for(package.facts, frozenset() if before is None else before.granted, grant)
    new = {"version": package.facts.version, "granted": sorted(granted), "signedBy": package.signed_by}
    act = Act("plugin.installed", package.facts.id, _told(before), new)
    try:
        found = recorded(settings, act, lambda: packages.install(package, granted, allow_older=allow_downgrade))
    except BadPackage as error:
        advice = ["--allow-downgrade installs it all the same"] if "which is newer" in str(error) else []
        raise CommandFailed(f"{what} cannot be installed: {error}", advice, exit_code=INVALID) from None
    typer.echo(
        f"{package.facts.id} {package.facts.version} is installed. Servers and workers take it up within seconds."
    )
    if found.missing:
        note(f"It does not start before this: weft plugin grant {found.id} {' '.join(found.missing)}")


def grant_plugin(
    plugin_id: PackageId,
    capabilities: Annotated[list[str], typer.Argument(metavar="CAPABILITY…", help="What it is granted, or 'all'.")],
) -> None:
    """Grant a plugin that was installed as a package what it asks for."""
    from weftline.plugins.facts import BadPackage

    settings = _settings()
    packages = _packages(settings)
    before = packages.find(plugin_id)
    if before is None:
        raise _not_installed(plugin_id)
    asked = () if before.facts is None else before.facts.capabilities
    granted = check_capabilities(capabilities, asked)
    act = Act("plugin.granted", plugin_id, _told(before), {"granted": sorted(before.granted | set(granted))})
    try:
        found = recorded(settings, act, lambda: packages.grant(plugin_id, granted))
    except BadPackage as error:
        raise CommandFailed(str(error)) from None
    if found is None:
        raise _not_installed(plugin_id)
    typer.echo(f"{plugin_id} is granted {', '.join(sorted(found.granted)) or 'nothing'}.")
    if found.missing:
        note(f"It does not start before this: weft plugin grant {plugin_id} {' '.join(found.missing)}")


def remove_plugin(plugin_id: PackageId) -> None:
    """Remove a plugin that was installed as a package, and what it was granted; it stops within seconds."""
    from weftline.plugins.facts import BadPackage

    settings = _settings()
    packages = _packages(settings)
    before = packages.find(plugin_id)
    if before is None:
        raise _not_installed(plugin_id)
    try:
        is_removed = recorded(
            settings, Act("plugin.removed", plugin_id, _told(before)), lambda: packages.remove(plugin_id)
        )
    except BadPackage as error:
        raise CommandFailed(str(error)) from None
    if not is_removed:
        raise _not_installed(plugin_id)
    typer.echo(f"{plugin_id} is removed. Servers and workers stop it within seconds.")


def _settings() -> Settings:
    from weftline.cli import session

    return session.load_settings()


def _packages(settings: Settings) -> InstalledPackages:
    from weftline import bootstrap

    return bootstrap.installed_packages(settings)


def _ask_market(settings: Settings, ask: Callable[[PluginMarket], Awaitable[T]]) -> T:
    import asyncio

    from weftline import bootstrap
    from weftline.plugins.facts import BadPackage

    market = bootstrap.plugin_market(settings)
    if market is None:
        raise CommandFailed(
            "no index of plugins is set", ["WEFT_PLUGIN_INDEX names its path or https address"], exit_code=INVALID
        )

    async def run() -> T:
        return await ask(market)

    try:
        return asyncio.run(run())
    except BadPackage as error:
        raise CommandFailed(str(error), exit_code=INVALID) from None


async def _search(market: PluginMarket, text: str) -> list[IndexEntry]:
    return (await market.index()).search(text)


async def _fetch(market: PluginMarket, plugin_id: str, version: str | None, *, allow_older: bool) -> PluginPackage:
    return await market.fetch(await market.choose(plugin_id, version, allow_older=allow_older))


def _read(file: Path, settings: Settings, *, allow_unsigned: bool) -> PluginPackage:
    from weftline.plugins.facts import BadPackage
    from weftline.plugins.package import read_file, read_package

    try:
        return read_package(read_file(file), settings.plugin_keys, allow_unsigned=allow_unsigned)
    except BadPackage as error:
        advice = ["--allow-unsigned takes it all the same"] if str(error) == "nobody has signed it" else []
        raise CommandFailed(f"{file} cannot be used: {error}", advice, exit_code=INVALID) from None


def _refuse_unfit(package: PluginPackage, packages: InstalledPackages) -> None:
    from importlib.metadata import version

    from weftline.plugins.market import installed_facts
    from weftline.plugins.resolving import why_unfit

    reason = why_unfit(package.facts, version("weftline"), installed_facts(packages))
    if reason is not None:
        raise CommandFailed(f"{package.facts.id} {package.facts.version} cannot be installed here: {reason}",
                            exit_code=INVALID)  # fmt: skip


def _told(package: InstalledPackage | None) -> dict[str, Any] | None:
    """What the audit log says of a package that is installed."""
    if package is None:
        return None
    version = None if package.facts is None else package.facts.version
    return {"version": version, "granted": sorted(package.granted)}


def _echo(package: PluginPackage) -> None:
    facts = package.facts
    typer.echo(f"{facts.name} ({facts.id}) {facts.version}")
    typer.echo(f"Signed by  {package.signed_by or 'nobody'}")
    typer.echo(f"Asks for   {', '.join(facts.capabilities) or 'nothing'}")


def _not_installed(plugin_id: str) -> CommandFailed:
    return CommandFailed(f"no package of '{plugin_id}' is installed in this WEFT_HOME")
