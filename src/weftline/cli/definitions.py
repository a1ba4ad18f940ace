"""``weft validate`` and ``weft publish``: definitions in files."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any

import typer

from weftline.cli.failures import INVALID
from weftline.cli.options import Actions, AsJson, DefinitionFile
from weftline.cli.output import print_json

if TYPE_CHECKING:
    from weftline.features.workflows.service import Workflow, WorkflowService


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("validate")(validate)
    app.command("publish")(publish)


def validate(
    file: DefinitionFile,
    actions: Actions = [],  # noqa: B006
    as_json: AsJson = False,
    any_action: Annotated[bool, typer.Option("--any-action", help="Accept actions that are not known here.")] = False,
) -> None:
    """Check a definition and list everything that is wrong with it. Exits with 2 where anything is."""
    from weftline.cli import session
    from weftline.cli.values import read_definition
    from weftline.language import validate as check

    document = read_definition(file)
    names = None if any_action else session.load_registry(session.load_settings(actions)).names()
    problems = check(document, names).problems
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
    message: Annotated[str | None, typer.Option("--message", "-m", help="What changed.")] = None,
) -> None:
    """Store a definition and make it the version that new executions run."""
    from weftline.cli import session
    from weftline.cli.services import with_services
    from weftline.cli.values import read_definition
    from weftline.features.workflows.schemas import WorkflowDetail

    document = read_definition(file)
    settings = session.load_settings(actions)
    names = session.load_registry(settings).names()
    workflow = with_services(settings, lambda services: publish_document(services.workflows, document, message), names)
    if as_json:
        print_json(WorkflowDetail.of(workflow).model_dump(mode="json", by_alias=True))
    else:
        typer.echo(f"{workflow.template.id} version {workflow.version.version_number} is published.")


def require_valid(document: dict[str, Any], actions: Collection[str]) -> None:
    """Check a definition before a database is started for it.

    Raises:
        InvalidDefinition: with everything that is wrong.
    """
    from weftline.features.workflows.errors import InvalidDefinition
    from weftline.language import validate as check

    problems = check(document, actions).problems
    if problems:
        raise InvalidDefinition(problems)


async def publish_document(
    workflows: WorkflowService, document: dict[str, Any], message: str | None = None
) -> Workflow:
    """Make a definition the published version of its workflow; one that did not change stays what it is.

    Raises:
        InvalidDefinition: with everything that is wrong.
    """
    from weftline.features.workflows.errors import WorkflowExists
    from weftline.model.ids import DEFAULT_TENANT

    try:
        workflow = await workflows.create(DEFAULT_TENANT, document)
    except WorkflowExists:
        workflow = await workflows.replace(DEFAULT_TENANT, document["id"], document)
    return await workflows.publish(DEFAULT_TENANT, workflow.template.id, message)
