"""What plugins ask for, and what whoever installs them grants."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from weftline.cli.failures import INVALID, CommandFailed

if TYPE_CHECKING:
    from weftline.plugins.facts import PluginFacts

Grant = Annotated[
    str | None,
    typer.Option(
        "--grant", metavar="CAPABILITIES", help="What it is granted, without being asked: network,secrets; or all."
    ),
]


def asked_for(facts: PluginFacts, granted: Collection[str], grant: str | None) -> list[str]:
    """Capabilities that are granted: named on the command line, else by whoever sits at the terminal.

    Args:
        facts: of the plugin that is to be installed.
        granted: what it has been granted already.
        grant: what the command line says.

    Raises:
        CommandFailed: nobody granted it.
    """
    if grant is not None:
        return check_capabilities(grant.split(","), facts.capabilities)
    missing = [each for each in facts.capabilities if each not in granted]
    if not missing:
        return []
    named = ", ".join(missing)
    if not sys.stdin.isatty():
        advice = [f"--grant {','.join(missing)} grants it"]
        raise CommandFailed(f"{facts.id} asks for {named}: nothing was installed", advice, exit_code=INVALID)
    if not typer.confirm(f"Grant it {named}?", default=False, err=True):
        raise CommandFailed("nothing was installed")
    return missing


def check_capabilities(named: Iterable[str], asked: Iterable[str]) -> list[str]:
    """Capabilities by their names; ``all`` are those that are asked for.

    Raises:
        CommandFailed: there is none of a name.
    """
    from weftline.authoring.plugin import Capability

    found: list[str] = []
    for name in filter(None, (each.strip() for part in named for each in part.split(","))):
        if name == "all":
            found += asked
        elif name in set(Capability) | set(asked):
            found.append(name)
        else:
            known = ", ".join(Capability)
            raise CommandFailed(f"there is no capability '{name}'", [f"there are {known}, and all"], exit_code=INVALID)
    return found
