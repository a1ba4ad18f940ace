"""``weft validate`` and ``weft publish``: definitions in files."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import INVALID
from weftline.cli.options import Actions, AsJson, DefinitionFile, WrittenIn
from weftline.cli.output import print_json

if TYPE_CHECKING:
    from weftline.cli.answers import Workflow
    from weftline.cli.client import Api
    from weftline.language import Problem
    from weftline.testing.installed_plugins import InstalledPlugins


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("validate")(validate)
    app.command("publish")(publish)


def validate(
    file: DefinitionFile,
    actions: Actions = [],  # noqa: B006
    as_json: AsJson = False,
    dialect: WrittenIn = None,
    any_action: Annotated[bool, typer.Option("--any-action", help="Accept actions that are not known here.")] = False,
    server: Annotated[
        bool,
        typer.Option("--server", help="Ask the server, which knows its own actions, connectors and plugins."),
    ] = False,
) -> None:
    """Check a definition and list everything that is wrong with it. Exits with 2 where anything is.

    What counts are the actions, connectors and plugins that are installed here, unless the server is asked.
    """
    from weftline.cli.values import read_definition

    document = read_definition(file, dialect)
    problems = _problems_there(document) if server else _problems_here(document, actions, any_action=any_action)
    if as_json:
        found = [{"pointer": p.pointer, "message": p.message, "hint": p.hint, "code": p.code} for p in problems]
        print_json({"valid": not problems, "problems": found})
    elif problems:
        for problem in problems:
            typer.echo(str(problem), err=True)
    else:
        typer.echo(f"{file} is valid.")
    if problems:
        raise typer.Exit(INVALID)


def publish(
    file: DefinitionFile,
    actions: Actions = [],  # noqa: B006
    as_json: AsJson = False,
    dialect: WrittenIn = None,
    message: Annotated[str | None, typer.Option("--message", "-m", help="What changed.")] = None,
    replays: Annotated[
        int | None,
        typer.Option("--replay", min=1, max=200, help="Not where one of so many last executions takes another path."),
    ] = None,
) -> None:
    """Store a definition and make it the version that new executions run."""
    from weftline.cli.connection import call
    from weftline.cli.replay import require_same_paths
    from weftline.cli.values import read_definition

    document = read_definition(file, dialect)
    if replays is not None:
        require_same_paths(document, replays, actions)
    workflow = call(lambda api: publish_document(api, document, message), actions=actions)
    if as_json:
        print_json(workflow)
    else:
        typer.echo(f"{workflow['id']} version {workflow['versionNumber']} is published.")


def _problems_here(document: dict[str, Any], actions: Sequence[str], *, any_action: bool) -> Sequence[Problem]:
    from weftline.cli import session
    from weftline.features.triggers.sources import offers
    from weftline.language.dialects import explained

    settings = session.load_settings(actions)
    registry = session.load_registry(settings)
    with session.installed_plugins(settings) as plugins:
        names, known = (None, None) if any_action else (registry.names(), offers())
        return explained(document, plugins.validate(document, names, known).problems)


def _problems_there(document: dict[str, Any]) -> Sequence[Problem]:
    from weftline.cli.connection import call
    from weftline.language import Problem

    found = call(lambda api: api.post("workflows", "validate", body=document))
    return [Problem(**each) for each in found["problems"]]


def require_valid(
    document: dict[str, Any], plugins: InstalledPlugins, actions: AbstractSet[str] | None
) -> dict[str, Any]:
    """Check a definition before a database is started for it.

    Args:
        document: the definition.
        plugins: those that run here.
        actions: names that it may call; None accepts any. Those that a tenant has imported are known where it is
            published.

    Returns:
        The definition with what the plugins make of its nodes.

    Raises:
        InvalidDefinition: with everything that is wrong.
    """
    from weftline.features.workflows.errors import InvalidDefinition
    from weftline.language.dialects import explained
    from weftline.language.integration_actions import integration_actions

    made, _ = plugins.expand(document)
    names = None if actions is None else actions | integration_actions(made, actions)
    problems = explained(document, plugins.validate(document, names).problems)
    if problems:
        raise InvalidDefinition(problems)
    return made


async def publish_document(api: Api, document: dict[str, Any], message: str | None = None) -> Workflow:
    """Make a definition the published version of its workflow; one that did not change stays what it is.

    Args:
        api: where.
        document: the definition.
        message: what changed.

    Raises:
        Refused: it is not valid, or may not be published.
    """
    from weftline.cli.client import Refused

    try:
        workflow: Workflow = await api.post("workflows", body=document)
    except Refused as refused:
        if refused.code != "workflow_exists":
            raise
        workflow = (await api.ask("PUT", "workflows", document["id"], body=document)).body
    version = await api.post("workflows", workflow["id"], "publish", body={"changeDescription": message})
    return await api.get("workflows", workflow["id"], query={"version": version["versionNumber"]})
